/** The longest text that can be sent to an agent. */
import { fenced } from '../../util/text.ts';

/**
 * Longest text, in characters, including the fence that prompts put around it. Codex takes 1,048,576 characters as one input
 * (see `filling.ts`). The rest is for the prompt around the text.
 */
export const MAX_SENT = 1_000_000;

/** Whether a text is too long for any turn. */
export function isTooLong(text: string): boolean {
  return text.length > MAX_SENT || fenced(text).length > MAX_SENT;
}
