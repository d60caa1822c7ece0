/**
 * Runs test/host/**\/*.test.ts with mocha in a real extension host: `node test/host/run.ts [--grep TEXT] [FILE…]`, where
 * FILE is part of a test file's path. The desktop editor runs them where it can be had, else a VS Code server. `--bundle` only
 * bundles them, for a debugger that runs them itself.
 */
import { glob, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { runTests, TestRunFailedError } from '@vscode/test-electron';
import * as esbuild from 'esbuild';
import { startFamily } from '../support/children.ts';
import { followFile } from '../support/followFile.ts';
import { desktopEditor } from '../../scripts/setup/desktopEditor.ts';
import { shortTempDir } from '../support/shortTempDir.ts';
import { tempDir } from '../support/tempDir.ts';
import { HOST_GREP, HOST_OUTPUT } from './environment.ts';

const root = path.resolve(import.meta.dirname, '../..');
const bundle = path.join(root, 'dist/test/host/index.cjs');
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { grep: { type: 'string' }, bundle: { type: 'boolean', default: false } },
});

async function main(): Promise<void> {
  await bundleTests();
  if (values.bundle) return;
  const dir = await tempDir('host');
  const temp = await shortTempDir();
  const workspace = path.join(dir.path, 'workspace');
  const output = path.join(dir.path, 'output.txt');
  await mkdir(workspace);
  await writeFile(output, '');
  const family = startFamily(dir.path);
  const printing = followFile(output, (chunk) => process.stdout.write(chunk));
  try {
    const launcher = path.join(root, 'test/support/vscodeLauncher.ts');
    await runTests({
      vscodeExecutablePath: (await desktopEditor()) ?? launcher,
      extensionDevelopmentPath: root,
      extensionTestsPath: bundle,
      extensionTestsEnv: {
        ...family.env,
        ...temp.env,
        REDIS_URL: '',
        [HOST_OUTPUT]: output,
        ...(values.grep && { [HOST_GREP]: values.grep }),
      },
      launchArgs: [
        workspace,
        `--user-data-dir=${path.join(dir.path, 'user')}`,
        `--extensions-dir=${path.join(dir.path, 'extensions')}`,
      ],
    });
  } catch (error) {
    process.exitCode = 1;
    // Failed tests have said so themselves; a runner that failed must.
    if (!(error instanceof TestRunFailedError)) process.stderr.write(`${String(error)}\n`);
  } finally {
    printing.stop();
    await family.end();
    await temp.remove();
    if (!process.exitCode) await dir.remove();
    else process.stderr.write(`The editor's data is kept in ${dir.path}\n`);
  }
}

async function bundleTests(): Promise<void> {
  const files: string[] = [];
  for await (const file of glob('**/*.test.ts', { cwd: import.meta.dirname })) files.push(file);
  const chosen = files
    .filter((file) => positionals.length === 0 || positionals.some((part) => file.includes(part)))
    .toSorted();
  if (chosen.length === 0) throw new Error(`No test file has “${positionals.join('” or “')}” in its path.`);
  const imports = chosen.map((file) => `await import(${JSON.stringify(`./${file}`)});`);
  await esbuild.build({
    stdin: {
      contents: `import { runTests } from './index.ts';
export const run = () => runTests(async () => { ${imports.join('\n')} });`,
      resolveDir: import.meta.dirname,
      loader: 'ts',
    },
    outfile: bundle,
    bundle: true,
    platform: 'node',
    target: 'node22',
    format: 'cjs',
    external: ['vscode', 'mocha'],
    loader: { '.lua': 'text' },
    sourcemap: 'inline',
    logLevel: 'warning',
    plugins: [ownPlaces],
  });
}

/** Test support finds files beside itself; in the bundle it still has to. */
const ownPlaces: esbuild.Plugin = {
  name: 'own-places',
  setup(build) {
    build.onLoad({ filter: /[\\/]test[\\/].*\.ts$/ }, async ({ path: file }) => {
      const contents = (await readFile(file, 'utf8'))
        .replaceAll('import.meta.dirname', JSON.stringify(path.dirname(file)))
        .replaceAll('import.meta.main', 'false');
      return { contents, loader: 'ts' };
    });
  },
};

await main();
