/**
 * One thread on one app-server, and the state of its turns. The state follows the server's notifications, not its replies. A
 * reply can come late, never, or name a turn that does not start.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { Backoff } from '../util/backoff.ts';
import { TimeoutError, within } from '../util/boundedWait.ts';
import { DisposableStore } from '../util/disposable.ts';
import { Emitter } from '../util/event.ts';
import type { Logger } from '../util/logger.ts';
import { InterruptCleanup } from './interruptCleanup.ts';
import type { CodexConnection } from './connection.ts';
import { CodexError } from './errors.ts';
import {
  decodeNotification,
  type HeardNotification,
  threadCompact,
  turnInterrupt,
  turnStart,
  turnSteer,
} from './methods.ts';
import {
  type NewThreadOptions,
  type OpenedThread,
  type ThreadOptions,
  resumeThread,
  startThread,
} from './openThread.ts';
import { OtherThreads } from './otherThreads.ts';
import type { PendingRequests } from './pendingRequests.ts';
import type { TurnStartParams } from './protocol/v2/TurnStartParams';
import type { WireItem } from './wire.ts';

export type TurnState =
  /** `adopted`: the turn started without a request from here. */
  { phase: 'idle' } | { phase: 'starting' } | { phase: 'active'; turnId: string; adopted: boolean };

export interface SessionInput {
  text: string;
  /** Comes back on the `userMessage` item and in the history. */
  clientId: string;
}

/** For this turn and all later ones. */
export type TurnOverrides = Pick<TurnStartParams, 'model' | 'effort'>;

export interface SessionLimits {
  /** How long a reply may take, and then the start of the turn, in milliseconds. */
  startMs: number;
  steerMs: number;
  /** How long a turn may take to end after an interrupt, in milliseconds. */
  interruptMs: number;
}

/** How long the model may take to compact a conversation, in milliseconds. */
const COMPACT_MS = 600_000;

type ChangedFiles = Extract<WireItem, { type: 'fileChange' }>['changes'];

export class CodexSession {
  private readonly connection: CodexConnection;
  private readonly limits: SessionLimits;
  private readonly logger: Logger;
  private readonly emitter: Emitter<HeardNotification>;
  private readonly stateChanged = new Emitter<void>();
  private readonly requests: PendingRequests;
  private readonly others = new OtherThreads();
  private readonly interruptCleanup: InterruptCleanup;
  /** Changes of unfinished file-change items, in any thread, by item id. An approval names only the item. */
  private readonly changes = new Map<string, ChangedFiles>();
  private state: TurnState = { phase: 'idle' };
  private thread: string | undefined;
  private over = false;

  /** @param requests The requests on this connection that wait for a person. The session withdraws those of finished turns. */
  constructor(connection: CodexConnection, requests: PendingRequests, limits: SessionLimits, logger: Logger) {
    this.connection = connection;
    this.requests = requests;
    this.limits = limits;
    this.logger = logger;
    this.interruptCleanup = new InterruptCleanup(connection, this.others, limits.steerMs, logger);
    this.emitter = new Emitter((error) => logger.error(`A listener of the session failed: ${String(error)}`));
    void connection.closed.then(() => this.end());
  }

  /** The server's notifications about this thread. The state is up to date when they fire. */
  get onNotification(): Emitter<HeardNotification>['event'] {
    return this.emitter.event;
  }

  get turn(): TurnState {
    return this.state;
  }

  /** @throws CodexError `notRunning` if no thread is open. */
  get threadId(): string {
    if (this.thread === undefined) throw new CodexError('notRunning', 'No thread is open.');
    return this.thread;
  }

  /** The changes that a file-change item is about to make, while it is in progress. */
  changesOf(itemId: string): ChangedFiles {
    return this.changes.get(itemId) ?? [];
  }

  /** The prompt of another thread's sub-agent; null for our own thread. */
  subAgentOf(threadId: string): string | null {
    return threadId === this.thread ? null : this.others.nameOf(threadId);
  }

