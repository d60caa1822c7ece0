/** Errors that people see. Code decides by `reason`, never by the text. */
import { type Said, type Sentence, followedBy, inEnglish } from './sentence.ts';

/**
 * An error with a reason from a closed set and, if somebody can fix it, a hint. Both are sentences for the user and must hold no
 * secret. A message or hint with values in it is built by `say`.
 */
export class TinytownError<R extends string = string> extends Error {
  readonly reason: R;
  /** In English, like `message`. */
  readonly hint: string | undefined;
  /** Message and hint, for a screen that shows them in its own language. */
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

/** The message of anything that was thrown, plus the hint if there is one. */
export function describeError(error: unknown): string {
  return inEnglish(whatIsWrong(error));
}

/** As {@link describeError}, but as a sentence to fill into another one or to show on a screen. */
export function whatIsWrong(error: unknown): Said {
  if (!(error instanceof TinytownError)) return error instanceof Error ? error.message : String(error);
  const [message, hint] = error.sentences;
  if (!message) return error.message;
  return hint ? followedBy(message, hint) : message;
}
