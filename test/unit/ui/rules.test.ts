/** Small rules of the screens, as tables: what can be done when, how a command was called, the status bar, secrets. */
import assert from 'node:assert/strict';
import { mock } from 'node:test';
import { emptyView } from '../../../src/loop/state/agentView.ts';
import type { AgentRequest } from '../../../src/runtime/agentRequest.ts';
import { agentStates } from '../../../src/town/records/records.ts';
import { type AgentFacts, agentActions, factsOf, whyNot } from '../../../src/ui/agents/agentActions.ts';
import { type Target, readCall } from '../../../src/ui/calls.ts';
import { needsOf } from '../../../src/ui/needs/needs.ts';
import { redact } from '../../../src/ui/redact.ts';
import { statusOf } from '../../../src/ui/status.ts';
import { Throttle } from '../../../src/ui/throttle.ts';
import { agentRecord, english, picture, type Scene } from './support.ts';

function possible(facts: Partial<AgentFacts>): string[] {
  const agent: AgentFacts = {
    name: 'a',
    state: 'idle',
    owner: 'here',
    turn: false,
    away: false,
    silent: false,
    held: 0,
    dead: 0,
    ...facts,
  };
  return agentActions.filter((action) => whyNot(action, agent, english) === undefined);
}

describe('what can be done with an agent', () => {
  const always = ['exportTranscript', 'openChanges', 'openTranscript', 'renameAgent', 'sendMessage', 'showOutput'];
  const atWork = [
    'assignTask',
    'steer',
    'interrupt',
    'pauseAgent',
    'closeAgent',
    'stopAgent',
    'restartAgent',
    'togglePersistent',
    'chooseModel',
    'changePermissions',
  ];
  const table: [string, Partial<AgentFacts>, string[]][] = [
    [
      'cold',
      { state: 'cold' },
      [
        'assignTask',
        'steer',
        'pauseAgent',
        'stopAgent',
        'restartAgent',
        'newConversation',
        'removeAgent',
        'togglePersistent',
        'chooseModel',
        'changePermissions',
      ],
    ],
    [
      'starting',
      { state: 'starting' },
      [
        'assignTask',
        'steer',
        'pauseAgent',
        'closeAgent',
        'stopAgent',
        'togglePersistent',
        'chooseModel',
        'changePermissions',
      ],
    ],
    [
      'idle',
      {},
      [
        'assignTask',
        'steer',
        'pauseAgent',
        'closeAgent',
        'stopAgent',
        'restartAgent',
        'newConversation',
        'removeAgent',
        'togglePersistent',
        'chooseModel',
        'changePermissions',
      ],
    ],
    ['working', { state: 'working', turn: true }, atWork],
    [
      'paused',
      { state: 'paused' },
      [
        'assignTask',
        'resumeAgent',
        'closeAgent',
        'stopAgent',
        'newConversation',
        'removeAgent',
        'togglePersistent',
        'chooseModel',
        'changePermissions',
      ],
    ],
    [
      'draining',
      { state: 'draining', turn: true },
      ['assignTask', 'interrupt', 'stopAgent', 'restartAgent', 'togglePersistent', 'chooseModel', 'changePermissions'],
    ],
    [
      'stopped',
      { state: 'stopped' },
      ['restartAgent', 'newConversation', 'removeAgent', 'togglePersistent', 'chooseModel', 'changePermissions'],
    ],
    [
      'error',
      { state: 'error' },
      [
        'stopAgent',
        'restartAgent',
        'newConversation',
        'removeAgent',
        'togglePersistent',
        'chooseModel',
        'changePermissions',
      ],
    ],
    [
      'idle with held work',
      { held: 1 },
      [
        'assignTask',
        'steer',
        'pauseAgent',
        'runAgain',
        'dismissHeld',
        'closeAgent',
        'stopAgent',
        'restartAgent',
        'newConversation',
        'removeAgent',
        'togglePersistent',
        'chooseModel',
        'changePermissions',
      ],
    ],
    ['external and stopped', { owner: 'external', state: 'stopped' }, ['adoptAgent', 'removeAgent']],
    [
      'external and silent',
      { owner: 'external', away: false, silent: true },
      ['adoptAgent', 'assignTask', 'removeAgent', 'steer', 'stopAgent'],
    ],
    ['of another window', { owner: 'elsewhere', state: 'working', turn: true }, [...atWork, 'takeOver']],
    ['external', { owner: 'external', state: 'working', turn: true }, ['assignTask', 'steer', 'stopAgent']],
  ];
  for (const [name, facts, actions] of table) {
    it(`${name}: ${actions.join(', ')}`, () =>
      assert.deepEqual(possible(facts).toSorted(), [...actions, ...always].toSorted()));
  }

  it('offers an interrupt as soon as an agent is at work, although nothing of its turn is known yet', () => {
    const waiting = { inbox: 0, urgent: 0, held: 0, dead: 0 };
    const offered = agentStates.filter((state) => {
      const facts = factsOf(agentRecord('a', { state }), emptyView('persistent'), waiting);
      return whyNot('interrupt', facts, english) === undefined;
    });
    assert.deepEqual(offered, ['working', 'draining']);
  });

  it('says why not in a sentence with the agent’s name, for every action and state', () => {
    for (const state of agentStates) {
      for (const action of agentActions) {
        const reason = whyNot(
          action,
          { name: 'Scout', state, owner: 'external', turn: false, away: false, silent: false, held: 0, dead: 0 },
          english,
        );
        if (reason !== undefined) assert.match(reason, /Scout.*\.$/);
      }
    }
  });
});

