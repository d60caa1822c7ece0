/**
 * `npm run chaos -- [--seed N] [--runs M] [--minutes T] [--keep]`: runs with the seeds N, N+1, … In each, windows, processes and
 * Redis are killed, stopped and cut off at random. Prints a line per broken promise and a summary. Exit code 1 if any was broken.
 */
import { parseArgs } from 'node:util';
import { ensureSystemPackages } from '../../scripts/setup/systemPackages.ts';
import { reportSetUpErrors } from '../../scripts/setup/run.ts';
import { type RunResult, run } from './run.ts';

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string' },
      runs: { type: 'string' },
      minutes: { type: 'string' },
      keep: { type: 'boolean' },
    },
  });
  const first = values.seed === undefined ? Math.floor(Date.now() / 1000) % 1_000_000 : Number(values.seed);
  const runs = Number(values.runs ?? (values.minutes === undefined ? 1 : Number.POSITIVE_INFINITY));
  const end = Date.now() + 60_000 * Number(values.minutes ?? Number.POSITIVE_INFINITY);
  await ensureSystemPackages();
  const results: RunResult[] = [];
  for (let number = 0; number < runs && Date.now() < end; number += 1) {
    const result = await run(first + number, { keep: values.keep === true });
    results.push(result);
    report(result);
  }
  summarise(results);
}

function report({ seed, violations, messages, disasters, requests, restarts, seconds, log }: RunResult): void {
  const happened = [...disasters].map(([what, count]) => `${count} ${what}`);
  if (restarts.length > 0) happened.push(`restarts by hand: ${[...new Set(restarts)].join('; ')}`);
  const verdict = violations.length === 0 ? '✔' : '✘';
  process.stdout.write(
    `${verdict} seed ${seed}: ${messages} messages, ${requests} model requests, ${seconds.toFixed(1)} s (${happened.join(', ')})\n`,
  );
  for (const violation of violations) process.stdout.write(`  seed ${seed}: ${violation}\n`);
  if (log !== undefined) process.stdout.write(`  seed ${seed}: the log of the windows is ${log}\n`);
}

function summarise(results: readonly RunResult[]): void {
  const sum = (count: (result: RunResult) => number): number => results.reduce((total, each) => total + count(each), 0);
  const happened = new Map<string, number>();
  for (const { disasters } of results) {
    for (const [what, count] of disasters) happened.set(what, (happened.get(what) ?? 0) + count);
  }
  const broken = results.filter(({ violations }) => violations.length > 0);
  const lines = [
    '',
    `${results.length} runs in ${sum(({ seconds }) => seconds).toFixed(0)} s`,
    `${sum(({ messages }) => messages)} messages, of which ${sum(({ uncertain }) => uncertain)} got no answer when they were written`,
    `${sum(({ requests }) => requests)} requests to the model, ${sum(({ subAgents }) => subAgents)} sub-agents, ${sum(({ lostReplies }) => lostReplies)} replies of Redis lost on the way`,
    [...happened].map(([what, count]) => `${count} ${what}`).join(', '),
    `${sum(({ restarts }) => restarts.length)} restarts by hand of agents whose process had gone down too often`,
    `${sum(({ violations }) => violations.length)} violations, in ${broken.length} of the runs${broken.length > 0 ? `: seeds ${broken.map(({ seed }) => seed).join(', ')}` : ''}`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
  if (broken.length > 0) process.exitCode = 1;
}

await reportSetUpErrors(main);
