/** `npm test`: installs what is missing, runs every suite in turn, and ends with one line of counts for all of them. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod/mini';
import { type Family, startFamily } from './children.ts';
import { COUNTS_FILE, type Counts } from './countingReporter.ts';
import { eventually } from './eventually.ts';
import { ensureCodeServer } from '../../scripts/setup/codeServer.ts';
import { reportSetUpErrors } from '../../scripts/setup/run.ts';
import { ensureSystemPackages } from '../../scripts/setup/systemPackages.ts';
import { tinytownCli } from '../../scripts/setup/tinytownCli.ts';
import { tempDir } from './tempDir.ts';

interface Step {
  /** A script of package.json. */
  script: string;
  /** Suites report counts. Other steps only pass or fail. */
  isSuite: boolean;
}

interface Result extends Step, Counts {
  seconds: number;
}

const steps: Step[] = [
  { script: 'check', isSuite: false },
  { script: 'test:unit', isSuite: true },
  { script: 'test:integration', isSuite: true },
  { script: 'test:host', isSuite: true },
  { script: 'test:ui', isSuite: true },
];

const countsLine = z.object({
  passed: z.number(),
  failed: z.array(z.object({ title: z.string(), lines: z.array(z.string()) })),
  skipped: z.array(z.string()),
});

async function runStep(step: Step, dir: string, env: NodeJS.ProcessEnv): Promise<Result> {
  process.stdout.write(`\n▶ ${step.script}\n`);
  const file = path.join(dir, `${step.script.replace(':', '-')}.jsonl`);
  const started = Date.now();
  const child = spawn('npm', ['run', '--silent', step.script], {
    env: { ...env, [COUNTS_FILE]: file },
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32',
  });
  const [code]: unknown[] = await once(child, 'exit');
  const result: Result = {
    ...step,
    seconds: (Date.now() - started) / 1000,
    passed: 0,
    failed: [],
    skipped: [],
  };
  const lines = step.isSuite ? await readFile(file, 'utf8').catch(() => '') : '';
  for (const line of lines.split('\n').filter((text) => text !== '')) {
    const counts = countsLine.parse(JSON.parse(line));
    result.passed += counts.passed;
    result.failed.push(...counts.failed);
    result.skipped.push(...counts.skipped);
  }
  const counted = result.passed + result.failed.length + result.skipped.length;
  if (code !== 0 && result.failed.length === 0)
    result.failed.push({ title: `ended with exit code ${String(code)}`, lines: [] });
  else if (code === 0 && step.isSuite && counted === 0) result.failed.push({ title: 'ran no test', lines: [] });
  return result;
}

function summarise(results: readonly Result[], seconds: number): void {
  const lines = ['', 'Summary'];
  for (const { script, isSuite, passed, failed, skipped, seconds: took } of results) {
    const counts = isSuite ? `${passed} passed, ${failed.length} failed, ${skipped.length} skipped` : 'passed';
    const verdict = !isSuite && failed.length > 0 ? 'failed' : counts;
    lines.push(`  ${failed.length === 0 ? '✔' : '✘'} ${script.padEnd(18)}${verdict} (${took.toFixed(0)} s)`);
  }
  for (const { script, skipped } of results) lines.push(...skipped.map((title) => `  skipped  ${script}: ${title}`));
  for (const { script, failed } of results)
    for (const failure of failed)
      lines.push(`  FAILED   ${script}: ${failure.title}`, ...failure.lines.map((line) => `             ${line}`));
  const sum = (count: (result: Result) => number): number => results.reduce((total, each) => total + count(each), 0);
  const failed = sum((result) => result.failed.length);
  lines.push(`  ${seconds.toFixed(0)} s in all`, '');
  lines.push(`${sum((each) => each.passed)} passed, ${failed} failed, ${sum((each) => each.skipped.length)} skipped`);
  process.stdout.write(`${lines.join('\n')}\n`);
  if (failed > 0) process.exitCode = 1;
}

async function main(): Promise<void> {
  const started = Date.now();
  await ensureSystemPackages();
  await ensureCodeServer();
  const tt = await tinytownCli();
  const dir = await tempDir('counts');
  const family = startFamily(dir.path);
  endWithSignals(family);
  const env = { ...process.env, ...(tt !== undefined && { TT_BIN: tt }), ...family.env };
  const results: Result[] = [];
  try {
    for (const step of steps) {
      const result = await runStep(step, dir.path, env);
      const left = await leftRunning(family);
      result.failed.push(...left.map((command) => ({ title: `left a process running: ${command}`, lines: [] })));
      results.push(result);
    }
  } finally {
    await dir.remove();
  }
  summarise(results, (Date.now() - started) / 1000);
}

/** Commands of processes that outlive their suite. They are ended. */
async function leftRunning(family: Family): Promise<string[]> {
  await eventually(() => family.members().length === 0, { interval: 100 }).catch(() => undefined);
  const commands = family.members().map(({ command }) => command);
  if (commands.length > 0) await family.end();
  return commands;
}

/** On a signal, a suite first ends what it started. Only then does this process exit. */
function endWithSignals(family: Family): void {
  let isEnding = false;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (isEnding) return;
      isEnding = true;
      void family.end().finally(() => process.exit(1));
    });
  }
}

await reportSetUpErrors(main);
