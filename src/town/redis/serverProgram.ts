/** Finds the program to run a private server with, or says how to install it. */
import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { TinytownError } from '../../util/errors.ts';
import { homeFolder } from '../../util/homeFolder.ts';
import { say } from '../../util/sentence.ts';

const names = ['redis-server', 'valkey-server'];
/** Folders that are missing from the path of an editor started from a desktop. The last one is `tt bootstrap`'s. */
const furtherFolders = ['/usr/local/bin', '/usr/bin', '/opt/homebrew/bin', path.join(homeFolder(), '.tt', 'bin')];

/**
 * @param setting `tinytown.redis.serverPath`. If set, it overrides everything else.
 * @throws TinytownError `redisMissing`, with the command that installs it
 */
export function findServerProgram(setting: string, env: Readonly<Record<string, string | undefined>>): string {
  if (setting.trim() !== '') {
    if (isProgram(setting.trim())) return setting.trim();
    throw new TinytownError(
      'redisMissing',
      say('There is no program at {0} (setting tinytown.redis.serverPath).', setting.trim()),
      { hint: say('Correct the setting, or clear it and install Redis: {0}', installCommand()) },
    );
  }
  const folders = [...(env.PATH ?? '').split(path.delimiter).filter((folder) => folder !== ''), ...furtherFolders];
  for (const name of names) {
    const found = folders.map((folder) => path.join(folder, name)).find((file) => isProgram(file));
    if (found !== undefined) return found;
  }
  throw new TinytownError('redisMissing', 'Tinytown needs Redis, and it is not installed on this machine.', {
    hint: say('Install it with: {0}', installCommand()),
  });
}

const byDistribution: Record<string, string> = {
  debian: 'sudo apt-get install -y redis-server',
  ubuntu: 'sudo apt-get install -y redis-server',
  fedora: 'sudo dnf install -y valkey',
  rhel: 'sudo dnf install -y redis',
  centos: 'sudo dnf install -y redis',
  arch: 'sudo pacman -S valkey',
  alpine: 'sudo apk add redis',
  suse: 'sudo zypper install redis',
  opensuse: 'sudo zypper install redis',
};

/** The command that installs Redis on this system. */
export function installCommand(platform: string = process.platform, osRelease: string = readOsRelease()): string {
  if (platform === 'darwin') return 'brew install redis';
  if (platform === 'win32')
    return 'wsl --install (open the folder in WSL), or set tinytown.redis.url to a Redis elsewhere';
  const fields = [...osRelease.matchAll(/^(?:ID|ID_LIKE)="?([^"\n]*)"?$/gm)];
  // ID is the system itself, ID_LIKE lists its relatives, the nearest first.
  const ids = fields
    .toSorted((a, b) => a[0].indexOf('=') - b[0].indexOf('='))
    .flatMap((field) => (field[1] ?? '').split(' '));
  const known = ids.map((id) => byDistribution[id.split('-')[0] ?? '']).find((command) => command !== undefined);
  return known ?? 'see https://redis.io/docs/latest/operate/oss_and_stack/install/';
}

function readOsRelease(): string {
  try {
    return readFileSync('/etc/os-release', 'utf8');
  } catch {
    return '';
  }
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
