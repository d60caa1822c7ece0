/** The agents tree, as rows. */
import assert from 'node:assert/strict';
import type { AgentView, TurnView } from '../../../src/loop/state/agentView.ts';
import { type WatchedWork, nothingWatched } from '../../../src/loop/state/watchedWork.ts';
import type { AgentRequest } from '../../../src/runtime/agentRequest.ts';
import type { AgentRecord, AgentState } from '../../../src/town/records/records.ts';
import type { FileChange, TurnItem } from '../../../src/runtime/turnItem.ts';
import { say } from '../../../src/util/sentence.ts';
import { agentItems } from '../../../src/ui/agents/agentItems.ts';
import type { Waiting } from '../../../src/ui/town/townPicture.ts';
import { agentRecord, drawn, english, flat, picture, type Scene, taskRecord } from './support.ts';

/** What the tooltip says of an agent's state, and of who runs it how. */
function toldOf(state: AgentState, owner: AgentView['owner']): string[] {
  const scene = picture({ agents: [agentRecord('a', { state })], views: { a: { owner } } });
  const lines = agentItems(scene, english)[0]?.tooltip?.().split('\n') ?? [];
  return lines.filter((line) => /^(State|Run by|Mode): /.test(line));
}

const rows = (scene: Scene): string[] => drawn(agentItems(picture(scene), english));

function turn(items: TurnItem[], fields: Partial<TurnView> = {}): TurnView {
  return {
    id: 't1',
    startedAt: 0,
    endedAt: undefined,
    outcome: undefined,
    items,
    plan: [],
    diff: '',
    steers: [],
    ...fields,
  };
}

function past(id: string, text: string, fields: Partial<TurnView>): TurnView {
  return turn([{ id: 'm', status: 'completed', kind: 'agentMessage', text }], { id, ...fields });
}

/** The id of the row of an agent's task, and what a click on it opens. */
function taskRow(id: string): [string, unknown] {
  const agents = [agentRecord('scout', { currentTask: id })];
  const items = flat(agentItems(picture({ agents, tasks: [taskRecord(id, 'Go on')] }), english));
  const row = items.find(({ taskId }) => taskId === id);
  return [row?.id ?? '', row?.runs?.arguments];
}

const command: TurnItem = {
  id: 'c1',
  status: 'failed',
  kind: 'command',
  command: 'npm test',
  cwd: '/w',
  output: 'no\n',
  exitCode: 1,
  durationMs: 1200,
};

const request: AgentRequest = {
  id: 'r1',
  turnId: 't',
  itemId: 'i',
  askedAt: 0,
  subAgent: null,
  choices: [],
  kind: 'command',
  command: 'ls',
  cwd: '/w',
  reason: null,
  input: false,
  permissions: [],
};

/** Whose rows are open at first, of agents that may have a task, held work or a message. */
function opened(agents: AgentRecord[]): string[] {
  const waiting = { b: { held: 1 }, c: { inbox: 1 } };
  return agentItems(picture({ agents, tasks: [taskRecord('t', 'x')], waiting }), english)
    .filter((item) => item.collapse === 'expanded')
    .map((item) => item.label);
}

function watchedRows(owner: AgentView['owner'], work?: WatchedWork): string[] {
  const agents = [agentRecord('a', { state: 'working' })];
  return rows({ agents, views: { a: { owner } }, work: work ? { a: work } : {}, now: 61_000 });
}

function collapse(owner: AgentView['owner'], state: AgentRecord['state']): string | undefined {
  return agentItems(picture({ agents: [agentRecord('a', { state })], views: { a: { owner } } }), english)[0]?.collapse;
}

/** Two agents, one of them at work and in every kind of trouble. */
function busyScene(done: TurnView[], running: TurnView | undefined): Scene {
  return {
    agents: [agentRecord('a', { state: 'error' }), agentRecord('b')],
    waiting: { a: { inbox: 1, held: 1, dead: 1 } },
    views: { a: { pastTurns: done, turn: running }, b: { pastTurns: done } },
  };
}

const change = (path: string): FileChange => ({ path, change: 'update', diff: '' });

