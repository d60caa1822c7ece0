/** Tinytown's real `tt`, for tests that share a town with it. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { cached } from './cache.ts';
import { run, say } from './run.ts';

const VERSION = '0.10.0';

/** The path of `tt`, built once per machine. Undefined if Rust's cargo is missing or can't build it. */
export async function tinytownCli(): Promise<string | undefined> {
  const name = process.platform === 'win32' ? 'tt.exe' : 'tt';
  try {
    await run('cargo', ['--version']);
    const dir = await cached(`tt-${VERSION}`, async (building) => {
      say(`Building tt ${VERSION} by cargo once for this machine: 2 to 5 minutes.`);
      await run('cargo', ['install', 'tinytown', '--locked', '--version', VERSION, '--root', building], {
        timeout: 30 * 60_000,
      });
    });
    const binary = path.join(dir, 'bin', name);
    return existsSync(binary) ? binary : undefined;
  } catch (error) {
    say(`No tt here, so the tests that need it are skipped. (${String(error).split('\n')[0]})`);
    return undefined;
  }
}
