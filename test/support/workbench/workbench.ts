/** A window of a real VS Code as a user sees it: the extension is installed from its VSIX and driven by mouse and keyboard. */
import { glob, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Browser, Locator, Page } from 'playwright-core';
import { launchBrowser } from '../../../scripts/setup/browser.ts';
import { type Family, startFamily } from '../children.ts';
import { type EditorServer, startEditorServer } from '../editorServer.ts';
import { PATIENCE_MS, eventually } from '../eventually.ts';
import { shortTempDir } from '../shortTempDir.ts';
import { tempDir } from '../tempDir.ts';
import { installedExtension } from './installedExtension.ts';
import { QuickInput } from './quickInput.ts';
import { TreeView } from './treeView.ts';

export type Theme = 'light' | 'dark' | 'light-contrast' | 'dark-contrast';

export interface WorkbenchOptions {
  /** Folder or `.code-workspace` file to open. Without one the window is empty. */
  folder?: string;
  /** User settings, on top of those that keep the window quiet. */
  settings?: Record<string, unknown>;
  /** Folder of extensions. Without one, ours is the only extension. */
  extensionsDir?: string;
  /** Added to the environment of server and extension host. */
  env?: Record<string, string>;
  theme?: Theme;
  /** Ask whether the folder is trusted. By default every folder is trusted. */
  workspaceTrust?: boolean;
}

/** Shared by all windows of one server. */
interface Shared {
  server: EditorServer;
  browser: Browser;
  family: Family;
  settings: Record<string, unknown>;
  /** Holds settings and the extensions' storage. */
  userData: string;
  removeDirs(): Promise<void>;
  /** Extension hosts that already belong to a window. */
  hosts: Set<number>;
}

const quiet = {
  'chat.disableAIFeatures': true,
  'extensions.autoCheckUpdates': false,
  'git.openRepositoryInParentFolders': 'never',
  'remote.autoForwardPorts': false,
  'telemetry.telemetryLevel': 'off',
  'window.commandCenter': false,
  'workbench.editor.useModal': 'off',
  'workbench.enableExperiments': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
};

/** Writes the user's settings and the machine's, because a server takes machine-scoped settings only from the latter. */
async function writeSettings(userData: string, settings: Record<string, unknown>): Promise<void> {
  for (const owner of ['User', 'Machine']) {
    await mkdir(path.join(userData, owner), { recursive: true });
    await writeFile(path.join(userData, owner, 'settings.json'), JSON.stringify(settings, null, 2));
  }
}

/** Each theme's setting, and the window's class in it. */
const themes = {
  light: { setting: 'Light Modern', class: 'vs' },
  dark: { setting: 'Dark Modern', class: 'vs-dark' },
  'light-contrast': { setting: 'Default High Contrast Light', class: 'hc-light' },
  'dark-contrast': { setting: 'Default High Contrast', class: 'hc-black' },
} as const satisfies Record<Theme, unknown>;

export const allThemes: readonly Theme[] = ['light', 'dark', 'light-contrast', 'dark-contrast'];

const root = path.resolve(import.meta.dirname, '../../..');
const screenshots = path.join(root, '.cache/screenshots');
const readmePictures = path.join(root, 'media/readme');

export class Workbench {
  readonly page: Page;
  readonly quickInput: QuickInput;
  private readonly shared: Shared;
  private readonly folder: string | undefined;
  private hostPid = 0;

  private constructor(page: Page, shared: Shared, folder: string | undefined) {
    this.page = page;
    this.shared = shared;
    this.folder = folder;
    this.quickInput = new QuickInput(page);
  }

