/**
 * What a person is told where nothing can be shown yet, and that it opens by itself once that is mended. Every button and link
 * of these texts is pressed; the last test compares them with the manifest.
 */
import assert from 'node:assert/strict';
import { rename, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type TestRedis, startTestRedis } from '../support/redis.ts';
import { Workbench } from '../support/workbench/workbench.ts';
import { linksOf, readContributed } from './contributed.ts';
import { MadeRecords } from './madeRecords.ts';
import { type Outcome, outcomeSeen } from './outcome.ts';
import { type UiTown, startUiTown } from './uiTown.ts';

/** Buttons that other tests press: of a window that asks for trust, and of a provider that asks for an account. */
const elsewhere = [
  // untrusted.test.ts
  'agents untrusted: Manage Workspace Trust',
  // account.test.ts
  'agents signedOut: Sign In to Codex',
];

/** Nobody answers there. */
const NO_REDIS = 'redis://127.0.0.1:1';

describe('a view with no agents in it', () => {
  let town: UiTown;
  let first: Workbench;
  let current: Workbench | undefined;
  let redis: TestRedis | undefined;
  const pressed = new Set(elsewhere);

  before(async () => {
    town = await startUiTown();
    first = await Workbench.open({ settings: town.settings });
  });
  after(async () => {
    await first?.close();
    await redis?.stop();
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

  /** Presses a button or link of the text that is shown in `state`. */
  async function press(workbench: Workbench, state: string, label: string, outcome: Outcome): Promise<void> {
    const view = state.startsWith('tasks ') ? 'Tasks' : 'Agents';
    const links = workbench.view(view).welcome.locator('.monaco-button, .monaco-link');
    pressed.add(`${view === 'Tasks' ? state : `agents ${state}`}: ${label}`);
    await links.filter({ hasText: new RegExp(`^${label}$`) }).click();
    await outcomeSeen(workbench, label, outcome);
  }

  it('says that no folder is open, and offers to open one', async () => {
    current = first;
    await first.openSidebar();
    const { welcome } = first.view('Agents');
    await welcome.getByText('No folder is open. Open the folder that agents should work in.').waitFor();
    await first.screenshots('no-folder');
    await press(first, 'noFolder', 'Open Folder', { asks: 'Open Folder' });
  });

  it('says that tinytown.toml is malformed, opens it at a click, and opens the town once that is mended', async () => {
    const workbench = await windowOn('malformed', 'name = "malformed"\nagent = [[[\n');
    const { welcome } = workbench.view('Agents');
    await welcome.getByText('tinytown.toml contains an error.').waitFor();
    await workbench.screenshots('malformed');
    await press(workbench, 'badConfig', 'Open tinytown.toml', { says: 'tinytown.toml, line 3' });
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
    await welcome.getByText('Agents and their messages are stored in Redis').waitFor();
    await workbench.screenshots('no-redis');
    await press(workbench, 'noRedis', 'Try Again', { says: 'There is no program at /nowhere/redis-server' });
    await press(workbench, 'noRedis', 'a Redis elsewhere', { opens: /^Settings/ });
    await press(workbench, 'noRedis', 'doctor', { opens: /Doctor/ });
    await first.changeSettings({ 'tinytown.redis.serverPath': '' });
    await welcome.getByText('No agents here yet.').waitFor();
  });

  it('says that there is no Codex, and what to do; the settings are a click away', async () => {
    const codex = town.settings['tinytown.codex.path'];
    await first.changeSettings({ 'tinytown.codex.path': '/nowhere/codex' });
    const workbench = await windowOn('no-codex', 'name = "no-codex"\n');
    const { welcome } = workbench.view('Agents');
    await welcome.getByText('Agents need Codex, but it was not found or can’t be used.').waitFor();
    await workbench.screenshots('no-codex');
    await press(workbench, 'noCodex', 'try again', { says: '/nowhere/codex' });
    await press(workbench, 'noCodex', 'doctor', { opens: /Doctor/ });
    await press(workbench, 'noCodex', 'Set the Path of Codex', {
      until: () => workbench.page.locator('.settings-editor').getByText('Path of the codex program').waitFor(),
    });
    await first.changeSettings({ 'tinytown.codex.path': codex });
    await welcome.getByText('No agents here yet.').waitFor();
  });

  it('says that a folder has no agents yet, and how it gets some', async () => {
    const workbench = await windowOn('no-town');
    await press(workbench, 'noTown', 'initialize the town', { asks: 'Initialize Town' });
    await press(workbench, 'noTown', 'New Agent', { asks: 'New Agent' });
  });

  it('says what to do in an empty town', async () => {
    redis = await startTestRedis();
    await first.changeSettings({ 'tinytown.redis.url': redis.url });
    const workbench = await windowOn('empty', 'name = "empty"\n');
    await press(workbench, 'ready', 'New Agent', { asks: 'New Agent' });
    const made = await MadeRecords.open(redis, 'empty');
    await made.agent('solo', 'paused');
    await made.close();
    await workbench.view('Agents').item('solo').waitFor();
    await workbench.view('Tasks').pane.locator('.pane-header').click();
    await press(workbench, 'tasks ready', 'Assign Task', { asks: 'Task for solo' });
    await workbench.screenshots('no-tasks');
  });

  it('says that Redis is away, and opens the town once it is back', async () => {
    await first.changeSettings({ 'tinytown.redis.url': NO_REDIS });
    const workbench = await windowOn('redis-away', 'name = "redis-away"\n');
    const { welcome } = workbench.view('Agents');
    await welcome.getByText('The town’s Redis can’t be used.').waitFor();
    await workbench.screenshots('redis-away');
    await press(workbench, 'redisAway', 'Try Again', { says: '127.0.0.1:1' });
    await press(workbench, 'redisAway', 'the settings', { opens: /^Settings/ });
    await press(workbench, 'redisAway', 'set a password', { asks: 'Redis Password' });
    await press(workbench, 'redisAway', 'run the doctor', { opens: /Doctor/ });
    await first.changeSettings({ 'tinytown.redis.url': '' });
    await welcome.getByText('No agents here yet.').waitFor();
  });

  it('asks whether it may use the Redis that the folder names', async () => {
    const workbench = await windowOn('asking', `name = "asking"\n[redis]\nurl = "${NO_REDIS}"\n`);
    await workbench.view('Agents').welcome.getByText('sets a Redis for the town').waitFor();
    await workbench.runCommand('Notifications: Clear All Notifications');
    await workbench.screenshots('redis-unconfirmed');
    await press(workbench, 'redisUnconfirmed', 'Decide', { dialog: 'Use the Redis in tinytown.toml?' });
  });

  it('says that the town could not be opened, and where to look', async () => {
    // Where the extension keeps what only the user may read, there is a link now.
    const folder = path.join(first.userData, 'User/globalStorage/tinytown.tinytown-vscode/access');
    await rename(folder, `${folder}-moved`);
    await symlink(`${folder}-moved`, folder);
    const workbench = await windowOn('linked', 'name = "linked"\n');
    await workbench.view('Agents').welcome.getByText('The town could not be opened.').waitFor();
    await workbench.screenshots('not-opened');
    await press(workbench, 'other', 'Try Again', { says: 'access cannot be used: it is a link or a file.' });
    await press(workbench, 'other', 'doctor', { opens: /Doctor/ });
    await press(workbench, 'other', 'log', { panel: 'Output' });
  });

  it('has no button that is not pressed here', async () => {
    const contributed = await readContributed();
    const all = contributed.viewsWelcome.flatMap(({ view, when, contents }) => {
      const state = /problem == (\w+)/.exec(when)?.[1] ?? /state == (\w+)/.exec(when)?.[1] ?? when;
      return linksOf(contributed.text(contents)).map(
        ({ label }) => `${view.replace('tinytown.', '')} ${state}: ${label}`,
      );
    });
    assert.deepEqual([...pressed].toSorted(), all.toSorted());
  });
});
