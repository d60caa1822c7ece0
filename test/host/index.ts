/** Runs inside the extension host: mocha over the host tests, which the runner bundled together with this file. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { format } from 'node:util';
import Mocha from 'mocha';
import CountingReporter from '../support/countingReporter.ts';
import { HOST_GREP, HOST_OUTPUT } from './environment.ts';

/**
 * Loads the tests with `declare` and runs them. Rejects when one failed, which makes the editor exit with a code other than 0.
 */
export async function runTests(declare: () => Promise<void>): Promise<void> {
  const file = process.env[HOST_OUTPUT];
  const output = file === undefined ? undefined : openSync(file, 'a');
  if (output !== undefined) {
    Mocha.reporters.Base.consoleLog = (...args: unknown[]) => void writeSync(output, `${format(...args)}\n`);
  }
  const mocha = new Mocha({ ui: 'bdd', reporter: CountingReporter, timeout: 180_000, color: false });
  const grep = process.env[HOST_GREP];
  if (grep !== undefined) mocha.grep(grep);
  // Puts `describe` and `it` there for the tests to find.
  mocha.suite.emit('pre-require', globalThis, '', mocha);
  await declare();
  const failures = await new Promise<number>((resolve) => mocha.run(resolve));
  if (output !== undefined) closeSync(output);
  if (failures > 0) throw new Error(`${failures} tests failed.`);
}
