/** The desktop VS Code for tests, if there is a screen and the download works. A failed download is retried once a day. */
import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { downloadAndUnzipVSCode, SilentReporter } from '@vscode/test-electron';
import { cacheDir } from './cache.ts';
import { say } from './run.ts';

const DAY_MS = 24 * 60 * 60_000;

/** The path of its executable. Undefined if it is not available. */
export async function desktopEditor(): Promise<string | undefined> {
  if (!hasScreen()) return undefined;
  const refused = path.join(cacheDir, 'desktop-not-available');
  const asked = await stat(refused).catch(() => undefined);
  if (asked && Date.now() - asked.mtimeMs < DAY_MS) return undefined;
  await mkdir(cacheDir, { recursive: true });
  try {
    return await downloadAndUnzipVSCode({
      version: 'stable',
      cachePath: path.join(cacheDir, 'desktop'),
      reporter: new SilentReporter(),
      timeout: 5_000,
    });
  } catch (error) {
    say(`The desktop VS Code can't be downloaded here (${String(error)}); using VS Code in the browser.`);
    await rm(refused, { force: true });
    await writeFile(refused, '');
    return undefined;
  }
}

function hasScreen(): boolean {
  if (process.platform !== 'linux') return true;
  return Boolean(process.env['DISPLAY'] ?? process.env['WAYLAND_DISPLAY']);
}
