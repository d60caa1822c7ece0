/** How a command about tasks was called. */
import * as vscode from 'vscode';
import * as z from 'zod/mini';
import { TinytownError } from '../../util/errors.ts';
import { argumentsOf, isByKey } from '../calls.ts';
import { Row } from '../itemTree.ts';

const { t } = vscode.l10n;

export interface TaskCall {
  interactive: boolean;
  /** Called by a key: acts on the task of the focused row. */
  focused?: boolean;
  /** A task's id. */
  task?: string | undefined;
  /** The tasks of all selected rows, if there are several. */
  tasks?: readonly string[];
  /** The command's text arguments, in order. Undefined for one that is left out. */
  words: readonly (string | undefined)[];
  tags: readonly string[];
}

const options = z.object({ tags: z.optional(z.array(z.string())) });

/** @throws TinytownError `badArguments` */
export function readTaskCall(args: readonly unknown[]): TaskCall {
  if (isByKey(args)) return { interactive: true, focused: true, words: [], tags: [] };
  const list = argumentsOf(args);
  const [first] = list;
  if (first instanceof Row) {
    const rows: unknown[] = Array.isArray(list[1]) ? list[1] : [];
    const tasks = [...new Set(rows.flatMap((row) => (row instanceof Row ? (row.item.taskId ?? []) : [])))];
    const several = tasks.length > 1 ? { tasks } : {};
    return { interactive: true, task: first.item.taskId, ...several, words: [], tags: [] };
  }
  const last = options.safeParse(list.at(-1));
  const tags = last.success ? (last.data.tags ?? []) : [];
  const words = last.success ? list.slice(0, -1) : list;
  const texts = z.array(z.optional(z.string())).safeParse(words);
  if (!texts.success)
    throw new TinytownError('badArguments', t('Arguments must be strings, with an options object last.'));
  return { interactive: words.every((word) => word === undefined), words: texts.data, tags };
}
