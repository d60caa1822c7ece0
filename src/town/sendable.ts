/** How long a text may be that somebody sends to an agent. */
import { fenced } from '../util/text.ts';

/**
 * Longest text, in characters, with the fence that prompts put around it. Codex takes 1,048,576 characters as one input (see
 * `filling.ts`); the rest is left to the prompt around the text.
 */
export const MAX_SENT = 1_000_000;

/** Whether no turn can ever carry a text. */
export function isTooLong(text: string): boolean {
  return text.length > MAX_SENT || fenced(text).length > MAX_SENT;
}
