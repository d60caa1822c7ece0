/** Runs a command and reports errors to its caller. */
import * as vscode from 'vscode';
import { describeError } from '../util/errors.ts';
import { keepingTyped } from './ask.ts';
import type { EditorLog } from './editorLog.ts';
import { showProblem } from './notify.ts';
import { inEditorsLanguage } from './problems.ts';

/**
 * Reads how the command was called, then runs it. If a person called it, errors are shown and nothing is thrown. If a program
 * called it, it rejects with the error, in the editor's language.
 */
export async function runCommand<C extends { interactive: boolean }>(
  id: string,
  { read, run, log }: { read: () => C; run: (call: C) => Promise<unknown>; log: EditorLog },
): Promise<unknown> {
  let interactive = false;
  try {
    const call = read();
    ({ interactive } = call);
    return await keepingTyped(() => run(call));
  } catch (error) {
    log.info(`${id}: ${describeError(error)}`);
    if (!interactive) throw inEditorsLanguage(error, vscode.l10n.t);
    showProblem(error);
    return undefined;
  }
}
