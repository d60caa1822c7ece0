/** Runs the rows one after the other, and prints the results as a table and as JSON for comparing runs. */
import { writeFile } from 'node:fs/promises';
import os from 'node:os';
import { parseArgs } from 'node:util';
import { startFamily } from '../support/children.ts';
import { SetUpError } from '../../scripts/setup/run.ts';
import { tempDir } from '../support/tempDir.ts';
import { type BenchOptions, type Measure, type Row, isMet } from './measure.ts';
import { rows } from './rows/all.ts';

/** The time limit of a whole run, in case it gets stuck. */
const RUN_LIMIT_MS = 15 * 60_000;

export async function bench(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: { json: { type: 'string' }, only: { type: 'string' }, quick: { type: 'boolean', default: false } },
  });
  const chosen = choose(values.only);
  const options: BenchOptions = { quick: values.quick, tt: process.env['TT_BIN'] || undefined };
  const dir = await tempDir('bench');
  const family = startFamily(dir.path);
  // Marks every process that a row starts, so that leftovers of a failed row can be ended.
  Object.assign(process.env, family.env);
  const measures: Measure[] = [];
  const failed: string[] = [];
  const limit = setTimeout(() => {
    process.stdout.write(
      `${table(measures)}\nThe run took longer than ${RUN_LIMIT_MS / 60_000} minutes and was ended.\n`,
    );
    process.exit(1);
  }, RUN_LIMIT_MS);
  try {
    for (const row of chosen) {
      const started = Date.now();
      const label = row.names.join(', ');
      process.stdout.write(`▶ ${label} … `);
      const said: string[] = [];
      try {
        measures.push(...(await row.run(options, (why) => said.push(why))));
      } catch (error) {
        failed.push(label);
        said.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
      }
      process.stdout.write(`${[`${((Date.now() - started) / 1_000).toFixed(0)} s`, ...said].join('; ')}\n`);
    }
  } finally {
    clearTimeout(limit);
    await family.end();
    await dir.remove();
  }
  process.stdout.write(`${table(measures)}\n`);
  if (values.json !== undefined) await writeFile(values.json, json(measures));
  if (failed.length > 0) {
    process.stdout.write(`Not measured, as an error came between: ${failed.join('; ')}\n`);
    process.exitCode = 1;
  }
}

function choose(only: string | undefined): readonly Row[] {
  if (only === undefined) return rows;
  const names = only.split(',').map((name) => name.trim());
  const known = rows.flatMap((row) => row.names);
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new SetUpError(`There is no ${unknown.join(', ')}; there are ${known.join(', ')}.`);
  return rows.filter((row) => row.names.some((name) => names.includes(name)));
}

function table(measures: readonly Measure[]): string {
  const head = ['name', 'value', 'unit', 'baseline', 'target', 'n', 'met'];
  const lines = measures.map((measure) => [
    measure.name,
    rounded(measure.value),
    measure.unit,
    measure.baseline === null ? '–' : rounded(measure.baseline),
    `${measure.better === 'lower' ? '≤' : '≥'} ${rounded(measure.target)}`,
    String(measure.n),
    isMet(measure) ? 'yes' : 'NO',
  ]);
  const widths = head.map((_, column) => Math.max(...[head, ...lines].map((line) => line[column]?.length ?? 0)));
  const drawn = [head, ...lines].map((line) => line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '));
  const notes = measures.map(({ name, note }) => `  ${name}: ${note}`);
  const [{ model } = { model: 'unknown processor' }] = os.cpus();
  const machine = `${os.cpus().length} × ${model.trim()}, ${Math.round(os.totalmem() / 2 ** 30)} GiB, ${os.type()} ${os.arch()}`;
  return [
    '',
    ...drawn.map((line) => line.trimEnd()),
    '',
    ...notes,
    '',
    `Machine: ${machine}; Node ${process.version}`,
  ].join('\n');
}

function json(measures: readonly Measure[]): string {
  const plain = measures.map(({ name, value, unit, baseline, target, n }) => ({
    name,
    value,
    unit,
    baseline,
    target,
    n,
  }));
  return `${JSON.stringify({ measures: plain }, undefined, 2)}\n`;
}

function rounded(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 3;
  return value.toLocaleString('en-GB', { maximumFractionDigits: digits });
}
