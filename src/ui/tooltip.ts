/** Whole texts for tooltips, which are read, not scrolled for minutes. */
import { startOf, stripControls } from '../util/text.ts';

/** In characters. */
const LIMIT = 4000;

export function tooltipText(text: string): string {
  const clean = stripControls(text).trim();
  return clean.length <= LIMIT ? clean : `${startOf(clean, LIMIT)}…`;
}
