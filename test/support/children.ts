/**
 * Programs that tests and the demo start. Each has its own process group, and none outlives this process. Their children, even
 * detached ones, are found by a mark in the environment or by their working folder.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { randomBytes } from 'node:crypto';
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { constants } from 'node:os';
import path from 'node:path';
import { eventually } from './eventually.ts';

const MARK = 'TINYTOWN_TEST_RUN';
const onWindows = process.platform === 'win32';

/** The processes of one run: everything started with `env` in its environment, however deep. */
export interface Family {
  readonly env: Readonly<Record<string, string>>;
  /** The members that run now. Always empty outside Linux and macOS. */
  members(): FamilyMember[];
  /** Ends every member, gently first, and resolves when none is left. At process exit all are killed at once. */
  end(): Promise<void>;
}

export interface FamilyMember {
  pid: number;
  command: string;
}

const families = new Set<Family>();
const groups = new Set<ChildProcess>();

/** @param dir Processes that work in this folder belong to it too, because Redis overwrites its environment with its title. */
export function startFamily(dir: string): Family {
  const outer = process.env[MARK];
  // A family within a family belongs to both.
  const name = `${outer === undefined ? '' : `${outer}/`}${randomBytes(8).toString('hex')}`;
  const family: Family = {
    env: { [MARK]: name },
    members: () => membersOf(`${MARK}=${name}`, dir),
    async end() {
      signalAll(family, 'SIGTERM');
      await eventually(() => family.members().length === 0, { timeout: 5_000, interval: 50 }).catch(() => undefined);
      signalAll(family, 'SIGKILL');
      await eventually(() => family.members().length === 0, { timeout: 5_000, interval: 50, what: 'The end of all' });
      families.delete(family);
    },
  };
  families.add(family);
  endEverythingWithThisProcess();
  return family;
}

export interface StartOptions {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** File for its output. Without one the output is dropped. */
  log?: string;
}

/** Starts a program in its own process group that dies with this process. */
export function startChild(command: string, args: readonly string[], { cwd, env, log }: StartOptions): ChildProcess {
  const output = log === undefined ? undefined : openSync(log, 'a', 0o600);
  const child = spawn(command, args, {
    cwd,
    env: env ?? process.env,
    detached: !onWindows,
    stdio: ['ignore', output ?? 'ignore', output ?? 'ignore'],
  });
  if (output !== undefined) closeSync(output);
  groups.add(child);
  child.once('exit', () => groups.delete(child));
  endEverythingWithThisProcess();
  return child;
}

/** Ends a child of {@link startChild} and its group: gently, then forcibly after `graceMs`. */
export async function stopChild(child: ChildProcess, graceMs = 3_000): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const exited = once(child, 'exit');
    const timer = setTimeout(() => signalGroup(child, 'SIGKILL'), graceMs);
    signalGroup(child, 'SIGTERM');
    await exited;
    clearTimeout(timer);
  }
  // The leader is gone, but processes in its group must go, too.
  signalGroup(child, 'SIGKILL');
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  if (onWindows) {
    spawnSync('taskkill', ['/pid', String(child.pid), '/t', '/f']);
    return;
  }
  signalPid(-child.pid, signal);
}

function signalPid(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone already.
  }
}

function signalAll(family: Family, signal: NodeJS.Signals): void {
  for (const { pid } of family.members()) signalPid(pid, signal);
}

let watching = false;

function endEverythingWithThisProcess(): void {
  if (watching) return;
  watching = true;
  process.once('exit', () => {
    for (const child of groups) signalGroup(child, 'SIGKILL');
    for (const family of families) signalAll(family, 'SIGKILL');
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    // Not `once`, because Ctrl-C reaches us more than once: from the terminal, and passed on by npm.
    process.on(signal, () => {
      // Other listeners (mocha, the demo) shut down in order. If we are the only one, we exit here, and `exit` does the rest.
      if (process.listenerCount(signal) === 1) process.exit(128 + constants.signals[signal]);
    });
  }
}

function membersOf(mark: string, dir: string): FamilyMember[] {
  if (process.platform === 'darwin') return markedByPs(mark);
  if (process.platform !== 'linux') return [];
  const found: FamilyMember[] = [];
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
    try {
      if (!isMarked(name, mark) && !worksIn(name, dir)) continue;
      const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
      // A zombie has an empty command line. It has ended, but nobody has waited for it.
      if (command !== '') found.push({ pid: Number(name), command });
    } catch {
      // It ended meanwhile, or is not ours to read.
    }
  }
  return found;
}

function isMarked(pid: string, mark: string): boolean {
  const variables = readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0');
  return variables.some((variable) => variable === mark || variable.startsWith(`${mark}/`));
}

function worksIn(pid: string, dir: string): boolean {
  return readlinkSync(`/proc/${pid}/cwd`).startsWith(dir + path.sep);
}

function markedByPs(mark: string): FamilyMember[] {
  const lines = spawnSync('ps', ['axEww', '-o', 'pid=,command='], { encoding: 'utf8' }).stdout.split('\n');
  return lines
    .filter((line) => line.includes(mark))
    .map((line) => ({ pid: Number.parseInt(line, 10), command: line.trim().replace(/^\d+\s+/, '') }))
    .filter(({ pid }) => pid !== process.pid);
}
