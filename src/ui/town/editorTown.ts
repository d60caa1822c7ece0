/** Connects the town's host to the editor: folders, trust, settings, `tinytown.toml`, and context keys for welcome texts. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import type { Check } from '../../loop/doctor/check.ts';
import type { TownSettings } from '../../loop/settings.ts';
import { Confirmations } from '../../loop/trust/confirmations.ts';
import type { TownSession } from '../../loop/townSession.ts';
import type { CodexService } from '../../runtime/codexService.ts';
import { TOWN_FILE, readTownFile, suggestTownName, writeTownConfig } from '../../town/config.ts';
import { TinytownError, describeError } from '../../util/errors.ts';
import type { EditorLog } from '../editorLog.ts';
import { ContextKey, SETTINGS_SECTION, SecretKey, Setting, View } from '../ids.ts';
import { reach } from '../milestones.ts';
import { inform } from '../notify.ts';
import { type Problem, problemOf } from '../problems.ts';
import { readSettings, reopeningSettings } from '../settings.ts';
import { memoryIn } from '../trust/trustCommands.ts';
import { townFolderOf } from './townFolder.ts';
import { TownHost } from './townHost.ts';

const { t } = vscode.l10n;

/** A change of these settings may repair agents in error. */
const repairingSettings: readonly string[] = [Setting.codexPath, Setting.codexEnv, Setting.agentClis];

const CHOSEN_FOLDER = 'townFolder';

export class EditorTown implements vscode.Disposable {
  readonly host: TownHost;
  private readonly context: vscode.ExtensionContext;
  private readonly log: EditorLog;
  /** One object for the session's whole life. The session reads current values from it, so changes are assigned into it. */
  private settings: TownSettings | undefined;
  /** The last known text of `tinytown.toml`. */
  private configText = '';
  private readonly confirmations = new Map<string, Confirmations>();
  private codexProblem: Problem | undefined;
  /** The extension's version. */
  readonly version: string;
  private readonly disposables: vscode.Disposable[] = [];

  constructor(context: vscode.ExtensionContext, log: EditorLog) {
    this.context = context;
    this.log = log;
    this.version = extensionVersion(context);
    this.host = new TownHost(
      {
        folder: () => this.townFolder(),
        trusted: () => vscode.workspace.isTrusted,
        hasTown,
        create: (folder, name) => writeTownConfig(folder, { name: name ?? suggestTownName(folder) }),
        open: (folder) => this.open(folder),
        onError: (what, error) => log.error(`Could not ${what}: ${describeError(error)}`),
      },
      t,
    );
    this.watch();
  }

  /** Starts looking for a town, without waiting. The agents view shows errors. */
  start(): void {
    void this.host.look();
  }

  /** Checks whether there is a Codex for new agents. If not, the welcome text says so. */
  async checkCodex(): Promise<void> {
    const session = this.host.ready;
    if (!session) return;
    const problem = await session.checkCodex().then(
      () => undefined,
      (error: unknown) => problemOf(error, t),
    );
    if (this.host.ready !== session) return;
    if (problem) this.log.warn(problem.message);
    else reach('codex');
    // This check does not see a sign-in. `onSignedIn` reports it.
    this.codexProblem = problem ?? (this.codexProblem?.kind === 'signedOut' ? this.codexProblem : undefined);
    this.show();
  }

  /**
   * Checks whether a new agent could work, before the person types anything and before anything is created.
   * @param first Also checks whether Codex is signed in. Later agents report that themselves.
   * @throws TinytownError `programUnusable`, `unauthorized`, `untrusted`
   */
  async checkNewAgent(cli: string | undefined, { first }: { first: boolean }): Promise<void> {
    const session = this.host.ready;
    if (session) {
      await session.checkCodex(cli);
      if (first) await this.showIfSignedOut(session.checkSignedIn());
      return;
    }
    const [{ chooseRuntime }, { DEFAULT_CLI, signedOut }] = await Promise.all([
      import('../../runtime/clis.ts'),
      import('../../loop/actions/newAgent.ts'),
    ]);
    const wanted = cli ?? readSettings(undefined).cli ?? DEFAULT_CLI;
    if (chooseRuntime({ cli: wanted, persistentWanted: true }).mode !== 'persistent') return;
    const { state } = await this.withCodex((codex) => codex.account());
    if (first && state === 'signedOut') await this.showIfSignedOut(Promise.reject(signedOut()));
  }