describe('the agents tree', () => {
  it('shows an item that needs approval as waiting, not as running', () => {
    const running: TurnItem = { ...command, id: 'i', status: 'running', output: '', exitCode: null, durationMs: null };
    const scene = { agents: [agentRecord('a', { state: 'working' })] };
    const row = (requests: AgentRequest[]): string | undefined =>
      rows({ ...scene, views: { a: { turn: turn([running]), requests } } }).find((one) => one.includes('npm'));
    assert.equal(row([]), '  sync~spin npm test · running');
    assert.equal(row([request]), '  bell-dot npm test · waiting for you');
  });

  it('says where an agent lives that this window does not run', () => {
    const home = { machine: 'm', host: 'login1', codexHome: '/home/u/.codex', folder: '/work/hill', folderId: '1:2' };
    for (const [because, row] of [
      ['machine', 'remote Lives on login1, in /work/hill'],
      ['folder', 'remote Lives in /work/hill'],
      ['codexHome', 'remote Its conversation is in the Codex home /home/u/.codex'],
    ] as const) {
      const away = { because, home, keepsConversation: false };
      const [agent, first] = rows({ agents: [agentRecord('a')], views: { a: { away } } });
      assert.match(agent ?? '', /lives elsewhere/);
      assert.equal(first?.trim(), row);
    }
  });

  it('shows agents by name, without the supervisor', () => {
    const agents = [
      agentRecord('b10'),
      agentRecord('b9'),
      agentRecord('A'),
      agentRecord('you', { agentType: 'supervisor' }),
    ];
    assert.deepEqual(rows({ agents }), [
      'circle-large-filled A · idle',
      'circle-large-filled b9 · idle',
      'circle-large-filled b10 · idle',
    ]);
  });

  it('shows another task of the same words as another row, which opens that one', () => {
    const [[first, opensFirst], [second, opensSecond]] = [taskRow('task1'), taskRow('task2')];
    assert.notEqual(first, second);
    assert.deepEqual([opensFirst, opensSecond], [['task1'], ['task2']]);
  });

  it('shows the running turn in order, below task and waiting messages', () => {
    const scene: Scene = {
      agents: [agentRecord('scout', { state: 'working', currentTask: 'task1' })],
      tasks: [taskRecord('task1', 'Mend\nthe tests')],
      waiting: { scout: { inbox: 1, urgent: 1 } },
      views: {
        scout: {
          owner: 'here',
          turn: turn(
            [
              {
                id: 'u1',
                status: 'completed',
                kind: 'userMessage',
                text: '## Messages to act on\n\n### Task from you\n```\nMend\nthe tests\n```',
                clientId: 'batch1',
              },
              { id: 'm1', status: 'running', kind: 'agentMessage', text: '' },
              { id: 'm2', status: 'completed', kind: 'agentMessage', text: 'I look at it.' },
              command,
              {
                id: 'f1',
                status: 'completed',
                kind: 'fileChange',
                changes: [{ path: '/w/a/b.ts', change: 'update', diff: '' }],
              },
              { id: 's1', status: 'completed', kind: 'userMessage', text: 'URGENT: faster', clientId: 'steer1' },
              {
                id: 'x1',
                status: 'running',
                kind: 'toolCall',
                server: 'tinytown',
                tool: 'status',
                arguments: '{}',
                result: null,
              },
            ],
            {
              plan: [
                { step: 'Look', status: 'completed' },
                { step: 'Mend', status: 'inProgress' },
              ],
              steers: [
                { clientId: 'steer1', text: 'faster', state: 'delivered' },
                { clientId: 'steer2', text: 'and shorter', state: 'sent' },
              ],
            },
          ),
        },
      },
    };
    assert.deepEqual(rows(scene), [
      'sync~spin scout · working · Mend the tests',
      '  target Mend the tests',
      '  inbox Inbox · 2 waiting · 1 urgent',
      '  checklist Plan · 1 of 2 done',
      '    pass Look',
      '    arrow-circle-right Mend · in progress',
      '  account Prompt · Mend the tests',
      '  comment I look at it.',
      '  error npm test · exit 1 · 1.2 s',
      '  diff-modified b.ts · changed',
      '  compass faster · delivered',
      '  sync~spin tinytown.status · {}',
      '  compass and shorter · sent',
    ]);
  });

  it('offers held work, and marks its agent', () => {
    const scene = { agents: [agentRecord('scout')], waiting: { scout: { held: 2 } } };
    assert.deepEqual(rows(scene), ['warning scout · idle, interrupted', '  inbox Inbox · 2 held']);
    const [agent, held] = flat(agentItems(picture(scene), english));
    assert.match(agent?.contextValue ?? '', /^agent;none;idle;held;.*can-runAgain;/);
    assert.equal(held?.contextValue, 'inbox;held;');
    assert.equal(held.agentId, 'id-scout');
  });

  it('offers messages that were given up', () => {
    const scene = { agents: [agentRecord('scout')], waiting: { scout: { dead: 1 } } };
    assert.deepEqual(rows(scene), ['warning scout · idle, messages failed', '  inbox Inbox · 1 failed']);
    const [agent, dead] = flat(agentItems(picture(scene), english));
    assert.match(agent?.contextValue ?? '', /;can-retryDead;can-dismissDead;/);
    assert.equal(dead?.contextValue, 'inbox;dead;');
  });

  it('keeps earlier turns, the last first and the older ones below it', () => {
    const pastTurns = [
      past('t1', 'One.', { outcome: { status: 'completed' } }),
      past('t2', 'Two.', { outcome: { status: 'interrupted' } }),
      past('t3', 'Three.', { outcome: { status: 'failed', message: 'No more tokens', trouble: 'retry' } }),
    ];
    assert.deepEqual(rows({ agents: [agentRecord('scout')], views: { scout: { pastTurns } } }), [
      'circle-large-filled scout · idle',
      '  error Turn failed · No more tokens',
      '    comment Three.',
      '  history Earlier turns · 2',
      '    circle-slash Turn interrupted · Two.',
      '      comment Two.',
      '    pass Turn completed · One.',
      '      comment One.',
    ]);
  });

  it('shows what cannot be read, and goes on', () => {
    const problems = [{ key: 'tt:x:agent:7', reason: 'state is not a known state' }];
    assert.deepEqual(rows({ agents: [agentRecord('scout')], problems }), [
      'circle-large-filled scout · idle',
      'warning 1 record cannot be read · set aside',
      '  warning tt:x:agent:7 · state is not a known state',
    ]);
  });

  it('opens who is at work or waits for the person, as long as there are few', () => {
    const busy = [agentRecord('a', { state: 'working', currentTask: 't' }), agentRecord('b'), agentRecord('c')];
    assert.deepEqual(opened(busy), ['a', 'b']);
    const many = Array.from({ length: 9 }, (_none, index) => agentRecord(`x${index}`));
    assert.deepEqual(opened([...busy, ...many]), []);
  });

  it('says in a word or two what each does, and who runs it', () => {
    const looks: [string, Partial<AgentRecord>, Partial<AgentView>, Partial<Waiting>][] = [
      ['circle-large-outline a · asleep', { state: 'cold' }, {}, {}],
      ['loading~spin a · starting', { state: 'starting' }, { owner: 'here' }, {}],
      ['circle-large-filled a · idle', {}, { owner: 'here' }, {}],
      ['sync~spin a · working', { state: 'working' }, { owner: 'here', turn: turn([]) }, {}],
      ['warning a · retrying 2 of 3 in 8 s', {}, { retry: { attempt: 2, of: 3, at: 66_500 } }, { inbox: 1 }],
      ['warning a · working, stalled · 5 min', { state: 'working' }, { turn: turn([]), stalled: true }, {}],
      ['bell-dot a · waiting for you', { state: 'working' }, { requests: [request], turn: turn([]) }, {}],
      ['bell-dot a · waiting for you, another window', {}, { requests: [request], owner: 'elsewhere' }, {}],
      ['bell-dot a · waiting for you', {}, { requests: [request] }, { held: 1 }],
      ['debug-pause a · paused', { state: 'paused' }, {}, {}],
      ['debug-pause a · paused, another window', { state: 'paused' }, { owner: 'elsewhere' }, {}],
      ['loading~spin a · closing', { state: 'draining' }, {}, {}],
      ['debug-stop a · stopped', { state: 'stopped' }, {}, {}],
      ['debug-stop a · stopped, external', { state: 'stopped' }, { owner: 'external' }, {}],
      ['error a · error', { state: 'error' }, {}, {}],
      ['sync~spin a · working, external', { state: 'working' }, { owner: 'external' }, {}],
      ['warning a · idle, no sign of life for 12 min, external', {}, { owner: 'external', silentMs: 740_000 }, {}],
      ['sync~spin a · working, another window', { state: 'working' }, { owner: 'elsewhere' }, {}],
      ['warning a · idle, interrupted, another window', {}, { owner: 'elsewhere' }, { held: 1 }],
      ['sync~spin a · working', { state: 'working' }, {}, { held: 1 }],
      ['circle-large-filled a · idle · one-shot', {}, { mode: 'one-shot' }, {}],
      ['circle-large-filled a · idle · full access', {}, { permissions: 'full' }, {}],
      ['circle-large-filled a · idle · gpt-x', { model: 'gpt-x' }, { model: 'gpt-x' }, {}],
      ['circle-large-filled a · idle', {}, { model: 'the usual one' }, {}],
    ];
    for (const [look, record, view, waiting] of looks) {
      const now = view.stalled ? 5.5 * 60_000 : 59_000;
      const scene = { agents: [agentRecord('a', record)], views: { a: view }, waiting: { a: waiting }, now };
      assert.equal(rows(scene)[0], look);
    }
  });

  it('says how long a turn runs and that its context is nearly full, before its task', () => {
    const tokens = { totalTokens: 1_234_567, contextTokens: 84_000, contextWindow: 100_000 };
    const scene: Scene = {
      agents: [agentRecord('a', { state: 'working', currentTask: 't' })],
      tasks: [taskRecord('t', 'Mend it')],
      views: { a: { turn: turn([]), tokens } },
      now: 125_000,
    };
    assert.equal(rows(scene)[0], 'sync~spin a · working · 2 min · 84% of context · Mend it');
    const [item] = agentItems(picture(scene), english);
    assert.equal(item?.spoken, 'Agent a, working, 2 min, 84% of context, task: Mend it');
    assert.match(item.tooltip?.() ?? '', /^Tokens: 84% of context \(84k of 100k\), 1\.2M tokens total$/m);
  });

  it('shows what others do, as far as they tell', () => {
    const work: WatchedWork = {
      startedAt: 0,
      lines: [
        { id: '1-0', kind: 'words', text: 'I look at it.\nThen I mend\u001b[31m it.\n' },
        { id: '2-0', kind: 'tool', text: '$ npm test → 0' },
        { id: '3-0', kind: 'error', text: 'no more tokens' },
        { id: '4-0', kind: 'completed', text: 'a: turn completed' },
      ],
      activity: ['Round 1: started'],
    };
    const lines = [
      '  comment Then I mend it.',
      '  tools $ npm test → 0',
      '  error no more tokens',
      '  pass Turn completed',
    ];
    const inbox = '  inbox Inbox';
    const elsewhere = ['sync~spin a · working, another window · 1 min', inbox, ...lines];
    assert.deepEqual(watchedRows('elsewhere', work), elsewhere);
    const external = ['sync~spin a · working, external · 1 min', '  note Round 1: started', ...lines];
    assert.deepEqual(watchedRows('external', work), external);
    assert.deepEqual(watchedRows('elsewhere'), ['sync~spin a · working, another window', inbox]);
    assert.deepEqual(watchedRows('elsewhere', nothingWatched), [
      'sync~spin a · working, another window',
      inbox,
      '  ellipsis No activity yet',
    ]);
  });

  it('can be opened where there is something to follow', () => {
    assert.equal(collapse('elsewhere', 'idle'), 'collapsed');
    assert.equal(collapse('elsewhere', 'working'), 'expanded');
    assert.equal(collapse('external', 'idle'), 'collapsed');
    assert.equal(collapse('external', 'stopped'), 'none');
    assert.equal(collapse('none', 'cold'), 'none');
  });

  it('says why an agent failed', () => {
    const agents = [agentRecord('scout', { state: 'error', lastError: 'codex is too old' })];
    assert.deepEqual(rows({ agents }), ['error scout · error', '  error codex is too old']);
  });

  it('gives every row an id of its own that stays the same when turns go by', () => {
    const items = [command];
    const ids = flat(
      agentItems(picture(busyScene([turn(items), turn(items, { id: 't2' })], turn(items, { id: 't3' }))), english),
    );
    assert.equal(new Set(ids.map((item) => item.id)).size, ids.length);
    const one = flat(agentItems(picture(busyScene([turn(items)], undefined)), english)).map((item) => item.id);
    const two = flat(agentItems(picture(busyScene([turn(items)], turn(items, { id: 't9' }))), english)).map(
      (item) => item.id,
    );
    assert.ok(one.every((id) => two.includes(id)));
  });

  it('takes control characters, line breaks and direction marks out of all that agents say', () => {
    const evil = 'a\u001b[31mb\u0007c\u202ed\ne';
    const items: TurnItem[] = [
      { id: '1', status: 'completed', kind: 'agentMessage', text: evil },
      { ...command, command: evil },
      {
        id: '3',
        status: 'completed',
        kind: 'fileChange',
        changes: [{ path: `/w/${evil}`, change: 'add', diff: evil }],
      },
      { id: '4', status: 'completed', kind: 'toolCall', server: evil, tool: evil, arguments: evil, result: evil },
    ];
    const scene: Scene = {
      agents: [agentRecord(evil, { id: 'id-x', state: 'working', currentTask: 't', roleId: evil, lastError: evil })],
      tasks: [taskRecord('t', evil)],
      problems: [{ key: evil, reason: evil }],
      views: { x: { turn: turn(items, { plan: [{ step: evil, status: 'pending' }] }), lastError: evil } },
    };
    for (const item of flat(agentItems(picture(scene), english))) {
      for (const text of [item.label, item.description, item.spoken, item.tooltip?.() ?? '']) {
        // oxlint-disable-next-line no-control-regex -- finding them is the purpose
        assert.doesNotMatch(text, /[\u0000-\u0008\u000b-\u001f\u007f\u202e]/);
      }
      assert.doesNotMatch(item.label + item.description, /\n/);
    }
  });

  it('opens the file of a change, except a deleted one', () => {
    const changes = [
      { path: '/w/new.ts', change: 'add' as const, diff: '' },
      { path: '/w/old.ts', change: 'delete' as const, diff: '' },
      { path: '/w/was.ts', movedTo: '/w/is.ts', change: 'update' as const, diff: '' },
    ];
    const views = { a: { turn: turn([{ id: 'f', status: 'completed', kind: 'fileChange', changes }]) } };
    const files = flat(agentItems(picture({ agents: [agentRecord('a')], views }), english)).filter((item) =>
      item.contextValue.includes('fileChange'),
    );
    assert.deepEqual(
      files.map((item) => item.opens),
      ['/w/new.ts', undefined, '/w/is.ts'],
    );
    assert.deepEqual(drawn(files), [
      'diff-added new.ts · added',
      'diff-removed old.ts · deleted',
      'diff-renamed is.ts · renamed',
    ]);
  });

  it('starts the tooltip with what the agent said and changed last', () => {
    const paths = ['a.ts', 'lib/b.ts', 'c.ts', 'd.ts', 'e.ts', 'f.ts', 'a.ts'];
    const done = turn([
      { kind: 'agentMessage', id: 'm1', status: 'completed', text: 'I begin.' },
      { kind: 'fileChange', id: 'f1', status: 'completed', changes: paths.map(change) },
      { kind: 'agentMessage', id: 'm2', status: 'completed', text: 'All six files\nare mended.' },
    ]);
    const views = { a: { pastTurns: [done, turn([])] } };
    const [item] = agentItems(picture({ agents: [agentRecord('a')], views }), english);
    const start = 'All six files are mended.\n\nChanged a.ts, b.ts, c.ts, d.ts, e.ts and 1 more\n\nAgent: a\n';
    assert.ok(item?.tooltip?.().startsWith(start), item?.tooltip?.());
  });

  it('says in the tooltip what the row has no place for', () => {
    const agents = [
      agentRecord('scout', {
        nickname: 'sc',
        roleId: 'tester',
        runtimeSessionId: 'thread-1',
        tasksCompleted: 3,
        roundsCompleted: 5,
      }),
    ];
    const views = {
      scout: {
        pid: 42,
        version: '0.169.0',
        model: 'gpt-x',
        mode: 'one-shot' as const,
        modeReason: say('{0} keeps no session', 'aider'),
      },
    };
    const [item] = agentItems(picture({ agents, views, waiting: { scout: { urgent: 1, dead: 2 } } }), english);
    assert.equal(
      item?.tooltip?.(),
      [
        'Agent: scout (sc)',
        'State: idle',
        'Role: tester',
        'CLI: codex',
        'Model: gpt-x',
        'Mode: one-shot (aider keeps no session)',
        'Thread: thread-1',
        'Codex: 0.169.0',
        'Process: 42',
        'Tasks done: 3',
        'Rounds: 5',
        'Waiting: 1 urgent, 2 failed',
      ].join('\n'),
    );
  });

  it('says in the tooltip what a state means and who else runs the agent; of one of tt not what is not known', () => {
    const mode = 'Mode: persistent';
    assert.deepEqual(toldOf('cold', 'none'), ['State: asleep (no process; the next message wakes it)', mode]);
    assert.deepEqual(toldOf('paused', 'here'), ['State: paused (nothing starts until it is resumed)', mode]);
    assert.deepEqual(toldOf('working', 'elsewhere'), ['State: working', 'Run by: another window', mode]);
    assert.deepEqual(toldOf('cold', 'external'), ['State: asleep', 'Run by: tt, in a terminal']);
  });
});

