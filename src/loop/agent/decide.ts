/**
 * The rules of an agent's loop as one pure function: facts about an agent go in, the next action comes out.
 * Every rule about rounds, steering, pausing, draining and going cold is here and in its table test.
 */
import type { RuntimeMode } from '../../runtime/codingAgent.ts';
import type { WaitingMessage } from '../../town/stores/delivery.ts';
import { classify, isActionable } from '../../town/records/messageClass.ts';
import { byCreation, type Message } from '../../town/records/messages.ts';
import type { AgentState } from '../../town/records/records.ts';

export interface LoopFacts {
  /** From the agent's record. Other writers change it to ask for a pause, a drain or a stop. */
  state: AgentState;
  /** `tt:{town}:stop:{id}` is set. */
  stopRequested: boolean;
  /** `none` if no runtime is up. A one-shot runtime is up as soon as it is created. */
  runtime: RuntimeMode | 'none';
  wantedMode: RuntimeMode;
  /** The runtime was started with a sign-in, permissions or a model that have changed since. */
  outdated: boolean;
  turn: 'none' | 'running' | 'ending';
  /** The running turn has not refused a steer yet. */
  steerable: boolean;
  /** All waiting messages, in the order in which to handle them ({@link inOrder}). */
  waiting: readonly WaitingMessage[];
  /** Ids of messages that were left waiting when the agent was closed. They do not wake it. */
  leftWaiting: ReadonlySet<string>;
  /** An earlier owner or process left batches in flight: a runtime must come up to settle them. */
  unfinished: boolean;
  backlog: BacklogFacts;
  /** Its turns would be refused: nobody is signed in, or the account's limit is used up. */
  held: boolean;
  /** The user has not confirmed the program that its turns would run. */
  unconfirmed: boolean;
  /** The agent has a place among those that may run at the same time, or one is free. */
  room: boolean;
  /** Another agent waits for its place. */
  roomWanted: boolean;
  /** Unix milliseconds before which no round may start (backoff after a failure); 0 for none. */
  notBefore: number;
  now: number;
  /** When the agent last did something, in Unix milliseconds. */
  idleSince: number;
  /** 0 = never. */
  idleTimeoutMs: number;
  rounds: number;
  /** 0 = no limit. */
  maxRounds: number;
}

/** What is known of the backlog, for one agent. Times are in milliseconds, points in time in Unix milliseconds. */
export interface BacklogFacts {
  /** The user lets agents pick up tasks on their own. */
  allowed: boolean;
  /** Some tasks match the agent's role, and exactly these were not shown to it before. */
  isNew: boolean;
  changedAt: number;
  /** How long the backlog must stay unchanged before it is offered. */
  quietMs: number;
  /** No offer before this time, because another agent was just offered the backlog. */
  notBefore: number;
}

export type LoopAction =
  /** Nothing to do until something changes, or until `until` (Unix milliseconds). */
  | { do: 'wait'; until?: number }
  /** There is work but no room for another process: wait until there is. */
  | { do: 'waitForRoom' }
  /** Bring the runtime up, resuming the agent's thread. */
  | { do: 'start' }
  /** These need no turn: answered, counted or obeyed, then gone from the list. */
  | { do: 'settleQuietly'; messages: readonly WaitingMessage[] }
  | { do: 'round'; messages: readonly WaitingMessage[] }
  | { do: 'offerBacklog'; messages: readonly WaitingMessage[] }
  | { do: 'steer'; messages: readonly WaitingMessage[] }
  /** End the running turn; what it carried goes back to the front of its lists. */
  | { do: 'endTurnForPause' }
  /** End the running turn; what it carried is held. */
  | { do: 'endTurnForStop' }
  /** Take the runtime down, because another one is wanted. The thread is kept. */
  | { do: 'replaceRuntime' }
  /** End the process; the agent becomes `state`. */
  | { do: 'coolDown'; state: 'cold' | 'paused' }
  | { do: 'finishDrain' }
  | { do: 'finishStop' }
  | { do: 'stopAtMaxRounds' };

/**
 * Urgent messages first, by creation time; then the inbox's high-priority messages (at the left of the list, newest first) by
 * creation time; then the rest in list order.
 */
export function inOrder(urgent: readonly WaitingMessage[], inbox: readonly WaitingMessage[]): WaitingMessage[] {
  const high = inbox.filter(goesByTime);
  const rest = inbox.filter((waiting) => !goesByTime(waiting));
  return [...byTime(urgent), ...byTime(high), ...rest];
}

/** Whether a message is ordered by its creation time, not by its place in the list. */
export function goesByTime({ message, list }: WaitingMessage): boolean {
  return list === 'urgent' || message.priority === 'high' || message.priority === 'urgent';
}

