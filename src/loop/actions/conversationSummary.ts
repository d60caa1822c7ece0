/** What a new conversation is told about the one before it: the agent's last words, from the stored history. */
import type { StoredTurn } from '../../runtime/storedTurn.ts';
import { startOf } from '../../util/text.ts';

/** Longest text of one turn, and of the whole, in characters. */
const TURN_TEXT = 1_200;
const WHOLE_TEXT = 6_000;

/** @param turns Newest first. @returns Undefined if the agent said nothing in them. */
export function summaryOf(turns: readonly StoredTurn[]): string | undefined {
  const parts: string[] = [];
  let length = 0;
  for (const { items } of turns) {
    const said = items.flatMap((item) => (item.kind === 'agentMessage' && item.text.trim() !== '' ? [item.text] : []));
    const last = said.at(-1)?.trim();
    if (last === undefined) continue;
    const text = startOf(last, TURN_TEXT);
    if (length + text.length > WHOLE_TEXT) break;
    length += text.length;
    parts.unshift(text);
  }
  if (parts.length === 0) return undefined;
  return ['This conversation is new. In the one before it you said last:', ...parts].join('\n\n');
}
