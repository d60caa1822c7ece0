/**
 * Our `tt` and Tinytown's own, given the same commands in towns of the same agents, leave the same in Redis, record by record.
 * Left out of the comparison: ids and times; `assigned_by` of tasks and the event streams, which the real one does not write
 * for these commands and leaves alone; and keys of ours outside its schema.
 */
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Redis } from 'ioredis';
import { agentFields, type AgentRecord } from '../../../src/town/records/records.ts';
import { SUPERVISOR_ID, TownKeys } from '../../../src/town/keys.ts';
import { accessTo } from '../../support/access.ts';
import { builtBundles } from '../../support/bundles.ts';
import { type TestRedis, startTestRedis } from '../../support/redis.ts';
import { testAgent } from '../../support/redisTown.ts';
import { tempDir } from '../../support/tempDir.ts';
import { type Ran, runToEnd } from '../../support/toolProcesses.ts';
import { ttBinary } from '../../support/tt.ts';

const binary = ttBinary();
const title = 'the effect of tt on Redis';

type Side = 'ours' | 'theirs';

(binary === undefined ? describe.skip : describe)(
  binary === undefined ? `${title} (skipped: no tt here; give TT_BIN)` : title,
  function () {
    const sides: Side[] = ['ours', 'theirs'];
    let server: TestRedis;
    let client: Redis;
    let temporary: Awaited<ReturnType<typeof tempDir>>;
    let bundle: string;
    let agents: AgentRecord[];

    before(async () => {
      ({ tt: bundle } = await builtBundles());
      temporary = await tempDir('same');
      server = await startTestRedis();
      client = server.client();
      for (const side of sides) {
        await mkdir(path.join(temporary.path, side));
        await writeFile(path.join(temporary.path, side, 'tinytown.toml'), `name = "${side}"\n`);
      }
    });
    after(async () => {
      await server.stop();
      await temporary.remove();
    });
    beforeEach(async () => {
      await client.flushall();
      agents = [
        testAgent('anna', { nickname: 'Ann' }),
        testAgent('berta', { roleId: 'tester', runtimeHost: 'vscode' }),
      ];
      for (const side of sides) {
        for (const agent of agents) await client.hset(new TownKeys(side).agent(agent.id), agentFields(agent));
      }
    });

    /** Runs the same command on one side; `#` and a number means the id of that task there, oldest first. */
    async function on(side: Side, words: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ran> {
      const folder = path.join(temporary.path, side);
      const ids = await taskIds(side);
      const args = words.map((word) => (/^#\d$/.test(word) ? (ids[Number(word[1])] ?? word) : word));
      const options = {
        cwd: folder,
        env: { PATH: process.env['PATH'], HOME: folder, REDIS_URL: server.url, ...env },
      };
      if (side === 'theirs') return await runToEnd(binary ?? '', ['--town', folder, ...args], options);
      const self = env['TINYTOWN_AGENT_ID'];
      const access = await accessTo(temporary.path, { town: side, url: server.url, self });
      const ours = { cwd: folder, env: { ...options.env, ...access } };
      return await runToEnd(process.execPath, [bundle, '--town', folder, ...args], ours);
    }

    async function both(words: readonly string[], env?: NodeJS.ProcessEnv): Promise<void> {
      for (const side of sides) {
        const { code, stdout, stderr } = await on(side, words, env);
        assert.equal(code, 0, `${side}: tt ${words.join(' ')}\n${stdout}${stderr}`);
      }
    }

    async function taskIds(side: Side): Promise<string[]> {
      const keys = await client.keys(new TownKeys(side).task('*'));
      const tasks = await Promise.all(keys.map((key) => client.hgetall(key)));
      return tasks
        .toSorted((a, b) => Date.parse(a['created_at'] ?? '') - Date.parse(b['created_at'] ?? ''))
        .map((task) => task['id'] ?? '');
    }

    /** Everything of a town that belongs to the shared schema, with the ids of tasks as numbers. */
    async function snapshot(side: Side): Promise<Record<string, unknown>> {
      const keys = new TownKeys(side);
      const names = new Map((await taskIds(side)).map((id, place) => [id, `task ${place}`]));
      const plain = (text: string): string =>
        text.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, (id) => names.get(id) ?? id);
      const town: Record<string, unknown> = {};
      for (const key of (await client.keys(keys.pattern)).toSorted()) {
        const kind = keys.parse(key)?.kind;
        if (kind === 'other' || kind === 'events' || kind === 'agentEvents') continue;
        const name = plain(key.slice(keys.prefix.length));
        if ((await client.type(key)) === 'list') {
          town[name] = (await client.lrange(key, 0, -1)).map((element) => messageOf(plain(element)));
        } else {
          const fields = Object.entries(await client.hgetall(key)).filter(([field]) => field !== 'assigned_by');
          town[name] = Object.fromEntries(
            fields.map(([field, value]) => [field, isTimeField(field) ? 'a time' : plain(value)]),
          );
        }
      }
      return town;
    }

    async function assertSame(): Promise<void> {
      assert.deepEqual(await snapshot('ours'), await snapshot('theirs'));
    }

    const same: [string, string[][]][] = [
      ['assign', [['assign', 'anna', 'write it\nwell']]],
      ['assign to the supervisor', [['assign', 'supervisor', 'decide']]],
      [
        'assign, several',
        [
          ['assign', 'anna', 'one'],
          ['assign', 'berta', 'two'],
          ['assign', 'anna', 'three'],
        ],
      ],
      ['send', [['send', 'anna', 'do it']]],
      ['send --query', [['send', 'anna', '--query', 'is it “so”?']]],
      ['send --info', [['send', '--info', 'anna', 'ü']]],
      [
        'send --urgent, twice',
        [
          ['send', 'anna', '--urgent', 'one'],
          ['send', 'anna', '--query', '--urgent', 'two'],
        ],
      ],
      ['send to the supervisor', [['send', 'conductor', 'hello']]],
      [
        'send --from',
        [
          ['send', 'anna', '--from', 'berta', 'x'],
          ['send', 'anna', '--from', 'supervisor', 'y'],
        ],
      ],
      ...['received it', 'APPROVED.', 'many thanks', 'fine', 'Rejected: too late', 'rejected:'].map(
        (text): [string, string[][]] => [`send --ack “${text}”`, [['send', 'anna', '--ack', text]]],
      ),
      ['backlog add', [['backlog', 'add', 'first']]],
      ['backlog add --tags', [['backlog', 'add', 'second', '--tags', 'docs, web']]],
      [
        'backlog add, several, and list',
        [
          ['backlog', 'add', 'a'],
          ['backlog', 'add', 'b'],
          ['backlog', 'list'],
        ],
      ],
      [
        'backlog claim',
        [
          ['backlog', 'add', 'a'],
          ['backlog', 'add', 'b'],
          ['backlog', 'claim', '#0', 'berta'],
        ],
      ],
      [
        'backlog remove',
        [
          ['backlog', 'add', 'a'],
          ['backlog', 'add', 'b'],
          ['backlog', 'remove', '#0'],
        ],
      ],
      ['status, list, inbox, task list', [['status'], ['list'], ['inbox', 'supervisor'], ['task', 'list']]],
      [
        'task show and current',
        [
          ['assign', 'anna', 'x'],
          ['task', 'show', '#0'],
          ['task', 'current', 'anna'],
        ],
      ],
    ];
    for (const [name, steps] of same) {
      it(`is the same: ${name}`, async () => {
        for (const words of steps) await both(words);
        await assertSame();
      });
    }

    it('is the same: send by an agent', async () => {
      await both(['send', 'berta', '--query', 'x'], {
        TINYTOWN_AGENT_ID: agents[0]?.id ?? '',
        TINYTOWN_AGENT_NAME: 'anna',
      });
      await assertSame();
    });

    for (const result of [[], ['--result', 'all green']]) {
      it(`is the same: task complete ${result.join(' ')}`, async () => {
        await both(['assign', 'anna', 'x']);
        for (const side of sides) {
          const keys = new TownKeys(side);
          const [id = ''] = await taskIds(side);
          await client.hset(keys.agent(agents[0]?.id ?? ''), 'current_task', id);
          // Its agent has taken the message that assigned it.
          await client.del(keys.inbox(agents[0]?.id ?? ''));
        }
        await both(['task', 'complete', '#0', ...result]);
        await assertSame();
      });
    }

    describe('is better than that of Tinytown’s own', () => {
      it('where a task is claimed for nobody: it stays in the backlog instead of being lost', async () => {
        await both(['backlog', 'add', 'a']);
        for (const side of sides) assert.equal((await on(side, ['backlog', 'claim', '#0', 'carla'])).code, 1, side);
        assert.equal(await client.llen(new TownKeys('ours').backlog), 1);
        assert.equal(await client.llen(new TownKeys('theirs').backlog), 0);
      });

      it('where a task is completed again: the first result stays, and it is said', async () => {
        await both(['assign', 'anna', 'x']);
        await both(['task', 'complete', '#0', '--result', 'first']);
        const codes = await Promise.all(
          sides.map(async (side) => (await on(side, ['task', 'complete', '#0', '--result', 'second'])).code),
        );
        assert.deepEqual(codes, [1, 0]);
        const results = await Promise.all(
          sides.map(async (side) => client.hget(new TownKeys(side).task((await taskIds(side))[0] ?? ''), 'result')),
        );
        assert.deepEqual(results, ['first', 'second']);
      });

      it('where a task is completed before its agent has read of it: nothing asks for it any more', async () => {
        await both(['assign', 'anna', 'x']);
        await both(['task', 'complete', '#0']);
        const waiting = sides.map((side) => client.llen(new TownKeys(side).inbox(agents[0]?.id ?? '')));
        assert.deepEqual(await Promise.all(waiting), [0, 1]);
      });

      it('where a backlog task is completed: it leaves the backlog', async () => {
        await both(['backlog', 'add', 'x']);
        await both(['task', 'complete', '#0']);
        const left = sides.map((side) => client.llen(new TownKeys(side).backlog));
        assert.deepEqual(await Promise.all(left), [0, 1]);
      });

      it('where an agent assigns: it does so in its own name, and is told the end', async () => {
        const [anna, berta] = agents;
        const asAnna = { TINYTOWN_AGENT_ID: anna?.id ?? '', TINYTOWN_AGENT_NAME: 'anna' };
        await both(['assign', 'berta', 'x'], asAnna);
        await both(['task', 'complete', '#0'], { TINYTOWN_AGENT_ID: berta?.id ?? '', TINYTOWN_AGENT_NAME: 'berta' });
        const told = await client.lrange(new TownKeys('ours').inbox(anna?.id ?? ''), 0, -1);
        assert.deepEqual(
          told.map((message) => JSON.parse(message).type),
          ['task_done'],
        );
        const [theirs = ''] = await client.lrange(new TownKeys('theirs').inbox(berta?.id ?? ''), 0, -1);
        assert.equal(JSON.parse(theirs).from, SUPERVISOR_ID);
      });

      it('where what is asked for cannot be done: the exit code says so', async () => {
        const nothing = '123e4567-e89b-42d3-a456-426614174000';
        for (const words of [
          ['backlog', 'claim', nothing, 'anna'],
          ['backlog', 'remove', nothing],
          ['task', 'complete', nothing],
        ]) {
          const codes = await Promise.all(sides.map(async (side) => (await on(side, words)).code));
          assert.deepEqual(codes, [1, 0], words.join(' '));
        }
      });
    });
  },
);

function isTimeField(field: string): boolean {
  return field.endsWith('_at') || field === 'last_heartbeat';
}

/** A message without its own id and time; anything else as it is. */
function messageOf(element: string): unknown {
  if (!element.startsWith('{')) return element;
  return { ...JSON.parse(element), id: 'an id', created_at: 'a time' };
}