describe('how a command was called', () => {
  const row = { agent: 'id-1' };
  const empty = { agent: undefined };
  const other = { agent: 'id-2' };
  const [message, another, others] = ['m-1', 'm-2', 'm-3'].map((about, place) => ({
    agent: place === 2 ? 'id-2' : 'id-1',
    about,
  }));
  const rows: Target[] = [row, other, message, another, others].filter((one) => one !== undefined);
  const read = (...args: unknown[]): unknown =>
    readCall(args, (value) => (value === empty ? null : rows.find((one) => one === value)), english);

  it('from the palette, a row, or a row without an agent: by a person', () => {
    assert.deepEqual(read(), { interactive: true });
    assert.deepEqual(read(row, [row]), { interactive: true, agent: 'id-1' });
    assert.deepEqual(read(empty), { interactive: true });
  });

  it('from several selected rows: for their agents, each once, or for the messages among them', () => {
    assert.deepEqual(read(row, [row, message, empty, other]), { interactive: true, ...row, targets: [row, other] });
    assert.deepEqual(read(row, [row, message]), { interactive: true, ...row });
    assert.deepEqual(read(message, [message, others, row]), {
      interactive: true,
      ...message,
      targets: [message, others],
    });
    // Two of the same agent.
    assert.deepEqual(read(another, [message, another]), { interactive: true, ...another, targets: [message, another] });
    assert.deepEqual(read(message, [message, message]), { interactive: true, ...message });
  });

  it('with arguments, also as the one list of a key binding: by a program', () => {
    assert.deepEqual(read('scout', 'go'), { interactive: false, agent: 'scout', text: 'go' });
    assert.deepEqual(read(['scout', 'go']), { interactive: false, agent: 'scout', text: 'go' });
    assert.deepEqual(read('scout', { task: 'go' }), { interactive: false, agent: 'scout', extra: { task: 'go' } });
    assert.deepEqual(read('a', 'b', { urgent: true }), {
      interactive: false,
      agent: 'a',
      text: 'b',
      extra: { urgent: true },
    });
    assert.deepEqual(read(undefined, 'go'), { interactive: false, text: 'go' });
  });

  it('with anything else: not at all', () => {
    for (const args of [[7], ['a', 7], ['a', 'b', 'c'], [{}], [null]]) {
      assert.throws(() => read(...args), { reason: 'badArguments' }, JSON.stringify(args));
    }
  });
});

function ready(scene: Scene): string {
  const town = picture(scene);
  const status = statusOf({ kind: 'ready', folder: '/w', session: undefined }, town, needsOf(town, []), english);
  return status ? `${status.warning ? '! ' : ''}${status.text}` : 'hidden';
}

