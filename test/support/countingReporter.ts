/** Mocha's `spec` reporter, which also appends its counts to a file for the summary of all suites. */
import { appendFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import Mocha from 'mocha';

/** Environment variable that names the file of counts, with one JSON object per line and suite. */
export const COUNTS_FILE = 'TINYTOWN_TEST_COUNTS';

/** Most lines of one failed test in the summary. */
const MOST_LINES = 30;

export interface Counts {
  passed: number;
  failed: Failure[];
  /** Full titles. */
  skipped: string[];
}

export interface Failure {
  /** The full title. */
  title: string;
  /** The test's error message, and where it failed. */
  lines: string[];
}

export default class CountingReporter extends Mocha.reporters.Spec {
  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options);
    const counts: Counts = { passed: 0, failed: [], skipped: [] };
    const { EVENT_TEST_PASS, EVENT_TEST_FAIL, EVENT_TEST_PENDING, EVENT_RUN_END } = Mocha.Runner.constants;
    runner.on(EVENT_TEST_PASS, () => counts.passed++);
    runner.on(EVENT_TEST_FAIL, (test, error: unknown) =>
      counts.failed.push({ title: test.fullTitle(), lines: linesOf(error) }),
    );
    runner.on(EVENT_TEST_PENDING, (test) => counts.skipped.push(test.fullTitle()));
    runner.once(EVENT_RUN_END, () => {
      const file = process.env[COUNTS_FILE];
      if (file !== undefined) appendFileSync(file, `${JSON.stringify(counts)}\n`);
    });
  }
}

/** The first lines of the message, and its first location in a test file. */
function linesOf(error: unknown): string[] {
  if (!(error instanceof Error)) return [String(error)];
  const said = stripVTControlCharacters(error.message).split('\n');
  const place = error.stack?.split('\n').find((line) => line.includes('.test.'));
  return [...said.slice(0, MOST_LINES), ...(place === undefined ? [] : [place.trim()])];
}
