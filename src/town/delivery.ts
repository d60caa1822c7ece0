/**
 * An owner's view of one agent's lists, and its way to change them: everything is read at one moment (`scripts/peek.lua`) and
 * written as a whole, fenced by the owner's epoch (`scripts/fenced.lua`). How a message travels is said in `plans.ts`.
 */
import { randomUUID } from 'node:crypto';
import {
  type Batch,
  type DeadMessage,
  type HeldBatch,
  type TurnRecord,
  decodeBatch,
  decodeTurn,
  readDead,
  readHeld,
} from './batch.ts';
import { replyBuffer, replyHash, replyList, replyText } from './decodeReplies.ts';
import type { KeyKind, TownKeys } from './keys.ts';
import { quietTypes } from './messageClass.ts';
import { type Message, decodeMessage } from './messages.ts';
import type { Plan } from './plan.ts';
import { type AgentRecord, type Decoded, agentAt } from './records.ts';
import type { TownRedis } from './redis/connect.ts';
import { TinytownError } from '../util/errors.ts';
import { say } from '../util/sentence.ts';
import fencedSource from './scripts/fenced.lua';
import findInListSource from './scripts/findInList.lua';
import peekSource from './scripts/peek.lua';
import setKeyAsideSource from './scripts/setKeyAside.lua';

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

/** An element of a list, with its exact bytes there. */
export interface Listed<T> {
  raw: Buffer;
  value: T;
}

/** A field of what is in flight that is no batch. */
export interface UnreadableBatch {
  id: Buffer;
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
  /** How many messages wait, also of those that were not read. */
  lengths: { urgent: number; inbox: number };
  inflight: string[];
  turn: TurnRecord;
  stopRequested: boolean;
  control: ControlRequest[];
  /** Keys that could not be read, with Redis's own word for why. */
  problems: string[];
}

/** How far a list was looked through: the next place, and a mark of the element before it. */
export interface LookedThrough {
  place: number;
  mark: string;
}

/** What a search has found in part of a list. */
export interface Found {
  waiting: WaitingMessage[];
  unreadable: UnreadableMessage[];
  /** Nothing is left to search. */
  atEnd: boolean;
  looked: LookedThrough;
}

/** How long an owner's change waits for a Redis that is away, in milliseconds: longer than a restart takes. */
const COMMIT_PATIENCE_MS = 60_000;

/** How long somebody who waits for an answer is let wait for a Redis that is away, in milliseconds. */
const APPLY_PATIENCE_MS = 5_000;

