/** What a person sees when a button or menu entry works, and how it is put away again. */
import assert from 'node:assert/strict';
import { eventually } from '../support/eventually.ts';
import type { Workbench } from '../support/workbench/workbench.ts';

/** How a person sees that a press worked, and what they do next. */
export interface Outcome {
  /** The title of the box that opens. Escape closes it, unless there is an answer. */
  asks?: string;
  /** What is typed into the box, or the choice that is picked there. */
  answer?: { type: string } | { pick: string };
  /** A dialog with this text opens. */
  dialog?: string;
  /** The button that answers the dialog. */
  button?: string;
  /** The name of the editor that opens. */
  opens?: RegExp;
  /** The agent whose output opens. */
  output?: string;
  /** The panel that opens. */
  panel?: string;
  /** What a notification says. */
  says?: string;
  /** What the status bar says in passing. */
  mentions?: string;
  /** What is on the clipboard. */
  copies?: string;
  /** Anything else; resolves once it is so. */
  until?: () => Promise<unknown>;
}

/** Resolves when the outcome is there and is put away again. Fails where a notification says anything else. */
export async function outcomeSeen(workbench: Workbench, what: string, outcome: Outcome): Promise<void> {
  const { asks, answer, dialog, button, opens, output, panel, says, mentions, copies, until } = outcome;
  const { page, quickInput } = workbench;
  if (asks !== undefined) {
    await quickInput.widget.locator('.quick-input-title').getByText(asks, { exact: true }).waitFor();
    if (answer === undefined) await quickInput.cancel();
    else if ('pick' in answer) await quickInput.pick(answer.pick);
    else {
      await quickInput.type(answer.type);
      await quickInput.accept();
    }
    await quickInput.widget.waitFor({ state: 'hidden' });
  }
  if (dialog !== undefined) {
    await workbench.dialog().getByText(dialog).waitFor();
    await workbench
      .dialog()
      .getByRole('button', { name: button ?? 'Cancel', exact: true })
      .click();
    await workbench.dialog().waitFor({ state: 'hidden' });
  }
  if (opens) {
    const tabs = page.locator('.editor-group-container .tab');
    await tabs.filter({ hasText: opens }).waitFor();
    await closeEditors(workbench);
  }
  if (output !== undefined) {
    const chosen = page.locator('.panel select option:checked').filter({ hasText: `Tinytown: ${output}` });
    await eventually(async () => (await chosen.count()) > 0, { what: `the output of ${output}` });
  }
  if (panel !== undefined) await page.locator('.panel .action-item.checked').filter({ hasText: panel }).waitFor();
  if (output !== undefined || panel !== undefined) {
    await page.keyboard.press('Control+j');
    await page.locator('.part.panel').waitFor({ state: 'hidden' });
  }
  if (says !== undefined) {
    await workbench.notifications(says).waitFor();
    await workbench.runCommand('Notifications: Clear All Notifications');
  }
  if (mentions !== undefined) await workbench.statusBar(mentions).waitFor();
  if (copies !== undefined) {
    const clipboard = (): Promise<string> => page.evaluate('navigator.clipboard.readText()');
    await eventually(async () => (await clipboard()) === copies, { what: `“${copies}” on the clipboard` });
  }
  await until?.();
  const told = await workbench.notifications().allInnerTexts();
  assert.deepEqual(told, [], `${what} told of a problem`);
}

/** Closes every editor with the mouse, wherever the keyboard is. */
export async function closeEditors({ page }: Workbench): Promise<void> {
  const tabs = page.locator('.editor-group-container .tab');
  await eventually(
    async () => {
      if ((await tabs.count()) === 0) return true;
      await tabs.first().click({ button: 'middle', timeout: 1_000 });
      return false;
    },
    { interval: 50, what: 'all editors closed' },
  );
}
