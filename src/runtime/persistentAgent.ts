/**
 * An agent with a session: one app-server process that is kept between turns. Starts the process, resumes its thread, and turns
 * its notifications into runtime events. A process that gives no answer is ended, never asked again.
 */
import { type LaunchOptions, launchAppServer } from '../codex/appServer.ts';
import type { CodexConnection } from '../codex/connection.ts';
import { CodexError } from '../codex/errors.ts';
import { searchHistory } from '../codex/history.ts';
import { askPeople } from '../codex/askPeople.ts';
import { permissionProfile, realFolders, workspaceExtras } from '../codex/permissions.ts';
import type { IncomingRequest } from '../codex/serverRequests.ts';
import { type ThreadOptions, configuredInstructions } from '../codex/openThread.ts';
import { ServerStarts } from '../codex/serverStarts.ts';
import { CodexSession, type SessionLimits } from '../codex/session.ts';
import type { TransportEnd } from '../codex/transport.ts';
import { describeError } from '../util/errors.ts';
import { Emitter, type Event } from '../util/event.ts';
import type { Logger } from '../util/logger.ts';
import type { ProcessRegistry } from '../process/processRegistry.ts';
import { descendantsOf } from '../process/processTable.ts';
import type { RequestAnswer } from './agentRequest.ts';
import { Asking, requestGone } from './asking.ts';
import type {
  CodingAgent,
  ExitReason,
  InputFate,
  InterruptResult,
  ModelChoice,
  RuntimeEvent,
  SteerResult,
  TurnInput,
} from './codingAgent.ts';
import { escapedFrom } from './escaped.ts';
import { toRuntimeEvents } from './events.ts';
import { toInputFates } from './inputFate.ts';
import { ThreadModel } from './threadModel.ts';

export type ApprovalPolicy = 'untrusted' | 'on-request' | 'never';
export type SandboxMode = 'read-only' | 'workspace-write' | 'danger-full-access';

export interface PersistentAgentOptions {
  codexPath: string;
  cwd: string;
  /** The whole environment of the process. */
  env: Readonly<Record<string, string | undefined>>;
  /** Undefined: as in Codex's own configuration. */
  model?: string | undefined;
  reasoningEffort?: string | undefined;
  approvalPolicy: ApprovalPolicy;
  sandbox: SandboxMode;
  /** Folders that its commands must neither read nor write, nor connect to sockets in. */
  deniedFolders: readonly string[];
  /** Codex configuration for this thread alone, e.g. `{ mcp_servers: … }`. */
  threadConfig?: ThreadOptions['config'];
  /** The extension's version. */
  clientVersion: string;
  logger: Logger;
  registry: ProcessRegistry;
  limits?: Partial<SessionLimits>;
}

const defaultLimits: SessionLimits = { startMs: 30_000, steerMs: 10_000, interruptMs: 10_000 };

/** Lets the agent ask people during its work (`request_user_input`), not only in its planning mode. */
const mayAsk = { 'features.default_mode_request_user_input': true };

const asMade: ModelChoice = { model: undefined, reasoningEffort: undefined, chosenBefore: false };

/** How long a thread's MCP servers may take before it is used without waiting for them, in milliseconds. */
const SERVERS_MS = 3_000;

/** How long a process that gave no answer has to end on its own, in milliseconds. */
const discardGraceMs = 300;

/** One process and what belongs to it. Late events of a dead process thus never reach its successor. */
interface Life {
  connection: CodexConnection;
  session: CodexSession;
  /** The MCP servers that its thread was given. */
  servers: ServerStarts;
  /** Set once its thread is open. */
  model: ThreadModel | undefined;
  asking: Asking;
  /** Why it ends, when we end it. */
  ending: Exclude<ExitReason, 'crashed'> | undefined;
  /** Events reach the loop, and an exit is reported, from `sessionReady` on. */
  ready: boolean;
  /** Somebody waits for the turn to end: if the process ends instead, the turn counts as interrupted. */
  interrupting: boolean;
}

export class PersistentAgent implements CodingAgent {
  readonly mode = 'persistent';
  readonly onEvent: Event<RuntimeEvent>;
  private readonly options: PersistentAgentOptions;
  private readonly limits: SessionLimits;
  private readonly emitter: Emitter<RuntimeEvent>;
  private readonly stopSignal = new AbortController();
  private life: Life | undefined;
  private generation = 0;
  private starting: Promise<{ threadId: string }> | undefined;
  private stopping: Promise<void> | undefined;