describe('the status bar', () => {
  const [idle, working, failed] = [
    agentRecord('a'),
    agentRecord('b', { state: 'working' }),
    agentRecord('c', { state: 'error' }),
  ];

  it('says how many work, and warns only if somebody waits for the person', () => {
    assert.equal(ready({}), '$(organization) Tinytown');
    assert.equal(ready({ agents: [idle] }), '$(organization) 1 idle');
    assert.equal(ready({ agents: [agentRecord('a', { state: 'cold' })] }), '$(organization) 1 agent');
    assert.equal(ready({ agents: [idle, working] }), '$(sync~spin) 1 working');
    assert.equal(ready({ agents: [idle, working, failed] }), '! $(bell-dot) 1 needs you  $(sync~spin) 1 working');
    const asking = agentRecord('d', { state: 'working' });
    const request: AgentRequest = {
      kind: 'command',
      id: 'r',
      turnId: null,
      itemId: null,
      askedAt: 0,
      subAgent: null,
      choices: [],
      command: 'ls',
      cwd: '/w',
      reason: null,
      input: false,
      permissions: [],
    };
    const views = { d: { requests: [request] } };
    assert.equal(ready({ agents: [asking, working], views }), '! $(bell-dot) 1 needs you  $(sync~spin) 1 working');
    assert.equal(ready({ agents: [idle], waiting: { a: { held: 1 } } }), '! $(bell-dot) 1 needs you');
    assert.equal(ready({ agents: [failed, idle], waiting: { a: { dead: 2 } } }), '! $(bell-dot) 2 need you');
    assert.equal(ready({ agents: [failed], trouble: 'Redis is full.' }), '$(debug-disconnect) Tinytown');
  });

  it('names what waits in its tooltip, and whom it is about if that is anybody', () => {
    const claims: Scene['claims'] = [{ claim: { kind: 'setting', name: 'maxAgents', value: '20' }, answer: 'open' }];
    const town = picture({ agents: [idle], waiting: { a: { held: 1 } }, claims });
    const status = statusOf({ kind: 'ready', folder: '/w', session: undefined }, town, needsOf(town, []), english);
    assert.deepEqual(status?.tooltip.split('\n').slice(1), [
      'Use maxAgents: 20, set by the folder',
      'a: Interrupted: run again or discard?',
    ]);
  });

  it('is there before the first town', () => {
    const status = statusOf({ kind: 'noTown', folder: '/w' }, undefined, [], english);
    assert.deepEqual(status?.text, '$(organization) Tinytown');
  });

  it('is hidden in a window that cannot have a town', () => {
    for (const kind of ['noFolder', 'untrusted', 'closed'] as const) {
      assert.equal(statusOf({ kind }, undefined, [], english), undefined);
    }
  });
});

describe('the log', () => {
  const table: [string, string][] = [
    ['redis://user:pa:ss@host:6379/0', 'redis://user:***@host:6379/0'],
    ['rediss://:secret@host', 'rediss://:***@host'],
    ['unix:///run/redis.sock', 'unix:///run/redis.sock'],
    ['{"access_token":"abc\\"def","x":1}', '{"access_token":"***","x":1}'],
    ['Authorization: Bearer abcdefgh12345', 'Authorization: Bearer ***'],
    ['key sk-proj-1234567890', 'key sk-***'],
    ['the password is hunter22', 'the password is ***'],
    ['{"totalTokens":12}', '{"totalTokens":12}'],
  ];
  for (const [said, logged] of table) it(logged, () => assert.equal(redact(said, ['hunter22']), logged));
});

describe('a throttle', () => {
  beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }));
  afterEach(() => mock.timers.reset());

  it('hands over the first at once, the rest together', () => {
    const flushed: string[] = [];
    const throttle = new Throttle<string>((items) => flushed.push([...items].join('')), 20);
    for (const item of 'abcbc') throttle.add(item);
    assert.deepEqual(flushed, ['a']);
    mock.timers.tick(19);
    assert.deepEqual(flushed, ['a']);
    mock.timers.tick(1);
    assert.deepEqual(flushed, ['a', 'bc']);
    mock.timers.tick(20);
    throttle.add('d');
    assert.deepEqual(flushed, ['a', 'bc', 'd']);
    throttle.add('e');
    throttle.dispose();
    mock.timers.tick(100);
    assert.deepEqual(flushed, ['a', 'bc', 'd']);
  });
});
