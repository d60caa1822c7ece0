/**
 * The port between an agent's loop and the program that does its work. Two adapters stand behind it: a persistent Codex
 * session and a process per turn. No wire type crosses it: beyond it there is only {@link RuntimeEvent}.
 */
import type { TurnTrouble } from '../codex/turnErrors.ts';
import type { Event } from '../util/event.ts';
import type { TurnItem } from './turnItem.ts';
import type { AgentRequest, RequestAnswer, WithdrawnReason } from './agentRequest.ts';

export type RuntimeMode = 'persistent' | 'one-shot';

export interface PlanStep {
  step: string;
  status: 'pending' | 'inProgress' | 'completed';
}

export interface TokenUsage {
  totalTokens: number;
  /** Tokens of the last model request: what the context holds now. */
  contextTokens: number;
  /** Size of the model's context, where it is known. */
  contextWindow: number | null;
}

export interface RateLimitWindow {
  usedPercent: number;
  /** Length of the window in minutes, where it is known. */
  windowMinutes: number | null;
  /** Unix time in seconds. */
  resetsAt: number | null;
}

export type TurnOutcome =
  { status: 'completed' } | { status: 'interrupted' } | { status: 'failed'; message: string; trouble: TurnTrouble };

/** What a runtime tells its loop. Every event of a turn carries the turn's id; deltas are live only, never the record. */
export type RuntimeEvent =
  | ({ type: 'sessionReady'; threadId: string | null; resumed: boolean; version: string | null } & RunsOn)
  /** The session runs on something else from this turn on. */
  | ({ type: 'modelChanged' } & RunsOn)
  | { type: 'turnStarted'; turnId: string; /** No one here asked for it. */ adopted: boolean }
  | { type: 'itemStarted'; turnId: string; item: TurnItem }
  | { type: 'itemDelta'; turnId: string; itemId: string; kind: 'text' | 'reasoning' | 'output'; delta: string }
  | { type: 'itemCompleted'; turnId: string; item: TurnItem }
  /** The agent's own history holds the input that was sent under this client id: it was delivered. */
  | { type: 'inputDelivered'; turnId: string; clientId: string }
  | { type: 'planUpdated'; turnId: string; steps: PlanStep[] }
  | { type: 'diffUpdated'; turnId: string; diff: string }
  | { type: 'tokensUpdated'; usage: TokenUsage }
  /** `limitId`: which of the account's limits the windows belong to, where that is said. */
  | { type: 'rateLimitsUpdated'; limitId: string | null; windows: RateLimitWindow[] }
  /** The agent asks people for something and waits. Followed by one `requestWithdrawn`, at the latest before `exited`. */
  | { type: 'requestAsked'; request: AgentRequest }
  | { type: 'requestWithdrawn'; requestId: string; reason: WithdrawnReason }
  /** The runtime asked for something that people cannot answer, and was refused on the spot. */
  | { type: 'requestDeclined'; turnId: string | null; method: string; detail: string }
  | { type: 'turnCompleted'; turnId: string; outcome: TurnOutcome }
  /** Something went wrong that does not end the turn by itself. */
  | { type: 'runtimeError'; message: string; willRetry: boolean }
  /** The tools of the town did not start: this session goes on without them. */
  | { type: 'toolsFailed'; message: string }
  /** The process is gone; a turn that ran has ended without a `turnCompleted`. Fired exactly once per started runtime. */
  | { type: 'exited'; reason: ExitReason; code: number | null; signal: string | null; stderrTail: string };

/** `stopped`: asked for by us. `crashed`: ended by itself. `unresponsive`: we ended it because it gave no answer. */
export type ExitReason = 'stopped' | 'crashed' | 'unresponsive';

/** What one round or steer carries. `clientId` comes back in `inputDelivered` and in the history. */
export interface TurnInput {
  text: string;
  clientId: string;
}

