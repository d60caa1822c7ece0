/** Mocha's `spec`, which also appends its counts to the file named in the environment, for the summary over all suites. */
import { appendFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import Mocha from 'mocha';

/** Names the file of counts, one JSON object a line and suite. */
export const COUNTS_FILE = 'TINYTOWN_TEST_COUNTS';

/** Of one failed test, in the summary. */
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
  /** What the test says was wrong, and where. */
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

/** The first lines of the message, and the first place of it that is a test's. */
function linesOf(error: unknown): string[] {
  if (!(error instanceof Error)) return [String(error)];
  const said = stripVTControlCharacters(error.message).split('\n');
  const place = error.stack?.split('\n').find((line) => line.includes('.test.'));
  return [...said.slice(0, MOST_LINES), ...(place === undefined ? [] : [place.trim()])];
}
