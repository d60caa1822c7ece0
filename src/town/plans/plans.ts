/**
 * The steps of a message's way as plans: taken from its lists, delivered, settled. They are pure: the writes follow from what was
 * read. The owner applies each plan atomically.
 */
import type {
  Batch,
  BatchMessage,
  DeadMessage,
  HeldBatch,
  SeenMessages,
  SettledMessage,
  TurnRecord,
} from '../records/batch.ts';
import type { UnreadableBatch, UnreadableMessage, WaitingMessage } from '../stores/delivery.ts';
import { type EventType, newEvent } from '../stores/events.ts';
import type { TownKeys } from '../keys.ts';
import { type Message, assignedTaskIds, encodeMessage, newMessage } from '../records/messages.ts';
import { Plan } from './plan.ts';
import type { AgentRecord, AgentState, TaskRecord } from '../records/records.ts';
import { wellFormedJson } from '../../util/text.ts';

export interface PlanContext {
  keys: TownKeys;
  agentId: string;
  agentName: string;
  /** The thread that the agent's runtime has open; null for none. */
  threadId: string | null;
  /** Unix milliseconds. */
  now: number;
}

/** How many settled messages are kept. */
const SETTLED_KEPT = 20;

/** Overload backs off as if this many attempts had failed. */
export const BUSY_ATTEMPTS = 3;

const iso = (milliseconds: number): string => new Date(milliseconds).toISOString();

/**
 * Moves messages out of their lists into a batch that is about to be sent, and marks the tasks they assign as running.
 * @param offered The digest of the backlog in the turn's text, if there is one.
 */
export function takePlan(
  context: PlanContext,
  state: AgentState,
  batch: Batch,
  messages: readonly WaitingMessage[],
  tasks: readonly TaskRecord[],
  offered?: string,
): Plan {
  const { keys, agentId, now } = context;
  const plan = removalPlan(context, messages).command('HSET', keys.inflight(agentId), batch.id, wellFormedJson(batch));
  for (const task of tasks) {
    const key = keys.task(task.id);
    plan.whileOpen(key).fields(key, { state: 'running', started_at: task.startedAt ?? iso(now), updated_at: iso(now) });
  }
  const current = tasks.at(-1);
  plan.agentFields({
    last_active_at: iso(now),
    last_heartbeat: iso(now),
    ...(current && { current_task: current.id }),
    ...(offered !== undefined && { backlog_offered: offered }),
  });
  if (batch.kind === 'steer') return plan.activity(`⚡ Steered with ${count(messages.length, 'message')}`);
  return plan.stateIf(state, 'working').activity(`▶ Round with ${count(messages.length, 'message')}`);
}

/** Takes messages that need no turn off their lists. */
export function removalPlan({ keys, agentId }: PlanContext, messages: readonly WaitingMessage[]): Plan {
  const plan = new Plan(keys, agentId);
  for (const { list, raw } of messages) {
    const key = keys[list](agentId);
    plan.whileListed(key, raw).command('LREM', key, 1, raw);
  }
  return plan;
}

/** Sets aside elements that are not messages, with the reason (`tt:{town}:dead:{id}`). */
export function setAsidePlan({ keys, agentId, now }: PlanContext, unreadable: readonly UnreadableMessage[]): Plan {
  const plan = new Plan(keys, agentId);
  for (const { list, raw, reason } of unreadable) {
    const key = keys[list](agentId);
    const dead: DeadMessage = { raw: raw.toString(), list, at: now, reason: `It ${reason}.`, attempts: 0 };
    plan
      .whileListed(key, raw)
      .command('LREM', key, 1, raw)
      .command('RPUSH', keys.dead(agentId), wellFormedJson(dead))
      .activity(`✗ A message was set aside: it ${reason}`);
  }
  return plan;
}

