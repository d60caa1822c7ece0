/** Records for UI tests, written to the town's Redis: agents in any state, messages, and work that is held or has failed. */
import { randomUUID } from 'node:crypto';
import { openRedis } from '../../src/town/redis/connect.ts';
import { SUPERVISOR_ID } from '../../src/town/keys.ts';
import { RUNTIME_HOST } from '../../src/town/stores/leases.ts';
import { type MessageBody, encodeMessage, newMessage } from '../../src/town/records/messages.ts';
import type { AgentRecord, AgentState } from '../../src/town/records/records.ts';
import { Town } from '../../src/town/town.ts';
import { silentLogger } from '../../src/util/logger.ts';
import { eventually } from '../support/eventually.ts';
import type { TestRedis } from '../support/redis.ts';
import { testAgent } from '../support/redisTown.ts';

export class MadeRecords {
  readonly town: Town;
  private readonly client: ReturnType<TestRedis['client']>;
  private readonly ids = new Map<string, string>();

  private constructor(town: Town, client: ReturnType<TestRedis['client']>) {
    this.town = town;
    this.client = client;
  }

  static async open(redis: TestRedis, townName: string): Promise<MadeRecords> {
    const at = await openRedis({ kind: 'url', source: 'setting', url: redis.url }, silentLogger);
    return new MadeRecords(await Town.open(at, townName, silentLogger), redis.client());
  }

  async close(): Promise<void> {
    await this.town.leases.close();
    this.town.close();
  }

  id(agent: string): string {
    return this.ids.get(agent) ?? '';
  }

  /** Makes an agent that a window runs, unless `fields` say otherwise. Resolves with its id. */
  async agent(name: string, state: AgentState, fields: Partial<AgentRecord> = {}): Promise<string> {
    const record = testAgent(name, { state, runtimeHost: RUNTIME_HOST, ...fields });
    await this.town.agents.create(record);
    this.ids.set(name, record.id);
    return record.id;
  }

  /** Writes to an agent as the person does. */
  async tell(agent: string, text: string): Promise<void> {
    await this.town.inbox.send(this.toAgent(agent, text));
  }

  /** Writes to the person. */
  async ask(agent: string, body: MessageBody): Promise<void> {
    await this.town.inbox.send(newMessage({ ...body, from: this.id(agent), to: SUPERVISOR_ID }));
  }

  /** Work that was interrupted. */
  async hold(agent: string, text: string): Promise<void> {
    const message = this.toAgent(agent, text);
    const messages = [{ id: message.id, list: 'inbox', raw: encodeMessage(message) }];
    const batch = { id: randomUUID(), kind: 'round', at: Date.now(), threadId: null, delivered: false, messages };
    const held = { batch, heldAt: Date.now(), reason: 'The turn was interrupted.' };
    await this.client.rpush(this.town.keys.held(this.id(agent)), JSON.stringify(held));
  }

  /** A message that was given up. */
  async fail(agent: string, text: string): Promise<void> {
    const raw = encodeMessage(this.toAgent(agent, text));
    const dead = { raw, list: 'inbox', at: Date.now(), reason: 'The model was away.', attempts: 3 };
    await this.client.rpush(this.town.keys.dead(this.id(agent)), JSON.stringify(dead));
  }

  /** Resolves once that many messages wait for the agent. */
  async waiting(agent: string, count: number): Promise<void> {
    const key = this.town.keys.inbox(this.id(agent));
    await eventually(async () => (await this.client.llen(key)) === count, { what: `${count} wait for ${agent}` });
  }

  /** Lets go of the agent when its window is asked to, as another window does. */
  async letGo(agent: string): Promise<void> {
    const { keys, leases } = this.town;
    const asked = await eventually(async () => (await this.client.xrange(keys.control(this.id(agent)), '-', '+'))[0]);
    const fields = asked[1];
    const token = fields[fields.indexOf('reply') + 1];
    if (fields.includes('reply') && token !== undefined) await this.client.set(keys.reply(token), '{"ok":true}');
    await leases.release([this.id(agent)]);
  }

  private toAgent(agent: string, description: string) {
    return newMessage({ type: 'task', description, from: SUPERVISOR_ID, to: this.id(agent) });
  }
}
