/** An agent plants links where it expects the extension to write. */
import assert from 'node:assert/strict';
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { tempDir } from '../../support/tempDir.ts';
import { type TestTown, agentWhen, closesAfterEach, startTestTown } from '../../support/testTown.ts';

describe('links that an agent plants', () => {
  let town: TestTown;
  closesAfterEach(() => town);

  it('lead no log of a round out of its folder', async () => {
    const outside = await tempDir('outside');
    const profile = path.join(outside.path, 'profile');
    await writeFile(profile, 'before');
    await mkdir(path.join(outside.path, 'empty'));
    const plant = [
      'mkdir -p .tt/logs',
      `for n in 1 2 3; do ln -sf ${profile} .tt/logs/worker_round_$n.log; done`,
      `ln -sfn ${outside.path}/empty logs`,
      'ls .tt/logs',
    ].join('; ');
    town = await startTestTown(({ toolOutputs }) =>
      toolOutputs.length === 0 ? [{ exec: plant }] : [{ text: 'evil' }],
    );
    const session = await town.open();
    const agent = await session.actions.spawnAgent({ name: 'worker', task: 'look around' });
    for (const round of [1, 2]) {
      await agentWhen(session, 'worker', (it) => it.roundsCompleted === round && it.state === 'idle', `round ${round}`);
      await session.actions.sendMessage('worker', 'again');
    }
    await agentWhen(session, 'worker', (it) => it.roundsCompleted === 3, 'round 3');
    assert.match(await readFile(session.roundLogs(agent).replace('…', '1'), 'utf8'), /worker_round_3\.log[^]*evil/);
    assert.equal(await readFile(profile, 'utf8'), 'before');
    assert.deepEqual(await readdir(path.join(outside.path, 'empty')), []);
    await outside.remove();
  });
});
