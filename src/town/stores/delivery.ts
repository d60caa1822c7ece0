/**
 * An owner's view of one agent's lists, and its way to change them. Everything is read at one moment (`scripts/peek.lua`) and
 * written atomically, fenced by the owner's epoch (`scripts/fenced.lua`). `plans.ts` describes a message's way.
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
} from '../records/batch.ts';
import { replyBuffer, replyHash, replyList, replyText } from '../records/decodeReplies.ts';
import type { KeyKind, TownKeys } from '../keys.ts';
import { quietTypes } from '../records/messageClass.ts';
import { type Message, decodeMessage } from '../records/messages.ts';
import type { Plan } from '../plans/plan.ts';
import { type AgentRecord, type Decoded, agentAt } from '../records/records.ts';
import type { TownRedis } from '../redis/connect.ts';
import { TinytownError } from '../../util/errors.ts';
import { say } from '../../util/sentence.ts';
import fencedSource from '../scripts/fenced.lua';
import findInListSource from '../scripts/findInList.lua';
import peekSource from '../scripts/peek.lua';
import setKeyAsideSource from '../scripts/setKeyAside.lua';

/** A message that waits in an agent's inbox or urgent list. `raw` is its exact bytes there. */
export interface WaitingMessage {
  message: Message;
  list: 'urgent' | 'inbox';
  raw: Buffer;
}

/** An element of a list that is not a message. */
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

/** A field of the in-flight hash that is not a batch. */
export interface UnreadableBatch {
  id: Buffer;
  raw: Buffer;
  reason: string;
}

/** A request of another window to the owner (`tt:{town}:control:{id}`). */
export interface ControlRequest {
  entry: string;
  action: string;
  /** All fields of the entry. */
  fields: Readonly<Record<string, string>>;
}

export interface Peek {
  /** Undefined if there is no record. */
  agent: Decoded<AgentRecord> | undefined;
  urgent: WaitingMessage[];
  inbox: WaitingMessage[];
  unreadable: UnreadableMessage[];
  /** How many messages wait, including those that were not read. */
  lengths: { urgent: number; inbox: number };
  inflight: string[];
  turn: TurnRecord;
  stopRequested: boolean;
  control: ControlRequest[];
  /** Keys that could not be read, with Redis's reason. */
  problems: string[];
}

/** How far a list was searched: the next place, and a mark of the element before it. */
export interface LookedThrough {
  place: number;
  mark: string;
}

/** What a search found in part of a list. */
export interface Found {
  waiting: WaitingMessage[];
  unreadable: UnreadableMessage[];
  /** Nothing is left to search. */
  atEnd: boolean;
  looked: LookedThrough;
}

/** How long an owner's change waits for a lost Redis, in milliseconds: longer than a restart takes. */
const COMMIT_PATIENCE_MS = 60_000;

/** How long a change waits for a lost Redis while somebody waits for the result, in milliseconds. */
const APPLY_PATIENCE_MS = 5_000;

/** Most messages of one list that one look reads and one round takes. The rest waits for the next. */
export const PEEK_LIMIT = 200;
/** Most bytes of one list that one look reads. Enough to fill a round, whatever its characters. */
const PEEK_BYTES = 8 * 1_048_576;

/**
 * `done`: everything was written. `fenced`: somebody else owns the agent now. `changed`: a guard of the plan failed, or the plan
 * was applied before and only the reply was lost; look again. With `fenced` and `changed` nothing was written.
 */
export type CommitResult = 'done' | 'fenced' | 'changed';

export class Delivery {
  private readonly redis: TownRedis;
  private readonly keys: TownKeys;
  private readonly patienceMs: number;

  /** @param patienceMs How long an owner's change waits for a lost Redis. */
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
   * Searches part of a list for messages that may ask for something. It begins at `start`, or after the part that was already
   * `looked` through if the list has not changed up to there.
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
   * Applies a plan if `epoch` is still the agent's and the plan's guards hold. Waits up to `patienceMs` for a lost Redis. An
   * owner also waits for a Redis that refuses writes.
   * @throws TinytownError `badRecord` if a key has the wrong type; nothing was written. Or with a `RedisErrorReason`: the next
   * look shows whether the plan was applied.
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

  /** Moves a key of the wrong type out of the way. Resolves with its new name; undefined if it was left alone. */
  async setKeyAside(key: string, kind: KeyKind): Promise<string | undefined> {
    const wanted = keyTypes[kind];
    if (wanted === undefined) return undefined;
    const script = { name: 'setKeyAside', source: setKeyAsideSource };
    const target = this.keys.broken(key, randomUUID());
    const moved = await this.redis.write(() => this.redis.scripts.run(script, [key, target], [wanted]));
    return moved === 1 ? target : undefined;
  }

  /** Applies a plan for a person or an agent, who need not own the agent. False if its guards do not hold. */
  async apply(plan: Plan): Promise<boolean> {
    return (await this.commit(plan, '', APPLY_PATIENCE_MS)) === 'done';
  }

  /** The batches in flight, oldest first, and the fields that are not batches. */
  async inflight(agentId: string): Promise<{ batches: Batch[]; unreadable: UnreadableBatch[] }> {
    const key = this.keys.inflight(agentId);
    const words = replyList(
      await this.redis.read((client) => client.callBuffer('EVAL', 'return redis.call("HGETALL", KEYS[1])', 1, key)),
    );
    const decoded = words.flatMap((field, place) => {
      if (place % 2 === 1) return [];
      const [id, raw] = [replyBuffer(field), replyBuffer(words[place + 1])];
      const batch = decodeBatch(raw.toString());
      // The thread's history is searched by the batch's id, and settling uses the field's name: they must agree.
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

/** Decodes a list as Redis returned it: the messages, and the elements that are not messages. */
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

/** A key has the wrong type, and nothing was written. */
export class WrongTypeError extends TinytownError<'badRecord'> {
  readonly key: string;

  constructor([key = '', type = '', wanted = '']: readonly string[]) {
    const hint = 'Something else wrote it: delete it in Redis, then restart the agent.';
    super('badRecord', say('{0} is a {1} but should be a {2}.', key, type, wanted), { hint });
    this.key = key;
  }
}

/** The Redis type of each kind of key that may be moved. An agent's record and its tasks are not ours to move. */
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
