/** Asks for several answers, one after the other. Each step can go back. A summary shows the answers before they are sent. */
import * as vscode from 'vscode';

const { t } = vscode.l10n;

/** The person goes back one step. */
export const back = Symbol('back');

export interface Step<T> {
  /** The step's name in the summary. */
  title: string;
  /** Asks for the answer. `before` is the previous answer. Undefined after Escape. */
  ask(before: T | undefined, canGoBack: boolean): Promise<T | typeof back | undefined>;
  /** The answer in words, for the summary. */
  say(answer: T): string;
}

/** The answers in the order of the steps. Undefined after Escape. A single answer has no summary. */
export async function askInSteps<T>(title: string, steps: readonly Step<T>[]): Promise<T[] | undefined> {
  const answers: T[] = [];
  let index = 0;
  for (;;) {
    const step = steps[index];
    if (!step) {
      if (steps.length <= 1) return answers;
      const next = await askSummary(title, steps, answers);
      if (next === undefined) return undefined;
      if (next === 'send') return answers;
      index = next === back ? steps.length - 1 : next;
      continue;
    }
    const answer = await step.ask(answers[index], index > 0);
    if (answer === undefined) return undefined;
    if (answer === back) {
      index -= 1;
      continue;
    }
    answers[index] = answer;
    // After a change from the summary, go back to the summary.
    index = answers.length === steps.length ? steps.length : index + 1;
  }
}

async function askSummary<T>(
  title: string,
  steps: readonly Step<T>[],
  answers: readonly T[],
): Promise<number | 'send' | typeof back | undefined> {
  const send = { label: `$(check) ${t('Send')}`, next: 'send' as const };
  const line = { label: t('Change an answer'), kind: vscode.QuickPickItemKind.Separator, next: 'send' as const };
  const rows = [...answers.entries()].map(([index, answer]) => ({
    label: steps[index]?.title ?? '',
    description: steps[index]?.say(answer) ?? '',
    next: index,
  }));
  const picked = await pickOne([send, line, ...rows], {
    title,
    placeHolder: t('Review your answers.'),
    canGoBack: true,
  });
  return typeof picked === 'object' ? picked.next : picked;
}

interface PickOptions<I> {
  title: string;
  placeHolder: string;
  canGoBack: boolean;
  /** The row that has the focus first. */
  active?: I | undefined;
}

/** Asks for one of the rows. */
export async function pickOne<I extends vscode.QuickPickItem>(
  items: readonly I[],
  options: PickOptions<I>,
): Promise<I | typeof back | undefined> {
  const picked = await pick(items, options, false);
  return Array.isArray(picked) ? picked[0] : picked;
}

/** Asks for any number of the rows. */
export function pickSeveral<I extends vscode.QuickPickItem>(
  items: readonly I[],
  options: PickOptions<I>,
): Promise<I[] | typeof back | undefined> {
  return pick(items, options, true);
}

function pick<I extends vscode.QuickPickItem>(
  items: readonly I[],
  { title, placeHolder, canGoBack, active }: PickOptions<I>,
  several: boolean,
): Promise<I[] | typeof back | undefined> {
  const list = vscode.window.createQuickPick<I>();
  Object.assign(list, { title, placeholder: placeHolder, ignoreFocusOut: true, canSelectMany: several, items });
  if (canGoBack) list.buttons = [vscode.QuickInputButtons.Back];
  if (several) list.selectedItems = items.filter(({ picked }) => picked);
  else if (active) list.activeItems = [active];
  return new Promise((resolve) => {
    list.onDidAccept(() => {
      if (!several && list.selectedItems.length === 0) return;
      resolve([...list.selectedItems]);
      list.hide();
    });
    list.onDidTriggerButton(() => {
      resolve(back);
      list.hide();
    });
    list.onDidHide(() => {
      resolve(undefined);
      list.dispose();
    });
    list.show();
  });
}
