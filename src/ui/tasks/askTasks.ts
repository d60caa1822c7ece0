/** Input boxes of the task commands. The box for new backlog tasks stays open for the next task until Escape. */
import * as vscode from 'vscode';
import type { TaskRecord } from '../../town/records/records.ts';
import { oneLine } from '../../util/text.ts';
import { problemOf } from '../problems.ts';
import { linesOf } from './taskText.ts';

const { t } = vscode.l10n;

/**
 * Passes each entered text to `add`. Resolves after Escape.
 * @param add If it fails, the box shows the error and keeps the text.
 */
export function askForTasks(add: (text: string) => Promise<void>): Promise<void> {
  const box = vscode.window.createInputBox();
  const paste = {
    iconPath: new vscode.ThemeIcon('clippy'),
    tooltip: t('Add Each Line of the Clipboard as a Task'),
  };
  const placeholder = t('Describe the task. Use #tags to say which agents it is for. Press Escape to finish.');
  // The box itself joins the lines of what is pasted into it.
  const prompt = t('To add several, copy them, one per line, and press the clipboard button above.');
  Object.assign(box, { title: t('Add Task to Backlog'), placeholder, prompt, buttons: [paste], ignoreFocusOut: true });
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

/** Asks for a task's result. */
export function askResult(task: TaskRecord): Thenable<string | undefined> {
  return vscode.window.showInputBox({
    title: t('Complete “{0}”', shortened(task)),
    placeHolder: t('What was the result? Optional.'),
    ignoreFocusOut: true,
  });
}

/** Asks for tags, as one text. For a single task, the box starts with its tags. */
export function askTags(tasks: readonly TaskRecord[]): Thenable<string | undefined> {
  const [first, ...more] = tasks;
  const only = more.length === 0 ? first : undefined;
  return vscode.window.showInputBox({
    title: only ? t('Tag “{0}”', shortened(only)) : t('Tag {0} Tasks', tasks.length),
    placeHolder: t('Separate tags with spaces. Agents get tasks with tags that match their role.'),
    value: only?.tags.map((tag) => `#${tag}`).join(' ') ?? '',
    ignoreFocusOut: true,
  });
}

/** The title of the question which agent gets these tasks. */
export function giveTitle(tasks: readonly TaskRecord[]): string {
  const [first, ...more] = tasks;
  return first && more.length === 0
    ? t('Give “{0}” to an Agent', shortened(first))
    : t('Give {0} Tasks to an Agent', tasks.length);
}

/** A task's description, short enough for a title. */
function shortened({ description }: TaskRecord): string {
  return oneLine(description, 60);
}
