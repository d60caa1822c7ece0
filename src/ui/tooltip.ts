/** Texts for tooltips. Longer texts are cut off, because nobody scrolls a tooltip for minutes. */
import { startOf, stripControls } from '../util/text.ts';

/** Longest tooltip, in characters. */
const LIMIT = 4000;

export function tooltipText(text: string): string {
  const clean = stripControls(text).trim();
  return clean.length <= LIMIT ? clean : `${startOf(clean, LIMIT)}…`;
}
