/** Identifies this machine with an id that survives reboots and new host names. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { parseable } from './programs.ts';

const run = promisify(execFile);

/** The operating system's own id of this machine. Undefined if it has none, as in most containers. */
export async function machineId(): Promise<string | undefined> {
  try {
    switch (process.platform) {
      case 'linux':
        return await linuxId();
      case 'darwin':
        return await asked('ioreg', ['-rd1', '-c', 'IOPlatformExpertDevice'], /"IOPlatformUUID" = "([^"]+)"/);
      case 'win32':
        return await asked(
          'reg',
          ['query', String.raw`HKLM\SOFTWARE\Microsoft\Cryptography`, '/v', 'MachineGuid'],
          /REG_SZ\s+(\S+)/,
        );
      default:
        return undefined;
    }
  } catch {
    return undefined;
  }
}

async function linuxId(): Promise<string | undefined> {
  for (const file of ['/etc/machine-id', '/var/lib/dbus/machine-id']) {
    const [, id] = /^([0-9a-f]{32})\s*$/.exec(await readFile(file, 'utf8').catch(() => '')) ?? [];
    if (id !== undefined) return id;
  }
  return undefined;
}

async function asked(program: string, args: string[], answer: RegExp): Promise<string | undefined> {
  const { stdout } = await run(program, args, { windowsHide: true, env: parseable(process.env) });
  return answer.exec(stdout)?.[1];
}
