/**
 * `npm run codex-versions -- 0.164.0 0.171.0 [--grep TEXT]`: runs the integration tests against published versions of Codex, one
 * after the other, and prints the failures of each. Our code refuses versions below the floor in `src/codex/locate.ts`: lower the
 * floor first to try one.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import * as z from 'zod/mini';
import { CODEX_PACKAGE } from './codexHome.ts';
import { COUNTS_FILE } from './countingReporter.ts';
import { cached } from '../../scripts/setup/cache.ts';
import { reportSetUpErrors, run, say } from '../../scripts/setup/run.ts';
import { tempDir } from './tempDir.ts';

const countsLine = z.object({
  passed: z.number(),
  failed: z.array(z.object({ title: z.string() })),
  skipped: z.array(z.string()),
});

/** The package's folder. Each version is installed once per machine. */
async function installed(version: string): Promise<string> {
  const folder = await cached(`codex-${version}`, async (building) => {
    say(`Installing Codex ${version}.`);
    await writeFile(path.join(building, 'package.json'), '{"private":true}\n');
    await run('npm', ['install', '--no-audit', '--no-fund', `@openai/codex@${version}`], { cwd: building });
  });
  return path.join(folder, 'node_modules/@openai/codex');
}

/** A summary line, and a line for each failed test. */
async function tried(version: string, mochaArgs: readonly string[]): Promise<string[]> {
  const codex = await installed(version);
  const dir = await tempDir('counts');
  const file = path.join(dir.path, 'counts.jsonl');
  try {
    const child = spawn('npm', ['run', '--silent', 'test:integration', '--', ...mochaArgs], {
      env: { ...process.env, [CODEX_PACKAGE]: codex, [COUNTS_FILE]: file },
      stdio: 'inherit',
      shell: process.platform === 'win32',
    });
    const [code]: unknown[] = await once(child, 'exit');
    const text = await readFile(file, 'utf8').catch(() => '');
    if (text === '') return [`${version}: no test ran (exit code ${String(code)})`];
    const { passed, failed, skipped } = countsLine.parse(JSON.parse(text));
    const counts = `${passed} passed, ${failed.length} failed, ${skipped.length} skipped`;
    return [`${version}: ${counts}`, ...failed.map(({ title }) => `  FAILED ${title}`)];
  } finally {
    await dir.remove();
  }
}

async function main(): Promise<void> {
  const { positionals, values } = parseArgs({ allowPositionals: true, options: { grep: { type: 'string' } } });
  const lines: string[] = [];
  for (const version of positionals) {
    process.stdout.write(`\n▶ Codex ${version}\n`);
    lines.push(...(await tried(version, values.grep === undefined ? [] : ['--grep', values.grep])));
  }
  process.stdout.write(`\n${lines.join('\n')}\n`);
  if (lines.some((line) => !/, 0 failed,/.test(line))) process.exitCode = 1;
}

await reportSetUpErrors(main);
