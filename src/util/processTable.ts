/**
 * What the operating system knows of a process, and how it is ended. Every difference between platforms that concerns
 * processes stands here. A process is named by its id *and* its start time, as ids are used again.
 */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const windows = process.platform === 'win32';

/** When a living process was started, in the platform's own spelling, to be compared only; undefined where none lives. */
export async function startTimeOf(pid: number): Promise<string | undefined> {
  if (!exists(pid)) return undefined;
  if (process.platform === 'linux') return await linuxStartTime(pid);
  const question: [string, string[]] = windows
    ? ['powershell.exe', ['-NoProfile', '-Command', `(Get-Process -Id ${pid}).StartTime.ToFileTimeUtc()`]]
    : ['ps', ['-o', 'lstart=', '-p', String(pid)]];
  try {
    const { stdout } = await run(question[0], question[1], { windowsHide: true });
    return stdout.trim() || undefined;
  } catch {
    return undefined; // Both commands fail when the process has gone in the meantime.
  }
}

/** Ticks since boot, with the boot's id: a restarted machine counts again from nothing. A zombie does not live. */
async function linuxStartTime(pid: number): Promise<string | undefined> {
  try {
    const [stat, boot] = await Promise.all([
      readFile(`/proc/${pid}/stat`, 'utf8'),
      readFile('/proc/sys/kernel/random/boot_id', 'utf8'),
    ]);
    // The second field is the program's name in brackets and may hold anything.
    const [state, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return state === 'Z' || state === 'X' ? undefined : `${boot.trim()}:${rest[18]}`;
  } catch {
    return undefined;
  }
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
 * Signals the whole group that process `pid` leads; false where no such group is left.
 * Windows knows no groups and no gentle signal: there the process and its descendants are ended.
 */
export function signalGroup(pid: number, signal: 'SIGTERM' | 'SIGKILL'): boolean {
  if (windows) {
    if (!exists(pid)) return false;
    // Not awaited: the caller waits for the exit itself, and a failure shows there.
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
