/** Shortens agents' names for rows. */
import { oneLine } from '../util/text.ts';

/** How many characters of a name fit beside a state in a sidebar of 250 pixels. */
const LIMIT = 16;

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** An agent's name as a row shows it: shortened in the middle, because names often differ at their end. */
export function shownName(name: string): string {
  const characters = [...segmenter.segment(oneLine(name, 256))].map(({ segment }) => segment);
  if (characters.length <= LIMIT) return characters.join('');
  const start = Math.ceil((LIMIT - 1) / 2);
  return [...characters.slice(0, start), '…', ...characters.slice(start + 1 - LIMIT)].join('');
}
