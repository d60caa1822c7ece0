/** Which of an agent's changes are meant. */
import * as z from 'zod/mini';

/** What a row, a link or a program points at. */
export const changeTarget = z.object({
  /** A turn's id, or `session` for all of them; by default the turn that runs, else the last. */
  turn: z.optional(z.string()),
  /** Of that turn, an item alone. */
  item: z.optional(z.string()),
  /** Of that item, which change alone, from 0. */
  change: z.optional(z.number()),
});
export type ChangeTarget = z.infer<typeof changeTarget>;
