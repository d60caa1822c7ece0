/** Agents of `tt` whose loop is gone: they are told from those that live, and go on in the editor. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import type { TownSession } from '../../../src/loop/townSession.ts';
import { TownKeys } from '../../../src/town/keys.ts';
import { eventually } from '../../support/eventually.ts';
import { type TestTown, agentWhen, closesAfterEach, completeTask, startTestTown } from '../../support/testTown.ts';

const keys = new TownKeys('test-town');
const times = { signsOfLife: { checkMs: 50, silentMs: 60_000 } };
const minutesAgo = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString();

describe('an agent of tt', () => {
  let town: TestTown;
  let session: TownSession;

  /** A record as `tt` writes it, with a heartbeat so old. */
  async function agentOfTt(state: string, minutes: number, fields: Record<string, string> = {}): Promise<string> {
    const id = randomUUID();
    const at = minutesAgo(minutes);
    const record = { id, name: `elder-${id.slice(0, 4)}`, state, cli: 'codex', agent_type: 'worker', created_at: at };
    const counts = { last_active_at: at, tasks_completed: '0', rounds_completed: '4' };
    await town.redis.client().hset(keys.agent(id), { ...record, ...counts, last_heartbeat: at, ...fields });
    await eventually(() => session.mirror.agents.has(id));
    return id;
  }

  const silence = (id: string): number | undefined => session.runner.view(id).silentMs;

  /** Waits until it was looked for signs of life several times more. */
  async function looks(): Promise<void> {
    const witness = await agentOfTt('idle', 9);
    await eventually(() => silence(witness) !== undefined, { what: 'a silent agent' });
    await town.redis.client().hset(keys.agent(witness), 'last_heartbeat', minutesAgo(0));
    await eventually(() => silence(witness) === undefined, { what: 'a sign of life' });
  }

  beforeEach(async () => {
    town = await startTestTown(completeTask);
    session = await town.open({}, times);
  });
  closesAfterEach(() => town);

  it('is silent where it ought to tell of itself and has not for long', async () => {
    const [waits, works, starts] = [
      await agentOfTt('idle', 9),
      await agentOfTt('working', 9),
      await agentOfTt('starting', 9),
    ];
    const quiet = [await agentOfTt('paused', 9), await agentOfTt('idle', 0.5), await agentOfTt('stopped', 9)];
    for (const id of [waits, works, starts]) {
      const ms = await eventually(() => silence(id), { what: 'its silence' });
      assert.ok(ms > 8.9 * 60_000 && ms < 9.5 * 60_000, String(ms));
    }
    await looks();
    for (const id of quiet) assert.equal(silence(id), undefined);
  });

  it('lives as long as its process is seen on this machine, whatever it tells', async () => {
    const id = await agentOfTt('working', 9);
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)', 'agent-loop', id], { stdio: 'ignore' });
    try {
      await looks();
      assert.equal(silence(id), undefined);
      await assert.rejects(session.actions.adoptAgent(id), { reason: 'external' });
    } finally {
      child.kill();
    }
    await eventually(() => silence(id) !== undefined, { what: 'its silence' });
  });

  it('is adopted once it is gone, and goes on with its task', async () => {
    const task = await session.actions.tasks.add('water the trees');
    const id = await agentOfTt('working', 0.5, { current_task: task.id });
    const raw = town.redis.client();
    await raw.lrem(keys.backlog, 0, task.id);
    await raw.hset(keys.task(task.id), { state: 'running', assigned_to: id });
    await assert.rejects(session.actions.adoptAgent(id), { reason: 'external' });
    await raw.hset(keys.agent(id), 'last_heartbeat', minutesAgo(9));
    await eventually(() => silence(id) !== undefined, { what: 'its silence' });
    await session.actions.adoptAgent(id);
    await town.model.waitForRequest(({ lastUserText }) => lastUserText.includes('water the trees'));
    const { name } = session.mirror.agents.get(id) ?? { name: '' };
    const done = await agentWhen(
      session,
      name,
      (it, view) => it.state === 'idle' && view.owner === 'here',
      'idle here',
    );
    assert.equal(done.tasksCompleted, 1);
  });

  it('is left alone where it gives a sign of life at the last moment', async () => {
    const id = await agentOfTt('idle', 9);
    await eventually(() => silence(id) !== undefined, { what: 'its silence' });
    await town.redis.client().hset(keys.agent(id), 'last_heartbeat', minutesAgo(0));
    await assert.rejects(session.actions.adoptAgent(id), { reason: 'external' });
    assert.equal(await town.redis.cli('HGET', keys.agent(id), 'runtime_host'), '');
  });
});
