import assert from 'node:assert/strict';
import { SUPERVISOR_ID, TownKeys, isId, townNameProblem } from '../../../src/town/keys.ts';

const id = '1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed';

describe('the keys of a town', () => {
  const keys = new TownKeys('hill');
  const table: [string, string, { kind: string; id?: string }][] = [
    [keys.agent(id), `tt:hill:agent:${id}`, { kind: 'agent', id }],
    [keys.inbox(id), `tt:hill:inbox:${id}`, { kind: 'inbox', id }],
    [keys.urgent(id), `tt:hill:urgent:${id}`, { kind: 'urgent', id }],
    [keys.task(id), `tt:hill:task:${id}`, { kind: 'task', id }],
    [keys.activity(id), `tt:hill:activity:${id}`, { kind: 'activity', id }],
    [keys.stop(id), `tt:hill:stop:${id}`, { kind: 'stop', id }],
    [keys.backlog, 'tt:hill:backlog', { kind: 'backlog' }],
    [keys.events, 'tt:hill:events', { kind: 'events' }],
    [keys.signIn, 'tt:hill:signin', { kind: 'signIn' }],
    [keys.agentEvents(id), `tt:hill:events:agent:${id}`, { kind: 'agentEvents', id }],
    [keys.inflight(id), `tt:hill:inflight:${id}`, { kind: 'inflight', id }],
    [keys.turn(id), `tt:hill:turn:${id}`, { kind: 'turn', id }],
    [keys.held(id), `tt:hill:held:${id}`, { kind: 'held', id }],
    [keys.settled(id), `tt:hill:settled:${id}`, { kind: 'settled', id }],
    [keys.dead(id), `tt:hill:dead:${id}`, { kind: 'dead', id }],
    [keys.lease(id), `tt:hill:lease:${id}`, { kind: 'lease', id }],
    [keys.windowLease('w1'), 'tt:hill:lease:window:w1', { kind: 'windowLease', id: 'w1' }],
    [keys.epoch(id), `tt:hill:epoch:${id}`, { kind: 'epoch', id }],
    [keys.control(id), `tt:hill:control:${id}`, { kind: 'control', id }],
    [keys.sent(id), `tt:hill:sent:${id}`, { kind: 'other' }],
    [keys.reservedName('Anna'), 'tt:hill:reserved:anna', { kind: 'other' }],
    ['tt:hill:mission:x:work', 'tt:hill:mission:x:work', { kind: 'other' }],
    ['tt:hill:events:mission:x', 'tt:hill:events:mission:x', { kind: 'other' }],
    ['tt:hill:docket', 'tt:hill:docket', { kind: 'other' }],
  ];
  for (const [key, text, parsed] of table) {
    it(`${text} is ${parsed.kind}`, () => {
      assert.equal(key, text);
      assert.deepEqual(keys.parse(key), parsed);
    });
  }

  it('are not those of another town, nor of none', () => {
    for (const key of [`tt:hills:agent:${id}`, 'tt:hill', `agent:${id}`, '', 'tt:hil:backlog']) {
      assert.equal(keys.parse(key), undefined, key);
    }
  });

  it('of our own are not found by the client’s search for agents, inboxes and tasks', () => {
    for (const key of keys.besideAgent(id)) {
      assert.ok(!key.startsWith('tt:hill:agent:') && !key.startsWith('tt:hill:task:'), key);
    }
  });

  it('are matched by a pattern in which the name stands for itself', () => {
    assert.equal(new TownKeys('a[b]?\\').pattern, 'tt:a\\[b\\]\\?\\\\:*');
    assert.equal(keys.patternOf('task'), 'tt:hill:task:*');
  });

  it('are those of a town whose name has signs of keys and patterns in it', () => {
    const odd = new TownKeys('a:b*c');
    assert.deepEqual(odd.parse(odd.agent(id)), { kind: 'agent', id });
    assert.equal(odd.pattern, 'tt:a:b\\*c:*');
    assert.equal(odd.patternOf('agent'), 'tt:a:b\\*c:agent:*');
  });

  it('are not taken for those of a town whose name is the beginning of theirs', () => {
    for (const name of ['hill:agent', 'hill:task', 'hill:inbox']) {
      assert.deepEqual(keys.parse(new TownKeys(name).agent(id)), { kind: 'other' });
    }
  });

  it('of names that look the same are the same reservation', () => {
    for (const name of ['anna', 'AN\u200bNA', 'An\u00adna ', '\uff21nna']) {
      assert.equal(keys.reservedName(name), keys.reservedName('Anna'), name);
    }
    assert.equal(keys.reservedName('Ame\u0301lie'), keys.reservedName('Am\u00e9lie'));
  });

  it('cannot be made for a name that is none', () => assert.throws(() => new TownKeys('a\nb'), RangeError));
});

describe('a town’s name', () => {
  const good = [
    'hill',
    'Tiny Town',
    'Müllers Hof',
    'x'.repeat(512),
    'a.b-c_d',
    'a[b]?',
    ' a',
    'a ',
    'a:b*c',
    '$(whoami)',
  ];
  const bad = ['', '  ', 'a\nb', 'a\rb', 'a\u2028b', 'a\u0000', 'a\u007f', 'a\ud800', 'x'.repeat(513)];
  for (const name of good) it(`may be ${JSON.stringify(name)}`, () => assert.equal(townNameProblem(name), undefined));
  for (const name of bad) it(`may not be ${JSON.stringify(name)}`, () => assert.ok(townNameProblem(name)));
});

describe('an id', () => {
  it('is a UUID in either case', () => {
    assert.ok(isId(id) && isId(id.toUpperCase()) && isId(SUPERVISOR_ID));
    for (const text of ['', '1b9d', `${id}0`, id.replaceAll('-', ''), `${id}\n`]) assert.ok(!isId(text), text);
  });
});
