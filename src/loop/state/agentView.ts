/**
 * What a window knows about an agent beyond its record: the running turn as it happens, and the session behind it. A plain
 * value and a pure reducer over runtime events. The code that draws it decides how often.
 */
import type { AgentRequest, WithdrawnReason } from '../../runtime/agentRequest.ts';
import type {
  PlanStep,
  RateLimitWindow,
  RunsOn,
  RuntimeEvent,
  RuntimeMode,
  TokenUsage,
  TurnOutcome,
} from '../../runtime/codingAgent.ts';
import { type TurnItem, endedItem } from '../../runtime/turnItem.ts';
import type { Home } from '../../town/records/home.ts';
import type { UsedUp } from '../agent/accountHold.ts';
import type { AgentProgram } from '../agent/loopParts.ts';
import type { Retry } from '../agent/restartPolicy.ts';
import type { PermissionMode } from '../trust/permissionModes.ts';
import { TinytownError, whatIsWrong } from '../../util/errors.ts';
import { type Said, type Sentence, followedBy, say } from '../../util/sentence.ts';
import { endOf as endOfText } from '../../util/text.ts';

export interface SteerView {
  clientId: string;
  text: string;
  state: 'sent' | 'delivered';
}

export interface TurnView {
  id: string;
  /** Unix milliseconds. */
  startedAt: number;
  endedAt: number | undefined;
  outcome: TurnOutcome | undefined;
  items: readonly TurnItem[];
  plan: readonly PlanStep[];
  diff: string;
  steers: readonly SteerView[];
}

/** A request that no longer needs an answer, although nobody gave one. `reloaded`: its window or process was replaced. */
export interface WithdrawnRequest {
  request: AgentRequest;
  reason: Exclude<WithdrawnReason, 'answered'> | 'reloaded';
  /** Unix milliseconds. */
  at: number;
}

/** The home of an agent that lives elsewhere, and how it differs from this window's. */
export interface Away {
  because: 'machine' | 'folder' | 'codexHome';
  home: Home;
  /** Its conversation would continue here, because the Codex home is the same. */
  keepsConversation: boolean;
}

export interface AgentView {
  /** Who runs it: this window, another one, a `tt agent-loop`, or nobody at the moment. */
  owner: 'here' | 'elsewhere' | 'external' | 'none';
  /** Where it lives, if this window must not run it. */
  away: Away | undefined;
  /** How long an external agent's loop has given no sign of life, in milliseconds. Undefined while it may be alive. */
  silentMs: number | undefined;
  mode: RuntimeMode;
  /** Why it is not the mode that was asked for. */
  modeReason: Sentence | undefined;
  turn: TurnView | undefined;
  /** The newest last; at most {@link PAST_TURNS}. */
  pastTurns: readonly TurnView[];
  tokens: TokenUsage | undefined;
  rateLimits: readonly RateLimitWindow[];
  /** When they were reported, in Unix milliseconds; 0 for never. */
  rateLimitsAt: number;
  /** The running turn has said nothing for {@link STALLED_AFTER_MS}. */
  stalled: boolean;
  /** What went wrong last, until something succeeds again. */
  lastError: Said | undefined;
  /** Why its running session lacks the town's tools. */
  toolsError: string | undefined;
  model: string | undefined;
  reasoningEffort: string | undefined;
  version: string | undefined;
  pid: number | undefined;
  /** It starts no turn, because Codex has refused one: nobody is signed in. */
  waitsForSignIn: boolean;
  /** The limit of the account that it waits for; undefined if it waits for none. */
  usedUp: UsedUp | undefined;
  /** One of its rounds failed, and it waits to retry it. */
  retry: Retry | undefined;
  /** It has work, but as many agents run as may run. */
  waitsForRoom: boolean;
  /** The program that its turns would run, if the user has not confirmed it. Until then, it starts none. */
  program: AgentProgram | undefined;
  /** The user's choice of permissions. Undefined if settings decide. */
  permissions: PermissionMode | undefined;
  /** How many runtime requests were declined in this turn because people cannot answer them. */
  declined: number;
  /** Its open requests to people, oldest first; also for an agent that another window runs. */
  requests: readonly AgentRequest[];
  /** The newest last; at most {@link WITHDRAWN}. */
  withdrawn: readonly WithdrawnRequest[];
}

export const PAST_TURNS = 10;
export const WITHDRAWN = 10;
export const STALLED_AFTER_MS = 120_000;