  /** Starts a server with its own user data and opens a window. {@link close} ends both. */
  static async open(options: WorkbenchOptions = {}): Promise<Workbench> {
    const { folder, theme = 'dark', workspaceTrust = false } = options;
    const dir = await tempDir('ui');
    const temp = await shortTempDir();
    const family = startFamily(dir.path);
    const userData = path.join(dir.path, 'user');
    const settings = { ...quiet, 'workbench.colorTheme': themes[theme].setting, ...options.settings };
    await writeSettings(userData, settings);
    // The developer's own Redis must not be used.
    const env = { ...process.env, REDIS_URL: '', ...temp.env, ...options.env, ...family.env };
    const extensionsDir = options.extensionsDir ?? (await installedExtension());
    const server = await startEditorServer({ userData, extensionsDir, workspaceTrust, env });
    const browser = await launchBrowser();
    const removeDirs = async (): Promise<void> => {
      await dir.remove();
      await temp.remove();
    };
    const hosts = new Set<number>();
    const shared = { server, browser, family, settings, userData, removeDirs, hosts };
    try {
      return await Workbench.openWindow(shared, folder);
    } catch (error) {
      // Nobody else can end the started processes, and they would keep the test from ending.
      await Workbench.end(shared);
      throw error;
    }
  }

  private static async openWindow(shared: Shared, folder: string | undefined): Promise<Workbench> {
    const page = await shared.browser.newPage({
      viewport: { width: 1280, height: 800 },
      baseURL: `http://${shared.server.authority}`,
    });
    page.setDefaultTimeout(PATIENCE_MS);
    const workbench = new Workbench(page, shared, folder);
    await page.goto(workbench.url);
    await workbench.ready();
    return workbench;
  }

  /** Another window of the same server, on `folder`: by default the same one, null for an empty window. */
  secondWindow({ folder = this.folder }: { folder?: string | null } = {}): Promise<Workbench> {
    return Workbench.openWindow(this.shared, folder ?? undefined);
  }

  /** The URL of this window's folder, for any browser on this machine. */
  get url(): string {
    return this.shared.server.windowUrl(this.folder);
  }

  /** The folder with settings, logs and the extensions' storage. */
  get userData(): string {
    return this.shared.userData;
  }

  /** All running processes that the server started, however deep: extension hosts, Redis, agents. */
  processes(): readonly { pid: number; command: string }[] {
    return this.shared.family.members();
  }

  /** Changes user settings while the window is open. They take effect a moment later. */
  async changeSettings(changes: Record<string, unknown>): Promise<void> {
    Object.assign(this.shared.settings, changes);
    await writeSettings(this.userData, this.shared.settings);
  }

  /** Opens our container in the sidebar. */
  async openSidebar(container = 'Tinytown'): Promise<void> {
    const tab = this.page.locator(
      `.activitybar .action-item[role="tab"]:has(> .action-label[aria-label^="${container}"])`,
    );
    const view = this.page.locator('.sidebar .pane-header').first();
    await tab.waitFor();
    await eventually(async () => {
      // A new window may open it on its own, just before our click, which then closes it.
      if ((await tab.getAttribute('aria-selected')) !== 'true') await tab.click();
      await view.waitFor({ timeout: 2_000 });
      return true;
    });
    // Moves away from the tab, whose tooltip would cover the view.
    await this.page.mouse.move(640, 400);
  }

  /** A view of the sidebar by its title. */
  view(title: string): TreeView {
    return new TreeView(this.page, title);
  }

  /** Runs a command of the palette by its full title with its category. */
  runCommand(title: string): Promise<void> {
    return this.quickInput.runCommand(title);
  }

  /** The visible notifications with this text. */
  notifications(text: string | RegExp = ''): Locator {
    return this.page.locator('.notifications-toasts .notification-list-item').filter({ hasText: text });
  }

  /** Presses a button of the notification with this text. */
  async answerNotification(text: string | RegExp, button: string): Promise<void> {
    await this.notifications(text).getByRole('button', { name: button, exact: true }).click();
  }

  /** The items of the status bar with this text. */
  statusBar(text: string | RegExp): Locator {
    return this.page.locator('.statusbar-item').filter({ hasText: text });
  }

  /** A dialog in the middle of the window. */
  dialog(): Locator {
    return this.page.locator('.monaco-dialog-box');
  }

  /** Reloads the window: a new extension host takes over. */
  async reload(): Promise<void> {
    await this.page.reload();
    await this.ready();
  }

  /** Kills this window's extension host, and nothing else. */
  killExtensionHost(): void {
    process.kill(this.hostPid, 'SIGKILL');
  }

