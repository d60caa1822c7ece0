/** What becomes of the tasks in a turn that was cut off. */
import assert from 'node:assert/strict';
import type { TownSession } from '../../../src/loop/townSession.ts';
import type { TaskState } from '../../../src/town/records/records.ts';
import { eventually } from '../../support/eventually.ts';
import { gate } from '../../support/scriptedModel.ts';
import { type TestTown, agentWhen, closesAfterEach, startTestTown } from '../../support/testTown.ts';

describe('a task whose turn was cut off', () => {
  let town: TestTown;
  let session: TownSession;
  let taskId: string;

  closesAfterEach(() => town);

  beforeEach(async () => {
    town = await startTestTown(() => [{ hold: gate().opened }]);
    session = await town.open();
    await session.actions.spawnAgent({ name: 'web', task: 'count the stars' });
    await agentWhen(session, 'web', (it) => it.state === 'working', 'at work');
    [taskId = ''] = session.mirror.tasks.keys();
    await taskIs('running');
  });

  async function taskIs(state: TaskState): Promise<void> {
    await eventually(() => session.mirror.tasks.get(taskId)?.state === state, { what: `a task that is ${state}` });
  }

  it('is assigned after an interrupt, runs again when its work does, and is canceled when that is discarded', async () => {
    await session.actions.interrupt('web');
    await taskIs('assigned');
    await session.actions.leftovers.runAgain('web');
    await taskIs('running');
    await session.actions.interrupt('web');
    await agentWhen(session, 'web', ({ id }) => session.mirror.waiting(id).held === 1, 'held work');
    await session.actions.leftovers.dismissHeld('web');
    await taskIs('cancelled');
    assert.equal(
      (await town.redis.client().hget(`tt:test-town:task:${taskId}`, 'result')) ?? '',
      'Discarded after an interrupt.',
    );
    await agentWhen(session, 'web', (it) => it.currentTask === undefined, 'no current task');
  });

  it('is assigned once its agent was stopped', async () => {
    await session.actions.stopAgent('web');
    await agentWhen(session, 'web', (it) => it.state === 'stopped', 'stopped');
    await taskIs('assigned');
  });

  it('is left alone by a discard when another agent has it by then', async () => {
    const other = await session.actions.spawnAgent({ name: 'api' });
    await session.actions.interrupt('web');
    await taskIs('assigned');
    await town.redis.client().hset(`tt:test-town:task:${taskId}`, 'assigned_to', other.id);
    await session.actions.leftovers.dismissHeld('web');
    await session.mirror.refresh();
    assert.equal(session.mirror.tasks.get(taskId)?.state, 'assigned');
  });
});
