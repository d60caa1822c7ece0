/** Waits for a condition that no event announces. Polls often, has a limit, and reports the last failure. */
import { setTimeout as pause } from 'node:timers/promises';

/** Longer than anything takes on a slow machine, in milliseconds. Only a failing test waits this long. */
export const PATIENCE_MS = 40_000;

/**
 * Runs `check` until it neither throws nor returns `undefined`, `null` or `false`. Resolves with its result.
 * Rejects with the last failure after `timeout` milliseconds.
 */
export async function eventually<T>(
  check: () => T | Promise<T>,
  {
    timeout = PATIENCE_MS,
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
