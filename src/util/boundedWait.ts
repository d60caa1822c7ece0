/** Waits with a limit, because another process may never reply. */
import { TinytownError } from './errors.ts';
import { say } from './sentence.ts';

export class TimeoutError extends TinytownError<'timeout'> {
  constructor(what: string, milliseconds: number) {
    super('timeout', say('{0} did not respond within {1} ms.', what, milliseconds));
    this.name = 'TimeoutError';
  }
}

/** Settles as `promise` does, or rejects with a {@link TimeoutError} after `milliseconds`. The work itself continues. */
export async function within<T>(promise: Promise<T>, milliseconds: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new TimeoutError(what, milliseconds)), milliseconds);
  });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    clearTimeout(timer);
  }
}
