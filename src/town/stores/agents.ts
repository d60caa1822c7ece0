/** The agents of a town, as records in Redis. */
import { TinytownError } from '../../util/errors.ts';
import { say } from '../../util/sentence.ts';
import { type Problem, decodeDone, readHashes } from '../records/decodeReplies.ts';
import { STREAM_LENGTH, eventPayload, eventStreams, newEvent } from './events.ts';
import type { TownKeys } from '../keys.ts';
import { validateAgentName } from '../records/names.ts';
import { type AgentRecord, agentAt, agentFields, byAge, fieldName } from '../records/records.ts';
import type { TownRedis } from '../redis/connect.ts';
import { scanTown } from '../live/scan.ts';
import createAgentSource from '../scripts/createAgent.lua';
import removeAgentSource from '../scripts/removeAgent.lua';
import reserveNameSource from '../scripts/reserveName.lua';
import setFieldsSource from '../scripts/setFields.lua';

const createAgent = { name: 'createAgent', source: createAgentSource };
const removeAgent = { name: 'removeAgent', source: removeAgentSource };
const reserveName = { name: 'reserveName', source: reserveNameSource };
const setFields = { name: 'setFields', source: setFieldsSource };

/** Longer than creating an agent takes once its name was checked. */
const RESERVATION_MS = 60_000;

export class AgentStore {
  private readonly redis: TownRedis;
  private readonly keys: TownKeys;

  constructor(redis: TownRedis, keys: TownKeys) {
    this.redis = redis;
    this.keys = keys;
  }

  /** All agents, oldest first, and the malformed records. Scans all of Redis: prefer `TownMirror`. */
  async list(): Promise<{ agents: AgentRecord[]; malformed: Problem[] }> {
    const found = await scanTown(this.redis, this.keys, 'agent');
    return await this.read(found.map(({ id }) => id ?? ''));
  }

  /** The agents with these ids, oldest first, in one round trip. Agents that are gone are left out. */
  async read(ids: readonly string[]): Promise<{ agents: AgentRecord[]; malformed: Problem[] }> {
    const hashes = await readHashes(
      this.redis,
      ids.map((id) => this.keys.agent(id)),
    );
    const agents: AgentRecord[] = [];
    const malformed: Problem[] = [];
    for (const [place, id] of ids.entries()) {
      const hash = hashes[place];
      if (hash === undefined || (hash.ok && Object.keys(hash.value).length === 0)) continue;
      const agent = hash.ok ? agentAt(id, hash.value) : hash;
      if (agent.ok) agents.push(agent.value);
      else malformed.push({ key: this.keys.agent(id), reason: agent.reason });
    }
    return { agents: agents.toSorted(byAge), malformed };
  }

  /** One agent; undefined if there is none. @throws TinytownError `recordMalformed` */
  async get(id: string): Promise<AgentRecord | undefined> {
    const { agents, malformed } = await this.read([id]);
    const problem = malformed[0];
    if (problem)
      throw new TinytownError(
        'recordMalformed',
        say('The record {0} cannot be used: it {1}.', problem.key, problem.reason),
      );
    return agents[0];
  }

  /**
   * Creates an agent, with an `agent_spawned` event. Creating the same one again does nothing.
   * @throws TinytownError `nameInvalid` if the name or nickname is taken or cannot be used
   */
  async create(record: AgentRecord): Promise<void> {
    const others = (await this.list()).agents.filter((agent) => agent.id !== record.id);
    const names = namesOf(record);
    for (const name of names) {
      const problem = validateAgentName(name, others);
      if (problem !== undefined) throw new TinytownError('nameInvalid', problem);
    }
    const event = newEvent('agent_spawned', `Agent ${record.name} was spawned`, {
      agentId: record.id,
      newState: record.state,
      parentAgentId: record.parentAgentId,
      spawnMode: record.spawnMode,
    });
    const [, type, , data] = eventPayload(event);
    const made = await this.redis.write(() =>
      this.redis.scripts.run(
        createAgent,
        [
          this.keys.agent(record.id),
          ...names.map((name) => this.keys.reservedName(name)),
          ...eventStreams(this.keys, event),
        ],
        [
          record.id,
          names.length,
          RESERVATION_MS,
          type,
          data,
          STREAM_LENGTH,
          ...Object.entries(agentFields(record)).flat(),
        ],
      ),
    );
    if (!decodeDone(made))
      throw new TinytownError('nameInvalid', say('There is already an agent named “{0}”.', record.name));
  }

  /** Sets the fields that have a value and deletes those that are undefined. False if the agent is gone. */
  async setFields(id: string, fields: Partial<Omit<AgentRecord, 'id'>>): Promise<boolean> {
    const set = Object.entries(agentFields(fields));
    const cleared = Object.entries(fields).filter(([, value]) => value === undefined);
    const gone = cleared.map(([property]) => fieldName(property));
    const reply = await this.redis.write(() =>
      this.redis.scripts.run(setFields, [this.keys.agent(id)], [set.length, ...set.flat(), ...gone]),
    );
    return decodeDone(reply);
  }

  /**
   * Gives an agent another name. False if the agent is gone. Its id stays, and so does everything stored under it.
   * @throws TinytownError `nameInvalid` if the name is taken or cannot be used
   */
  async rename({ id, name: before }: Pick<AgentRecord, 'id' | 'name'>, name: string): Promise<boolean> {
    const others = (await this.list()).agents.filter((agent) => agent.id !== id);
    const problem = validateAgentName(name, others);
    if (problem !== undefined) throw new TinytownError('nameInvalid', problem);
    // Another window may be giving the same name to someone else.
    const [taken, left] = [this.keys.reservedName(name), this.keys.reservedName(before)];
    const reserved = await this.redis.write(() => this.redis.scripts.run(reserveName, [taken], [id, RESERVATION_MS]));
    if (!decodeDone(reserved)) {
      throw new TinytownError('nameInvalid', say('There is already an agent named “{0}”.', name));
    }
    if (!(await this.setFields(id, { name }))) return false;
    if (left !== taken) await this.redis.write((client) => client.del(left));
    return true;
  }

  /** Removes an agent with its messages and everything else stored for it. False if there was none. */
  async remove(agent: Pick<AgentRecord, 'id' | 'name' | 'nickname'>): Promise<boolean> {
    const { keys } = this;
    const { id, name } = agent;
    const names = namesOf(agent);
    const event = newEvent('agent_stopped', `Agent ${name} was removed`, { agentId: id, newState: 'stopped' });
    const [, type, , data] = eventPayload(event);
    const reply = await this.redis.write(() =>
      this.redis.scripts.run(
        removeAgent,
        [keys.agent(id), keys.events, ...names.map((it) => keys.reservedName(it)), ...keys.besideAgent(id)],
        [type, data, STREAM_LENGTH],
      ),
    );
    return decodeDone(reply);
  }

  /** Asks the agent's owner to stop it. The request lasts an hour, as with `tt kill`. */
  async requestStop(id: string): Promise<void> {
    await this.redis.write((client) => client.set(this.keys.stop(id), '1', 'EX', 3600));
  }
}

function namesOf({ name, nickname }: Pick<AgentRecord, 'name' | 'nickname'>): string[] {
  return nickname === undefined ? [name] : [name, nickname];
}