  /** If `check` finds that Codex is signed out, the welcome text says so. Other errors are only logged. */
  private async showIfSignedOut(check: Promise<void>): Promise<void> {
    try {
      await check;
    } catch (error) {
      const problem = problemOf(error, t);
      // Other errors are shown later, where an agent runs into them.
      if (problem.kind !== 'signedOut') return this.log.warn(problem.message);
      this.codexProblem = problem;
      this.show();
      throw error;
    }
  }

  /** Runs `job` with the open town's Codex service, or else with a temporary one. @throws TinytownError `untrusted` */
  async withCodex<T>(job: (codex: CodexService) => Promise<T>): Promise<T> {
    if (this.host.ready) return await job(this.host.ready.codex);
    if (!vscode.workspace.isTrusted) {
      throw new TinytownError(
        'untrusted',
        t('This folder isn’t trusted. Tinytown runs no programs until you trust it.'),
      );
    }
    const { loneCodex } = await import('../../loop/loneCodex.ts');
    const { globalStorageUri } = this.context;
    const settings = readSettings(undefined);
    const { version, log: logger } = this;
    const codex = loneCodex({ storageDir: globalStorageUri.fsPath, settings, version, logger });
    try {
      return await job(codex);
    } finally {
      await codex.close();
    }
  }

  /** The doctor's checks for this window, with or without a town. */
  async examine(): Promise<Check[]> {
    const { gatherFacts } = await import('../../loop/doctor/doctorFacts.ts');
    const { troubleOf } = await import('../../loop/doctor/examination.ts');
    const { checksOf } = await import('../../loop/doctor/doctorRules.ts');
    const session = this.host.ready;
    const { state } = this.host;
    const folder = await this.townFolder();
    const facts = await gatherFacts({
      trusted: vscode.workspace.isTrusted,
      folder,
      answer: (claim) => (folder === undefined ? 'open' : this.confirmationsOf(folder).answer(claim)),
      storageDir: this.context.globalStorageUri.fsPath,
      settings: readSettings(await this.context.secrets.get(SecretKey.redisPassword)),
      bundles: this.bundles,
      examine: session && (() => session.examine()),
      notOpen: state.kind === 'failed' ? troubleOf(state.error) : undefined,
      account: () => this.withCodex((codex) => codex.account()),
      logger: this.log,
    });
    return checksOf(facts);
  }

  /** Asks which of the window's folders is the town's, and opens that town. Remembers the choice for this workspace. */
  async chooseFolder(): Promise<string | undefined> {
    const current = await this.townFolder();
    const picks = localFolders().map(({ name, uri }) => ({
      label: name,
      description: uri.fsPath === current ? t('current') : '',
      folder: uri.fsPath,
    }));
    if (picks.length === 0)
      throw new TinytownError('noFolder', t('No folder is open. Open the folder that agents should work in.'));
    const title = t('The Town’s Folder');
    const placeHolder = t('Which folder should this window’s agents work in?');
    const picked = await vscode.window.showQuickPick(picks, { title, placeHolder });
    if (!picked) return undefined;
    await this.context.workspaceState.update(CHOSEN_FOLDER, picked.folder);
    await this.host.look();
    return picked.folder;
  }

  /** The user's answers about what a folder may do. */
  confirmationsOf(folder: string): Confirmations {
    const known = this.confirmations.get(folder) ?? new Confirmations(folder, memoryIn(this.context.globalState));
    this.confirmations.set(folder, known);
    return known;
  }

  private townFolder(): Promise<string | undefined> {
    const folders = localFolders().map(({ uri }) => uri.fsPath);
    // Nothing is read from an untrusted folder, not even its file names.
    const isTown = vscode.workspace.isTrusted ? hasTown : (): Promise<boolean> => Promise.resolve(false);
    return townFolderOf(folders, this.context.workspaceState.get<string>(CHOSEN_FOLDER), isTown);
  }

  dispose(): void {
    for (const disposable of this.disposables) disposable.dispose();
  }

  private async open(folder: string): Promise<TownSession> {
    // The code behind the screens is loaded only now, so windows without a town do not wait for it.
    const { openTownSession } = await import('../../loop/townSession.ts');
    const password = await this.context.secrets.get(SecretKey.redisPassword);
    if (password !== undefined) this.log.hide(password);
    this.settings = readSettings(password);
    this.configText = await textIn(folder);
    return openTownSession({
      folder,
      confirmations: this.confirmationsOf(folder),
      storageDir: this.context.globalStorageUri.fsPath,
      settings: this.settings,
      version: this.version,
      bundles: this.bundles,
      logger: this.log,
    });
  }

  private get bundles(): { mcp: string; tt: string } {
    const dist = path.join(this.context.extensionPath, 'dist');
    return { mcp: path.join(dist, 'mcp.cjs'), tt: path.join(dist, 'tt.cjs') };
  }