function byTime(messages: readonly WaitingMessage[]): WaitingMessage[] {
  return messages.toSorted((a, b) => byCreation(a.message, b.message));
}

/** What to do next. Doing it changes the facts; ask again until the answer is to wait. */
export function decide(facts: LoopFacts): LoopAction {
  if (facts.turn === 'ending') return { do: 'wait' };
  if (facts.state === 'stopped' || (facts.stopRequested && facts.state !== 'draining')) {
    if (facts.turn === 'running') return { do: 'endTurnForStop' };
    return facts.runtime === 'none' && !facts.stopRequested ? { do: 'wait' } : { do: 'finishStop' };
  }
  const quiet = settledWithoutTurn(facts.waiting);
  if (quiet.length > 0) return { do: 'settleQuietly', messages: quiet };
  if (facts.turn === 'running') return whileTurnRuns(facts);
  switch (facts.state) {
    case 'error':
      return { do: 'wait' };
    case 'draining':
      return { do: 'finishDrain' };
    case 'paused':
      return facts.runtime === 'none' ? { do: 'wait' } : whenIdle(facts, 'paused');
    case 'cold':
    case 'starting':
    case 'idle':
    case 'working':
      return betweenTurns(facts);
  }
}

/** When the backlog may be offered to the agent, in Unix milliseconds. Undefined if it may not be offered as it is now. */
function offerTime({ allowed, isNew, changedAt, quietMs, notBefore }: BacklogFacts): number | undefined {
  return allowed && isNew ? Math.max(changedAt + quietMs, notBefore) : undefined;
}

function whileTurnRuns(facts: LoopFacts): LoopAction {
  if (facts.state === 'paused') return { do: 'endTurnForPause' };
  if (facts.runtime !== 'persistent' || !facts.steerable || facts.state === 'draining') return { do: 'wait' };
  // The reply to an earlier steer's write was lost. The messages it took come first, in the next round.
  if (facts.unfinished) return { do: 'wait' };
  const messages = facts.waiting.filter(({ list }) => list === 'urgent');
  return messages.length > 0 ? { do: 'steer', messages } : { do: 'wait' };
}

function betweenTurns(facts: LoopFacts): LoopAction {
  if (facts.runtime !== 'none' && (facts.runtime !== facts.wantedMode || facts.outdated))
    return { do: 'replaceRuntime' };
  const wakes =
    facts.unfinished ||
    facts.waiting.some(({ message }) => isActionable(message) && !facts.leftWaiting.has(message.id));
  const offerAt = facts.held || facts.unconfirmed ? undefined : offerTime(facts.backlog);
  const offers = offerAt !== undefined && offerAt <= facts.now;
  if (facts.held || facts.unconfirmed || (!wakes && !offers)) {
    if (facts.runtime !== 'none') {
      const waits = offerAt !== undefined && !facts.roomWanted;
      return waits ? { do: 'wait', until: offerAt } : whenIdle(facts, 'cold');
    }
    if (facts.state === 'cold') return { do: 'wait' };
    if (facts.notBefore > facts.now) return { do: 'wait', until: facts.notBefore };
    return facts.room ? { do: 'start' } : { do: 'coolDown', state: 'cold' };
  }
  if (facts.maxRounds > 0 && facts.rounds >= facts.maxRounds) return { do: 'stopAtMaxRounds' };
  if (facts.notBefore > facts.now) return { do: 'wait', until: facts.notBefore };
  if (facts.runtime === 'none') return { do: facts.room ? 'start' : 'waitForRoom' };
  return { do: wakes ? 'round' : 'offerBacklog', messages: facts.waiting };
}

function whenIdle(facts: LoopFacts, state: 'cold' | 'paused'): LoopAction {
  if (facts.roomWanted) return { do: 'coolDown', state };
  if (facts.idleTimeoutMs === 0) return { do: 'wait' };
  const until = facts.idleSince + facts.idleTimeoutMs;
  return until <= facts.now ? { do: 'coolDown', state } : { do: 'wait', until };
}

/** Status requests, pings and shutdowns need no turn. Confirmations need none unless other messages start one anyway. */
function settledWithoutTurn(waiting: readonly WaitingMessage[]): WaitingMessage[] {
  const alone = !waiting.some(({ message }) => isActionable(message) && !answeredByLoop(message));
  return waiting.filter(({ message }) => answeredByLoop(message) || (alone && classify(message) === 'confirmation'));
}

function answeredByLoop(message: Message): boolean {
  return message.type === 'status_request' || message.type === 'ping' || message.type === 'shutdown';
}
