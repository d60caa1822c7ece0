/** Presses every button of the views' title bars with the mouse, whatever row is selected, and drags rows between views. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod/mini';
import { echoScript, gate } from '../support/scriptedModel.ts';
import type { TreeView } from '../support/workbench/treeView.ts';
import { Workbench } from '../support/workbench/workbench.ts';
import { spawnAgent, startUiTown, stepByStep, type UiTown } from './uiTown.ts';

const root = path.resolve(import.meta.dirname, '../..');

const manifest = z.object({
  contributes: z.object({
    menus: z.object({ 'view/title': z.array(z.object({ command: z.string(), when: z.string() })) }),
  }),
});

/** A title-bar button: its label, and how a person sees that it worked. */
interface Button {
  label: string;
  /** The title of the box that opens. */
  asks?: string;
  /** The name of the editor that opens. */
  opens?: RegExp;
  /** The panel that opens. */
  panel?: string;
  /** What a notification says. */
  says?: string;
  /** The button that takes its place. */
  becomes?: string;
}

const pickup = {
  start: 'Let Agents Pick Up Backlog Tasks',
  stop: 'Stop Agents from Picking Up Backlog Tasks',
};

const buttons: Record<'Agents' | 'Tasks', Record<string, Button>> = {
  Agents: {
    'tinytown.spawnAgent': { label: 'New Agent…', asks: 'New Agent' },
    'tinytown.openConfig': { label: 'Open tinytown.toml', opens: /^tinytown\.toml/ },
    'tinytown.setRedisPassword': { label: 'Set Redis Password…', asks: 'Redis Password' },
    'tinytown.signIn': { label: 'Sign In to Codex…', says: 'needs no sign-in' },
    'tinytown.openSettings': { label: 'Open Settings', opens: /^Settings/ },
    'tinytown.doctor': { label: 'Run Doctor', opens: /Doctor/ },
    'tinytown.showLog': { label: 'Show Log', panel: 'Output' },
    'tinytown.help': { label: 'Help', asks: 'Help' },
  },
  Tasks: {
    'tinytown.addBacklogTask': { label: 'Add Task to Backlog…', asks: 'Add Task to Backlog' },
    'tinytown.assignTask': { label: 'Assign Task…', asks: 'Task for writer' },
    'tinytown.findTask': { label: 'Find Task…', asks: 'Find Task' },
    'tinytown.startPickup': { label: pickup.start, becomes: pickup.stop },
    'tinytown.stopPickup': { label: pickup.stop, becomes: pickup.start },
    'tinytown.clearFinishedTasks': { label: 'Clear Finished Tasks…', says: 'There are no finished tasks.' },
  },
};

/** Shown only in a window with several folders: folders.test.ts presses it. */
const elsewhere = ['tinytown.chooseFolder'];

