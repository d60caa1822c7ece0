/** A path that an agent gives must not make the editor contact another machine, nor open a file outside of its folder. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import {
  type Disk,
  absolutePath,
  fileInside,
  isElsewhere,
  isNetworkPath,
  localFile,
  readAgentFile,
} from '../../../src/ui/agentFiles.ts';
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

describe('a link on Windows that an agent has planted', () => {
  const links: Readonly<Record<string, string>> = {
    'C:\\w\\share': '\\\\host\\share\\a',
    'C:\\w\\slashes': '//host/share/a',
    'C:\\w\\folder': '\\\\host\\share',
    'C:\\w\\verbatim': '\\\\?\\UNC\\host\\share\\a',
    'C:\\w\\native': '\\??\\UNC\\host\\share\\a',
    'C:\\w\\pipe': '\\\\.\\pipe\\x',
    'C:\\w\\port': 'COM1',
    'C:\\w\\twice': 'sub\\again',
    'C:\\w\\sub\\again': '..\\share',
    'C:\\w\\round': 'round',
    'C:\\w\\in': 'sub\\a.ts',
    'C:\\w\\far': 'D:\\data',
    'D:\\data\\out': '\\\\host\\share\\a',
  };
  const asked: string[] = [];
  const disk: Disk = {
    paths: path.win32,
    linkAt: (file) => {
      asked.push(file);
      return Promise.resolve(links[file]);
    },
  };

  const refused = [
    ...Object.keys(links).filter((file) => !/in$|far$|out$/.test(file)),
    'share',
    'folder\\a',
    'far\\out',
    '\\\\host\\share\\a',
    '//host/a',
    '\\??\\UNC\\host\\a',
    'NUL',
    'sub\\aux.txt',
    'com1:',
    'lpt¹ .txt',
  ];
  for (const name of refused) {
    it(`is not followed, and nothing is looked at behind it: ${name}`, async () => {
      asked.length = 0;
      assert.equal(await localFile(name, 'C:\\w', disk), undefined);
      assert.ok(
        asked.every((file) => /^[CD]:\\\w/.test(file)),
        asked.join(),
      );
    });
  }

  it('is followed where it leads to a file of this machine', async () => {
    assert.equal(await localFile('in', 'C:\\w', disk), 'C:\\w\\sub\\a.ts');
    assert.equal(await localFile('far\\a', 'C:\\w', disk), 'D:\\data\\a');
    assert.equal(await localFile('sub\\console.ts', 'C:\\w', disk), 'C:\\w\\sub\\console.ts');
  });

  it('is no matter in a folder that the user has opened from another machine', async () => {
    assert.equal(await localFile('a.ts', '\\\\host\\share\\w', disk), '\\\\host\\share\\w\\a.ts');
    assert.equal(await localFile('\\\\other\\share\\a', '\\\\host\\share\\w', disk), undefined);
  });
});

describe('a file that an agent has made something else of', () => {
  it('is not read: a pipe would never end, nor would a device behind a link', async function () {
    if (process.platform === 'win32') return this.skip();
    const dir = await tempDir('files');
    try {
      const folder = path.join(dir.path, 'town');
      await mkdir(folder);
      execFileSync('mkfifo', [path.join(folder, 'pipe')]);
      await symlink('/dev/zero', path.join(folder, 'zero'));
      const elsewhere = path.join(dir.path, 'elsewhere');
      await writeFile(elsewhere, 'a');
      await symlink(`/${elsewhere}`, path.join(folder, 'share'));
      const names = ['pipe', 'zero', 'share'];
      assert.deepEqual(await Promise.all(names.map((name) => readAgentFile(name, folder))), [null, null, null]);
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
