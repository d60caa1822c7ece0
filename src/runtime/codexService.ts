/**
 * The window's own Codex, for questions that are not about one agent. One app-server serves all questions. It starts with the
 * first one, and ends when nobody has asked for a while.
 */
import { launchAppServer } from '../codex/appServer.ts';
import type { CodexConnection } from '../codex/connection.ts';
import { CodexError, badConfig } from '../codex/errors.ts';
import { login } from '../codex/login.ts';
import { type HeardNotification, decodeNotification, loginStart, logout } from '../codex/methods.ts';
import { type WorkspaceExtras, workspaceExtras } from '../codex/permissions.ts';
import { declineAll } from '../codex/serverRequests.ts';
import { readThreadPage } from '../codex/threadHistory.ts';
import { describeError } from '../util/errors.ts';
import { Emitter } from '../util/event.ts';
import type { Logger } from '../util/logger.ts';
import type { ProcessRegistry } from '../process/processRegistry.ts';
import { type AccountState, type SignInKind, type SignInPlace, readAccount } from './account.ts';
import { type ModelInfo, readModels } from './models.ts';
import type { CodexProgram } from './runtimes.ts';
import { type HistoryPage, toStoredTurn } from './storedTurn.ts';

export interface CodexServiceOptions {
  /** Called at each start, because the settings may change. */
  program(): Promise<CodexProgram>;
  cwd: string;
  /** The extension's version. */
  clientVersion: string;
  logger: Logger;
  registry: ProcessRegistry;
  limits?: Partial<CodexServiceLimits>;
}

/** In milliseconds. */
export interface CodexServiceLimits {
  startMs: number;
  /** How long one answer may take. */
  answerMs: number;
  /** How long it stays after its last use. */
  idleMs: number;
  /** How long a person may take to sign in. */
  signInMs: number;
}

const defaultLimits: CodexServiceLimits = { startMs: 30_000, answerMs: 30_000, idleMs: 60_000, signInMs: 900_000 };

/** How long a process that gave no answer has to end on its own, in milliseconds. */
const discardGraceMs = 300;

export class CodexService {
  private readonly options: CodexServiceOptions;
  private readonly limits: CodexServiceLimits;
  private readonly closing = new AbortController();
  /** Each start, until its process has ended. */
  private readonly lives = new Set<Promise<CodexConnection>>();
  private current: Promise<CodexConnection> | undefined;
  private readonly heard: Emitter<HeardNotification>;
  private readonly signIns = new Emitter<void>();
  /** Somebody has signed in, or says that the account works. Processes that started earlier do not know that. */
  readonly onSignedIn = this.signIns.event;
  /** The part of its configuration that the running process could not read: the file, the line, and what is wrong. */
  private unreadConfig: string | undefined;
  private users = 0;
  private generation = 0;
  private idle: NodeJS.Timeout | undefined;

  constructor(options: CodexServiceOptions) {
    this.options = options;
    this.limits = { ...defaultLimits, ...options.limits };
    this.heard = new Emitter((error) => options.logger.error(`A listener failed: ${describeError(error)}`));
  }

  /** @throws CodexError `badConfig`: without its configuration, Codex does not know which account to use */
  account(): Promise<AccountState> {
    return this.use(async (connection) => {
      const account = await readAccount(connection, this.limits.answerMs);
      if (this.unreadConfig !== undefined) throw badConfig(this.unreadConfig);
      return account;
    });
  }

  /** What the user's own configuration of Codex adds to the sandbox `workspace-write`. */
  workspaceExtras(): Promise<WorkspaceExtras> {
    return this.use((connection) => workspaceExtras(connection, this.limits.answerMs));
  }

  /** The models that Codex lists. The user's own provider may have others. */
  models(): Promise<ModelInfo[]> {
    return this.use((connection) => readModels(connection, this.limits.answerMs));
  }

  /**
   * A page of a thread's stored turns: those before `cursor`, by default the newest. Whoever runs the thread is not affected.
   * @throws CodexError `threadLost` if there is no such thread
   */
  history(threadId: string, { cursor, limit }: { cursor: string | null; limit: number }): Promise<HistoryPage> {
    return this.use(async (connection) => {
      const { turns, next } = await readThreadPage(connection, threadId, { cursor, limit }, this.limits.answerMs);
      return { turns: turns.map(toStoredTurn), next };
    });
  }