  constructor(options: PersistentAgentOptions) {
    this.options = options;
    this.limits = { ...defaultLimits, ...options.limits };
    this.emitter = new Emitter((error) => options.logger.error(`A listener failed: ${describeError(error)}`));
    this.onEvent = this.emitter.event;
  }

  get pid(): number | undefined {
    return this.life?.connection.pid;
  }

  start(threadId: string | null, instructions?: string): Promise<{ threadId: string }> {
    if (this.stopping) return Promise.reject(new CodexError('notRunning', 'The agent was stopped.'));
    this.starting ??= this.startOnce(threadId, instructions).catch((error: unknown) => {
      this.starting = undefined;
      throw error;
    });
    return this.starting;
  }

  async startTurn(input: TurnInput, choice: ModelChoice = asMade): Promise<{ turnId: string }> {
    const life = this.running();
    const overrides = life.model ? await this.orDiscard(life, life.model.overrides(choice)) : {};
    const turnId = await this.orDiscard(life, life.session.startTurn(input, overrides));
    if (life.model?.took(overrides)) this.emitter.fire({ type: 'modelChanged', ...life.model.current });
    return { turnId };
  }

  async steer(input: TurnInput): Promise<SteerResult> {
    const life = this.running();
    try {
      await this.orDiscard(life, life.session.steer(input));
      return { accepted: true };
    } catch (error) {
      if (error instanceof CodexError && error.reason === 'turnGone')
        return { accepted: false, reason: 'noActiveTurn' };
      if (error instanceof CodexError && error.reason === 'notSteerable')
        return { accepted: false, reason: error.reason };
      throw error;
    }
  }

  async compact(): Promise<'completed' | 'failed' | 'gone'> {
    const life = this.running();
    try {
      return await this.orDiscard(life, life.session.compact());
    } catch (error) {
      this.options.logger.warn(`The conversation was not compacted: ${describeError(error)}`);
      return this.life === life ? 'failed' : 'gone';
    }
  }

  async interrupt(): Promise<InterruptResult> {
    const life = this.life;
    if (!life) return { stopped: false, reason: 'noActiveTurn' };
    life.interrupting = true;
    const { pid } = life.connection;
    const before = pid === undefined ? [] : await descendantsOf(pid);
    try {
      const left = await life.session.interrupt();
      if (!left) return { stopped: false, reason: 'noActiveTurn' };
      return this.stopped([...left, ...(await escapedFrom(before, pid))]);
    } catch (error) {
      this.options.logger.warn(`${describeError(error)} Ending the process.`);
      await this.discard(life);
      return this.stopped(await escapedFrom(before, undefined));
    } finally {
      life.interrupting = false;
    }
  }

  async answer(requestId: string, answer: RequestAnswer): Promise<void> {
    if (!this.life) throw requestGone();
    this.life.asking.answer(requestId, answer);
  }

  async findInputs(clientIds: readonly string[]): Promise<Map<string, InputFate>> {
    const life = this.running();
    const { connection, session } = life;
    const search = searchHistory(connection, session.threadId, clientIds, this.limits.startMs);
    return toInputFates(clientIds, await this.orDiscard(life, search));
  }

  stop(): Promise<void> {
    this.stopping ??= this.stopOnce();
    return this.stopping;
  }

  private async startOnce(threadId: string | null, instructions = ''): Promise<{ threadId: string }> {
    const life = await this.launch();
    try {
      this.stopSignal.signal.throwIfAborted();
      const options = await this.threadOptions(life.connection);
      const { session } = life;
      const { cwd } = this.options;
      const runsOn =
        threadId === null
          ? await session.startThread({ ...options, developerInstructions: await this.instructed(life, instructions) })
          : await session.resumeThread(threadId, { ...options, cwd });
      life.model = new ThreadModel(life.connection, runsOn, cwd, this.limits.startMs);
      const failures = await Promise.race([life.servers.failures(SERVERS_MS), life.connection.closed.then(() => [])]);
      // It has ended without an `exited` event, because it was not ready yet.
      if (this.life !== life) throw new CodexError('notRunning', 'Codex ended while its tools started.');
      this.stopSignal.signal.throwIfAborted();
      life.ready = true;
      const { version } = life;
      const resumed = threadId !== null;
      this.emitter.fire({ type: 'sessionReady', ...runsOn, resumed, version });
      for (const message of failures) this.emitter.fire({ type: 'toolsFailed', message });
      return { threadId: session.threadId };
    } catch (error) {
      await life.connection.close(discardGraceMs);
      throw error;
    }
  }

