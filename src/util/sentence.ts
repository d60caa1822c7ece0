/**
 * Sentences for people from rooms that know no screen: what is filled in is kept apart from the words, so that a screen can
 * say them in the editor's language, and everything else (logs, `tt`, Redis) in English. Plain data.
 */

export interface Sentence {
  /** English, with `{0}`, `{1}`, … where something is filled in. */
  readonly template: string;
  readonly fillings: readonly Filling[];
}

/** A text is data and stays as it is; a sentence is translated as well. */
export type Filling = string | number | boolean | Sentence;

/**
 * A sentence to be said. The template is a literal, as the list of what can be translated is made from the source: see
 * `scripts/l10n.ts`.
 */
export function say(template: string, ...fillings: Filling[]): Sentence {
  return { template, fillings };
}

/** One after the other. */
export function followedBy(first: Sentence, second: Filling): Sentence {
  return { template: '{0} {1}', fillings: [first, second] };
}

/** As {@link Sentence} or as data, which is the same in every language. */
export type Said = string | Sentence;

export function inEnglish(said: Said): string {
  return inWords(said, (template, ...fillings) =>
    template.replace(/\{(\d+)\}/g, (whole, index: string) => String(fillings[Number(index)] ?? whole)),
  );
}

/** @param translate finds the template's translation and fills it in. */
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
