/**
 * `npm run fuzz -- [--seed N] [--cases M] [--from K] [--only TARGET]`: M hostile inputs for everything that decodes what others write.
 * Fails on what is thrown, left unhandled, hangs, or grows. A failing case is had again by `--seed N --from K --cases 1`.
 */
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';
import { fileURLToPath } from 'node:url';
import * as z from 'zod/mini';

setFlagsFromString('--expose-gc');
const worker = fileURLToPath(new URL('fuzzWorker.ts', import.meta.url));
const hook = new URL('../support/luaHook.mjs', import.meta.url).href;

/** No case takes so long. */
const HANG_MS = 20_000;
/** What is left after a garbage collection may differ by so much between the first fifth and the end, in bytes. */
const GROWTH = 48 * 1024 * 1024;

const message = z.union([
  z.object({ memory: z.number(), done: z.number() }),
  z.object({
    failures: z.array(z.object({ number: z.number(), target: z.string(), error: z.string() })),
    counts: z.array(z.tuple([z.string(), z.number()])),
  }),
]);

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string' },
      cases: { type: 'string', default: '1000000' },
      from: { type: 'string', default: '0' },
      only: { type: 'string' },
    },
  });
  const seed = Number(values.seed ?? Math.floor(Date.now() / 1000) % 1_000_000);
  const cases = Number(values.cases);
  const current = new Int32Array(new SharedArrayBuffer(4));
  const thread = new Worker(worker, {
    workerData: { seed, cases, from: Number(values.from), only: values.only, current: current.buffer },
    execArgv: ['--no-warnings', '--import', hook],
  });
  const started = Date.now();
  const memory: number[] = [];
  const problems: string[] = [];
  let seen = -1;
  let since = Date.now();
  const watchdog = setInterval(() => {
    const now = Atomics.load(current, 0);
    if (now !== seen) [seen, since] = [now, Date.now()];
    else if (Date.now() - since > HANG_MS) {
      problems.push(`seed ${seed}: case ${now} hangs`);
      void thread.terminate();
    }
  }, 1_000);
  const counts = new Map<string, number>();
  thread.on('message', (raw) => {
    const said = message.parse(raw);
    if ('memory' in said) {
      memory.push(said.memory);
      process.stdout.write(`${said.done} cases, ${(said.memory / 2 ** 20).toFixed(0)} MB\n`);
      return;
    }
    for (const [name, count] of said.counts) counts.set(name, count);
    for (const { number, target, error } of said.failures) {
      problems.push(`seed ${seed}: case ${number} (${target}): ${error}`);
    }
  });
  thread.on('error', (error) => problems.push(`the worker broke off: ${String(error)}`));
  await new Promise((resolve) => thread.once('exit', resolve));
  clearInterval(watchdog);
  const growth = (memory.at(-1) ?? 0) - (memory[1] ?? 0);
  if (memory.length > 2 && growth > GROWTH) problems.push(`seed ${seed}: memory grew by ${growth} bytes`);
  const done = [...counts.values()].reduce((sum, count) => sum + count, 0);
  if (done < cases && problems.length === 0) problems.push(`seed ${seed}: only ${done} of ${cases} cases were run`);
  for (const problem of problems) process.stdout.write(`✘ ${problem}\n`);
  process.stdout.write(
    `${done} cases with seed ${seed} in ${((Date.now() - started) / 1000).toFixed(0)} s, ${problems.length} problems\n` +
      `${[...counts].map(([name, count]) => `${count} ${name}`).join(', ')}\n`,
  );
  if (problems.length > 0) process.exitCode = 1;
}

await main();