describe('the title bars and rows of the views', () => {
  let town: UiTown;
  let workbench: Workbench;
  let agents: TreeView;
  let tasks: TreeView;
  const turn = gate();

  before(async () => {
    town = await startUiTown();
    workbench = await Workbench.open({ folder: await town.folder('bakery'), settings: town.settings });
    agents = workbench.view('Agents');
    tasks = workbench.view('Tasks');
  });
  after(async () => {
    turn.open();
    await workbench?.close();
    await town?.end();
  });
  stepByStep('buttons', () => [workbench]);

  it('has a row of every kind to select', async () => {
    town.model.script = async (request) => [{ hold: turn.opened }, ...(await echoScript(request))];
    await workbench.openSidebar();
    await spawnAgent(workbench, 'writer', 'Write the menu');
    await agents.description('writer').getByText('working').waitFor();
    await workbench.runCommand('Tinytown: Send Message…');
    await workbench.quickInput.type('Use big letters');
    await workbench.quickInput.accept();
    await workbench.quickInput.widget.waitFor({ state: 'hidden' });
    await agents.expand('Inbox');
    await agents.item('Use big letters').waitFor();
    // Room for the tasks.
    await workbench.view('Needs You').pane.locator('.pane-header').click();
    await tasks.pane.locator('.pane-header').click();
    await workbench.runCommand('Tinytown: Add Task to Backlog…');
    await workbench.quickInput.type('Bake the bread #baker');
    await workbench.quickInput.accept();
    await workbench.quickInput.message.getByText('Added 1 task.').waitFor();
    await workbench.quickInput.cancel();
    await tasks.item('Bake the bread #baker').waitFor();
  });

  it('knows every button that the manifest contributes', async () => {
    const { contributes } = manifest.parse(JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8')));
    const contributed = contributes.menus['view/title'].map(({ command }) => command);
    const known = [...Object.keys(buttons.Agents), ...Object.keys(buttons.Tasks), ...elsewhere];
    assert.deepEqual(contributed.toSorted(), known.toSorted());
  });

  const selections = [
    { what: 'nothing', view: 'Agents', row: undefined },
    { what: 'an agent', view: 'Agents', row: 'writer' },
    { what: 'a message', view: 'Agents', row: 'Use big letters' },
    { what: 'nothing', view: 'Tasks', row: undefined },
    { what: 'a task', view: 'Tasks', row: 'Bake the bread #baker' },
    { what: 'a group', view: 'Tasks', row: 'Backlog' },
  ] as const;

  for (const { what, view, row } of selections) {
    it(`work in ${view} with ${what} selected`, async () => {
      const tree = workbench.view(view);
      await unfold();
      if (row !== undefined) await tree.select(row);
      for (const button of Object.values(buttons[view])) await press(tree, button);
    });
  }

  /** A click on a row also folds what is below it. */
  async function unfold(): Promise<void> {
    await agents.expand('writer');
    await agents.expand('Inbox');
    await tasks.expand('Backlog');
  }

  it('give an agent a task that is dragged onto it from the other view', async () => {
    await unfold();
    await workbench.drag(tasks.item('Bake the bread #baker'), agents.item('writer'));
    await agents
      .item('Bake the bread #baker')
      .or(agents.items.filter({ hasText: 'Bake the bread' }))
      .first()
      .waitFor();
    assert.equal(await tasks.item('Bake the bread #baker').count(), 1);
    await tasks.description('Bake the bread #baker').getByText('writer').waitFor();
  });

  it('leave everything as it is when a message is dragged onto another view', async () => {
    await workbench.drag(agents.item('Use big letters'), tasks.item('Assigned'));
    await workbench.drag(tasks.item('Bake the bread #baker'), agents.item('Use big letters'));
    assert.equal(await workbench.notifications().count(), 0);
    await agents.item('Use big letters').waitFor();
  });

  async function press(tree: TreeView, { label, asks, opens, panel, says, becomes }: Button): Promise<void> {
    await tree.pressTitle(label);
    const { page, quickInput } = workbench;
    if (asks !== undefined) {
      await quickInput.widget.locator('.quick-input-title').getByText(asks, { exact: true }).waitFor();
      await quickInput.cancel();
    }
    if (opens) {
      await page.locator('.editor-group-container .tab').filter({ hasText: opens }).waitFor();
      if (label === 'Open Settings')
        await page
          .locator('.settings-count-widget')
          .getByText(/^\d\d Settings Found$/)
          .waitFor();
      await workbench.runCommand('View: Close All Editors');
    }
    if (panel !== undefined) {
      await page.locator('.panel .action-item.checked').filter({ hasText: panel }).waitFor();
      await workbench.runCommand('View: Hide Panel');
    }
    if (becomes !== undefined) await tree.titleButton(becomes).waitFor();
    if (says !== undefined) {
      await workbench.notifications(says).waitFor();
      await workbench.runCommand('Notifications: Clear All Notifications');
    }
    assert.equal(await workbench.notifications().count(), 0, `${label} told of a problem`);
  }
});