  /** Opens a new thread in the app-server's working folder. It is not stored before its first turn. */
  async startThread(options: NewThreadOptions): Promise<OpenedThread> {
    return this.opened(await startThread(this.connection, options, this.limits.startMs));
  }

  /** @throws CodexError `threadLost`, `threadBusy` */
  async resumeThread(threadId: string, options: ThreadOptions): Promise<OpenedThread> {
    const how = { limitMs: this.limits.startMs, logger: this.logger };
    return this.opened(await resumeThread(this.connection, threadId, options, how));
  }

  /**
   * Starts a turn. Resolves with its id once it has really started.
   * @throws CodexError `turnActive`, because the server would silently steer the running turn; `unresponsive`
   */
  async startTurn(input: SessionInput, overrides: TurnOverrides = {}): Promise<string> {
    const { threadId } = this;
    if (this.state.phase !== 'idle') throw new CodexError('turnActive', 'A turn is running.');
    let started: string | undefined;
    this.state = { phase: 'starting' };
    const begun = this.until(() => {
      if (this.state.phase === 'active') started = this.state.turnId;
      return this.state.phase !== 'starting';
    });
    try {
      const params = { threadId, ...inputParams(input), ...overrides };
      await this.connection.request(turnStart, params, this.limits.startMs);
      await within(begun, this.limits.startMs, 'turn/started');
    } catch (error) {
      if (this.state.phase === 'starting') this.enter({ phase: 'idle' });
      if (!(error instanceof TimeoutError)) throw error;
      throw new CodexError('unresponsive', 'Codex accepted the turn but did not start it.', { cause: error });
    }
    if (started === undefined) throw new CodexError('notRunning', 'Codex ended before the turn started.');
    return started;
  }

  /**
   * Compacts the model's context in a turn of its own. Resolves with how that turn ended.
   * @throws CodexError `turnActive`, `unresponsive`, `refused`
   */
  async compact(): Promise<'completed' | 'failed' | 'gone'> {
    const { threadId } = this;
    if (this.state.phase !== 'idle') throw new CodexError('turnActive', 'A turn is running.');
    const store = new DisposableStore();
    const end = new Promise<string>((resolve) => {
      store.add(
        this.onNotification((heard) => {
          if (heard.method === 'turn/completed') resolve(heard.params.turn.status);
        }),
      );
      void this.connection.closed.then(() => resolve('gone'));
    });
    try {
      await this.connection.request(threadCompact, { threadId }, this.limits.startMs);
      const status = await within(end, COMPACT_MS, 'thread/compact/start');
      return status === 'completed' || status === 'gone' ? status : 'failed';
    } catch (error) {
      if (!(error instanceof TimeoutError)) throw error;
      throw new CodexError('unresponsive', 'The conversation was not compacted in time.', { cause: error });
    } finally {
      store.dispose();
    }
  }

  /**
   * Puts a message into the running turn.
   * @throws CodexError `turnGone` if none runs, `notSteerable`, `unresponsive`
   */
  async steer(input: SessionInput): Promise<void> {
    const turnId = await this.runningTurn();
    if (turnId === undefined) throw new CodexError('turnGone', 'No turn is running.');
    try {
      await this.steerTurn(turnId, input);
    } catch (error) {
      if (!(error instanceof CodexError) || error.reason !== 'turnGone') throw error;
      // The turn ended first. If the next one has already started, steer that one.
      const next = await this.runningTurn();
      if (next === undefined || next === turnId) throw error;
      await this.steerTurn(next, input);
    }
  }

  /**
   * Ends the running turn, the turns of sub-agents that it started, and the commands of both. Resolves with what may still run,
   * a line each; empty if the server is gone. Undefined if no turn was running.
   * @throws CodexError `unresponsive` if the turn does not end in time
   */
  async interrupt(): Promise<string[] | undefined> {
    const turnId = await this.runningTurn();
    if (turnId === undefined) return undefined;
    const ended = this.until(() => !this.isActive(turnId));
    // Not awaited, because the turn may end without a reply ever coming.
    this.askToInterrupt(turnId).catch((error: unknown) => this.logger.warn(`turn/interrupt: ${String(error)}`));
    try {
      await within(ended, this.limits.interruptMs, 'turn/interrupt');
    } catch (error) {
      throw new CodexError('unresponsive', 'The turn did not end when it was interrupted.', { cause: error });
    }
    return this.over ? [] : await this.interruptCleanup.end(this.threadId);
  }

