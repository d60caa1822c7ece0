/** Short names for texts. */
import { createHash } from 'node:crypto';

/** 32 hex digits that stand for a text, for example as the name of its file: the same digits for the same text only. */
export function shortDigest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}
