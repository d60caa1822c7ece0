/** An agent's messages from the list they wait in to the turn that settled them, all read at one moment. */
import {
  type Batch,
  type DeadMessage,
  type HeldBatch,
  type SeenMessages,
  type SettledMessage,
  decodeBatch,
  decodeSettled,
  decodeTurn,
  readDead,
  readHeld,
} from '../records/batch.ts';
import { replyBuffer, replyList, replyText } from '../records/decodeReplies.ts';
import { type Listed, type UnreadableMessage, type WaitingMessage, readMessages } from './delivery.ts';
import type { TownKeys } from '../keys.ts';
import { type AgentState, type Decoded, agentStates } from '../records/records.ts';
import type { TownRedis } from '../redis/connect.ts';
import { ScriptRunner } from '../redis/script.ts';
import lookSource from '../scripts/lookAtMessages.lua';

export interface MessageSnapshot {
  /** Undefined if there is no readable record. */
  state: AgentState | undefined;
  currentTask: string | undefined;
  /** In list order, left to right. */
  urgent: WaitingMessage[];
  inbox: WaitingMessage[];
  unreadable: UnreadableMessage[];
  /** Oldest first. */
  inflight: Batch[];
  /** Oldest first, each with its exact text in the list. */
  held: Listed<HeldBatch>[];
  dead: Listed<DeadMessage>[];
  /** Newest first. */
  settled: SettledMessage[];
  seen: SeenMessages;
  /** The exact bytes that `seen` was read from. */
  seenText: Buffer | undefined;
  /** The window that has the agent, dead or alive. */
  owner: string | undefined;
  ownerLives: boolean;
}

/** Most elements of one list that a look reads: more than anybody looks at. */
const LOOK_LIMIT = 200;

export class MessageSnapshots {
  private readonly redis: TownRedis;
  private readonly keys: TownKeys;
  private readonly scripts: ScriptRunner;

  constructor(redis: TownRedis, keys: TownKeys) {
    this.redis = redis;
    this.keys = keys;
    this.scripts = new ScriptRunner(redis.reads);
  }

  /** One round trip. @throws TinytownError with a `RedisErrorReason` */
  async at(agentId: string): Promise<MessageSnapshot> {
    const { keys } = this;
    const places = [
      keys.agent(agentId),
      keys.urgent(agentId),
      keys.inbox(agentId),
      keys.inflight(agentId),
      keys.held(agentId),
      keys.dead(agentId),
      keys.settled(agentId),
      keys.turn(agentId),
      keys.lease(agentId),
    ];
    const script = { name: 'lookAtMessages', source: lookSource };
    const reply = await this.redis.read(() =>
      this.scripts.runForBuffers(script, places, [LOOK_LIMIT, keys.windowLease('')]),
    );
    const [state, task, urgent, inbox, inflight, held, dead, settled, seen, owner, lives] = replyList(reply);
    const fromUrgent = readMessages('urgent', urgent);
    const fromInbox = readMessages('inbox', inbox);
    const seenText = seen === null || seen === undefined ? undefined : replyBuffer(seen);
    return {
      state: agentStates.find((known) => known === optional(state)),
      currentTask: optional(task),
      urgent: fromUrgent.waiting,
      inbox: fromInbox.waiting,
      unreadable: [...fromUrgent.unreadable, ...fromInbox.unreadable],
      inflight: decoded(inflight, decodeBatch)
        .map(({ value }) => value)
        .toSorted((a, b) => a.at - b.at),
      held: listed(held, readHeld),
      dead: listed(dead, readDead),
      settled: decoded(settled, decodeSettled).map(({ value }) => value),
      seen: decodeTurn(seenText === undefined ? {} : { seen: seenText.toString() }).seen,
      seenText,
      owner: optional(owner),
      ownerLives: Number(lives) === 1,
    };
  }
}

function listed<T>(reply: unknown, read: (raw: string) => T): Listed<T>[] {
  return replyList(reply).map((element) => {
    const raw = replyBuffer(element);
    return { raw, value: read(raw.toString()) };
  });
}

function optional(reply: unknown): string | undefined {
  return reply === null || reply === undefined ? undefined : replyText(reply);
}

function decoded<T>(reply: unknown, decode: (raw: string) => Decoded<T>): { raw: string; value: T }[] {
  return replyList(reply).flatMap((element) => {
    const raw = replyText(element);
    const value = decode(raw);
    return value.ok ? [{ raw, value: value.value }] : [];
  });
}
