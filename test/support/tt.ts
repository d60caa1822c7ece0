/** The real `tt`, run against a test's town. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { promisify, stripVTControlCharacters } from 'node:util';
import { PATIENCE_MS } from './eventually.ts';
import { cacheDir } from '../../scripts/setup/cache.ts';

/** Its path: `TT_BIN`, else where `npm test` has built it once for this machine; undefined where there is none. */
export function ttBinary(): string | undefined {
  const given = process.env.TT_BIN ?? '';
  if (given !== '') return given;
  const built = path.join(cacheDir, 'tt-0.10.0', 'bin', process.platform === 'win32' ? 'tt.exe' : 'tt');
  return existsSync(built) ? built : undefined;
}

/** Runs `tt --town folder …`; resolves with what it prints, without colours, times and levels. */
export async function runTt(
  binary: string,
  { folder, redisUrl }: { folder: string; redisUrl: string },
  ...args: readonly string[]
): Promise<string> {
  // A home of the test's own: tt keeps a registry of towns in it.
  const env = { PATH: process.env.PATH, HOME: path.join(folder, 'home'), REDIS_URL: redisUrl };
  const { stdout, stderr } = await promisify(execFile)(binary, ['--town', folder, ...args], {
    env,
    cwd: folder,
    timeout: PATIENCE_MS,
  });
  const lines = stripVTControlCharacters(stdout + stderr).split('\n');
  return lines.map((line) => line.replace(/^\S+Z\s+\w+ [\w:]+: ?/, '')).join('\n');
}
