/** Errors that people see: decided by `reason`, never by their text. */

/**
 * An error with a reason from a closed set and, where somebody can mend it, a hint that says how.
 * `message` is one sentence for the user; it must hold no secret.
 */
export class TinytownError<R extends string = string> extends Error {
  readonly reason: R;
  readonly hint: string | undefined;

  constructor(reason: R, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'TinytownError';
    this.reason = reason;
    this.hint = options.hint;
  }
}

/** The message of anything that was thrown, with the hint if it has one. */
export function describeError(error: unknown): string {
  if (error instanceof TinytownError) return error.hint ? `${error.message} ${error.hint}` : error.message;
  return error instanceof Error ? error.message : String(error);
}
