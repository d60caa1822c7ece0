/** Puts the `tt` command where agents' processes find it: a private folder with a script for each kind of shell. */
import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { shellWord } from '../util/shellWords.ts';
import { storing } from '../util/storing.ts';

/**
 * Writes `tt` and `tt.cmd` into `dir`. They run `bundle` with `execPath` as Node.js, which may be the editor's own program.
 * Does nothing if they are there already. Two writers at the same time never leave a partial file.
 */
export async function writeTtLauncher(
  dir: string,
  { execPath, bundle }: { execPath: string; bundle: string },
): Promise<void> {
  await storing(() => mkdir(dir, { recursive: true, mode: 0o700 }));
  const shell = `#!/bin/sh\nELECTRON_RUN_AS_NODE=1 exec ${shellWord(execPath)} ${shellWord(bundle)} "$@"\n`;
  const batch = `@setlocal\r\n@set ELECTRON_RUN_AS_NODE=1\r\n@${batchWord(execPath)} ${batchWord(bundle)} %*\r\n`;
  await Promise.all([write(path.join(dir, 'tt'), shell), write(path.join(dir, 'tt.cmd'), batch)]);
}

async function write(file: string, content: string): Promise<void> {
  if ((await readFile(file, 'utf8').catch(() => undefined)) === content) return;
  const draft = `${file}.${randomUUID()}`;
  await storing(() => writeFile(draft, content, { mode: 0o700 }));
  await rename(draft, file);
}

function batchWord(text: string): string {
  return `"${text.replaceAll('%', '%%')}"`;
}
