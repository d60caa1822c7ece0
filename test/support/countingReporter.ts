/** Mocha's `spec`, which also appends its counts to the file named in the environment, for the summary over all suites. */
import { appendFileSync } from 'node:fs';
import Mocha from 'mocha';

/** Names the file of counts, one JSON object a line and suite. */
export const COUNTS_FILE = 'TINYTOWN_TEST_COUNTS';

export interface Counts {
  passed: number;
  /** Full titles. */
  failed: string[];
  skipped: string[];
}

export default class CountingReporter extends Mocha.reporters.Spec {
  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options);
    const counts: Counts = { passed: 0, failed: [], skipped: [] };
    const { EVENT_TEST_PASS, EVENT_TEST_FAIL, EVENT_TEST_PENDING, EVENT_RUN_END } = Mocha.Runner.constants;
    runner.on(EVENT_TEST_PASS, () => counts.passed++);
    runner.on(EVENT_TEST_FAIL, (test) => counts.failed.push(test.fullTitle()));
    runner.on(EVENT_TEST_PENDING, (test) => counts.skipped.push(test.fullTitle()));
    runner.once(EVENT_RUN_END, () => {
      const file = process.env[COUNTS_FILE];
      if (file !== undefined) appendFileSync(file, `${JSON.stringify(counts)}\n`);
    });
  }
}