/** Sets aside in-flight fields that are not batches. */
export function setBatchesAsidePlan({ keys, agentId, now }: PlanContext, unreadable: readonly UnreadableBatch[]): Plan {
  const plan = new Plan(keys, agentId);
  for (const { id, raw, reason } of unreadable) {
    const why = `It stood among the messages in flight, and ${reason}.`;
    const dead: DeadMessage = { raw: raw.toString(), list: 'inbox', at: now, reason: why, attempts: 0 };
    plan
      .command('HDEL', keys.inflight(agentId), id)
      .command('RPUSH', keys.dead(agentId), wellFormedJson(dead))
      .activity(`✗ A batch in flight was set aside: it ${reason}`);
  }
  return plan;
}

/** Records that a batch reached the agent's thread. From now on the thread is worth resuming. */
export function deliveredPlan({ keys, agentId, agentName, threadId, now }: PlanContext, batch: Batch): Plan {
  const { told, ...rest } = batch;
  const delivered: Batch = { ...rest, threadId, delivered: true, deliveredAt: now };
  const plan = new Plan(keys, agentId)
    .whileField(keys.inflight(agentId), batch.id)
    .command('HSET', keys.inflight(agentId), batch.id, wellFormedJson(delivered))
    .agentFields({
      last_active_at: iso(now),
      ...(threadId !== null && { runtime_session_id: threadId }),
      ...(told !== undefined && { thread_told: told }),
    });
  if (batch.kind === 'steer') return plan;
  return plan.event(newEvent('agent_turn_started', `${agentName}: turn started`, { agentId }));
}

/** Records what the agent's thread knows: see `standing.ts` of the loop. */
export function toldPlan({ keys, agentId }: PlanContext, told: string): Plan {
  return new Plan(keys, agentId).agentFields({ thread_told: told });
}

/** Marks batches whose process is gone, until it is known what became of them. */
export function adriftPlan({ keys, agentId }: PlanContext, batches: readonly Batch[]): Plan {
  const plan = new Plan(keys, agentId);
  for (const batch of batches) {
    const key = keys.inflight(agentId);
    plan.whileField(key, batch.id).command('HSET', key, batch.id, wellFormedJson({ ...batch, adrift: true }));
  }
  return plan;
}

export type BatchFate =
  /** Its turn is over and went well. */
  | { fate: 'done' }
  /** Back to the front of its lists. `failed`: the error; it counts as an attempt. `wait`: not at once. */
  | { fate: 'requeue'; failed: string | undefined; wait?: boolean }
  /** Kept aside until the user decides. */
  | { fate: 'hold'; reason: string };

export interface SettleFacts {
  turn: TurnRecord;
  batches: readonly { batch: Batch; fate: BatchFate }[];
  maxAttempts: number;
  /** How long to wait before the next round, by the number of failed attempts. */
  backoffMs: (attempts: number) => number;
  /** Whether the turn counts as a round. */
  round: boolean;
  /** Undefined: the turn continues. */
  state: { from: AgentState; to: AgentState } | undefined;
  /** Completes the sentence "Turn …". */
  outcome: string;
  /** If left out, the last error stays. */
  lastError?: string | undefined;
}

