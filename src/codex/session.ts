/**
 * One thread on one app-server, and the state of its turns, kept from what the server announces and not from what it
 * replies: a reply can come late, never, or name a turn that does not start.
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
  /** `adopted`: nobody here asked for it. */
  { phase: 'idle' } | { phase: 'starting' } | { phase: 'active'; turnId: string; adopted: boolean };

export interface SessionInput {
  text: string;
  /** Comes back on the `userMessage` item and stands in the history. */
  clientId: string;
}

/** For this turn and those after it. */
export type TurnOverrides = Pick<TurnStartParams, 'model' | 'effort'>;

export interface SessionLimits {
  /** How long a reply may take, and the start of the turn after it, in milliseconds. */
  startMs: number;
  steerMs: number;
  /** How long a turn may take to end after it was interrupted. */
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
  /** Of file changes that were begun, in any thread, by item: approvals name the item only. */
  private readonly changes = new Map<string, ChangedFiles>();
  private state: TurnState = { phase: 'idle' };
  private thread: string | undefined;
  private over = false;

  /** @param requests What waits for a person on this connection: the session withdraws what is over. */
  constructor(connection: CodexConnection, requests: PendingRequests, limits: SessionLimits, logger: Logger) {
    this.connection = connection;
    this.requests = requests;
    this.limits = limits;
    this.logger = logger;
    this.interruptCleanup = new InterruptCleanup(connection, this.others, limits.steerMs, logger);
    this.emitter = new Emitter((error) => logger.error(`A listener of the session failed: ${String(error)}`));
    void connection.closed.then(() => this.end());
  }

  /** What the server announces of this thread, after the state was brought up to date. */
  get onNotification(): Emitter<HeardNotification>['event'] {
    return this.emitter.event;
  }

  get turn(): TurnState {
    return this.state;
  }

  /** @throws CodexError `notRunning` before a thread was opened. */
  get threadId(): string {
    if (this.thread === undefined) throw new CodexError('notRunning', 'No thread is open.');
    return this.thread;
  }

  /** What the file change of an item is about to change, while it is under way. */
  changesOf(itemId: string): ChangedFiles {
    return this.changes.get(itemId) ?? [];
  }

  /** What the agent of another thread was told to do; null for our own thread. */
  subAgentOf(threadId: string): string | null {
    return threadId === this.thread ? null : this.others.nameOf(threadId);
  }

  /** Opens a new thread in the folder of the app-server. It is not stored before its first turn. */
  async startThread(options: NewThreadOptions): Promise<OpenedThread> {
    return this.opened(await startThread(this.connection, options, this.limits.startMs));
  }

  /** @throws CodexError `threadLost`, `threadBusy` */
  async resumeThread(threadId: string, options: ThreadOptions): Promise<OpenedThread> {
    const how = { limitMs: this.limits.startMs, logger: this.logger };
    return this.opened(await resumeThread(this.connection, threadId, options, how));
  }

  /**
   * Starts a turn; resolves with its id once it has really started.
   * @throws CodexError `turnActive`, as the server would quietly steer the running turn; `unresponsive`
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
      throw new CodexError('unresponsive', 'Codex took the turn but did not start it.', { cause: error });
    }
    if (started === undefined) throw new CodexError('notRunning', 'Codex ended before the turn started.');
    return started;
  }

  /**
   * Makes the model's context shorter, in a turn of its own; resolves with how that ended.
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
   * @throws CodexError `turnGone` where none runs, `notSteerable`, `unresponsive`
   */
  async steer(input: SessionInput): Promise<void> {
    const turnId = await this.runningTurn();
    if (turnId === undefined) throw new CodexError('turnGone', 'No turn is running.');
    try {
      await this.steerTurn(turnId, input);
    } catch (error) {
      if (!(error instanceof CodexError) || error.reason !== 'turnGone') throw error;
      // Lost the race against the end of the turn; if the next one has begun meanwhile, that is the running one now.
      const next = await this.runningTurn();
      if (next === undefined || next === turnId) throw error;
      await this.steerTurn(next, input);
    }
  }

  /**
   * Ends the running turn, the turns of agents that it has started, and the commands of both; resolves when that is so, or
   * the server gone, with what may still run, a line each. Undefined where no turn was running.
   * @throws CodexError `unresponsive` when the turn does not end in time
   */
  async interrupt(): Promise<string[] | undefined> {
    const turnId = await this.runningTurn();
    if (turnId === undefined) return undefined;
    const ended = this.until(() => !this.isActive(turnId));
    // Not awaited: the reply may never come, while the turn ends.
    this.askToInterrupt(turnId).catch((error: unknown) => this.logger.warn(`turn/interrupt: ${String(error)}`));
    try {
      await within(ended, this.limits.interruptMs, 'turn/interrupt');
    } catch (error) {
      throw new CodexError('unresponsive', 'The turn did not end when it was interrupted.', { cause: error });
    }
    return this.over ? [] : await this.interruptCleanup.end(this.threadId);
  }

  /** To be called with every notification of the connection, in order. */
  receive(method: string, params: unknown): void {
    const heard = decodeNotification(method, params);
    if (!heard) {
      this.logger.trace(`← ${method} (passed over)`);
      return;
    }
    if (heard.method === 'serverRequest/resolved') {
      this.requests.resolved(heard.params.requestId);
      return;
    }
    if (heard.method === 'mcpServer/startupStatus/updated') {
      // It can come before the reply that tells the thread's id.
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

  /** Asked too early, the server knows of no turn yet: asked again while we know better. */
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

  /** The turn that runs, or is about to; undefined where there is none. */
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

  /** Resolves when `condition` holds after a change of state, or the server is gone. */
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
