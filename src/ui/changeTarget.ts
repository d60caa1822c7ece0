/** Selects some of an agent's changes. */
import * as z from 'zod/mini';

/** What a row, a link or a program points at. */
export const changeTarget = z.object({
  /** A turn's id, or `session` for all turns. The default is the running turn, or else the last one. */
  turn: z.optional(z.string()),
  /** Selects one item of that turn. */
  item: z.optional(z.string()),
  /** Selects one change of that item, counted from 0. */
  change: z.optional(z.number()),
});
export type ChangeTarget = z.infer<typeof changeTarget>;