/** Ends a turn: moves each of its batches out of `inflight`, by its fate. `dead` are messages that were given up. */
export function settlePlan(context: PlanContext, facts: SettleFacts): { plan: Plan; dead: DeadMessage[] } {
  const { keys, agentId, agentName, now } = context;
  const plan = new Plan(keys, agentId);
  const seen: SeenMessages = { ...facts.turn.seen };
  const back: BatchMessage[] = [];
  const dead: DeadMessage[] = [];
  const settled: SettledMessage[] = [];
  let notBefore = 0;
  for (const { batch, fate } of facts.batches) {
    plan.whileField(keys.inflight(agentId), batch.id).command('HDEL', keys.inflight(agentId), batch.id);
    if (fate.fate === 'hold') {
      const held: HeldBatch = { batch, heldAt: now, reason: fate.reason };
      plan.command('RPUSH', keys.held(agentId), wellFormedJson(held));
    }
    if (fate.fate !== 'done') for (const id of assignedTaskIds(batch.messages)) plan.taskNotRunning(id);
    for (const message of batch.messages) {
      const before = seen[message.id]?.attempts ?? 0;
      const threadId = batch.delivered ? batch.threadId : (seen[message.id]?.threadId ?? null);
      delete seen[message.id];
      if (fate.fate === 'hold') seen[message.id] = { attempts: before, threadId };
      if (fate.fate === 'done') settled.push({ raw: message.raw, list: message.list, batchId: batch.id, at: now });
      if (fate.fate !== 'requeue') continue;
      const attempts = before + (fate.failed === undefined ? 0 : 1);
      if (fate.failed !== undefined && attempts >= facts.maxAttempts) {
        dead.push({ raw: message.raw, list: message.list, at: now, reason: fate.failed, attempts });
        // On a retry, its text is not sent again to a thread that has it.
        if (threadId !== null) seen[message.id] = { attempts: 0, threadId };
        continue;
      }
      const wait = fate.wait ? BUSY_ATTEMPTS : fate.failed === undefined ? undefined : attempts;
      if (wait !== undefined) notBefore = Math.max(notBefore, now + facts.backoffMs(wait));
      seen[message.id] = { attempts, threadId };
      back.push(message);
    }
  }
  for (const { list, raw } of back.toReversed()) plan.command('LPUSH', keys[list](agentId), raw);
  for (const message of dead) plan.command('RPUSH', keys.dead(agentId), wellFormedJson(message));
  keepSettled(plan, context, settled);
  plan.fields(keys.turn(agentId), {
    seen: Object.keys(seen).length === 0 ? undefined : wellFormedJson(seen),
    not_before: notBefore === 0 ? undefined : notBefore,
    left_waiting: undefined,
  });
  // If a batch was found only now, in the history, its thread has not been recorded yet.
  const thread = facts.batches.find(({ batch }) => batch.delivered)?.batch.threadId;
  if (typeof thread === 'string') plan.agentFields({ runtime_session_id: thread });
  const told = facts.batches.findLast(({ batch }) => batch.delivered && batch.told !== undefined)?.batch.told;
  if (told !== undefined) plan.agentFields({ thread_told: told });
  plan.agentFields({ last_active_at: iso(now), last_heartbeat: iso(now) });
  if ('lastError' in facts) plan.agentFields({ last_error: facts.lastError });
  if (facts.round) plan.command('HINCRBY', keys.agent(agentId), 'rounds_completed', 1);
  if (facts.state) {
    const { from, to } = facts.state;
    const event = { agentId, oldState: from, newState: to, extra: { outcome: facts.outcome } };
    plan.stateIf(from, to).event(newEvent('agent_turn_completed', `${agentName}: turn ${facts.outcome}`, event));
  }
  plan.activity(`■ Turn ${facts.outcome}`);
  return { plan, dead };
}

/** Lets the next round start at once, whatever failed before. */
export function undelayedPlan({ keys, agentId }: PlanContext): Plan {
  return new Plan(keys, agentId).fields(keys.turn(agentId), { not_before: undefined });
}

/** Changes the agent's state, and tells people why. */
export function statePlan(
  { keys, agentId, now }: PlanContext,
  change: { from: AgentState; to: AgentState; message: string; lastError?: string | undefined },
): Plan {
  const eventType =
    change.to === 'error' ? 'agent_failed' : change.to === 'stopped' ? 'agent_stopped' : 'agent_state_changed';
  const plan = new Plan(keys, agentId).stateIf(change.from, change.to).agentFields({ last_heartbeat: iso(now) });
  if ('lastError' in change) plan.agentFields({ last_error: change.lastError });
  return plan
    .activity(change.message)
    .event(newEvent(eventType, change.message, { agentId, oldState: change.from, newState: change.to }));
}

