/** The two lists of messages that wait for an agent. Only the owner takes messages off: see `delivery.ts`. */
import { TinytownError } from '../../util/errors.ts';
import { type Problem, decodeDone, keyProblem } from '../records/decodeReplies.ts';
import { SUPERVISOR_ID, type TownKeys } from '../keys.ts';
import { type Message, byCreation, decodeMessage, encodeMessage } from '../records/messages.ts';
import type { TownRedis } from '../redis/connect.ts';
import sendMessageSource from '../scripts/sendMessage.lua';

const sendMessage = { name: 'sendMessage', source: sendMessageSource };

/** Longer than any sender keeps trying. */
const REMEMBERED_MS = 60_000;

/** The end of the list that a message is pushed to. `tt` reads from the left. */
export function pushCommand(message: Message, urgent: boolean): 'LPUSH' | 'RPUSH' {
  return urgent || message.priority === 'high' || message.priority === 'urgent' ? 'LPUSH' : 'RPUSH';
}

export class InboxStore {
  private readonly redis: TownRedis;
  private readonly keys: TownKeys;

  constructor(redis: TownRedis, keys: TownKeys) {
    this.redis = redis;
    this.keys = keys;
  }

  /**
   * Puts a message into its receiver's inbox, or with `urgent` into the list that steers a running turn. Sending the same
   * message again (by its id) within a minute does nothing.
   * @throws TinytownError `agentGone` if there is no such agent
   */
  async send(message: Message, { urgent = false } = {}): Promise<void> {
    const { keys } = this;
    const list = urgent ? keys.urgent(message.to) : keys.inbox(message.to);
    const record = message.to === SUPERVISOR_ID ? [] : [keys.agent(message.to)];
    const reply = await this.redis.write(() =>
      this.redis.scripts.run(
        sendMessage,
        [list, keys.sent(message.id), ...record],
        [encodeMessage(message), pushCommand(message, urgent), REMEMBERED_MS],
      ),
    );
    if (!decodeDone(reply)) throw new TinytownError('agentGone', 'This agent no longer exists.');
  }

  /** Waiting messages in handling order: urgent by time, then the inbox in list order. At most `limit` of each list. */
  async list(agentId: string, limit = 1_000): Promise<{ urgent: Message[]; inbox: Message[]; malformed: Problem[] }> {
    const malformed: Problem[] = [];
    const lists = [this.keys.urgent(agentId), this.keys.inbox(agentId)];
    const [urgent = [], inbox = []] = await this.redis.read(async (client) => {
      const pipeline = client.pipeline();
      for (const key of lists) pipeline.lrange(key, 0, limit - 1);
      const replies = (await pipeline.exec()) ?? [];
      return lists.map((key, place) => {
        const [error, reply] = replies[place] ?? [];
        if (error) malformed.push({ key, reason: keyProblem(error, this.redis.where) });
        return Array.isArray(reply) ? readable(key, reply.map(String), malformed) : [];
      });
    });
    return { urgent: urgent.toSorted(byCreation), inbox, malformed };
  }

  /** How many messages wait for each of these agents, in one round trip. 0 if a list cannot be read. */
  async counts(agentIds: readonly string[]): Promise<{ urgent: number; inbox: number }[]> {
    if (agentIds.length === 0) return [];
    return await this.redis.read(async (client) => {
      const pipeline = client.pipeline();
      for (const id of agentIds) pipeline.llen(this.keys.urgent(id)).llen(this.keys.inbox(id));
      const replies = (await pipeline.exec()) ?? [];
      const count = (place: number): number => Number(replies[place]?.[1] ?? 0);
      return agentIds.map((_, place) => ({ urgent: count(2 * place), inbox: count(2 * place + 1) }));
    });
  }

  /** Sends a message to everyone who is listening (`tt:{town}:broadcast`). Resolves with the number of listeners. */
  async broadcast(message: Message): Promise<number> {
    return await this.redis.write((client) => client.publish(this.keys.broadcast, encodeMessage(message)));
  }
}

function readable(key: string, elements: readonly string[], malformed: Problem[]): Message[] {
  return elements.flatMap((raw, place) => {
    const message = decodeMessage(raw);
    if (message.ok) return [message.value];
    malformed.push({ key, reason: `holds an element (${place + 1}) that ${message.reason}` });
    return [];
  });
}