  /** Must be called with every notification of the connection, in order. */
  receive(method: string, params: unknown): void {
    const heard = decodeNotification(method, params);
    if (!heard) {
      this.logger.trace(`← ${method} (ignored)`);
      return;
    }
    if (heard.method === 'serverRequest/resolved') {
      this.requests.resolved(heard.params.requestId);
      return;
    }
    if (heard.method === 'mcpServer/startupStatus/updated') {
      // This can come before the reply with the thread's id.
      this.emitter.fire(heard);
      return;
    }
    if (heard.method === 'turn/completed') this.requests.turnOver(heard.params.threadId, heard.params.turn.id);
    this.followChanges(heard);
    if ('threadId' in heard.params && heard.params.threadId !== this.thread) {
      this.others.receive(heard);
      return;
    }
    this.others.learn(heard);
    if (heard.method === 'turn/completed' && !this.isActive(heard.params.turn.id)) {
      this.receive('turn/started', params);
    }
    if (heard.method === 'turn/started') {
      const adopted = this.state.phase !== 'starting';
      this.enter({ phase: 'active', turnId: heard.params.turn.id, adopted });
    } else if (heard.method === 'turn/completed') {
      this.enter({ phase: 'idle' });
    }
    this.emitter.fire(heard);
  }

  private opened(thread: OpenedThread): OpenedThread {
    this.thread = thread.threadId;
    return thread;
  }

  private followChanges({ method, params }: HeardNotification): void {
    if (method === 'item/started' && params.item.type === 'fileChange') {
      this.changes.set(params.item.id, params.item.changes);
    } else if (method === 'item/completed') {
      this.changes.delete(params.item.id);
    }
  }

  private async steerTurn(expectedTurnId: string, input: SessionInput): Promise<void> {
    const params = { threadId: this.threadId, expectedTurnId, ...inputParams(input) };
    await this.connection.request(turnSteer, params, this.limits.steerMs);
  }

  /** The server may not know the turn yet. Then the request is repeated while the turn is active. */
  private async askToInterrupt(turnId: string): Promise<void> {
    const backoff = new Backoff({ firstMs: 50, maxMs: 1_000, attempts: 8 });
    while (this.isActive(turnId)) {
      try {
        await this.connection.request(turnInterrupt, { threadId: this.threadId, turnId }, this.limits.interruptMs);
        return;
      } catch (error) {
        const wait = error instanceof CodexError && error.reason === 'turnGone' ? backoff.next() : undefined;
        if (wait === undefined) throw error;
        await pause(wait);
      }
    }
  }

  /** The id of the running turn, or of the one that is about to start. Undefined if there is none. */
  private async runningTurn(): Promise<string | undefined> {
    if (this.state.phase === 'starting') {
      await within(
        this.until(() => this.state.phase !== 'starting'),
        this.limits.startMs,
        'turn/started',
      ).catch(() => undefined);
    }
    return this.state.phase === 'active' ? this.state.turnId : undefined;
  }

  private isActive(turnId: string): boolean {
    return this.state.phase === 'active' && this.state.turnId === turnId;
  }

  private end(): void {
    this.over = true;
    this.stateChanged.fire();
  }

  private enter(state: TurnState): void {
    this.state = state;
    this.stateChanged.fire();
  }

  /** Resolves once a change of state fulfills `condition`, or the server is gone. */
  private until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      if (this.over) {
        resolve();
        return;
      }
      const listening = this.stateChanged.event(() => {
        if (!condition() && !this.over) return;
        listening.dispose();
        resolve();
      });
    });
  }
}

function inputParams({ text, clientId }: SessionInput) {
  return { input: [{ type: 'text' as const, text, text_elements: [] }], clientUserMessageId: clientId };
}
