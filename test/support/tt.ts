/** The real `tt`, run against a test's town. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { promisify, stripVTControlCharacters } from 'node:util';
import { PATIENCE_MS } from './eventually.ts';
import { cacheDir } from '../../scripts/setup/cache.ts';

/** The path of `tt`: `TT_BIN`, else the one that `npm test` built once for this machine. Undefined if there is none. */
export function ttBinary(): string | undefined {
  const given = process.env.TT_BIN ?? '';
  if (given !== '') return given;
  const built = path.join(cacheDir, 'tt-0.10.0', 'bin', process.platform === 'win32' ? 'tt.exe' : 'tt');
  return existsSync(built) ? built : undefined;
}

/** Runs `tt --town folder …`. Resolves with its output, without colors, times and levels. */
export async function runTt(
  binary: string,
  { folder, redisUrl }: { folder: string; redisUrl: string },
  ...args: readonly string[]
): Promise<string> {
  // The test has its own home, because tt keeps a registry of towns there.
  const env = { PATH: process.env.PATH, HOME: path.join(folder, 'home'), REDIS_URL: redisUrl };
  const { stdout, stderr } = await promisify(execFile)(binary, ['--town', folder, ...args], {
    env,
    cwd: folder,
    timeout: PATIENCE_MS,
  });
  const lines = stripVTControlCharacters(stdout + stderr).split('\n');
  return lines.map((line) => line.replace(/^\S+Z\s+\w+ [\w:]+: ?/, '')).join('\n');
}