  /** The process id of this window's extension host. */
  get extensionHost(): number {
    return this.hostPid;
  }

  /** Waits for the extension host that replaces a killed one. */
  async newExtensionHost(): Promise<void> {
    this.hostPid = await eventually(() => this.unknownHost(), { what: 'A new extension host' });
    this.shared.hosts.add(this.hostPid);
  }

  /**
   * Saves a picture of the window and resolves with its path. If TINYTOWN_PICTURES is set, a picture for the README goes to
   * media/readme.
   */
  async screenshot(
    name: string,
    { forReadme = false, of }: { forReadme?: boolean; of?: Locator } = {},
  ): Promise<string> {
    const dir = forReadme && process.env['TINYTOWN_PICTURES'] ? readmePictures : screenshots;
    await mkdir(dir, { recursive: true });
    const file = path.join(dir, `${name}.png`);
    await (of ?? this.page).screenshot({ path: file, animations: 'disabled' });
    return file;
  }

  /** Drags a row onto another one. */
  async drag(from: Locator, to: Locator): Promise<void> {
    const [start, end] = [await from.boundingBox(), await to.boundingBox()];
    if (!start || !end) throw new Error('A row that is dragged, or the one below it, is not in sight.');
    await this.page.mouse.move(start.x + 60, start.y + 11);
    await this.page.mouse.down();
    await this.page.mouse.move(end.x + 60, end.y + 11, { steps: 10 });
    await this.page.mouse.up();
  }

  /** Drags the sidebar's edge until it is this wide, in pixels. */
  async sidebarWidth(width: number): Promise<void> {
    const { mouse } = this.page;
    const box = await this.page.locator('.part.sidebar').boundingBox();
    if (!box) throw new Error('The sidebar is closed.');
    await mouse.move(box.x + box.width, 500);
    await mouse.down();
    await mouse.move(box.x + width, 500, { steps: 5 });
    await mouse.up();
  }

  /** Saves pictures of the window in several themes: `name-dark.png` and `name-light.png`. */
  async screenshots(name: string, inThemes: readonly Theme[] = ['light', 'dark']): Promise<void> {
    for (const theme of inThemes) {
      await this.setTheme(theme);
      await this.screenshot(`${name}-${theme}`);
    }
  }

  /** Resolves when the window has its colors. */
  async setTheme(theme: Theme): Promise<void> {
    await this.changeSettings({ 'workbench.colorTheme': themes[theme].setting });
    await this.page.locator(`.monaco-workbench.${themes[theme].class}`).waitFor();
  }

  /** The extension's log of all windows of this server, for a failing test to show. */
  async extensionLog(): Promise<string> {
    const texts: string[] = [];
    for await (const file of glob('**/*Tinytown*.log', { cwd: this.userData })) {
      texts.push(await readFile(path.join(this.userData, file), 'utf8'));
    }
    return texts.join('\n');
  }

  /** Closes this window only; resolves when its extension host has ended. */
  async closeWindow(): Promise<void> {
    // A page's last messages may be lost while it unloads. Its extension host would then wait for it to come back.
    await this.page.evaluate("dispatchEvent(new Event('pagehide'))");
    const { hostPid } = this;
    await eventually(() => this.processes().every(({ pid }) => pid !== hostPid), { what: 'The end of the window' });
    await this.page.close();
  }

  /** Ends everything: windows, server, and all processes that they started. */
  close(): Promise<void> {
    return Workbench.end(this.shared);
  }

  private static async end(shared: Shared): Promise<void> {
    await shared.browser.close();
    await shared.server.stop();
    await shared.family.end();
    await shared.removeDirs();
  }

  private async ready(): Promise<void> {
    await this.page.locator('.monaco-workbench .activitybar').waitFor();
    await this.newExtensionHost();
  }

  private unknownHost(): number | undefined {
    const hosts = this.processes().filter(({ command }) => command.includes('--type=extensionHost'));
    return hosts.find(({ pid }) => !this.shared.hosts.has(pid))?.pid;
  }
}