  private async launch(): Promise<Life & { version: string | null }> {
    this.generation += 1;
    const { options, generation } = this;
    // Before the thread is open, only notifications that belong to no thread arrive.
    let life: Life | undefined;
    const asking = new Asking((event) => this.emitter.fire(event));
    const launch: LaunchOptions = {
      ...options,
      generation,
      handlers: askPeople(asking.pending, (request) => this.reportDeclined(life, request)),
      startLimitMs: this.limits.startMs,
      signal: this.stopSignal.signal,
      onNotification: (method, params) => life?.session.receive(method, params),
    };
    const { connection, version } = await launchAppServer(launch);
    const session = new CodexSession(connection, asking.pending, this.limits, options.logger);
    const start = { model: undefined, ending: undefined, ready: false, interrupting: false };
    const servers = new ServerStarts(Object.keys(options.threadConfig?.['mcp_servers'] ?? {}));
    const born: Life & { version: string | null } = { connection, session, asking, servers, version, ...start };
    life = born;
    this.life = born;
    asking.follow(session);
    session.onNotification((heard) => {
      if (heard.method === 'mcpServer/startupStatus/updated') {
        const message = servers.receive(heard.params);
        if (message !== undefined && born.ready) this.emitter.fire({ type: 'toolsFailed', message });
        return;
      }
      if (!born.ready) return;
      const { turn } = session;
      const adopted = turn.phase === 'active' && turn.adopted;
      for (const event of toRuntimeEvents(heard, adopted)) this.emitter.fire(event);
    });
    void connection.closed.then((end) => this.buried(born, end));
    return born;
  }

  private reportDeclined(life: Life | undefined, { method, turnId, detail }: IncomingRequest): void {
    this.options.logger.info(`Declined ${method}: ${detail}`);
    if (life?.ready) this.emitter.fire({ type: 'requestDeclined', turnId, method, detail });
  }

  private stopped(survivors: string[]): InterruptResult {
    if (survivors.length > 0) {
      const message = `Interrupted, but still running: ${survivors.join('; ')}.`;
      this.emitter.fire({ type: 'runtimeError', message, willRetry: false });
    }
    return { stopped: true, survivors };
  }

  private buried(life: Life, { code, signal, stderrTail }: TransportEnd): void {
    if (this.life === life) {
      this.life = undefined;
      this.starting = undefined;
    }
    life.asking.pending.dispose();
    if (!life.ready) return;
    const { turn } = life.session;
    if (life.interrupting && turn.phase === 'active') {
      this.emitter.fire({ type: 'turnCompleted', turnId: turn.turnId, outcome: { status: 'interrupted' } });
    }
    this.emitter.fire({ type: 'exited', reason: life.ending ?? 'crashed', code, signal, stderrTail });
  }

  private async stopOnce(): Promise<void> {
    this.stopSignal.abort(new CodexError('notRunning', 'The agent was stopped while it started.'));
    if (this.life) {
      this.life.ending ??= 'stopped';
      await this.life.connection.close();
    }
    await this.starting?.catch(() => undefined);
  }

  private running(): Life {
    if (!this.life?.ready) throw new CodexError('notRunning', 'The agent is not running.');
    return this.life;
  }

  /** Waits for an answer of the process, and ends the process if none comes. Its history then shows what it did. */
  private async orDiscard<T>(life: Life, answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      if (error instanceof CodexError && error.reason === 'unresponsive') await this.discard(life);
      throw error;
    }
  }

  private async discard(life: Life): Promise<void> {
    life.ending ??= 'unresponsive';
    await life.connection.close(discardGraceMs);
  }

  /** The user's own instructions and ours. Codex would use ours in place of the user's. */
  private async instructed({ connection }: Life, instructions: string): Promise<string> {
    const own = await configuredInstructions(connection, this.options.cwd, this.limits.startMs);
    return own === undefined ? instructions : `${own}\n\n${instructions}`;
  }

  private async threadOptions(connection: CodexConnection): Promise<Omit<ThreadOptions, 'cwd'>> {
    const { model, reasoningEffort, approvalPolicy, sandbox, deniedFolders, threadConfig } = this.options;
    const effort = reasoningEffort ? { model_reasoning_effort: reasoningEffort } : {};
    const extras = await workspaceExtras(connection, this.limits.startMs);
    const profile = permissionProfile(sandbox, await realFolders(deniedFolders), extras);
    return {
      approvalPolicy,
      ...(profile ? { permissions: profile.name } : { sandbox }),
      model: model ?? null,
      config: {
        ...threadConfig,
        ...effort,
        ...mayAsk,
        ...(profile && { permissions: { [profile.name]: profile.config } }),
      },
    };
  }
}