/** Most messages of one list that one look reads, and one round takes; the rest waits for the next. */
export const PEEK_LIMIT = 200;
/** Most bytes of one list that one look reads: enough to fill a round, however its characters are written. */
const PEEK_BYTES = 8 * 1_048_576;

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
    ];
    const script = { name: 'peek', source: peekSource };
    const reply = await this.redis.write(
      () => this.redis.scripts.runForBuffers(script, places, [PEEK_LIMIT, PEEK_BYTES]),
      {
        patienceMs: 0,
      },
    );
    const [agent, urgent, inbox, inflight, turn, stop, control, problems, urgents, inboxes] = replyList(reply);
    const hash = replyHash(agent);
    const fromUrgent = readMessages('urgent', urgent);
    const fromInbox = readMessages('inbox', inbox);
    return {
      agent: Object.keys(hash).length === 0 ? undefined : agentAt(agentId, hash),
      urgent: fromUrgent.waiting,
      inbox: fromInbox.waiting,
      unreadable: [...fromUrgent.unreadable, ...fromInbox.unreadable],
      lengths: { urgent: Number(urgents ?? 0), inbox: Number(inboxes ?? 0) },
      inflight: replyList(inflight).map(replyText),
      turn: decodeTurn(replyHash(turn)),
      stopRequested: stop !== null && stop !== undefined,
      control: replyList(control).map(controlRequest),
      problems: replyList(problems).map(replyText),
    };
  }

  /**
   * Searches part of a list for messages that may ask for something: behind `start`, or behind what was `looked` through
   * before, where the list still is as it was up to there.
   * @throws TinytownError with a `RedisErrorReason`
   */
  async find(agentId: string, list: 'urgent' | 'inbox', start: number, looked?: LookedThrough): Promise<Found> {
    const script = { name: 'findInList', source: findInListSource };
    const from = [start, looked?.place ?? 0, looked?.mark ?? '', PEEK_LIMIT, PEEK_BYTES];
    const reply = await this.redis.write(
      () => this.redis.scripts.runForBuffers(script, [this.keys[list](agentId)], [...from, ...quietTypes]),
      { patienceMs: 0 },
    );
    const [atEnd, place, mark, ...elements] = replyList(reply);
    return {
      ...readMessages(list, elements),
      atEnd: Number(atEnd) === 1,
      looked: { place: Number(place), mark: replyText(mark) },
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
    if (Array.isArray(reply)) throw new WrongTypeError(reply.map(replyText));
    return reply === 'done' || reply === 'fenced' ? reply : 'changed';
  }

  /** Moves a key that is of the wrong type out of the way; resolves with its new name, undefined where it was left alone. */
  async setKeyAside(key: string, kind: KeyKind): Promise<string | undefined> {
    const wanted = keyTypes[kind];
    if (wanted === undefined) return undefined;
    const script = { name: 'setKeyAside', source: setKeyAsideSource };
    const target = this.keys.broken(key, randomUUID());
    const moved = await this.redis.write(() => this.redis.scripts.run(script, [key, target], [wanted]));
    return moved === 1 ? target : undefined;
  }

  /** Applies a plan for a person or an agent, who need not own the agent; false where its guards do not hold. */
  async apply(plan: Plan): Promise<boolean> {
    return (await this.commit(plan, '', APPLY_PATIENCE_MS)) === 'done';
  }

  /** The batches that are under way, oldest first, and what is none, as it stands there. */
  async inflight(agentId: string): Promise<{ batches: Batch[]; unreadable: UnreadableBatch[] }> {
    const key = this.keys.inflight(agentId);
    const words = replyList(
      await this.redis.read((client) => client.callBuffer('EVAL', 'return redis.call("HGETALL", KEYS[1])', 1, key)),
    );
    const decoded = words.flatMap((field, place) => {
      if (place % 2 === 1) return [];
      const [id, raw] = [replyBuffer(field), replyBuffer(words[place + 1])];
      const batch = decodeBatch(raw.toString());
      // Its turn is found by its id in the thread's history, and it is settled by it here.
      const own = batch.ok && batch.value.id === id.toString() ? batch : undefined;
      return [{ batch: own, unreadable: { id, raw, reason: batch.ok ? 'has the id of another' : batch.reason } }];
    });
    return {
      batches: decoded.flatMap(({ batch }) => (batch ? [batch.value] : [])).toSorted((a, b) => a.at - b.at),
      unreadable: decoded.flatMap(({ batch, unreadable }) => (batch ? [] : [unreadable])),
    };
  }

  /** Work that was held after an interrupt, oldest first, each with its exact text in the list. */
  held(agentId: string): Promise<Listed<HeldBatch>[]> {
    return this.listed(this.keys.held(agentId), readHeld);
  }

  /** Messages that were given up, oldest first, each with its exact text in the list. */
  dead(agentId: string): Promise<Listed<DeadMessage>[]> {
    return this.listed(this.keys.dead(agentId), readDead);
  }

  private async listed<T>(key: string, decode: (raw: string) => T): Promise<Listed<T>[]> {
    const entries = await this.redis.read((client) => client.lrangeBuffer(key, 0, -1));
    return entries.map((raw) => ({ raw, value: decode(raw.toString()) }));
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

/** A key is of another type than it should be, and nothing was written. */
export class WrongTypeError extends TinytownError<'badRecord'> {
  readonly key: string;

  constructor([key = '', type = '', wanted = '']: readonly string[]) {
    const hint = 'Something else wrote it: delete it in Redis, then restart the agent.';
    super('badRecord', say('{0} is a {1} where a {2} should be.', key, type, wanted), { hint });
    this.key = key;
  }
}

/** What keys of one agent are; its record and its tasks are not ours to move. */
const keyTypes: { readonly [K in KeyKind]?: string } = {
  urgent: 'list',
  inbox: 'list',
  held: 'list',
  dead: 'list',
  settled: 'list',
  inflight: 'hash',
  turn: 'hash',
  control: 'stream',
  stop: 'string',
};

function controlRequest(entry: unknown): ControlRequest {
  const [id, fields] = replyList(entry);
  const hash = replyHash(fields);
  return { entry: replyText(id), action: hash.action ?? '', fields: hash };
}
