/** A window with two folders: which of them is the town is seen, and can be changed. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { eventually } from '../support/eventually.ts';
import { completeTask } from '../support/testTown.ts';
import { Workbench } from '../support/workbench/workbench.ts';
import { type UiTown, startUiTown, stepByStep } from './uiTown.ts';

describe('a window with two folders', () => {
  let town: UiTown;
  let north: string;
  let south: string;
  let workbench: Workbench;

  before(async () => {
    town = await startUiTown();
    town.model.script = completeTask;
    north = await town.folder('north');
    south = await town.folder('south');
    await writeFile(path.join(south, 'tinytown.toml'), 'name = "south"\n');
    const workspace = path.join(path.dirname(north), 'both.code-workspace');
    await writeFile(workspace, JSON.stringify({ folders: [{ path: 'north' }, { path: 'south' }] }));
    workbench = await Workbench.open({ folder: workspace, settings: town.settings });
  });
  after(async () => {
    await workbench?.close();
    await town?.end();
  });
  stepByStep('folders', () => [workbench]);

  /** What the view of the agents says beside its title. */
  async function isShown(folder: string): Promise<void> {
    const { pane } = workbench.view('Agents');
    await pane.locator('.pane-header').getByText(folder, { exact: true }).waitFor();
  }

  it('takes the one that is a town, and says so', async () => {
    await workbench.openSidebar();
    await isShown('south');
    const status = workbench.statusBar('Tinytown').first();
    await eventually(async () => /Folder: south/.test((await status.getAttribute('aria-label')) ?? ''));
  });

  it('moves to the other one that a person chooses, and spawns agents there', async () => {
    await workbench.runCommand('Tinytown: Choose the Town’s Folder…');
    await workbench.quickInput.rows.filter({ hasText: 'south' }).getByText('current').waitFor();
    await workbench.screenshot('choose-folder');
    await workbench.quickInput.pick('north');
    await isShown('north');
    const agents = workbench.view('Agents');
    await agents.welcome.getByText('No agents work in this folder yet.').waitFor();
    assert.equal(existsSync(path.join(north, 'tinytown.toml')), false);
    await agents.welcome.getByRole('button', { name: 'New Agent' }).click();
    await workbench.quickInput.widget.getByText('New Agent').first().waitFor();
    await workbench.quickInput.type('walker');
    await workbench.quickInput.accept();
    await workbench.quickInput.widget.getByText('First task for walker').waitFor();
    await workbench.quickInput.accept();
    await agents.description('walker').getByText('idle').waitFor();
    assert.ok(existsSync(path.join(north, 'tinytown.toml')));
    await workbench.screenshots('two-folders');
  });

  it('remembers the choice', async () => {
    await workbench.reload();
    await workbench.openSidebar();
    await isShown('north');
    await workbench.view('Agents').item('walker').waitFor();
  });
});
