/** Waiting for a condition that no event announces: polled often, bounded, and the last failure is what the test reports. */
import { setTimeout as pause } from 'node:timers/promises';

/**
 * Runs `check` until it neither throws nor answers `undefined`, `null` or `false`, and resolves with its answer.
 * Rejects with the last failure after `timeout` milliseconds.
 */
export async function eventually<T>(
  check: () => T | Promise<T>,
  {
    timeout = 5_000,
    interval = 10,
    what = 'The condition',
  }: { timeout?: number; interval?: number; what?: string } = {},
): Promise<Exclude<T, undefined | null | false>> {
  const end = Date.now() + timeout;
  for (;;) {
    let failure: unknown;
    try {
      const value = await check();
      if (isPresent(value)) return value;
      failure = new Error(`${what} did not come true within ${timeout} ms.`);
    } catch (error) {
      failure = error;
    }
    if (Date.now() >= end) throw failure;
    await pause(interval);
  }
}

function isPresent<T>(value: T): value is Exclude<T, undefined | null | false> {
  return value !== undefined && value !== null && value !== false;
}
