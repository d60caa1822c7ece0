/**
 * The first step of `npm start` and `npm test` on a fresh clone, where only plain Node 20 is available. Installs the packages of
 * the lockfile, then runs a script with the Node among them: `node scripts/bootstrap.mjs SCRIPT [ARGUMENT…]`.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), '..');
const onWindows = process.platform === 'win32';
const bin = path.join(root, 'node_modules/.bin');
const node = path.join(root, 'node_modules/node/bin', onWindows ? 'node.exe' : 'node');

const major = Number(process.versions.node.split('.')[0]);
if (major < 20) fail(`Node.js 20 or newer is needed; this is ${process.version}.`);
if (!packagesAreCurrent()) installPackages();
handOver(process.argv.slice(2));

/** Whether every package of the lockfile is installed in the right version, and the Node among them runs. */
function packagesAreCurrent() {
  const installedFile = path.join(root, 'node_modules/.package-lock.json');
  if (!existsSync(installedFile)) return false;
  const wanted = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8')).packages;
  const installed = JSON.parse(readFileSync(installedFile, 'utf8')).packages;
  const same = Object.entries(wanted).every(
    ([name, { version, optional }]) =>
      name === '' || (optional && !installed[name]) || installed[name]?.version === version,
  );
  return same && spawnSync(node, ['--version']).status === 0;
}

function installPackages() {
  process.stdout.write('[setup] Installing the packages of package-lock.json …\n');
  const { status, stdout, stderr, error } = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    encoding: 'utf8',
    shell: onWindows,
    maxBuffer: 2 ** 28,
  });
  if (status === 0 && packagesAreCurrent()) return;
  process.stderr.write(`${stdout}\n${stderr}\n`);
  fail(
    `\`npm ci\` did not succeed (${error?.message ?? `exit code ${status}`}); see its output above.\n` +
      'It needs the npm registry. Check the network (or the proxy in `npm config list`), then run the same command again.',
  );
}

/** @param {string[]} command A script and its arguments. */
function handOver([script, ...args]) {
  if (script === undefined) return;
  const env = { ...process.env, PATH: `${bin}${path.delimiter}${process.env.PATH}` };
  const child = spawn(node, [path.join(root, script), ...args], { cwd: root, env, stdio: 'inherit' });
  // The child shuts down in order, and we wait for it.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  // A shell between npm and us does not forward signals. If it is gone, npm was ended, and we should end, too.
  const parent = process.ppid;
  setInterval(() => process.ppid === parent || child.kill('SIGTERM'), 500).unref();
  child.once('exit', (code) => process.exit(code ?? 1));
}

/** @param {string} text What is wrong, and what to do. */
function fail(text) {
  process.stderr.write(`[setup] ${text}\n`);
  process.exit(1);
}
