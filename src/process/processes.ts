/**
 * Starts, watches and ends child processes: app-servers, one-shot agents, the local Redis. Arguments are a vector, never a shell
 * string. Each child leads its own process group. Its stderr is always drained.
 */
import type { ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { open, stat } from 'node:fs/promises';
import type { Readable, Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import spawn from 'cross-spawn';
import { within } from '../util/boundedWait.ts';
import { ChildGroups } from './childGroups.ts';
import { TinytownError } from '../util/errors.ts';
import { type Sentence, followedBy, say } from '../util/sentence.ts';
import { MARK_VARIABLE, type ProcessRegistry } from './processRegistry.ts';
import { type ListedProcess, signalGroup } from './processTable.ts';
import { TextRing } from '../util/textRing.ts';

/** How a process ended: exactly one field is set. */
export interface ExitValue {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface SpawnOptions {
  cwd: string;
  /** The whole environment, not an addition to ours. */
  env: Readonly<Record<string, string | undefined>>;
  /** The process's purpose in a word, for the registry. */
  purpose: string;
  registry: ProcessRegistry;
  /** Whether a descendant is a helper that the process may leave behind even after an orderly exit. Such helpers are ended. */
  isHelper?: (process: ListedProcess) => boolean;
}

/** A process that can be watched and ended. */
export interface WatchedProcess {
  readonly pid: number;
  /** Resolves when the process itself has ended. Its stdout may still hold unread output. Never rejects. */
  readonly exited: Promise<ExitValue>;
  /**
   * Ends the process and its group: closes stdin, then SIGTERM, then SIGKILL, each after `graceMs` (2 s) without an exit.
   * 0 kills at once. Concurrent calls share one end. Resolves with the exit.
   */
  stop(options?: { graceMs?: number }): Promise<ExitValue>;
}

export interface ManagedProcess extends WatchedProcess {
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** Must be called when the process starts a command. If the process is killed, its commands are ended afterward. */
  startsCommand(): void;
  /** How many groups of commands were ended after the process. */
  commandsEnded(): number;
  /** The last 16,384 characters that it printed on stderr. */
  stderrTail(): string;
}

const stderrLimit = 16_384;
/** How long to read a dead process's stderr, in milliseconds. */
const LAST_WORDS_MS = 250;
const defaultGraceMs = 2_000;

/** @throws TinytownError `programUnusable` if the program or the folder does not exist or cannot be used */
export async function spawnManaged(
  command: string,
  args: readonly string[],
  options: SpawnOptions,
): Promise<ManagedProcess> {
  const mark = randomUUID();
  const env = { ...options.env, [MARK_VARIABLE]: mark };
  const child = await start(command, args, { ...options, env }, ['pipe', 'pipe', 'pipe']);
  const { stdin, stdout, stderr } = child.process;
  if (!stdin || !stdout || !stderr) throw new Error('A child that was started with pipes has none.');
  const ring = new TextRing(stderrLimit);
  stderr.setEncoding('utf8').on('data', (chunk: string) => ring.push(chunk));
  // A write to a process that is gone fails at the writer. Without a listener the event would end us, too.
  for (const pipe of [stdin, stdout, stderr]) pipe.on('error', () => undefined);
  const groups = new ChildGroups(child.pid, (leaders) =>
    // If this fails, only this window can end them.
    options.registry.addGroups(child.pid, leaders).catch(() => undefined),
  );
  let commandsEnded = 0;
  const saidAll = finished(stderr).catch(() => undefined);
  const exited = child.exited.then(async (exit) => {
    signalGroup(child.pid, 'SIGKILL');
    // A process that exits in order ends its commands. One that was signaled or crashed does not. The exit code alone does not
    // show that: the launchers of older versions of Codex exit with 0 after a signal ended Codex itself.
    const { isHelper } = options;
    if (exit.code !== 0 || child.signaled) commandsEnded = await groups.end();
    else if (isHelper) await groups.end((members) => members.every(isHelper));
    // The exit's receiver wants the reason. A process that escaped may keep the pipe open, so the wait is bounded.
    await within(saidAll, LAST_WORDS_MS, 'stderr').catch(() => undefined);
    return exit;
  });
  child.exited = exited;
  // Node.js drops the output of a process that ends before anybody listens. A listener for `readable` keeps it.
  stdout.on('readable', keepOutput);
  await record(child, options, { detached: false, mark });
  stdout.off('readable', keepOutput);
  return {
    // Looks before the end, because the process may have to be killed.
    ...watched(child, stdin, () => groups.look()),
    stdin,
    stdout,
    startsCommand: () => groups.lookSoon(),
    commandsEnded: () => commandsEnded,
    stderrTail: () => ring.toString(),
  };
}

function keepOutput(): void {}

/**
 * Starts a process that outlives us and that windows share. It is never reaped and has no pipes to us. Its output is appended to
 * `logFile`, which is private to the user.
 * @throws TinytownError `programUnusable`
 */
export async function spawnDetached(
  command: string,
  args: readonly string[],
  options: SpawnOptions & { logFile: string },
): Promise<WatchedProcess> {
  const log = await open(options.logFile, 'a', 0o600);
  try {
    const child = await start(command, args, options, ['ignore', log.fd, log.fd]);
    child.process.unref();
    await record(child, options, { detached: true });
    return watched(child, undefined, () => Promise.resolve());
  } finally {
    await log.close();
  }
}

interface Child {
  process: ChildProcess;
  pid: number;
  exited: Promise<ExitValue>;
  /** Whether we sent it a signal to end. */
  signaled: boolean;
}

async function start(
  command: string,
  args: readonly string[],
  { cwd, env }: SpawnOptions,
  stdio: ('pipe' | 'ignore' | number)[],
): Promise<Child> {
  const folder = await stat(cwd).catch(() => undefined);
  if (!folder?.isDirectory()) throw unusable(say('The folder {0} does not exist.', cwd), undefined);
  // On Windows `detached` would open a console window, and there are no groups.
  const detached = process.platform !== 'win32';
  const child = spawn(command, args, { cwd, env: { ...env }, stdio, detached, windowsHide: true });
  const exited = new Promise<ExitValue>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    // `exit` may never come after this. The listener also keeps a later failed signal from ending us.
    child.on('error', (error) => reject(unusable(say('{0} could not be started.', command), error)));
  });
  if (child.pid === undefined) throw unusable(say('{0} could not be started.', command), undefined);
  return { process: child, pid: child.pid, exited, signaled: false };
}

function unusable(what: Sentence, cause: unknown): TinytownError<'programUnusable'> {
  const message = cause instanceof Error ? followedBy(what, cause.message) : what;
  return new TinytownError('programUnusable', message, { cause });
}

/** Records a process. One that cannot be recorded is killed, because it could be orphaned. */
async function record(
  child: Child,
  { registry, purpose }: SpawnOptions,
  more: { detached: boolean; mark?: string },
): Promise<void> {
  try {
    await registry.add(child.pid, { purpose, ...more });
  } catch (error) {
    signalGroup(child.pid, 'SIGKILL');
    throw error;
  }
  void child.exited.then(() => registry.remove(child.pid)).catch(() => undefined);
}

/** @param prepare Awaited before the process is ended. */
function watched(child: Child, stdin: Writable | undefined, prepare: () => Promise<void>): WatchedProcess {
  const { pid, exited } = child;
  let stopping: Promise<ExitValue> | undefined;

  async function stopOnce(graceMs: number): Promise<ExitValue> {
    await prepare();
    const mayEndByItself = stdin !== undefined && !stdin.writableEnded;
    stdin?.end();
    if (graceMs > 0) {
      if (mayEndByItself && (await endsWithin(exited, graceMs))) return await exited;
      child.signaled = true;
      signalGroup(pid, 'SIGTERM');
      if (await endsWithin(exited, graceMs)) return await exited;
    }
    signalGroup(pid, 'SIGKILL');
    return await exited;
  }

  return {
    pid,
    exited,
    stop({ graceMs = defaultGraceMs } = {}) {
      stopping ??= stopOnce(graceMs);
      return stopping;
    },
  };
}

async function endsWithin(exited: Promise<ExitValue>, milliseconds: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), milliseconds);
  });
  const ended = await Promise.race([exited.then(() => true), limit]);
  clearTimeout(timer);
  return ended;
}