describe('the session of an agent', () => {
  const scene: Scene = {
    agents: [agentRecord('a', { runtimeSessionId: 'th-1', model: 'gpt-5.5' })],
    views: {
      a: {
        model: 'gpt-5.5',
        reasoningEffort: 'high',
        version: '0.169.0',
        pid: 4711,
        tokens: { totalTokens: 1_200_000, contextTokens: 98_000, contextWindow: 258_000 },
      },
    },
  };

  it('is one closed row, with its facts below it', () => {
    const [agent] = agentItems(
      picture({ ...scene, processes: { a: { count: 3, residentBytes: 312_400_000 } } }),
      english,
    );
    assert.deepEqual(drawn(agent?.children?.() ?? []), [
      'pulse Session · gpt-5.5, high',
      '  symbol-misc Model · gpt-5.5, high',
      '  dashboard Tokens · 38% of context (98k of 258k), 1.2M tokens total',
      '  comment-discussion Thread · th-1',
      '  versions Codex · 0.169.0',
      '  server-process Process · 4711 · 312 MB in 3 processes',
    ]);
    assert.deepEqual(
      agent?.children?.().map(({ collapse }) => collapse),
      ['collapsed'],
    );
  });

  it('is looked at on the machine only by who opens it', () => {
    let looks = 0;
    const town = { ...picture(scene), processUse: () => ((looks += 1), undefined) };
    const [agent] = agentItems(town, english);
    const [session] = agent?.children?.() ?? [];
    assert.equal(looks, 0);
    const rows = session?.children?.() ?? [];
    assert.equal(rows.at(-1)?.description, '4711');
    assert.equal(looks, 1);
  });

  it('is not there before there was one', () => {
    const [agent] = agentItems(picture({ agents: [agentRecord('a')] }), english);
    assert.equal(agent?.collapse, 'none');
    assert.deepEqual(agent.children?.(), []);
  });
});
