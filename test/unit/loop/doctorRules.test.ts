/** The doctor's judgement, fact by fact, and what it says in the end. */
import assert from 'node:assert/strict';
import type { DoctorFacts } from '../../../src/loop/doctor/doctorFacts.ts';
import type { CheckName } from '../../../src/loop/doctor/check.ts';
import { checksOf } from '../../../src/loop/doctor/doctorRules.ts';
import type { ExaminedAgent, TownExamination, Trouble } from '../../../src/loop/doctor/examination.ts';
import { doctorText } from '../../../src/ui/doctor/doctorText.ts';
import { inEnglish } from '../../../src/util/sentence.ts';
import { english } from '../ui/support.ts';

const trouble = (found: string): Trouble => ({ found, hint: undefined });

const health = {
  version: '7.0.15',
  appendOnly: true,
  writable: true,
  maxMemory: 0,
  maxMemoryPolicy: 'noeviction',
  roundTripMs: 0.21,
};
const redis = { state: 'connected', source: 'private', where: 'unix:///r.sock', health, notifies: true } as const;

const agent: ExaminedAgent = {
  name: 'backend',
  cli: 'codex',
  held: 0,
  dead: 0,
  waiting: 0,
  stoppedFor: undefined,
  owner: 'here',
  silent: false,
};
const town = (fields: Partial<ExaminedAgent> = {}, rest: Partial<TownExamination> = {}): TownExamination => ({
  redis: { ok: true, where: 'unix:///r.sock', health, wake: 'notifications' },
  agents: [{ ...agent, ...fields }],
  unreadable: [],
  ...rest,
});

const healthy: DoctorFacts = {
  trusted: true,
  folder: '/w',
  config: { state: 'ok', name: 'w' },
  notOpen: undefined,
  codex: { ok: true, path: '/bin/codex', version: '0.169.0' },
  account: { state: 'signedIn', by: 'chatgpt', email: 'me@example.org', plan: 'plus' },
  redis,
  places: [{ path: '/s/processes', mode: 0o700, wanted: 0o700 }],
  leftOver: 0,
  missingTools: [],
  missingClis: [],
  town: town(),
};

/** The checks that are not in order: `state name: what was found → what mends it`. */
function complaints(facts: Partial<DoctorFacts>): string[] {
  return checksOf({ ...healthy, ...facts })
    .filter(({ state }) => state !== 'ok')
    .map(({ state, name, found, mend }) => `${state} ${name}: ${inEnglish(found)} → ${inEnglish(mend ?? 'NOTHING')}`);
}

function found(facts: Partial<DoctorFacts>, name: CheckName): string | undefined {
  const check = checksOf({ ...healthy, ...facts }).find((one) => one.name === name);
  return check && inEnglish(check.found);
}

