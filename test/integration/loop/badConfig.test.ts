/** A broken configuration of Codex is told as what it is, with the file and the line, and not as a missing sign-in. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describeError } from '../../../src/util/errors.ts';
import { type TestTown, agentWhen, closesAfterEach, startTestTown } from '../../support/testTown.ts';

const isNamed = (error: unknown): boolean => /config\.toml:\d+/.test(describeError(error));

describe('a broken config.toml', () => {
  let town: TestTown;

  closesAfterEach(() => town);

  it('is named with its line before an agent is added and on the agent, until it is corrected', async () => {
    town = await startTestTown();
    const file = path.join(town.codexHome, 'config.toml');
    const good = await readFile(file, 'utf8');
    await writeFile(file, `${good}\n[broken\n`);
    const session = await town.open();
    await assert.rejects(session.codex.account(), isNamed);
    await assert.rejects(session.checkSignedIn(), { reason: 'badConfig' });
    await session.actions.spawnAgent({ name: 'worker', task: 'go on' });
    const { lastError = '' } = await agentWhen(session, 'worker', (it) => it.state === 'error', 'in error');
    assert.ok(isNamed(new Error(lastError)), lastError);

    await writeFile(file, good);
    await session.checkSignedIn();
    await session.actions.restartAgent('worker');
    await agentWhen(session, 'worker', (it) => it.roundsCompleted === 1, 'one round');
  });
});
