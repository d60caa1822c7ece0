/** Registers commands, and reports their errors to whoever called them. */
import * as vscode from 'vscode';
import { describeError } from '../util/errors.ts';
import { keepingTyped } from './ask.ts';
import type { EditorLog } from './editorLog.ts';
import type { CommandId } from './ids.ts';
import { showProblem } from './notify.ts';
import { inEditorsLanguage } from './problems.ts';

export interface CommandHandler<C extends { interactive: boolean }> {
  /** Decodes how the command was called: by a person who clicked, or by a program with arguments. */
  read: (args: readonly unknown[]) => C;
  run: (call: C) => Promise<unknown>;
  log: EditorLog;
}

/**
 * Registers a command. If a person called it, errors are shown and nothing is thrown. If a program called it, it rejects with the
 * error, in the editor's language.
 */
export function registerCommand<C extends { interactive: boolean }>(
  id: CommandId,
  handler: CommandHandler<C>,
): vscode.Disposable {
  return vscode.commands.registerCommand(id, (...args: unknown[]) => runCommand(id, args, handler));
}

async function runCommand<C extends { interactive: boolean }>(
  id: CommandId,
  args: readonly unknown[],
  { read, run, log }: CommandHandler<C>,
): Promise<unknown> {
  let interactive = false;
  try {
    const call = read(args);
    ({ interactive } = call);
    return await keepingTyped(() => run(call));
  } catch (error) {
    log.info(`${id}: ${describeError(error)}`);
    if (!interactive) throw inEditorsLanguage(error, vscode.l10n.t);
    showProblem(error);
    return undefined;
  }
}
