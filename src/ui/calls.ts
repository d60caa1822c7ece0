/**
 * How a command was called. From a menu or the palette, a command asks for what is missing and shows errors. If it is called
 * with arguments (by a key binding, a task, another extension or a test), it rejects with a `TinytownError` for its caller
 * instead. For key bindings, the editor itself shows that error.
 */
import * as z from 'zod/mini';
import { TinytownError } from '../util/errors.ts';
import type { Translate } from './l10n.ts';

export interface Call {
  /** A person clicked: errors are shown, and nothing is thrown. */
  interactive: boolean;
  /** An agent's id, name or nickname. */
  agent?: string;
  text?: string;
  /** The id of the held round or message, if the row is about one. */
  about?: string;
  /** Set if several rows are selected. `agent` and `about` are one of them. */
  targets?: readonly Target[];
  /** Options: an object after agent and text, or in place of the text. */
  extra?: object;
}

/** What a row stands for. */
export type Target = Pick<Call, 'about'> & { agent: string };

/** A command's arguments. A key binding passes its list as one argument. */
export function argumentsOf(args: readonly unknown[]): readonly unknown[] {
  return args.length === 1 && Array.isArray(args[0]) ? args[0] : args;
}

const byKey = z.object({ focused: z.literal(true) });

/** Whether one of our keys was pressed in a view. The command is then about the row that has the keyboard focus. */
export function isByKey([first]: readonly unknown[]): boolean {
  return byKey.safeParse(first).success;
}

/**
 * Reads `args` as `[agent, text?, options?]`. A click passes a row, and all selected rows.
 * @param targetOfRow What a tree's row stands for. Null for a row without an agent, undefined if the value is not a row.
 */
export function readCall(
  args: readonly unknown[],
  targetOfRow: (value: unknown) => Target | null | undefined,
  t: Translate,
): Call {
  const [agent, second, third] = argumentsOf(args);
  const clicked = targetOfRow(agent);
  if (clicked !== undefined) {
    const selected = Array.isArray(second) ? second.flatMap((row) => targetOfRow(row) ?? []) : [];
    const targets = distinct(selected, clicked?.about !== undefined);
    return { interactive: true, ...clicked, ...(targets.length > 1 ? { targets } : {}) };
  }
  if (agent === undefined && second === undefined) return { interactive: true };
  if (agent !== undefined && typeof agent !== 'string') {
    throw new TinytownError('badArguments', t('The first argument must be an agent’s name or id, a string.'));
  }
  const [text, extra] = isOptions(second) ? [undefined, second] : [second, third];
  if (text !== undefined && typeof text !== 'string') {
    throw new TinytownError('badArguments', t('The second argument must be a string.'));
  }
  if (extra !== undefined && !isOptions(extra)) {
    throw new TinytownError('badArguments', t('The last argument must be an options object.'));
  }
  return {
    interactive: false,
    ...(agent === undefined ? {} : { agent }),
    ...(text === undefined ? {} : { text }),
    ...(extra === undefined ? {} : { extra }),
  };
}

/** Commands on a message apply to all selected messages. Other commands apply to the agents of all selected rows. */
function distinct(targets: readonly Target[], messages: boolean): Target[] {
  const found = new Map<string, Target>();
  for (const { agent, about } of targets) {
    if (!messages) found.set(agent, { agent });
    else if (about !== undefined) found.set(`${agent}/${about}`, { agent, about });
  }
  return [...found.values()];
}

function isOptions(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
