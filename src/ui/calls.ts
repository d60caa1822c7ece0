/**
 * How a command was called. From a menu or the palette it asks for what is missing and shows what goes wrong. Called with
 * arguments (a key binding, a task, another extension, a test) it rejects with a `TinytownError` instead, as its caller
 * wants to know; the editor itself shows that for key bindings.
 */
import * as z from 'zod/mini';
import { TinytownError } from '../util/errors.ts';
import type { Translate } from './l10n.ts';

export interface Call {
  /** A person clicked: failures are shown to them, and nothing is thrown. */
  interactive: boolean;
  /** An agent's id, name or nickname. */
  agent?: string;
  text?: string;
  /** Which held round or message of the agent, where the row is about one. */
  about?: string;
  /** More than one, where several rows are selected; `agent` and `about` are one of them. */
  targets?: readonly Target[];
  /** Options: the object after agent and text, or in the text's place. */
  extra?: object;
}

/** What a row stands for. */
export type Target = Pick<Call, 'about'> & { agent: string };

/** What a command is called with: a key binding passes its list as one argument. */
export function argumentsOf(args: readonly unknown[]): readonly unknown[] {
  return args.length === 1 && Array.isArray(args[0]) ? args[0] : args;
}

const byKey = z.object({ focused: z.literal(true) });

/** Whether a key of ours was pressed in a view: the row that the keyboard is on is meant. */
export function isByKey([first]: readonly unknown[]): boolean {
  return byKey.safeParse(first).success;
}

/**
 * Reads `args` as `[agent, text?, options?]`; a click passes a row, and all that are selected.
 * @param targetOfRow what a tree's row stands for, or null for a row without an agent; undefined if the value is no row.
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
    throw new TinytownError('badArguments', t('The first argument is the name or id of an agent, as a text.'));
  }
  const [text, extra] = isOptions(second) ? [undefined, second] : [second, third];
  if (text !== undefined && typeof text !== 'string') {
    throw new TinytownError('badArguments', t('The second argument is a text.'));
  }
  if (extra !== undefined && !isOptions(extra)) {
    throw new TinytownError('badArguments', t('The last argument is an object of options.'));
  }
  return {
    interactive: false,
    ...(agent === undefined ? {} : { agent }),
    ...(text === undefined ? {} : { text }),
    ...(extra === undefined ? {} : { extra }),
  };
}

/** What is done to a message is done to the messages that are selected, and everything else to the agents. */
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
