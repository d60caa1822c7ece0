/**
 * How a command was called. From a menu or the palette it asks for what is missing and shows what goes wrong. Called with
 * arguments (a key binding, a task, another extension, a test) it rejects with a `TinytownError` instead, as its caller
 * wants to know; the editor itself shows that for key bindings.
 */
import { TinytownError } from '../util/errors.ts';
import type { Translate } from './l10n.ts';

export interface Call {
  /** A person clicked: failures are shown to them, and nothing is thrown. */
  interactive: boolean;
  /** An agent's id, name or nickname. */
  agent?: string;
  /** More than one, where several rows are selected; `agent` is one of them. */
  agents?: readonly string[];
  text?: string;
  /** Which held round or message of the agent, where the row is about one. */
  about?: string;
  /** Options: the object after agent and text, or in the text's place. */
  extra?: object;
}

/**
 * Reads `args` as `[agent, text?, options?]`. A key binding passes its list as one argument; a click passes a row, and all that are selected.
 * @param agentOfRow the agent of a tree's row, or null for a row without one; undefined if the value is no row.
 */
export function readCall(
  args: readonly unknown[],
  agentOfRow: (value: unknown) => string | null | undefined,
  t: Translate,
): Call {
  const list: readonly unknown[] = args.length === 1 && Array.isArray(args[0]) ? args[0] : args;
  const [agent, second, third] = list;
  const clicked = agentOfRow(agent);
  if (clicked !== undefined) {
    const selected = Array.isArray(second) ? second.flatMap((row) => agentOfRow(row) ?? []) : [];
    const agents = [...new Set(selected)];
    return {
      interactive: true,
      ...(clicked === null ? {} : { agent: clicked }),
      ...(agents.length > 1 ? { agents } : {}),
    };
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

function isOptions(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