  private watch(): void {
    // A string pattern reuses the editor's own workspace watcher.
    const files = vscode.workspace.createFileSystemWatcher(`**/${TOWN_FILE}`);
    const lookAt = (uri: vscode.Uri): void => {
      const atRoot = vscode.workspace.workspaceFolders?.some(
        (folder) => path.dirname(uri.fsPath) === folder.uri.fsPath,
      );
      if (atRoot) void this.host.look();
    };
    this.disposables.push(
      files,
      files.onDidCreate(lookAt),
      files.onDidChange((uri) => (this.host.ready ? void this.configChanged(uri) : lookAt(uri))),
      vscode.workspace.onDidGrantWorkspaceTrust(() => void this.host.look()),
      vscode.workspace.onDidChangeWorkspaceFolders(() => void this.host.look()),
      vscode.workspace.onDidChangeConfiguration((event) => this.settingsChanged(event)),
      this.host.onDidChange(({ kind }) => {
        if (kind === 'ready' || kind === 'noTown') reach('folder');
        if (kind === 'ready') reach('redis');
        this.show();
      }),
      this.host.whileReady((session, store) => {
        this.codexProblem = undefined;
        store.add(
          session.codex.onSignedIn(() => {
            this.codexProblem = undefined;
            void this.checkCodex();
          }),
        );
        // Runs after the host's state is `ready`.
        queueMicrotask(() => void this.checkCodex());
      }),
    );
  }

  private async configChanged(uri: vscode.Uri): Promise<void> {
    const { state } = this.host;
    if (state.kind !== 'ready' || path.dirname(uri.fsPath) !== state.folder) return;
    const text = await textIn(state.folder);
    if (text === this.configText) return;
    this.configText = text;
    this.offerReopen(t('{0} changed.', TOWN_FILE));
  }

  private settingsChanged(event: vscode.ConfigurationChangeEvent): void {
    if (!event.affectsConfiguration(SETTINGS_SECTION)) return;
    if (!this.host.ready) {
      if (this.host.state.kind === 'failed') void this.host.look();
      return;
    }
    if (this.settings) Object.assign(this.settings, readSettings(this.settings.redisPassword));
    this.host.ready.settingsChanged();
    if (event.affectsConfiguration(`${SETTINGS_SECTION}.codex`)) void this.checkCodex();
    if (repairingSettings.some((id) => event.affectsConfiguration(`${SETTINGS_SECTION}.${id}`))) {
      this.host.ready.actions
        .retryFailed()
        .catch((error: unknown) => this.log.warn(`Could not retry failed agents: ${describeError(error)}`));
    }
    if (reopeningSettings.some((id) => event.affectsConfiguration(id))) {
      this.offerReopen(t('The Redis settings changed.'));
    }
  }

  /** Reopening interrupts running turns, which continue afterward, so the person chooses when. */
  private offerReopen(what: string): void {
    const yes = t('Reopen Town');
    void inform(`${what} ${t('Reopen the town to apply the change. Running turns continue.')}`, yes).then((answer) =>
      answer === yes ? this.host.reopen() : undefined,
    );
  }

  private show(): void {
    const { state } = this.host;
    const problem = state.kind === 'failed' ? state.problem.kind : (this.codexProblem?.kind ?? '');
    void vscode.commands.executeCommand('setContext', ContextKey.state, state.kind);
    void vscode.commands.executeCommand('setContext', ContextKey.problem, problem);
    if (state.kind === 'opening') {
      const over = new Promise<void>((resolve) => {
        const listener = this.host.onDidChange((next) => {
          if (next.kind === 'opening') return;
          listener.dispose();
          resolve();
        });
      });
      void vscode.window.withProgress({ location: { viewId: View.agents } }, () => over);
    }
  }
}

function extensionVersion(context: vscode.ExtensionContext): string {
  const manifest: { version?: unknown } = context.extension.packageJSON;
  return String(manifest.version);
}

/** The window's folders on this machine. */
function localFolders(): vscode.WorkspaceFolder[] {
  return (vscode.workspace.workspaceFolders ?? []).filter((folder) => folder.uri.scheme === 'file');
}

function hasTown(folder: string): Promise<boolean> {
  return isFile(path.join(folder, TOWN_FILE));
}

/** The text of the folder's `tinytown.toml`, or empty if it cannot be read. */
function textIn(folder: string): Promise<string> {
  return readTownFile(folder).catch(() => '');
}

async function isFile(file: string): Promise<boolean> {
  return stat(file).then(
    (found) => found.isFile(),
    () => false,
  );
}
