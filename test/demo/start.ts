/**
 * `npm start`: VS Code on a sample workspace with the extension, two agents that get work and do it, told on the terminal.
 * Stays up until Ctrl-C and then leaves nothing running; with `--exit` it ends by itself once the agents are done, and its
 * last line is the path of a picture of the window.
 */
import { EventEmitter } from 'node:events';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import * as esbuild from 'esbuild';
import { installExtension } from '../support/editorServer.ts';
import { followFile } from '../support/followFile.ts';
import { ensureCodeServer } from '../../scripts/setup/codeServer.ts';
import { desktopEditor } from '../../scripts/setup/desktopEditor.ts';
import { cleanEnv, reportSetUpErrors, run, say } from '../../scripts/setup/run.ts';
import { ensureSystemPackages } from '../../scripts/setup/systemPackages.ts';
import { tempDir } from '../support/tempDir.ts';
import { vsixPath } from '../../scripts/vsixPath.ts';
import { codexForDemo, type DemoCodex } from './codexForDemo.ts';
import { Narrator } from './narrator.ts';
import { type Report, REPORTS_FILE } from './reports.ts';
import { browserWindow, desktopWindow, type DemoWindow } from './windows.ts';

const root = path.resolve(import.meta.dirname, '../..');
const LIMIT_MS = 20 * 60_000;

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { exit: { type: 'boolean', default: false } } });
  // A picture is wanted at the end: only the window in the browser can be asked for one.
  const desktop = values.exit ? undefined : await desktopEditor();
  await ensureSystemPackages();
  await ensureCodeServer();

  const narrator = new Narrator((text) => process.stdout.write(text), process.stdout.isTTY);
  const dir = await tempDir('demo');
  let codex: DemoCodex | undefined;
  let window: DemoWindow | undefined;
  let picture: string | undefined;
  try {
    say('Building and packaging the extension.');
    const extensionsDir = await installExtensions(dir.path);
    const folder = await sampleWorkspace(dir.path);
    // Until here Ctrl-C simply ends the preparations.
    const stopped = whenAskedToStop();
    codex = await codexForDemo();
    process.stdout.write(`\n${codex.banner}\n\n`);
    const reports = path.join(dir.path, 'reports.jsonl');
    await writeFile(reports, '');
    const ended = narrate(reports, narrator);
    narrator.start();
    const options = { folder, extensionsDir, settings: codex.settings, env: { [REPORTS_FILE]: reports } };
    window = desktop === undefined ? await browserWindow(options) : await desktopWindow(desktop, options);
    narrator.say('town', window.where);
    const end = await Promise.race([
      ended.result,
      stopped,
      window.closed.then(() => 'closed' as const),
      timeLimit(values.exit),
    ]);
    if (end === 'done' && !values.exit) {
      narrator.say('town', 'Give them more work in the window, or press Ctrl-C to end the demo.');
      await Promise.race([stopped, window.closed]);
    }
    if (values.exit) picture = await window.screenshot();
    if (end === 'failed' || end === 'tooLong') process.exitCode = 1;
    if (end === 'tooLong') narrator.say('town', `not done after ${LIMIT_MS / 60_000} minutes`);
    ended.stop();
  } finally {
    narrator.say('town', 'closing');
    await window?.close();
    await codex?.close();
    await dir.remove();
  }
  if (picture !== undefined) process.stdout.write(`${picture}\n`);
}

/** Installs our VSIX and the demo's driver, the way users install extensions. */
async function installExtensions(dir: string): Promise<string> {
  await run('npm', ['run', '--silent', 'package'], { cwd: root });
  const driver = path.join(dir, 'driver');
  await mkdir(driver);
  await cp(path.join(import.meta.dirname, 'driver/package.json'), path.join(driver, 'package.json'));
  await esbuild.build({
    entryPoints: [path.join(import.meta.dirname, 'driver/extension.ts')],
    outfile: path.join(driver, 'extension.cjs'),
    bundle: true,
    platform: 'node',
    target: 'node22',
    format: 'cjs',
    external: ['vscode'],
    logLevel: 'warning',
  });
  const driverVsix = path.join(dir, 'driver.vsix');
  const quiet = ['--no-dependencies', '--allow-missing-repository', '--skip-license', '--allow-star-activation'];
  await run('vsce', ['package', ...quiet, '--out', driverVsix], { cwd: driver });
  const extensionsDir = path.join(dir, 'extensions');
  for (const vsix of [vsixPath, driverVsix]) await installExtension(vsix, extensionsDir);
  return extensionsDir;
}

/** A copy of the sample project, as a git repository of its own. */
async function sampleWorkspace(dir: string): Promise<string> {
  const folder = path.join(dir, 'lamplighter');
  await cp(path.join(import.meta.dirname, 'workspace'), folder, { recursive: true });
  const author = ['-c', 'user.name=Lamplighter', '-c', 'user.email=lamplighter@example.com'];
  for (const args of [
    ['init', '--quiet'],
    ['add', '.'],
    [...author, 'commit', '--quiet', '-m', 'Light the lamps'],
  ]) {
    await run('git', args, { cwd: folder, env: cleanEnv() });
  }
  return folder;
}

/** Tells what the driver reports; `result` comes when it says that all is done or can't be. */
function narrate(file: string, narrator: Narrator): { result: Promise<'done' | 'failed'>; stop(): void } {
  const decoder = new TextDecoder();
  const results = new EventEmitter<{ result: ['done' | 'failed'] }>();
  let rest = '';
  let hasFailed = false;
  const following = followFile(file, (chunk) => {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      // Written by our own driver, in the type that both share.
      const report: Report = JSON.parse(line);
      narrator.tell(report);
      if (report.type === 'event' && report.event.type === 'turnCompleted') {
        hasFailed ||= report.event.outcome.status === 'failed';
      }
      if (report.type === 'failed') results.emit('result', 'failed');
      if (report.type === 'done') results.emit('result', hasFailed ? 'failed' : 'done');
    }
  });
  const result = new Promise<'done' | 'failed'>((resolve) => results.once('result', resolve));
  return { result, stop: () => following.stop() };
}

function whenAskedToStop(): Promise<'stopped'> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve('stopped'));
  });
}

/** Only for those who wait for the end by a script. */
function timeLimit(isLimited: boolean): Promise<'tooLong'> {
  return new Promise((resolve) => {
    if (isLimited) setTimeout(() => resolve('tooLong'), LIMIT_MS).unref();
  });
}

await reportSetUpErrors(main);
process.exit();
