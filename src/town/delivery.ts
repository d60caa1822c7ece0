/**
 * An owner's view of one agent's lists, and its way to change them: everything is read at one moment (`scripts/peek.lua`) and
 * written as a whole, fenced by the owner's epoch (`scripts/fenced.lua`). How a message travels is said in `plans.ts`.
 */
import {
  type Batch,
  type DeadMessage,
  type HeldBatch,
  type TurnRecord,
  decodeBatch,
  decodeDead,
  decodeHeld,
  decodeTurn,
} from './batch.ts';
import { replyHash, replyList, replyText } from './decodeReplies.ts';
import type { TownKeys } from './keys.ts';
import { type Message, decodeMessage } from './messages.ts';
import type { Plan } from './plan.ts';
import { type AgentRecord, type Decoded, decodeAgent } from './records.ts';
import type { TownRedis } from './redis/connect.ts';
import { TinytownError } from '../util/errors.ts';
import { say } from '../util/sentence.ts';
import fencedSource from './scripts/fenced.lua';
import peekSource from './scripts/peek.lua';

/** A message that waits in an agent's inbox or urgent list; `raw` is its exact bytes there. */
export interface WaitingMessage {
  message: Message;
  list: 'urgent' | 'inbox';
  raw: Buffer;
}

/** An element of a list that is no message. */
export interface UnreadableMessage {
  list: 'urgent' | 'inbox';
  raw: Buffer;
  reason: string;
}

/** A request of another window to the owner (`tt:{town}:control:{id}`). */
export interface ControlRequest {
  entry: string;
  action: string;
  /** All that the entry holds. */
  fields: Readonly<Record<string, string>>;
}

export interface Peek {
  /** Undefined where there is no record (any more). */
  agent: Decoded<AgentRecord> | undefined;
  urgent: WaitingMessage[];
  inbox: WaitingMessage[];
  unreadable: UnreadableMessage[];
  inflight: string[];
  turn: TurnRecord;
  stopRequested: boolean;
  control: ControlRequest[];
  backlogLength: number;
  /** Keys that could not be read, with Redis's own word for why. */
  problems: string[];
}

/** How long an owner's change waits for a Redis that is away, in milliseconds: longer than a restart takes. */
const COMMIT_PATIENCE_MS = 60_000;

/** How long somebody who waits for an answer is let wait for a Redis that is away, in milliseconds. */
const APPLY_PATIENCE_MS = 5_000;

/** Most messages of one list that one round looks at; the rest waits for the next. */
const PEEK_LIMIT = 200;

/**
 * `done`: written as a whole. `fenced`: somebody else owns the agent now. `changed`: what the plan rests on has changed, or
 * the plan was applied before and only its answer was lost; look again. In the last two nothing was written.
 */
export type CommitResult = 'done' | 'fenced' | 'changed';

export class Delivery {
  private readonly redis: TownRedis;
  private readonly keys: TownKeys;
  private readonly patienceMs: number;

  /** @param patienceMs How long an owner's change waits for a Redis that is away. */
  constructor(redis: TownRedis, keys: TownKeys, patienceMs = COMMIT_PATIENCE_MS) {
    this.redis = redis;
    this.keys = keys;
    this.patienceMs = patienceMs;
  }

  /** @throws TinytownError with a `RedisErrorReason` */
  async peek(agentId: string): Promise<Peek> {
    const { keys } = this;
    const places = [
      keys.agent(agentId),
      keys.urgent(agentId),
      keys.inbox(agentId),
      keys.inflight(agentId),
      keys.turn(agentId),
      keys.stop(agentId),
      keys.control(agentId),
      keys.backlog,
    ];
    const script = { name: 'peek', source: peekSource };
    const reply = await this.redis.write(() => this.redis.scripts.runForBuffers(script, places, [PEEK_LIMIT]), {
      patienceMs: 0,
    });
    const [agent, urgent, inbox, inflight, turn, stop, control, backlog, problems] = replyList(reply);
    const hash = replyHash(agent);
    const fromUrgent = readMessages('urgent', urgent);
    const fromInbox = readMessages('inbox', inbox);
    return {
      agent: Object.keys(hash).length === 0 ? undefined : decodeAgent(hash),
      urgent: fromUrgent.waiting,
      inbox: fromInbox.waiting,
      unreadable: [...fromUrgent.unreadable, ...fromInbox.unreadable],
      inflight: replyList(inflight).map(replyText),
      turn: decodeTurn(replyHash(turn)),
      stopRequested: stop !== null && stop !== undefined,
      control: replyList(control).map(controlRequest),
      backlogLength: Number(backlog ?? 0),
      problems: replyList(problems).map(replyText),
    };
  }

