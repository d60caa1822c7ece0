/** Errors that people see: decided by `reason`, never by their text. */
import { type Said, type Sentence, followedBy, inEnglish } from './sentence.ts';

/**
 * An error with a reason from a closed set and, where somebody can mend it, a hint that says how. Both are sentences for the
 * user and must hold no secret. A literal is its own template; where something is filled in, it is said by `say`.
 */
export class TinytownError<R extends string = string> extends Error {
  readonly reason: R;
  /** English, as is `message`. */
  readonly hint: string | undefined;
  /** Message and hint, for a screen to say in its own language. */
  readonly sentences: readonly Sentence[];

  constructor(reason: R, message: Said, options: { hint?: Said; cause?: unknown } = {}) {
    super(inEnglish(message), options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'TinytownError';
    this.reason = reason;
    this.hint = options.hint === undefined ? undefined : inEnglish(options.hint);
    this.sentences = [message, options.hint ?? []]
      .flat()
      .map((said) => (typeof said === 'string' ? { template: said, fillings: [] } : said));
  }
}

/** The message of anything that was thrown, with the hint if it has one. */
export function describeError(error: unknown): string {
  return inEnglish(whatIsWrong(error));
}

/** The same as a sentence, to be filled into another one or said on a screen. */
export function whatIsWrong(error: unknown): Said {
  if (!(error instanceof TinytownError)) return error instanceof Error ? error.message : String(error);
  const [message, hint] = error.sentences;
  if (!message) return error.message;
  return hint ? followedBy(message, hint) : message;
}
