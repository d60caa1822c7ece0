import assert from 'node:assert/strict';
import { mkdir, readFile, readdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { writeInside } from '../../../src/util/writeInside.ts';
import { tempDir } from '../../support/tempDir.ts';

describe('a file written into a folder that agents write to', () => {
  let temporary: Awaited<ReturnType<typeof tempDir>>;
  let folder: string;
  let outside: string;

  beforeEach(async () => {
    temporary = await tempDir('inside');
    // The folder itself may be opened by a link: that is the user's own.
    await mkdir(path.join(temporary.path, 'real', 'docs'), { recursive: true });
    folder = path.join(temporary.path, 'folder');
    await symlink(path.join(temporary.path, 'real'), folder);
    outside = path.join(temporary.path, 'outside');
    await mkdir(outside);
    await writeFile(path.join(outside, 'profile'), 'before');
  });
  afterEach(() => temporary.remove());

  it('is written, and written over', async () => {
    for (const text of ['one', 'two']) {
      await writeInside(folder, path.join(folder, 'docs', 'a.md'), text);
      assert.equal(await readFile(path.join(temporary.path, 'real/docs/a.md'), 'utf8'), text);
    }
    assert.deepEqual(await readdir(path.join(folder, 'docs')), ['a.md']);
  });

  it('goes where the person says, outside of the folder', async () => {
    await writeInside(folder, path.join(outside, 'b.md'), 'text');
    assert.equal(await readFile(path.join(outside, 'b.md'), 'utf8'), 'text');
  });

  it('does not go through a link that an agent planted in its place', async () => {
    const target = path.join(folder, 'worker-transcript.md');
    await symlink(path.join(outside, 'profile'), target);
    await assert.rejects(writeInside(folder, target, 'text'), { reason: 'leadsElsewhere' });
    assert.equal(await readFile(path.join(outside, 'profile'), 'utf8'), 'before');
  });

  it('does not go through a link that an agent planted on the way', async () => {
    await symlink(outside, path.join(folder, 'exports'));
    for (const name of ['profile', 'new.md']) {
      const target = path.join(folder, 'exports', name);
      await assert.rejects(writeInside(folder, target, 'text'), { reason: 'leadsElsewhere' });
    }
    assert.deepEqual(await readdir(outside), ['profile'], 'not even an empty file is left');
    assert.equal(await readFile(path.join(outside, 'profile'), 'utf8'), 'before');
  });
});