/** How much of one item's text is kept, in characters: at least this much of the end. */
const ITEM_TEXT = 100_000;

export function emptyView(mode: RuntimeMode): AgentView {
  return {
    owner: 'none',
    away: undefined,
    silentMs: undefined,
    mode,
    modeReason: undefined,
    turn: undefined,
    pastTurns: [],
    tokens: undefined,
    rateLimits: [],
    rateLimitsAt: 0,
    stalled: false,
    lastError: undefined,
    toolsError: undefined,
    model: undefined,
    reasoningEffort: undefined,
    version: undefined,
    pid: undefined,
    waitsForSignIn: false,
    usedUp: undefined,
    retry: undefined,
    waitsForRoom: false,
    program: undefined,
    permissions: undefined,
    declined: 0,
    requests: [],
    withdrawn: [],
  };
}

/** The view after an event. The same object if nothing changes. */
export function reduceView(view: AgentView, event: RuntimeEvent, now: number): AgentView {
  switch (event.type) {
    case 'sessionReady':
      return {
        ...view,
        ...runsOn(event),
        version: event.version ?? undefined,
        lastError: undefined,
        toolsError: undefined,
      };
    case 'modelChanged':
      return { ...view, ...runsOn(event) };
    case 'turnStarted':
      return view.turn?.id === event.turnId
        ? view
        : { ...endTurn(view, undefined, now), turn: newTurn(event.turnId, now), declined: 0, stalled: false };
    case 'itemStarted':
      return inTurn(view, event.turnId, (turn) => ({ ...turn, items: withItem(turn.items, event.item) }));
    case 'itemCompleted':
      return inAnyTurn(view, event.turnId, (turn) => ({ ...turn, items: withItem(turn.items, event.item) }));
    case 'itemDelta':
      return inTurn(view, event.turnId, (turn) => ({
        ...turn,
        items: turn.items.map((item) => (item.id === event.itemId ? grown(item, event.delta) : item)),
      }));
    case 'inputDelivered':
      return inTurn(view, event.turnId, (turn) => ({
        ...turn,
        steers: turn.steers.map((steer) =>
          steer.clientId === event.clientId ? { ...steer, state: 'delivered' } : steer,
        ),
      }));
    case 'planUpdated':
      return inTurn(view, event.turnId, (turn) => ({ ...turn, plan: event.steps }));
    case 'diffUpdated':
      return inTurn(view, event.turnId, (turn) => ({ ...turn, diff: event.diff }));
    case 'tokensUpdated':
      return { ...view, tokens: event.usage };
    case 'rateLimitsUpdated':
      return { ...view, rateLimits: event.windows, rateLimitsAt: now };
    case 'requestAsked':
      return { ...view, stalled: false, requests: [...view.requests, event.request] };
    case 'requestWithdrawn':
      return withoutRequest(view, event.requestId, event.reason, now);
    case 'requestDeclined':
      return { ...view, declined: view.declined + 1 };
    case 'turnCompleted': {
      const { outcome } = event;
      const lastError = outcome.status === 'failed' ? outcome.message : view.lastError;
      return {
        ...endTurn(view, outcome, now),
        lastError: outcome.status === 'completed' ? view.toolsError : lastError,
      };
    }
    case 'toolsFailed':
      return { ...view, lastError: event.message, toolsError: event.message };
    case 'runtimeError':
      return { ...view, lastError: event.message };
    case 'exited': {
      const ended = endTurn(view, view.turn && { status: 'interrupted' }, now);
      return event.reason === 'stopped'
        ? { ...ended, pid: undefined }
        : { ...ended, pid: undefined, lastError: exitText(event) };
    }
  }
}

function runsOn({ model, reasoningEffort }: RunsOn): Pick<AgentView, 'model' | 'reasoningEffort'> {
  return { model: model ?? undefined, reasoningEffort: reasoningEffort ?? undefined };
}

/** Whether a running turn has been silent for too long. One that waits for a person is silent for a reason. */
export function isStalled(view: AgentView, lastEventAt: number, now: number): boolean {
  return view.turn !== undefined && view.requests.length === 0 && now - lastEventAt >= STALLED_AFTER_MS;
}

