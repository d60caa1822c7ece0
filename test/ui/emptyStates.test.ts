/** What a person is told where nothing can be shown yet, and that it opens by itself once that is mended. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Workbench } from '../support/workbench/workbench.ts';
import { type UiTown, startUiTown } from './uiTown.ts';

describe('a view with no agents in it', () => {
  let town: UiTown;
  let first: Workbench;
  let current: Workbench | undefined;

  before(async () => {
    town = await startUiTown();
    first = await Workbench.open({ settings: town.settings });
  });
  after(async () => {
    await first?.close();
    await town?.end();
  });
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') await (current ?? first).screenshot('failed-empty');
    if (current !== first) await current?.closeWindow();
    current = undefined;
  });

  /** A window on a new folder, which is a town where `toml` is given. */
  async function windowOn(name: string, toml?: string): Promise<Workbench> {
    const folder = await town.folder(name);
    if (toml !== undefined) await writeFile(path.join(folder, 'tinytown.toml'), toml);
    current = await first.secondWindow({ folder });
    await current.openSidebar();
    return current;
  }

  it('says that no folder is open, and offers to open one', async () => {
    current = first;
    await first.openSidebar();
    const { welcome } = first.view('Agents');
    await welcome.getByText('Agents work in a folder, and none is open.').waitFor();
    await first.screenshots('no-folder');
    await welcome.getByRole('button', { name: 'Open Folder' }).click();
    await first.quickInput.widget.waitFor();
    await first.quickInput.cancel();
  });

  it('says that tinytown.toml is malformed, opens it at a click, and opens the town once that is mended', async () => {
    const workbench = await windowOn('malformed', 'name = "malformed"\nagent = [[[\n');
    const { welcome } = workbench.view('Agents');
    await welcome.getByText('tinytown.toml has a mistake in it.').waitFor();
    await workbench.screenshots('malformed');
    await welcome.getByRole('button', { name: 'Open tinytown.toml' }).click();
    await workbench.notifications('tinytown.toml, line 3').waitFor();
    await workbench.screenshots('malformed-open');
    const editor = workbench.page.locator('.editor-instance .monaco-editor');
    await editor.click();
    await workbench.page.keyboard.press('Control+A');
    await workbench.page.keyboard.type('name = "mended"\n');
    await workbench.page.keyboard.press('Control+S');
    await welcome.getByText('No agents here yet.').waitFor();
    await workbench.screenshots('no-agents');
  });

  it('says that there is no Redis, and opens the town once there is', async () => {
    await first.changeSettings({ 'tinytown.redis.serverPath': '/nowhere/redis-server' });
    const workbench = await windowOn('no-redis', 'name = "no-redis"\n');
    const { welcome } = workbench.view('Agents');
    await welcome.getByText('Agents and their messages live in Redis').waitFor();
    await workbench.screenshots('no-redis');
    await welcome.getByRole('button', { name: 'Try Again' }).click();
    await workbench.notifications('There is no program at /nowhere/redis-server').waitFor();
    await first.changeSettings({ 'tinytown.redis.serverPath': '' });
    await welcome.getByText('No agents here yet.').waitFor();
  });

  it('says that there is no Codex, and what to do; the settings are a click away', async () => {
    const codex = town.settings['tinytown.codex.path'];
    await first.changeSettings({ 'tinytown.codex.path': '/nowhere/codex' });
    const workbench = await windowOn('no-codex', 'name = "no-codex"\n');
    const { welcome } = workbench.view('Agents');
    await welcome.getByText('Agents need Codex, and no usable one was found.').waitFor();
    await workbench.screenshots('no-codex');
    await welcome.getByText('try again').click();
    await workbench.notifications('/nowhere/codex').waitFor();
    await welcome.getByRole('button', { name: 'Set the Path of Codex' }).click();
    await workbench.page.locator('.settings-editor').getByText('Path of the codex program').waitFor();
    await first.changeSettings({ 'tinytown.codex.path': codex });
    await welcome.getByText('No agents here yet.').waitFor();
  });
});
