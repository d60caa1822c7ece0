/** A path that an agent gives must not make the editor contact another machine, nor open a file outside of its folder. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { absolutePath, fileInside, isElsewhere, isNetworkPath, readAgentFile } from '../../../src/ui/agentFiles.ts';
import { tempDir } from '../../support/tempDir.ts';

describe('a path on another machine', () => {
  for (const file of [
    '//host/share/a.png',
    '\\\\host\\share\\a',
    '/\\host/a',
    '\\/host\\a',
    '\\\\?\\UNC\\host\\a',
    '\\\\.\\pipe\\x',
  ]) {
    it(`is known, kept as it is, and never read: ${file}`, async () => {
      assert.ok(isNetworkPath(file));
      assert.equal(absolutePath(file, '/w'), file);
      assert.ok(isElsewhere(file, '/w'));
      assert.equal(await fileInside(file, '/w'), undefined);
    });
  }
  for (const file of ['/w/a//b', 'a/b', 'C:\\a', './/x', '/x', '\\x', '']) {
    it(`is not ${JSON.stringify(file)}`, () => assert.ok(!isNetworkPath(file)));
  }

  it('is not read, even where it spells a file that is there', async () => {
    const dir = await tempDir('files');
    try {
      const file = path.join(dir.path, 'a');
      await writeFile(file, 'text');
      assert.equal(await readAgentFile(file, '/elsewhere'), 'text');
      assert.equal(await readAgentFile('a', dir.path), 'text');
      assert.equal(await readAgentFile(`/${file}`, '/elsewhere'), null);
    } finally {
      await dir.remove();
    }
  });
});

describe('a file that an agent has made something else of', () => {
  it('is not read: a pipe would never end, nor would a device behind a link', async function () {
    if (process.platform === 'win32') return this.skip();
    const dir = await tempDir('files');
    try {
      execFileSync('mkfifo', [path.join(dir.path, 'pipe')]);
      await symlink('/dev/zero', path.join(dir.path, 'zero'));
      assert.deepEqual(await Promise.all(['pipe', 'zero'].map((name) => readAgentFile(name, dir.path))), [null, null]);
    } finally {
      await dir.remove();
    }
  });
});

describe('a file that a click opens', () => {
  let dir: { path: string; remove: () => Promise<void> };
  let folder: string;

  before(async () => {
    dir = await tempDir('files');
    folder = path.join(dir.path, 'town');
    await mkdir(path.join(folder, 'sub'), { recursive: true });
    await writeFile(path.join(folder, 'a.ts'), 'a');
    await writeFile(path.join(folder, 'sub/..b'), 'b');
    await writeFile(path.join(dir.path, 'secret'), 's');
    await mkdir(path.join(dir.path, 'town-2'));
    await writeFile(path.join(dir.path, 'town-2/c'), 'c');
    const links: [string, string][] = [
      ['in', 'a.ts'],
      ['inAbsolute', path.join(folder, 'a.ts')],
      ['sub/up', '../a.ts'],
      ['here', '.'],
      ['out', '../secret'],
      ['outAbsolute', path.join(dir.path, 'secret')],
      ['outFolder', '..'],
      ['twice', 'out'],
      ['round', 'round'],
      ['share', '//host/share'],
      ['gone', 'nothing'],
    ];
    for (const [name, target] of links) await symlink(target, path.join(folder, name));
  });
  after(() => dir.remove());

  for (const name of ['a.ts', './sub/../a.ts', 'sub/..b', 'in', 'inAbsolute', 'sub/up', 'here/a.ts', 'here/in']) {
    it(`may be ${name}`, async () => assert.equal(await fileInside(name, folder), path.resolve(folder, name)));
  }
  for (const name of [
    '../secret',
    'sub/../../secret',
    '../town-2/c',
    'out',
    'outAbsolute',
    'outFolder/secret',
    'twice',
    'round',
    'share/x',
    'gone',
    'nothing',
    'sub',
    '',
    '/etc/passwd',
  ]) {
    it(`is not ${JSON.stringify(name)}`, async () => assert.equal(await fileInside(name, folder), undefined));
  }

  it('may be named by its whole path', async () => {
    assert.equal(await fileInside(path.join(folder, 'a.ts'), folder), path.join(folder, 'a.ts'));
    assert.equal(await fileInside(path.join(dir.path, 'secret'), folder), undefined);
  });
});