  /**
   * Applies a plan if `epoch` is still the agent's, and its guards hold. Waits for a lost Redis for up to `patienceMs`, by
   * default as long as an owner does. An owner also waits for one that takes no changes.
   * @throws TinytownError `badRecord` where a key is of another type than it should be, and nothing was written; or with a
   * `RedisErrorReason`: whether it was applied then shows at the next look.
   */
  async commit(plan: Plan, epoch: string, patienceMs = this.patienceMs): Promise<CommitResult> {
    const script = { name: 'fenced', source: fencedSource };
    const reply = await this.redis.write(
      () => this.redis.scripts.run(script, plan.keyNames(), plan.argumentsFor(epoch)),
      { patienceMs, waitsForRoom: epoch !== '' },
    );
    if (Array.isArray(reply)) throw wrongType(reply.map(replyText));
    return reply === 'done' || reply === 'fenced' ? reply : 'changed';
  }

  /** Applies a plan for a person or an agent, who need not own the agent; false where its guards do not hold. */
  async apply(plan: Plan): Promise<boolean> {
    return (await this.commit(plan, '', APPLY_PATIENCE_MS)) === 'done';
  }

  /** The batches that are under way, oldest first. What cannot be read is returned by its id. */
  async inflight(agentId: string): Promise<{ batches: Batch[]; unreadable: string[] }> {
    const hash = await this.redis.read((client) => client.hgetall(this.keys.inflight(agentId)));
    const decoded = Object.entries(hash).map(([id, raw]) => ({ id, batch: decodeBatch(raw) }));
    return {
      batches: decoded.flatMap(({ batch }) => (batch.ok ? [batch.value] : [])).toSorted((a, b) => a.at - b.at),
      unreadable: decoded.filter(({ batch }) => !batch.ok).map(({ id }) => id),
    };
  }

  /** Work that was held after an interrupt, oldest first, each with its exact text in the list. */
  held(agentId: string): Promise<{ raw: string; value: HeldBatch }[]> {
    return this.listed(this.keys.held(agentId), decodeHeld);
  }

  /** Messages that were given up, oldest first, each with its exact text in the list. */
  dead(agentId: string): Promise<{ raw: string; value: DeadMessage }[]> {
    return this.listed(this.keys.dead(agentId), decodeDead);
  }

  private async listed<T>(key: string, decode: (raw: string) => Decoded<T>): Promise<{ raw: string; value: T }[]> {
    const entries = await this.redis.read((client) => client.lrange(key, 0, -1));
    return entries.flatMap((raw) => {
      const decoded = decode(raw);
      return decoded.ok ? [{ raw, value: decoded.value }] : [];
    });
  }
}

/** The messages of a list, as Redis answered with it: those that are some, and the rest. */
export function readMessages(
  from: 'urgent' | 'inbox',
  reply: unknown,
): { waiting: WaitingMessage[]; unreadable: UnreadableMessage[] } {
  const waiting: WaitingMessage[] = [];
  const unreadable: UnreadableMessage[] = [];
  for (const element of replyList(reply)) {
    const raw = Buffer.isBuffer(element) ? element : Buffer.from(String(element));
    const decoded = decodeMessage(raw.toString());
    if (decoded.ok) waiting.push({ list: from, raw, message: decoded.value });
    else unreadable.push({ list: from, raw, reason: decoded.reason });
  }
  return { waiting, unreadable };
}

function wrongType([key = '', type = '', wanted = '']: readonly string[]): TinytownError<'badRecord'> {
  const hint = 'Something else wrote it: delete it in Redis, then restart the agent.';
  return new TinytownError('badRecord', say('{0} is a {1} where a {2} should be.', key, type, wanted), { hint });
}

function controlRequest(entry: unknown): ControlRequest {
  const [id, fields] = replyList(entry);
  const hash = replyHash(fields);
  return { entry: replyText(id), action: hash.action ?? '', fields: hash };
}
