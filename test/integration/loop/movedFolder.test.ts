/** The town's folder is moved while its town is open: nothing is made in its old place, and its agents go on in the new one. */
import assert from 'node:assert/strict';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { TinytownError } from '../../../src/util/errors.ts';
import { eventually } from '../../support/eventually.ts';
import { tempDir } from '../../support/tempDir.ts';
import { type TestTown, agentWhen, closesAfterEach, startTestTown } from '../../support/testTown.ts';

describe('a town whose folder was moved', () => {
  let town: TestTown;
  let elsewhere: Awaited<ReturnType<typeof tempDir>>;

  beforeEach(async () => {
    town = await startTestTown();
    elsewhere = await tempDir('elsewhere');
  });
  closesAfterEach(() => town);
  afterEach(() => elsewhere.remove());

  it('says so once, makes nothing in the old place, and goes on in the new one', async () => {
    const window = await town.open();
    const problems: string[] = [];
    window.runner.onProblem(({ error }) =>
      problems.push(error instanceof TinytownError ? error.reason : String(error)),
    );
    const { id } = await window.actions.spawnAgent({ name: 'ops', task: 'the first' });
    await window.actions.spawnAgent({ name: 'docs' });
    await agentWhen(window, 'ops', (it) => it.roundsCompleted === 1 && it.state === 'idle', 'one turn');
    await agentWhen(window, 'docs', (it) => it.state === 'idle', 'up');

    const moved = path.join(elsewhere.path, 'moved');
    await rename(town.folder, moved);
    const before = town.model.requests.length;
    await window.actions.sendMessage('ops', 'the second');
    await window.actions.sendMessage('docs', 'the second');
    await eventually(() => window.runner.view(id).lastError !== undefined, { what: 'the row that says so' });
    await eventually(() => window.runner.view(id).pid === undefined, { what: 'the end of the process' });
    assert.deepEqual(problems, ['folderGone']);
    await assert.rejects(stat(town.folder));
    // Another folder of the same name is not the town's either.
    await mkdir(town.folder);
    await window.actions.sendMessage('docs', 'the third');
    await window.mirror.refresh();
    assert.equal(town.model.requests.length, before);
    assert.deepEqual(await readdir(town.folder), []);
    await window.close();

    const there = await town.open({}, undefined, { folder: moved });
    await agentWhen(there, 'ops', (it) => it.roundsCompleted === 2, 'the second turn');
    await there.close();
    await rm(town.folder, { recursive: true });
    await rename(moved, town.folder);
  });
});