/** Answers, counts or obeys messages that need no turn, and takes them off their lists. */
export function quietPlan(context: PlanContext, agent: AgentRecord, messages: readonly WaitingMessage[]): Plan {
  const { keys, agentId } = context;
  const plan = removalPlan(context, messages);
  const settled = messages.map(({ raw, list }) => ({ raw: raw.toString(), list, batchId: null, at: context.now }));
  keepSettled(plan, context, settled);
  for (const { message } of messages) {
    const reply = { from: agentId, to: message.from, correlationId: message.id };
    switch (message.type) {
      case 'ping':
        send(plan, keys, newMessage({ ...reply, type: 'pong' }));
        break;
      case 'status_request': {
        const currentTask = agent.currentTask ?? null;
        send(plan, keys, newMessage({ ...reply, type: 'status_response', state: agent.state, currentTask }));
        break;
      }
      case 'shutdown':
        plan
          .agentFields({ state: 'draining' })
          .activity('🔻 Asked to shut down: draining')
          .event(
            newEvent('agent_state_changed', 'Asked to shut down', {
              agentId,
              oldState: agent.state,
              newState: 'draining',
            }),
          );
        break;
      default:
        plan.activity(`✓ ${message.type} noted`);
    }
  }
  return plan;
}

/** The agent has finished its last turn. It goes cold, and messages that already wait do not wake it. */
export function drainedPlan({ keys, agentId }: PlanContext, leftWaiting: readonly string[]): Plan {
  return new Plan(keys, agentId)
    .stateIf('draining', 'cold')
    .fields(keys.turn(agentId), { left_waiting: leftWaiting.length > 0 ? wellFormedJson(leftWaiting) : undefined })
    .command('DEL', keys.stop(agentId))
    .activity('❄ Closed')
    .event(newEvent('agent_stopped', 'Agent closed', { agentId, oldState: 'draining', newState: 'cold' }));
}

/** Stops the agent, unless it was restarted meanwhile. Clears the stop flag, because the request was heard. */
export function stoppedPlan({ keys, agentId }: PlanContext, from: AgentState, message: string): Plan {
  const plan = new Plan(keys, agentId).command('DEL', keys.stop(agentId));
  if (from === 'stopped') return plan;
  return plan
    .stateIf(from, 'stopped')
    .activity(message)
    .event(newEvent('agent_stopped', message, { agentId, oldState: from, newState: 'stopped' }));
}

/** A person asks for another state. Applies only while the agent is in the state that the person saw. */
export function requestPlan(
  { keys, agentId }: Pick<PlanContext, 'keys' | 'agentId'>,
  change: {
    from: AgentState;
    to: AgentState;
    event: EventType;
    message: string;
    fields?: Record<string, undefined | number | string>;
    /** The next round starts at once, whatever failed before. */
    atOnce?: boolean;
  },
): Plan {
  const { from, to, event, message } = change;
  return new Plan(keys, agentId)
    .whileState(from)
    .agentFields({ state: to, ...change.fields })
    .fields(keys.turn(agentId), change.atOnce ? { not_before: undefined } : {})
    .command('DEL', keys.stop(agentId))
    .activity(message)
    .event(newEvent(event, message, { agentId, oldState: from, newState: to }));
}

/** Keeps the newest settled messages (`tt:{town}:settled:{id}`). The list stays short. */
function keepSettled(plan: Plan, { keys, agentId }: PlanContext, settled: readonly SettledMessage[]): void {
  const newest = settled.slice(-SETTLED_KEPT);
  if (newest.length === 0) return;
  const key = keys.settled(agentId);
  plan.tell('LPUSH', key, ...newest.map((message) => wellFormedJson(message)));
  plan.tell('LTRIM', key, 0, SETTLED_KEPT - 1);
}

function send(plan: Plan, keys: TownKeys, message: Message): void {
  // The asker's inbox key may have the wrong type. That must not block the question.
  plan.tell('RPUSH', keys.inbox(message.to), encodeMessage(message));
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}
