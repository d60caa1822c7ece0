/**
 * What the operating system knows about a process, and how to end it. All platform differences for processes are here. A process
 * is named by its id *and* its start time, because ids are reused.
 */
import { execFile } from 'node:child_process';
import { readFile, readdir } from 'node:fs/promises';
import { promisify } from 'node:util';
import { processPlace } from './processPlace.ts';
import { parseable } from './programs.ts';

const ask = promisify(execFile);
const windows = process.platform === 'win32';

/** Runs a program whose output is parsed. */
async function run(program: string, args: string[]): Promise<{ stdout: string }> {
  return await ask(program, args, { windowsHide: true, env: parseable(process.env), maxBuffer: 64 * 1024 * 1024 });
}

/** Lets others recognize a process. The id alone is reused, and means another process in another place. */
export interface ProcessName {
  pid: number;
  /** From {@link startTimeOf}; empty if it was unknown. */
  startTime: string;
  /** From `processPlace`; undefined if it was unknown. */
  place?: string | undefined;
}

/** How other processes, now and later, can recognize a process of this place. Undefined if it does not run. */
export async function nameOfProcess(pid: number): Promise<ProcessName | undefined> {
  const [startTime, place] = await Promise.all([startTimeOf(pid), processPlace()]);
  return startTime === undefined ? undefined : { pid, startTime, place };
}

/** Whether a process is known to run. False if in doubt. Ask this before signaling it. */
export async function isAlive({ pid, startTime, place }: ProcessName): Promise<boolean> {
  return (await isHere(place)) && (await startTimeOf(pid)) === startTime;
}

/** Whether a process is known to have ended. False if in doubt. Ask this before taking its place. */
export async function hasEnded({ pid, startTime, place }: ProcessName): Promise<boolean> {
  if (!(await isHere(place))) return false;
  if (!exists(pid)) return true;
  const now = await startTimeOf(pid);
  // With `hidepid`, processes of other users exist but cannot be read.
  return now === undefined
    ? process.platform === 'linux' && (await isReadable(pid))
    : startTime !== '' && now !== startTime;
}

/** Whether a process of that place can be checked by its id from here. */
export async function isHere(place: string | undefined): Promise<boolean> {
  return place !== undefined && place === (await processPlace());
}

async function isReadable(pid: number): Promise<boolean> {
  return await readFile(`/proc/${pid}/stat`).then(
    () => true,
    () => !exists(pid),
  );
}

/** When a running process was started, in the platform's format, only for comparison. Undefined if it does not run. */
export async function startTimeOf(pid: number): Promise<string | undefined> {
  if (!exists(pid)) return undefined;
  if (process.platform === 'linux') return await linuxStartTime(pid);
  const question: [string, string[]] = windows
    ? ['powershell.exe', ['-NoProfile', '-Command', `(Get-Process -Id ${pid}).StartTime.ToFileTimeUtc()`]]
    : ['ps', ['-o', 'lstart=', '-p', String(pid)]];
  try {
    const { stdout } = await run(question[0], question[1]);
    return stdout.trim() || undefined;
  } catch {
    return undefined; // Both commands fail if the process has ended meanwhile.
  }
}

export interface ListedProcess {
  pid: number;
  parent: number;
  /** The id of the leader of its group. */
  group: number;
  /** In the platform's format, only for comparison. */
  start: string;
  command: string;
}

/** The living descendants of `pid`. Empty if the system does not say (Windows). */
export async function descendantsOf(pid: number): Promise<ListedProcess[]> {
  return descendantsIn(pid, await listProcesses());
}

/** All processes of the machine. Empty if the system does not say (Windows). */
export async function listProcesses(): Promise<ListedProcess[]> {
  if (windows) return [];
  return await (process.platform === 'linux' ? linuxProcesses() : listedByPs());
}

/** The descendants of `pid` among `all`. */
export function descendantsIn<P extends { pid: number; parent: number }>(pid: number, all: readonly P[]): P[] {
  const found = new Map<number, P>();
  for (let before = -1; before < found.size;) {
    before = found.size;
    for (const one of all) if (one.parent === pid || found.has(one.parent)) found.set(one.pid, one);
  }
  return [...found.values()];
}

/** The resources that a process and its descendants use together. */
export interface ProcessUse {
  /** Number of processes, including the first. */
  count: number;
  /** Resident memory. Memory that processes share counts in each of them. */
  residentBytes: number;
}

/** One look at the machine for all of `pids`. Omits those that do not run. Empty if the system does not say. */
export async function processUses(pids: readonly number[]): Promise<Map<number, ProcessUse>> {
  if (pids.length === 0) return new Map();
  const all = await (process.platform === 'linux' ? linuxUses() : windows ? windowsUses() : psUses());
  return new Map(
    pids.flatMap((pid): [number, ProcessUse][] => {
      const itself = all.find((one) => one.pid === pid);
      if (!itself) return [];
      const family = [itself, ...descendantsIn(pid, all)];
      return [[pid, { count: family.length, residentBytes: family.reduce((sum, one) => sum + one.residentBytes, 0) }]];
    }),
  );
}

interface UsedBy {
  pid: number;
  parent: number;
  residentBytes: number;
}