/** Says in one sentence how a runtime's process ended. */
function exitText({ reason, signal, code, stderrTail }: Extract<RuntimeEvent, { type: 'exited' }>): Sentence {
  const how = signal
    ? say('The agent’s process was ended by signal {0}.', signal)
    : say('The agent’s process ended with exit code {0}.', code ?? '?');
  const what = reason === 'unresponsive' ? say('The agent’s process did not respond and was ended.') : how;
  const tail = stderrTail.trim().split('\n').at(-1) ?? '';
  return tail === '' ? what : followedBy(what, tail);
}

/** The view with a steer that the running turn has just taken. Its echo may have come before its confirmation. */
export function withSteer(view: AgentView, steer: Omit<SteerView, 'state'>): AgentView {
  const { turn } = view;
  if (!turn) return view;
  const isThere = turn.items.some((item) => item.kind === 'userMessage' && item.clientId === steer.clientId);
  const state = isThere ? 'delivered' : 'sent';
  return { ...view, turn: { ...turn, steers: [...turn.steers, { ...steer, state }] } };
}

/** The view with an earlier window's or process's requests, which nobody can answer anymore. */
export function withLeftBehind(view: AgentView, requests: readonly AgentRequest[], now: number): AgentView {
  return { ...view, withdrawn: withdrawnSince(view, requests, 'reloaded', now) };
}

/** Errors that keep an agent from working but are not in its record. */
const shownOnAgents: ReadonlySet<string> = new Set(['turnCutOff', 'folderGone', 'storageRefuses']);

/** The view after a problem that is not a runtime event. */
export function withProblem(view: AgentView, error: unknown): AgentView {
  return error instanceof TinytownError && shownOnAgents.has(error.reason)
    ? { ...view, lastError: whatIsWrong(error) }
    : view;
}

function withoutRequest(view: AgentView, requestId: string, reason: WithdrawnReason, now: number): AgentView {
  const gone = view.requests.filter(({ id }) => id === requestId);
  if (gone.length === 0) return view;
  const requests = view.requests.filter(({ id }) => id !== requestId);
  return reason === 'answered'
    ? { ...view, requests }
    : { ...view, requests, withdrawn: withdrawnSince(view, gone, reason, now) };
}

function withdrawnSince(
  view: AgentView,
  requests: readonly AgentRequest[],
  reason: WithdrawnRequest['reason'],
  at: number,
): WithdrawnRequest[] {
  return [...view.withdrawn, ...requests.map((request) => ({ request, reason, at }))].slice(-WITHDRAWN);
}

function newTurn(id: string, now: number): TurnView {
  return {
    id,
    startedAt: now,
    endedAt: undefined,
    outcome: undefined,
    items: [],
    plan: [],
    diff: '',
    steers: [],
  };
}

function endTurn(view: AgentView, outcome: TurnOutcome | undefined, now: number): AgentView {
  if (!view.turn) return view;
  const items = view.turn.items.map(endedItem);
  const ended = { ...view.turn, items, endedAt: now, outcome };
  return {
    ...view,
    turn: undefined,
    stalled: false,
    pastTurns: [...view.pastTurns, ended].slice(-PAST_TURNS),
  };
}

function inTurn(view: AgentView, turnId: string, change: (turn: TurnView) => TurnView): AgentView {
  if (view.turn?.id !== turnId) return view;
  return { ...view, stalled: false, turn: change(view.turn) };
}

/** Like {@link inTurn}, but also for a turn that is over: its items may end after it. */
function inAnyTurn(view: AgentView, turnId: string, change: (turn: TurnView) => TurnView): AgentView {
  const place = view.pastTurns.findIndex(({ id }) => id === turnId);
  const past = view.pastTurns[place];
  return past ? { ...view, pastTurns: view.pastTurns.with(place, change(past)) } : inTurn(view, turnId, change);
}

function withItem(items: readonly TurnItem[], item: TurnItem): TurnItem[] {
  const index = items.findIndex(({ id }) => id === item.id);
  return index < 0 ? [...items, item] : items.with(index, item);
}

function grown(item: TurnItem, delta: string): TurnItem {
  switch (item.kind) {
    case 'agentMessage':
    case 'reasoning':
      return { ...item, text: endOf(item.text + delta) };
    case 'command':
      return { ...item, output: endOf(item.output + delta) };
    default:
      return item;
  }
}

/** Cuts only when the text has doubled. Cutting copies all of it, which is too slow for each delta of a flood. */
function endOf(text: string): string {
  return text.length <= 2 * ITEM_TEXT ? text : endOfText(text, ITEM_TEXT);
}
