import assert from 'node:assert/strict';
import { chmod, mkdir, readFile, readdir, stat, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { appendPrivate, readOrCreatePrivate, writePrivate } from '../../../src/util/privateFiles.ts';
import { ensurePrivateFolder } from '../../../src/util/privateFolder.ts';
import { tempDir } from '../../support/tempDir.ts';

async function modes(...places: string[]): Promise<number[]> {
  return Promise.all(places.map(async (place) => (await stat(place)).mode & 0o777));
}

describe('private files', () => {
  let temporary: Awaited<ReturnType<typeof tempDir>>;
  let folder: string;
  let outside: string;

  beforeEach(async () => {
    temporary = await tempDir('private');
    folder = path.join(temporary.path, 'ours');
    outside = path.join(temporary.path, 'outside');
    await mkdir(outside);
    await writeFile(path.join(outside, 'theirs'), 'before');
  });
  afterEach(() => temporary.remove());

  it('and their folder are for the user alone, also where the folder was open before', async () => {
    await mkdir(folder);
    await chmod(folder, 0o755);
    await ensurePrivateFolder(folder);
    await appendPrivate(path.join(folder, 'a'), 'one', 100, '');
    await writePrivate(path.join(folder, 'b'), 'two');
    await readOrCreatePrivate(path.join(folder, 'c'), 'three');
    const files = ['a', 'b', 'c'].map((name) => path.join(folder, name));
    assert.deepEqual(await modes(folder, ...files), [0o700, 0o600, 0o600, 0o600]);
    assert.deepEqual((await readdir(folder)).toSorted(), ['a', 'b', 'c'], 'no draft is left');
  });

  it('are not written through a planted link', async () => {
    await symlink(outside, folder);
    await assert.rejects(ensurePrivateFolder(folder), { reason: 'folderNotPrivate', message: /ours cannot be used/ });
    const file = path.join(temporary.path, 'planted');
    await symlink(path.join(outside, 'theirs'), file);
    await assert.rejects(appendPrivate(file, 'more', 100, ''), { code: 'ELOOP' });
    await writePrivate(file, 'ours');
    assert.equal(await readFile(file, 'utf8'), 'ours');
    assert.equal(await readFile(path.join(outside, 'theirs'), 'utf8'), 'before');
  });

  it('grow up to a limit, at the end of a whole character', async () => {
    const file = path.join(temporary.path, 'log');
    for (let round = 0; round < 9; round += 1) await appendPrivate(file, 'wörter…', 40, '<end>');
    const text = await readFile(file, 'utf8');
    assert.match(text, /^(wörter…)+[wörter]*<end>$/);
    assert.ok(Buffer.byteLength(text) <= 40, text);
  });

  it('are made once, whoever is first', async () => {
    const file = path.join(temporary.path, 'key');
    const texts = await Promise.all(['a', 'b', 'c', 'd'].map((text) => readOrCreatePrivate(file, text)));
    assert.equal(new Set(texts).size, 1);
    assert.equal(await readFile(file, 'utf8'), texts[0]);
  });
});
