/**
 * The port between an agent's loop and the program that does its work. It has two adapters: a persistent Codex session and a
 * process for each turn. No wire type crosses it: the loop sees only {@link RuntimeEvent}.
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
  /** Size of the model's context, if known. */
  contextWindow: number | null;
}

export interface RateLimitWindow {
  usedPercent: number;
  /** Length of the window in minutes, if known. */
  windowMinutes: number | null;
  /** Unix time in seconds. */
  resetsAt: number | null;
}

export type TurnOutcome =
  { status: 'completed' } | { status: 'interrupted' } | { status: 'failed'; message: string; trouble: TurnTrouble };

/** What a runtime reports to its loop. Every event of a turn has the turn's id. Deltas are only for live display. */
export type RuntimeEvent =
  | ({ type: 'sessionReady'; threadId: string | null; resumed: boolean; version: string | null } & RunsOn)
  /** The session runs on another model or effort from this turn on. */
  | ({ type: 'modelChanged' } & RunsOn)
  | { type: 'turnStarted'; turnId: string; /** This window did not start it. */ adopted: boolean }
  | { type: 'itemStarted'; turnId: string; item: TurnItem }
  | { type: 'itemDelta'; turnId: string; itemId: string; kind: 'text' | 'reasoning' | 'output'; delta: string }
  | { type: 'itemCompleted'; turnId: string; item: TurnItem }
  /** The agent's own history has the input that was sent with this client id, so it was delivered. */
  | { type: 'inputDelivered'; turnId: string; clientId: string }
  | { type: 'planUpdated'; turnId: string; steps: PlanStep[] }
  | { type: 'diffUpdated'; turnId: string; diff: string }
  | { type: 'tokensUpdated'; usage: TokenUsage }
  /** `limitId`: the account's limit that the windows belong to, if it is named. */
  | { type: 'rateLimitsUpdated'; limitId: string | null; windows: RateLimitWindow[] }
  /** The agent asks people for something and waits. Followed by one `requestWithdrawn`, at the latest before `exited`. */
  | { type: 'requestAsked'; request: AgentRequest }
  | { type: 'requestWithdrawn'; requestId: string; reason: WithdrawnReason }
  /** The runtime asked for something that people cannot answer, and was declined at once. */
  | { type: 'requestDeclined'; turnId: string | null; method: string; detail: string }
  | { type: 'turnCompleted'; turnId: string; outcome: TurnOutcome }
  /** Something went wrong that does not end the turn on its own. */
  | { type: 'runtimeError'; message: string; willRetry: boolean }
  /** The town's tools did not start. The session continues without them. */
  | { type: 'toolsFailed'; message: string }
  /** The process is gone. A running turn has ended without `turnCompleted`. Fires exactly once for each started runtime. */
  | { type: 'exited'; reason: ExitReason; code: number | null; signal: string | null; stderrTail: string };

/** `stopped`: we asked for it. `crashed`: it ended on its own. `unresponsive`: we ended it because it gave no answer. */
export type ExitReason = 'stopped' | 'crashed' | 'unresponsive';

/** The input of one round or steer. `clientId` comes back in `inputDelivered` and in the history. */
export interface TurnInput {
  text: string;
  clientId: string;
}

/** What a session says that it runs on. Null if it does not say. */
export interface RunsOn {
  model: string | null;
  reasoningEffort: string | null;
}

/** What turns should run on. */
export interface ModelChoice {
  /** Undefined: as configured. */
  model: string | undefined;
  reasoningEffort: string | undefined;
  /** There was another choice once. The thread may still have it, so the configured model must be named. */
  chosenBefore: boolean;
}

export type SteerResult =
  /** Accepted, but certain only after `inputDelivered`. */
  | { accepted: true }
  /** The turn is over, is another one, or cannot be steered. The caller must queue the text. */
  | { accepted: false; reason: 'noActiveTurn' | 'notSteerable' };

export type InterruptResult =
  /** `survivors`: its processes that could not be ended, one line each for people. Empty if all are proven to have ended. */
  | { stopped: true; survivors: string[] }
  /** No turn was running. */
  | { stopped: false; reason: 'noActiveTurn' };

/** What the agent's own history says about an input that was sent before a crash. */
export type InputFate =
  | { found: false; /** Whether the whole history was searched. */ complete: boolean }
  | {
      found: true;
      turnId: string;
      turn: 'completed' | 'interrupted' | 'failed' | 'running';
      /** Why the turn failed, if the history says so. */
      refusal?: { trouble: TurnTrouble; message: string };
    };

export type RuntimeErrorReason =
  /** The program is missing, not executable or too old. */
  | 'programUnusable'
  | 'startFailed'
  /** The stored thread cannot be resumed, because it does not exist (anymore). No other thread was started. */
  | 'threadLost'
  /** Another process still writes this thread. */
  | 'threadBusy'
  | 'unauthorized'
  | 'overloaded'
  | 'unresponsive'
  | 'notRunning'
  | 'turnActive'
  /** The request does not wait for an answer (anymore). */
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
   * Starts the program and resumes `threadId`, or opens a new thread if it is null.
   * Resolves with the thread's id; null for a runtime that has none.
   * @param instructions Permanent instructions for a new thread. A stored thread, or a copy of it, keeps its own.
   */
  start(threadId: string | null, instructions?: string): Promise<{ threadId: string | null }>;

  /**
   * Starts a turn. Resolves once it was accepted. Never called while a turn is active. A runtime that is replaced for each new
   * choice ignores `choice`.
   */
  startTurn(input: TurnInput, choice: ModelChoice): Promise<{ turnId: string }>;

  steer(input: TurnInput): Promise<SteerResult>;

  /**
   * Shortens a conversation that is too long for the model, in a turn of its own, and resolves with the result. Call only
   * between turns. `gone`: the process ended meanwhile.
   */
  compact(): Promise<'completed' | 'failed' | 'gone'>;

  /** Ends the running turn, by force if necessary. Resolves when it has ended (`turnCompleted` was fired). */
  interrupt(): Promise<InterruptResult>;

  /** Answers an open request. Rejects with `requestGone` or `badAnswer`. */
  answer(requestId: string, answer: RequestAnswer): Promise<void>;

  /** Looks up sent inputs in the stored history, newest turns first, bounded. Call only between `start` and the first turn. */
  findInputs(clientIds: readonly string[]): Promise<Map<string, InputFate>>;

  /** Ends the program, gently at first, then by force. Safe to call at any time. The object cannot be used after it. */
  stop(): Promise<void>;
}
