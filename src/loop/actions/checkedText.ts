/** Checks what people write for agents before it is sent. */
import { MAX_SENT, isTooLong } from '../../town/records/sendable.ts';
import { TinytownError } from '../../util/errors.ts';
import { say } from '../../util/sentence.ts';

/** Returns `text` unchanged. @throws TinytownError `emptyText`, `textTooLong` */
export function checkedText(text: string): string {
  if (text.trim() === '') throw new TinytownError('emptyText', 'The text is empty. Write what the agent should do.');
  if (isTooLong(text)) {
    const hint = 'Put it into a file and name the file.';
    throw new TinytownError('textTooLong', say('The text is longer than {0} characters.', MAX_SENT), { hint });
  }
  return text;
}