describe('the doctor', () => {
  it('finds nothing to complain of where all is well, and says what it has looked at', () => {
    assert.deepEqual(complaints({}), []);
    assert.equal(
      doctorText(checksOf(healthy), 'Tinytown 1.0', english),
      `Tinytown Doctor: everything is in order.

✓ The workspace is trusted.
✓ /w is the town “w”.
✓ Redis 7.0.15 at unix:///r.sock, the town’s own.
✓ Redis answers in 0.21 ms.
✓ Redis keeps every change on disk.
✓ Redis evicts nothing when its memory is full.
✓ Redis reports changes immediately.
✓ The town is open. Its agents: 1.
✓ Codex 0.169.0 at /bin/codex.
✓ Codex is signed in with me@example.org (plus).
✓ Only you can access Tinytown’s folders and sockets.
✓ No process is left over from an earlier window.
✓ The agents’ tools are installed.
✓ Every agent’s CLI is on this machine.
✓ Every record of the town can be read.
✓ No interrupted work, no failed messages, no messages for stopped agents.
✓ No orphaned agents.

Tinytown 1.0
`,
    );
  });

  const cases: [what: string, facts: Partial<DoctorFacts>, complaints: RegExp[]][] = [
    [
      'no trust',
      { trusted: false, config: undefined, codex: undefined, account: undefined, town: undefined },
      [/^failed trust: .*→ Run “Workspaces: Manage Workspace Trust”/],
    ],
    ['no folder', { folder: undefined, config: undefined, town: undefined }, [/^warning folder: No folder is open/]],
    [
      'no town',
      { config: { state: 'none' }, town: undefined },
      [/^warning folder: \/w has no tinytown\.toml.*New Agent/],
    ],
    [
      'a bad tinytown.toml',
      { config: { state: 'bad', problem: 'line 3' }, town: undefined, notOpen: trouble('line 3') },
      [/^failed folder: line 3 → Run “Tinytown: Open tinytown\.toml”/],
    ],
    [
      'a town that does not open for no reason that it knows',
      { town: undefined, notOpen: trouble('It broke.') },
      [/^failed town: The town is not open: It broke\. → .*Try Again/],
    ],
    [
      'no Codex',
      { codex: { ok: false, problem: trouble('/x was not found.') }, account: undefined },
      [/^failed codex: \/x was not found\./],
    ],
    [
      'nobody signed in',
      { account: { state: 'signedOut' } },
      [/^failed account: .* → Run “Tinytown: Sign In to Codex…”/],
    ],
    [
      'Codex silent',
      { account: { state: 'unknown', problem: trouble('No answer.') } },
      [/^failed account: No answer\. → .*codex doctor/],
    ],
    [
      'no Redis installed',
      { redis: { state: 'missing', problem: trouble('Install it.') } },
      [/^failed redis: Install it\./],
    ],
    [
      'a Redis that is away',
      { redis: { state: 'problem', source: 'environment', where: 'redis://h', problem: trouble('Refused.') } },
      [/^failed redis: Refused\. \(from the environment’s REDIS_URL\) → .*Set Redis Password/],
    ],
    [
      'a slow Redis',
      { redis: { ...redis, health: { ...health, roundTripMs: 120 } } },
      [/^warning redisSpeed: .*120 ms/],
    ],
    [
      'no append-only file',
      { redis: { ...redis, health: { ...health, appendOnly: false } } },
      [/^warning redisPersistence: .* → .*CONFIG SET appendonly yes/],
    ],
    [
      'a full disk',
      { redis: { ...redis, health: { ...health, writable: false } } },
      [/^failed redisPersistence: .*disk/],
    ],
    [
      'a Redis that evicts',
      { redis: { ...redis, health: { ...health, maxMemory: 1e6, maxMemoryPolicy: 'allkeys-lru' } } },
      [/^failed redisMemory: .*allkeys-lru.* → .*noeviction/],
    ],
    [
      'a Redis that keeps all to itself',
      {
        redis: {
          ...redis,
          health: {
            ...health,
            version: undefined,
            appendOnly: undefined,
            writable: undefined,
            maxMemory: undefined,
            maxMemoryPolicy: undefined,
          },
        },
      },
      [/^warning redisPersistence: .*does not say/, /^warning redisMemory: .*does not say/],
    ],
    [
      'no notifications',
      { redis: { ...redis, notifies: false } },
      [/^warning redisNotifications: .*notify-keyspace-events Kghl\$tx/],
    ],
    [
      'a folder that others can read',
      { places: [{ path: '/s/redis', mode: 0o755, wanted: 0o700 }] },
      [/^failed privacy: .*\/s\/redis.* → In a terminal: chmod 700 "\/s\/redis"/],
    ],
    ['left-over processes', { leftOver: 2 }, [/^warning processes: .*: 2\. → .*Reload Window/]],
    ['missing files', { missingTools: ['/e/mcp.cjs'] }, [/^failed tools: .*mcp\.cjs/]],
    [
      'a CLI that is not there',
      { missingClis: [{ cli: 'aider', agents: ['a', 'b'] }] },
      [/^failed clis: .*aider \(a, b\)/],
    ],
    [
      'records that cannot be read',
      { town: town({}, { unreadable: [{ key: 'tt:w:agent:1', reason: 'name is missing' }] }) },
      [/^warning records: .*tt:w:agent:1 \(name is missing\)/],
    ],
    [
      'held and given-up work',
      { town: town({ held: 1, dead: 2 }) },
      [
        /^warning messages: Interrupted work waits for you: backend \(1\)\. Messages failed: backend \(2\)\. → .*Needs You/,
      ],
    ],
    [
      'messages for an agent that failed',
      { town: town({ waiting: 3, stoppedFor: 'error' }) },
      [/^warning messages: .*backend \(3\)/],
    ],
    [
      'an account that was refused although it is signed in',
      { town: town({ stoppedFor: 'signIn' }) },
      [/^failed account: .*refused.* → .*Sign In/],
    ],
    [
      'an owner that is gone',
      { town: town({ owner: 'gone' }) },
      [/^warning agents: The window that runs backend .*Take Over Agent/],
    ],
    [
      'an agent of tt that is silent',
      { town: town({ owner: 'external', silent: true }) },
      [/^warning agents: backend, run by tt/],
    ],
  ];
  for (const [what, facts, wanted] of cases) {
    it(`complains of ${what}, and says what mends it`, () => {
      const heard = complaints(facts);
      assert.equal(heard.length, wanted.length, heard.join('\n'));
      for (const [index, pattern] of wanted.entries()) assert.match(heard[index] ?? '', pattern);
    });
  }

  it('does not mind a private Redis that is not running yet, messages that wait, or another window', () => {
    assert.deepEqual(complaints({ redis: { state: 'notStarted', program: '/bin/redis-server' } }), []);
    assert.deepEqual(complaints({ town: town({ waiting: 1, owner: 'elsewhere' }) }), []);
    assert.match(found({ town: town({ owner: 'elsewhere' }) }, 'agents') ?? '', /Another window runs backend/);
  });

  it('puts what is wrong first, a line each, with what quotes others kept plain', () => {
    const facts = { ...healthy, leftOver: 1, codex: { ok: false, problem: trouble('one\n  two\u001B[31m') } as const };
    const text = doctorText(checksOf(facts), 'v', english);
    assert.match(
      text,
      /^Tinytown Doctor: 1 thing is wrong, 1 thing could be better\.\n\n✗ one two\S*\n {4}→ .*\n\n! Processes/,
    );
  });
});