  /**
   * Signs in on a page that is passed to `show`, with a process that lives as long as that takes. Codex stores the result.
   * Resolves with true when signed in, and with false when `signal` gave up.
   * @throws CodexError `signInFailed`
   */
  async signIn(kind: SignInKind, show: (place: SignInPlace) => void, signal: AbortSignal): Promise<boolean> {
    const type = kind === 'browser' ? 'chatgpt' : 'chatgptDeviceCode';
    const options = { heard: this.heard.event, show, signal, limits: this.limits };
    const signedIn = await this.use((connection) => login(connection, type, options));
    if (signedIn) this.signIns.fire();
    return signedIn;
  }

  /** Gives an API key to Codex, which stores it. Only the next turn shows whether the key works. */
  async signInWithKey(apiKey: string): Promise<void> {
    await this.use((connection) => connection.request(loginStart, { type: 'apiKey', apiKey }, this.limits.answerMs));
    this.signIns.fire();
  }

  /** Call to try an account again that was refused. */
  stillSignedIn(): void {
    this.signIns.fire();
  }

  /** Makes Codex forget the account, on this whole machine. */
  async signOut(): Promise<void> {
    await this.use((connection) => connection.request(logout, undefined, this.limits.answerMs));
  }

  /** Ends the process. Open questions are rejected. Resolves when it is gone. */
  async close(): Promise<void> {
    clearTimeout(this.idle);
    this.closing.abort(new CodexError('notRunning', 'The town was closed.'));
    await Promise.all([...this.lives].map((life) => end(life)));
  }

  /**
   * Runs `job` with the app-server, starting one if none runs, and keeps it running at least until `job` is over.
   * `job` must bound its waits. An app-server that does not answer is ended.
   * @throws TinytownError `programUnusable` or CodexError, besides what `job` throws
   */
  private async use<T>(job: (connection: CodexConnection) => Promise<T>): Promise<T> {
    this.closing.signal.throwIfAborted();
    clearTimeout(this.idle);
    this.users += 1;
    const life = this.running();
    try {
      return await job(await life);
    } catch (error) {
      // With a broken configuration, it would run without one, even after the file is corrected.
      if (error instanceof CodexError && (error.reason === 'unresponsive' || error.reason === 'badConfig'))
        await this.endNow(life);
      throw error;
    } finally {
      this.users -= 1;
      this.endWhenIdle();
    }
  }

  private running(): Promise<CodexConnection> {
    if (this.current) return this.current;
    const life = this.launch();
    this.current = life;
    this.lives.add(life);
    const forget = (): void => {
      this.lives.delete(life);
      if (this.current === life) this.current = undefined;
    };
    void life.then(({ closed }) => closed).then(forget, forget);
    return life;
  }

  private async launch(): Promise<CodexConnection> {
    this.generation += 1;
    this.unreadConfig = undefined;
    const { cwd, clientVersion, logger, registry } = this.options;
    const { path, env } = await this.options.program();
    const { connection } = await launchAppServer({
      codexPath: path,
      cwd,
      env,
      clientVersion,
      logger,
      registry,
      generation: this.generation,
      handlers: declineAll,
      startLimitMs: this.limits.startMs,
      signal: this.closing.signal,
      onNotification: (method, params) => {
        const notification = decodeNotification(method, params);
        // A warning without a path is only advice.
        if (notification?.method === 'configWarning' && notification.params.path) {
          const { path: file, details } = notification.params;
          this.unreadConfig = details ?? file;
        }
        if (notification) this.heard.fire(notification);
      },
    });
    return connection;
  }

  private endWhenIdle(): void {
    if (this.users > 0 || !this.current || this.closing.signal.aborted) return;
    const { current } = this;
    this.idle = setTimeout(() => void this.endNow(current), this.limits.idleMs);
  }

  private async endNow(life: Promise<CodexConnection>): Promise<void> {
    if (this.current === life) this.current = undefined;
    await end(life, discardGraceMs);
  }
}

async function end(life: Promise<CodexConnection>, graceMs?: number): Promise<void> {
  const connection = await life.catch(() => undefined);
  await connection?.close(graceMs);
}