/** What a session runs on, as it says itself; null where it does not. */
export interface RunsOn {
  model: string | null;
  reasoningEffort: string | null;
}

/** What turns are to run on. */
export interface ModelChoice {
  /** Undefined: as is configured. */
  model: string | undefined;
  reasoningEffort: string | undefined;
  /** There was another choice once, which the thread may still hold: what is configured has to be named. */
  chosenBefore: boolean;
}

export type SteerResult =
  /** Accepted; believed only after `inputDelivered`. */
  | { accepted: true }
  /** The turn was over, is another one, or cannot be steered: the caller queues the text. */
  | { accepted: false; reason: 'noActiveTurn' | 'notSteerable' };

export type InterruptResult =
  /** `survivors`: what still runs of it and could not be ended, a line each for people; empty where all is proved to be over. */
  | { stopped: true; survivors: string[] }
  /** No turn was running. */
  | { stopped: false; reason: 'noActiveTurn' };

/** Where an input that was sent before a crash stands in the agent's own history. */
export type InputFate =
  | { found: false; /** The whole history was searched; otherwise the search was cut off. */ complete: boolean }
  | {
      found: true;
      turnId: string;
      turn: 'completed' | 'interrupted' | 'failed' | 'running';
      /** Why the turn failed, where the history says so. */
      refusal?: { trouble: TurnTrouble; message: string };
    };

export type RuntimeErrorReason =
  /** The program is missing, not executable or too old. */
  | 'programUnusable'
  | 'startFailed'
  /** The stored thread cannot be resumed: it is not known (any more). Nothing was started instead. */
  | 'threadLost'
  /** Another process still writes this thread. */
  | 'threadBusy'
  | 'unauthorized'
  | 'overloaded'
  | 'unresponsive'
  | 'notRunning'
  | 'turnActive'
  /** The request does not wait for an answer (any more). */
  | 'requestGone'
  /** The answer does not fit the request. */
  | 'badAnswer'
  | 'refused';

/**
 * One agent's runtime. `start` and `stop` may be called at any time and concurrently; calls share one promise.
 * Methods reject with a `TinytownError<RuntimeErrorReason>`. Events are fired synchronously, in order.
 */
export interface CodingAgent {
  readonly mode: RuntimeMode;
  readonly onEvent: Event<RuntimeEvent>;
  /** The process id while one lives. */
  readonly pid: number | undefined;

  /**
   * Starts the program and resumes `threadId`, or opens a new thread where it is null.
   * Resolves with the thread's id; null for a runtime that has none.
   * @param instructions What a new thread is told for good. A stored thread keeps what it was told, and so does a copy of it.
   */
  start(threadId: string | null, instructions?: string): Promise<{ threadId: string | null }>;

  /**
   * Starts a turn; resolves once it was accepted. Never called while a turn is active. A runtime that is made anew for
   * another choice looks at none.
   */
  startTurn(input: TurnInput, choice: ModelChoice): Promise<{ turnId: string }>;

  steer(input: TurnInput): Promise<SteerResult>;

  /**
   * Makes a conversation shorter that is too long for the model, in a turn of its own; says how that ended. Only between
   * turns. `gone`: the process ended meanwhile.
   */
  compact(): Promise<'completed' | 'failed' | 'gone'>;

  /** Ends the running turn; resolves when it has ended (`turnCompleted` was fired), by force if need be. */
  interrupt(): Promise<InterruptResult>;

  /** Answers a request that waits; rejects with `requestGone` or `badAnswer`. */
  answer(requestId: string, answer: RequestAnswer): Promise<void>;

  /** Looks sent inputs up in the stored history, newest turns first, bounded. Only between `start` and the first turn. */
  findInputs(clientIds: readonly string[]): Promise<Map<string, InputFate>>;

  /** Ends the program, gently, then surely. Safe to call at any time; afterwards the object is done with. */
  stop(): Promise<void>;
}
