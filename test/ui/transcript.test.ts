/** What is left of an agent's work after a reload: its past turns, its transcript and its changes, read from its own history. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Locator } from 'playwright-core';
import { eventually } from '../support/eventually.ts';
import { type ModelRequest, type Step, gate } from '../support/scriptedModel.ts';
import type { TreeView } from '../support/workbench/treeView.ts';
import { Workbench } from '../support/workbench/workbench.ts';
import { type UiTown, processesLike, spawnAgent, startUiTown, stepByStep } from './uiTown.ts';

describe('the record of an agent', () => {
  let town: UiTown;
  let folder: string;
  let workbench: Workbench;
  let agents: TreeView;
  let editor: Locator;

  before(async () => {
    town = await startUiTown();
    folder = await town.folder('harbour');
    workbench = await Workbench.open({ folder, settings: town.settings });
    agents = workbench.view('Agents');
    editor = workbench.page.locator('.editor-instance').first();
  });
  after(async () => {
    await workbench?.close();
    await town?.end();
    assert.deepEqual(workbench?.processes(), [], 'something outlives the window');
  });
  stepByStep('record', () => [workbench]);

  /** The model's answer to each request of a conversation's last turn, in order; then it ends the turn. */
  function script(...steps: (() => Step[] | Promise<Step[]>)[]): void {
    town.model.script = ({ toolOutputs }: ModelRequest) => steps[toolOutputs.length]?.() ?? [{ text: 'Done.' }];
  }

  async function turnEnds(name: string): Promise<void> {
    await agents.waitForState(name, 'idle');
  }

  async function tell(text: string): Promise<void> {
    await workbench.runCommand('Tinytown: Send Message…');
    await workbench.quickInput.type(text);
    await workbench.quickInput.accept();
    await town.model.waitForRequest(({ lastUserText }) => lastUserText.includes(text));
  }

  /** Brings a text into view by the find widget, as the editor draws only what is in sight. */
  async function find(text: string): Promise<void> {
    const { page } = workbench;
    await editor.click();
    await page.keyboard.press('Control+f');
    const input = page.locator('.find-widget textarea').first();
    await input.fill(text);
    await page
      .locator('.find-widget .matchesCount')
      .getByText(/^1 of \d+$/)
      .waitFor();
    await page.keyboard.press('Escape');
  }

  /** A detail's label is in sight, and its text `text` is, or is not. */
  async function detail(label: string, text: string, open: boolean): Promise<void> {
    await eventually(() => isDetail(label, text, open), { what: `“${label}” ${open ? 'open' : 'folded'}` });
  }

  async function isDetail(label: string, text: string, open: boolean): Promise<boolean> {
    const labels = await editor.getByText(label).count();
    return labels > 0 && (await editor.getByText(text, { exact: true }).count()) > 0 === open;
  }

  /** As a person does who wants to read it. */
  async function openDetail(label: string, text: string): Promise<void> {
    await eventually(
      async () => {
        // What is open may say the same once more.
        if (await isDetail(label, text, true)) return true;
        // It can be unfolded once the editor knows that it is folded.
        await editor.getByText(label).first().click();
        await workbench.page.keyboard.press('Control+Shift+]');
        return await isDetail(label, text, true);
      },
      { interval: 200, what: `“${label}” open` },
    );
  }

  it('has two turns with a long output and a change of a file', async () => {
    await workbench.openSidebar();
    await writeFile(path.join(folder, 'tides.txt'), 'low 04:10\nhigh 10:20\n');
    script(
      () => [{ text: 'I measure the harbour first: **lighthouse**.' }, { exec: 'seq 1 300' }],
      () => [changeTides],
      () => [{ text: 'The tides are right now.' }],
    );
    await spawnAgent(workbench, 'pilot', '');
    await turnEnds('pilot');
    await tell('Correct the tides');
    await turnEnds('pilot');
    await eventually(async () => (await agents.item('pilot').getAttribute('aria-expanded')) !== null);
    await agents.expand('pilot');
    await agents.description('Turn completed').getByText('The tides are right now.').waitFor();
    await turnEnds('pilot');
    script(
      () => [{ text: 'I list the buoys.' }, { exec: 'printf "red\\ngreen\\n" > buoys.txt; cat buoys.txt' }],
      () => [addLog],
    );
    await tell('Count the buoys');
    await agents.description('Turn completed').getByText('Done.').waitFor();
    await turnEnds('pilot');
  });

  it('is read when the row is opened after a reload, and no sooner', async () => {
    await workbench.reload();
    await workbench.openSidebar();
    await turnEnds('pilot');
    const asked = /app-server/;
    const before = processesLike(workbench, asked);
    await agents.item('Turn completed').waitFor({ state: 'hidden' });
    assert.ok(before.length <= 2, 'a process was started for the past alone');
    await agents.expand('pilot');
    await agents.item('Turn completed').waitFor();
    await agents.description('Turn completed').getByText('Done.').waitFor();
    await agents.expand('Turn completed');
    await agents.item('log.md').waitFor();
    await agents.expand('Earlier turns');
    await agents.description('Turn completed').getByText('The tides are right now.').waitFor();
    await workbench.screenshots('past-turns');
  });

  it('opens as a document with all turns, outputs folded, that can be searched', async () => {
    await agents.contextMenu('pilot', 'Open Transcript');
    await editor.getByText('Done.', { exact: true }).waitFor();
    await detail('printf', 'green', false);
    await detail('Added', '+Two buoys.', false);
    await detail('Changed', '+low 04:25', false);
    await detail('seq 1 300', '300', false);
    await workbench.screenshots('transcript');
    await find('lighthouse');
    // The words of a prompt are folded away, and found all the same.
    await find('Correct the tides');
    await workbench.screenshot('transcript-found');
  });

  it('can be exported as a file', async () => {
    await workbench.runCommand('Tinytown: Export Transcript…');
    await workbench.quickInput.rows.filter({ hasText: 'log.md' }).waitFor();
    await workbench.quickInput.accept();
    const file = path.join(folder, 'pilot-transcript.md');
    const text = await eventually(async () => (await readFile(file, 'utf8')) || undefined);
    for (const part of ['# pilot', 'lighthouse', '\n299\n', '+low 04:25', 'Two buoys.', 'Done.']) {
      assert.ok(text.includes(part), `“${part}” is missing`);
    }
    await workbench.notifications('The transcript is in').waitFor();
  });

  it('leads to the changes of a turn, of a file, and of the whole session', async () => {
    await agents.contextMenu('pilot', 'Show Diff');
    await workbench.quickInput.pick('Whole Session');
    const changes = workbench.page.locator('.multiDiffEditor, .multi-diff-editor, .multiDiffEntry').first();
    await changes.waitFor();
    await workbench.page.getByText('Two buoys.').first().waitFor();
    await workbench.page.getByText('low 04:25').first().waitFor();
    await workbench.screenshots('changes-session');
    await workbench.runCommand('View: Close Editor');
    await agents.clickInline('log.md', 'Show Diff');
    await workbench.page.locator('.monaco-diff-editor').getByText('Two buoys.').first().waitFor();
    await workbench.screenshot('changes-file');
    await workbench.runCommand('View: Close Editor');
  });

  it('grows while a turn runs, and the view stays at its end', async () => {
    const held = gate();
    script(
      () => [{ text: 'I sound the depths.' }, { exec: 'seq 1000 1100' }],
      () => [{ exec: 'printf "nine\\nfathoms\\n"' }],
      async () => [{ text: 'Deep enough, ' }, { hold: held.opened }, { text: 'everywhere.' }],
    );
    await editor.click();
    await workbench.page.keyboard.press('Control+End');
    await detail('Added', '+Two buoys.', false);
    await openDetail('Added', '+Two buoys.');
    await workbench.page.keyboard.press('Control+End');
    await tell('Sound the depths');
    await editor.getByText('Turn running').waitFor();
    await editor.getByText('I sound the depths.').waitFor();
    await editor.getByText('Deep enough,').waitFor();
    await detail('nine', 'fathoms', false);
    await earlierDetailsAreAsTheyWere();
    await workbench.screenshots('transcript-live');
    await openDetail('nine', 'fathoms');
    held.open();
    await editor.getByText('everywhere.').waitFor();
    await turnEnds('pilot');
    await editor.getByText('Turn running').waitFor({ state: 'hidden' });
    // Its own details are folded, also now that its heading has changed, but for what was opened while it ran.
    await editor.getByText('I sound the depths.').waitFor();
    await detail('seq 1000', '1100', false);
    await detail('nine', 'fathoms', true);
    await earlierDetailsAreAsTheyWere();
    await workbench.screenshots('transcript-after');
  });

  async function earlierDetailsAreAsTheyWere(): Promise<void> {
    const { mouse, keyboard } = workbench.page;
    await editor.hover();
    await eventually(
      async () => {
        if ((await editor.getByText('printf "red').count()) > 0) return true;
        // The editor takes one turn of the wheel for a few lines, however far it is.
        await mouse.wheel(0, -400);
        return false;
      },
      { interval: 100, what: 'the earlier turn in sight' },
    );
    await detail('printf "red', 'green', false);
    await detail('Added', '+Two buoys.', true);
    await workbench.screenshot('transcript-earlier');
    await keyboard.press('Control+End');
  }
});

const changeTides: Step = {
  exec: `apply_patch <<'EOF'
*** Begin Patch
*** Update File: tides.txt
@@
-low 04:10
+low 04:25
*** End Patch
EOF`,
};

const addLog: Step = {
  exec: `apply_patch <<'EOF'
*** Begin Patch
*** Add File: log.md
+# Log
+Two buoys.
*** End Patch
EOF`,
};
