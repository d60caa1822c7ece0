/** The box for new backlog tasks: it stays open for the next one until Escape. */
import * as vscode from 'vscode';
import { problemOf } from '../problems.ts';
import { linesOf } from './taskText.ts';

const { t } = vscode.l10n;

/**
 * Hands each text to `add` as it is entered. Resolves after Escape.
 * @param add Its failure is shown in the box, and the text stays there.
 */
export function askForTasks(add: (text: string) => Promise<void>): Promise<void> {
  const box = vscode.window.createInputBox();
  const paste = {
    iconPath: new vscode.ThemeIcon('clippy'),
    tooltip: t('Add Each Line of the Clipboard as a Task'),
  };
  const placeholder = t('Describe the task. #tags say which agents it is for. Escape ends.');
  Object.assign(box, { title: t('Add Task to Backlog'), placeholder, buttons: [paste], ignoreFocusOut: true });
  let added = 0;
  const enter = async (texts: readonly string[]): Promise<void> => {
    if (texts.length === 0) return;
    box.busy = true;
    box.enabled = false;
    try {
      for (const text of texts) {
        await add(text);
        added += 1;
      }
      box.value = '';
      box.prompt = added === 1 ? t('Added 1 task.') : t('Added {0} tasks.', added);
    } catch (error) {
      box.validationMessage = problemOf(error, t).message;
    } finally {
      box.busy = false;
      box.enabled = true;
    }
  };
  return new Promise((resolve) => {
    box.onDidChangeValue(() => (box.validationMessage = undefined));
    box.onDidAccept(() => {
      if (box.value.trim() === '') box.validationMessage = t('Type some text, or press Escape to cancel.');
      else void enter([box.value]);
    });
    box.onDidTriggerButton(async () => enter(linesOf(await vscode.env.clipboard.readText())));
    box.onDidHide(() => {
      resolve();
      box.dispose();
    });
    box.show();
  });
}
