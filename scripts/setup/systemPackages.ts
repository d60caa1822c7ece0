/** What npm can't install: Redis, a browser, git, and a compiler and libraries for code-server. Uses apt on Debian and Ubuntu. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { chmod, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { findBrowser } from './browser.ts';
import { cleanEnv, run, say, SetUpError } from './run.ts';

/** A requirement, and the Debian package that fulfills it. */
interface Need {
  package: string;
  met(): boolean | Promise<boolean>;
}

const program = (packageName: string, ...names: string[]): Need => ({
  package: packageName,
  met: () => names.some(onPath),
});
const library = (packageName: string): Need => ({ package: packageName, met: () => isInstalled(packageName) });

const running: Need[] = [
  program('redis-server', 'redis-server', 'valkey-server'),
  program('git', 'git'),
  { package: 'chromium', met: () => findBrowser() !== undefined },
];

/** Needed to build and load the native modules of code-server. */
const building: Need[] = [
  program('python3', 'python3'),
  program('make', 'make'),
  program('g++', 'g++', 'clang++'),
  program('pkg-config', 'pkg-config', 'pkgconf'),
  ...['libkrb5-dev', 'libsecret-1-dev', 'libx11-dev', 'libxkbfile-dev'].map(library),
];

/** Installs missing packages as root on Debian and Ubuntu. Elsewhere, names the command to run. */
export async function ensureSystemPackages(): Promise<void> {
  const missing: string[] = [];
  for (const need of [...running, ...(onDebian() ? building : [])]) {
    if (!(await need.met())) missing.push(need.package);
  }
  if (missing.length === 0) return;
  if (!onDebian() || process.getuid?.() !== 0) throw new SetUpError(advice(missing));
  say(`Installing by apt: ${missing.join(' ')}`);
  const chromiumIsSnap = isUbuntu() && missing.includes('chromium');
  await installByApt(missing.filter((name) => !(chromiumIsSnap && name === 'chromium')));
  if (chromiumIsSnap) await run('npx', ['playwright-core', 'install', '--with-deps', 'chromium']);
}

function advice(missing: readonly string[]): string {
  const list = missing.join(' ');
  if (process.platform === 'darwin') {
    return `Missing on this machine: ${list}\nInstall them, for example: brew install redis git && brew install --cask chromium`;
  }
  if (!onDebian())
    return `Missing on this machine: ${list}\nInstall them with this system's package manager, then try again.`;
  const commands = ['sudo apt-get update', `sudo apt-get install --no-install-recommends ${list}`];
  if (isUbuntu() && missing.includes('chromium')) {
    commands[1] = commands[1]?.replace(/ chromium\b/, '') ?? '';
    commands.push('npx playwright-core install --with-deps chromium');
  }
  return `Missing on this machine: ${list}\nInstall them with:\n  ${commands.join(' && ')}\nThen try again.`;
}

async function installByApt(packages: readonly string[]): Promise<void> {
  if (packages.length === 0) return;
  const env = { ...cleanEnv(), DEBIAN_FRONTEND: 'noninteractive' };
  const install = ['-o', 'DPkg::Lock::Timeout=300', 'install', '-y', '--no-install-recommends', ...packages];
  const update = (): Promise<string> => run('apt-get', ['-o', 'DPkg::Lock::Timeout=300', 'update'], { env });
  await withoutServices(async () => {
    if (!hasPackageLists()) await update();
    try {
      await run('apt-get', install, { env });
    } catch {
      // Outdated package lists name files that no longer exist.
      await update();
      await run('apt-get', install, { env }).catch((error: unknown) => {
        throw new SetUpError(`apt-get could not install ${packages.join(' ')}.\n${String(error)}`, { cause: error });
      });
    }
  });
}

/** On Debian, installing a server's package also starts its service, unless this policy forbids it. */
async function withoutServices(work: () => Promise<void>): Promise<void> {
  const policy = '/usr/sbin/policy-rc.d';
  if (existsSync(policy)) return work();
  await writeFile(policy, '#!/bin/sh\nexit 101\n');
  await chmod(policy, 0o755);
  try {
    return await work();
  } finally {
    await rm(policy, { force: true });
  }
}

function onPath(name: string): boolean {
  return (process.env['PATH'] ?? '').split(path.delimiter).some((folder) => existsSync(path.join(folder, name)));
}

async function isInstalled(packageName: string): Promise<boolean> {
  const status = await run('dpkg-query', ['-W', '-f', '${db:Status-Status}', packageName]).catch(() => '');
  return status === 'installed';
}

function hasPackageLists(): boolean {
  const lists = '/var/lib/apt/lists';
  return existsSync(lists) && readdirSync(lists).some((file) => file.includes('_Packages'));
}

function onDebian(): boolean {
  return process.platform === 'linux' && onPath('apt-get') && onPath('dpkg-query');
}

function isUbuntu(): boolean {
  return /^ID=ubuntu$/m.test(existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '');
}
