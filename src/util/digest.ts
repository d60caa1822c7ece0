/** Short names for texts. */
import { createHash } from 'node:crypto';

/** 32 hex digits that identify a text, for example for a file name. */
export function shortDigest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}