async function linuxUses(): Promise<UsedBy[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const read = await Promise.all(
    // The process may have ended meanwhile.
    pids.map((pid) => readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')),
  );
  return read.flatMap((status, index) => {
    const [, state] = /^State:\s+(\S)/m.exec(status) ?? [];
    const [, parent] = /^PPid:\s+(\d+)/m.exec(status) ?? [];
    if (parent === undefined || state === 'Z' || state === 'X') return [];
    const [, kib = '0'] = /^VmRSS:\s+(\d+)/m.exec(status) ?? [];
    return [{ pid: Number(pids[index]), parent: Number(parent), residentBytes: 1024 * Number(kib) }];
  });
}

async function psUses(): Promise<UsedBy[]> {
  const listing = await run('ps', ['-axo', 'pid=,ppid=,rss=']).catch(() => undefined);
  return threeNumbers(listing?.stdout ?? '').map(([pid, parent, kib]) => ({ pid, parent, residentBytes: 1024 * kib }));
}

async function windowsUses(): Promise<UsedBy[]> {
  const question =
    'Get-CimInstance Win32_Process | ForEach-Object { "$($_.ProcessId) $($_.ParentProcessId) $($_.WorkingSetSize)" }';
  const listing = await run('powershell.exe', ['-NoProfile', '-Command', question]).catch(() => undefined);
  const all = threeNumbers(listing?.stdout ?? '').map(([pid, parent, residentBytes]) => ({
    pid,
    parent,
    residentBytes,
  }));
  // There the first process is its own parent, and the id of a parent that ended may be reused.
  return all.filter(({ pid, parent }) => pid !== parent);
}

/** Lines of three numbers. Other lines are skipped. */
function threeNumbers(text: string): [number, number, number][] {
  return text.split('\n').flatMap((line): [number, number, number][] => {
    const [, a, b, c] = /^\s*(\d+)\s+(\d+)\s+(\d+)\s*$/.exec(line) ?? [];
    return c === undefined ? [] : [[Number(a), Number(b), Number(c)]];
  });
}

async function linuxProcesses(): Promise<ListedProcess[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const read = await Promise.all(
    pids.map(async (pid): Promise<ListedProcess | undefined> => {
      try {
        const [stat, words] = await Promise.all([
          readFile(`/proc/${pid}/stat`, 'utf8'),
          readFile(`/proc/${pid}/cmdline`, 'utf8'),
        ]);
        const [state, parent, group, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        if (state === 'Z' || state === 'X') return undefined;
        const command = words.replaceAll('\0', ' ').trim();
        return { pid: Number(pid), parent: Number(parent), group: Number(group), start: rest[16] ?? '', command };
      } catch {
        return undefined; // It has ended meanwhile.
      }
    }),
  );
  return read.filter((one) => one !== undefined);
}

async function listedByPs(): Promise<ListedProcess[]> {
  const listing = await run('ps', ['-axo', 'pid=,ppid=,pgid=,lstart=,command=']).catch(() => undefined);
  return (listing?.stdout ?? '').split('\n').flatMap((line) => {
    const [, pid, parent, group, start = '', command = ''] =
      /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(.{24})\s+(.*)$/.exec(line) ?? [];
    return pid === undefined
      ? []
      : [{ pid: Number(pid), parent: Number(parent), group: Number(group), start, command }];
  });
}

/** Processes whose command line contains `text`. Empty if the system does not say (Windows). */
export async function processesNaming(text: string): Promise<number[]> {
  const all = await listProcesses();
  return all.filter(({ command }) => command.includes(text)).map(({ pid }) => pid);
}

/** Those of the listed processes that still run, as they are now. */
export async function survivorsOf(listed: readonly ListedProcess[]): Promise<ListedProcess[]> {
  if (listed.length === 0) return [];
  const starts = new Map(listed.map(({ pid, start }) => [pid, start]));
  return (await listProcesses()).filter(({ pid, start }) => starts.get(pid) === start);
}

/** Ticks since boot, with the boot's id, because a restart counts from zero again. A zombie does not count as running. */
async function linuxStartTime(pid: number): Promise<string | undefined> {
  try {
    const [stat, boot] = await Promise.all([
      readFile(`/proc/${pid}/stat`, 'utf8'),
      readFile('/proc/sys/kernel/random/boot_id', 'utf8'),
    ]);
    // The second field is the program's name in parentheses and may contain anything.
    const [state, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return state === 'Z' || state === 'X' ? undefined : `${boot.trim()}:${rest[18]}`;
  } catch {
    return undefined;
  }
}

/**
 * Whether one of the processes was started with this variable in its environment. False if the system does not say, as for other
 * users' processes and anywhere but on Linux.
 */
export async function someHasVariable(pids: readonly number[], name: string, value: string): Promise<boolean> {
  if (process.platform !== 'linux') return false;
  const read = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '')));
  return read.some((environment) => environment.split('\0').includes(`${name}=${value}`));
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

/**
 * Signals the whole group that process `pid` leads. False if no such group is left. Windows has neither groups nor a gentle
 * signal, so there it ends the process and its descendants.
 */
export function signalGroup(pid: number, signal: 'SIGTERM' | 'SIGKILL'): boolean {
  if (windows) {
    if (!exists(pid)) return false;
    // Not awaited, because the caller waits for the exit itself and sees a failure there.
    execFile('taskkill', ['/pid', String(pid), '/t', '/f'], { windowsHide: true }, () => undefined);
    return true;
  }
  try {
    process.kill(-pid, signal);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
