/**
 * A place is where process ids mean the same: one boot of one machine and, on Linux, one PID namespace. Host names cannot
 * identify it, because containers on the host's network share its name, and so does WSL beside Windows.
 */
import { execFile } from 'node:child_process';
import { readFile, readlink } from 'node:fs/promises';
import { promisify } from 'node:util';
import { machineId } from './machineId.ts';
import { parseable } from './programs.ts';

const run = promisify(execFile);
let own: Promise<string | undefined> | undefined;

/** This process's place, only for comparison. If it is undefined, no process may be judged by its id. */
export function processPlace(): Promise<string | undefined> {
  own ??= findPlace().catch(() => undefined);
  return own;
}

async function findPlace(): Promise<string | undefined> {
  switch (process.platform) {
    case 'linux':
      return await linuxPlace();
    case 'darwin': {
      const { stdout } = await run('sysctl', ['-n', 'kern.bootsessionuuid'], { env: parseable(process.env) });
      return stdout.trim() || undefined;
    }
    case 'win32':
      // Start times are absolute there, so the boot does not matter.
      return await machineId();
    default:
      return undefined;
  }
}

async function linuxPlace(): Promise<string | undefined> {
  const [self, boot, pids, times] = await Promise.all([
    readlink('/proc/self'),
    readFile('/proc/sys/kernel/random/boot_id', 'utf8'),
    readlink('/proc/self/ns/pid'),
    // Start times are counted from the namespace's own boot. Kernels before 5.6 have only one.
    readlink('/proc/self/ns/time').catch(() => ''),
  ]);
  // A `/proc` of another namespace shows other processes under our ids.
  if (Number(self) !== process.pid) return undefined;
  return [boot.trim(), ...[pids, times].map((link) => link.replaceAll(/\D/g, ''))].join('.');
}
