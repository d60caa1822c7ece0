import assert from 'node:assert/strict';
import { chmod, mkdir, readFile, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { CodexLocator, isOlder } from '../../../src/codex/locate.ts';
import { inEnglish } from '../../../src/util/sentence.ts';
import { tempDir } from '../../support/tempDir.ts';

const saying = (version: string): string => `echo "codex-cli ${version}"`;
const env = (searchPath: string, more = {}) => ({ PATH: searchPath, ...more });

describe('finding codex', () => {
  let folder: Awaited<ReturnType<typeof tempDir>>;
  let locator: CodexLocator;

  beforeEach(async () => {
    folder = await tempDir('locate');
    locator = new CodexLocator();
  });

  afterEach(async () => {
    await folder.remove();
  });

  /** A shell script as the program `name`. */
  async function program(name: string, script: string, mode = 0o755): Promise<string> {
    const file = path.join(folder.path, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, `#!/bin/sh\n${script}\n`);
    await chmod(file, mode);
    return file;
  }

  it('takes the one that the setting names', async () => {
    const file = await program('my codex', saying('0.169.0'));
    assert.deepEqual(await locator.locate(file, env('/usr/bin')), {
      ok: true,
      path: file,
      version: '0.169.0',
      searchPath: '/usr/bin',
    });
  });

  it('takes the first on the PATH', async () => {
    await program('one/other', saying('0.1.0'));
    const file = await program('two/codex', saying('0.170.1-alpha.2'));
    await program('three/codex', saying('0.169.0'));
    const searchPath = ['one', 'two', 'three'].map((name) => path.join(folder.path, name)).join(path.delimiter);
    const found = await locator.locate('', env(searchPath));
    assert.deepEqual([found.ok && found.path, found.ok && found.version], [file, '0.170.1']);
  });

  it('asks the login shell for its PATH where ours does not do', async () => {
    const file = await program('bin/codex', saying('0.169.0'));
    const bin = path.dirname(file);
    const shell = await program('shell', `echo "welcome!"; PATH=${bin}:/usr/bin:/bin; eval "$2"; echo "bye"`);
    const found = await locator.locate('codex', env('/nowhere', { SHELL: shell }));
    assert.deepEqual(found, { ok: true, path: file, version: '0.169.0', searchPath: `${bin}:/usr/bin:/bin` });
  });

  it('does not look in folders of a relative PATH', async () => {
    await program('codex', saying('0.169.0'));
    const relative = path.relative(process.cwd(), folder.path);
    const found = await locator.locate('', env(relative));
    assert.equal(!found.ok && found.reason, 'notFound');
  });

  for (const [what, reason, message, make] of [
    ['is not there', 'notFound', / was not found\.$/, () => path.join(folder.path, 'gone')],
    ['is a folder', 'notExecutable', /not an executable file/, () => folder.path],
    ['is not executable', 'notExecutable', /not an executable file/, () => program('codex', '', 0o644)],
    [
      'is too old',
      'tooOld',
      /is Codex 0\.155\.9; 0\.169\.0 or newer is needed/,
      () => program('codex', saying('0.155.9')),
    ],
    ['says nothing of a version', 'broken', /does not seem to be Codex/, () => program('codex', 'echo hello')],
    ['fails', 'broken', /does not seem to be Codex/, () => program('codex', 'exit 1')],
  ] as const) {
    it(`says what to do about one that ${what}`, async () => {
      const found = await locator.locate(await make(), env('/usr/bin:/bin'));
      assert.ok(!found.ok);
      assert.equal(found.reason, reason);
      assert.match(inEnglish(found.message), message);
      assert.match(inEnglish(found.hint), /tinytown\.codex\.path|npm install/);
    });
  }

  it('says how to install it where there is none', async () => {
    const found = await locator.locate('  ', env('/nowhere'));
    assert.match(
      found.ok ? '' : `${inEnglish(found.message)} ${inEnglish(found.hint)}`,
      /not found on the PATH.*npm install -g @openai\/codex/,
    );
  });

  it('asks a file for its version once, until it changes', async () => {
    const count = path.join(folder.path, 'count');
    const file = await program('codex', `echo x >> ${count}; ${saying('0.169.0')}`);
    const here = env('/usr/bin:/bin');
    await Promise.all([locator.locate(file, here), locator.locate(file, here)]);
    await locator.locate(file, here);
    assert.equal(await readFile(count, 'utf8'), 'x\n');
    await program('codex', saying('0.170.0'));
    await utimes(file, new Date(), new Date(Date.now() + 5_000));
    const found = await locator.locate(file, here);
    assert.equal(found.ok && found.version, '0.170.0');
  });

  it('compares versions as numbers', () => {
    assert.ok(isOlder('0.9.0', '0.156.0'));
    assert.ok(!isOlder('1.0.0', '0.156.0'));
    assert.ok(!isOlder('0.156.0', '0.156.0'));
    assert.ok(isOlder('0.155.99', '0.156.0'));
  });
});
