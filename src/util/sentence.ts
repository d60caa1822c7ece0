/**
 * Sentences for people, from code that knows no screen. The values are kept apart from the words, so that a screen can show the
 * sentence in the editor's language, and everything else (logs, `tt`, Redis) in English. Plain data.
 */

export interface Sentence {
  /** English, with `{0}`, `{1}`, … for the values. */
  readonly template: string;
  readonly fillings: readonly Filling[];
}

/** A text is data and stays as it is. A sentence is translated, too. */
export type Filling = string | number | boolean | Sentence;

/**
 * A sentence to show. The template must be a literal, because the list of translatable texts is made from the source: see
 * `scripts/l10n.ts`.
 */
export function say(template: string, ...fillings: Filling[]): Sentence {
  return { template, fillings };
}

/** Two sentences, one after the other. */
export function followedBy(first: Sentence, second: Filling): Sentence {
  return { template: '{0} {1}', fillings: [first, second] };
}

/** A {@link Sentence}, or data that is the same in every language. */
export type Said = string | Sentence;

export function inEnglish(said: Said): string {
  return inWords(said, (template, ...fillings) =>
    template.replace(/\{(\d+)\}/g, (whole, index: string) => String(fillings[Number(index)] ?? whole)),
  );
}

/** @param translate Translates the template and fills in the values. */
export function inWords(
  said: Said,
  translate: (template: string, ...fillings: (string | number | boolean)[]) => string,
): string {
  if (typeof said === 'string') return said;
  const fillings = said.fillings.map((filling) =>
    typeof filling === 'object' ? inWords(filling, translate) : filling,
  );
  return translate(said.template, ...fillings);
}
