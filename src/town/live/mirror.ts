/** The live picture of a town for screens and loops. It is read whole once, then only what a wake names is read again. */
import * as z from 'zod/mini';
import { AgentStore } from '../stores/agents.ts';
import { type Problem, keyProblem, readField } from '../records/decodeReplies.ts';
import { type Disposable, DisposableStore } from '../../util/disposable.ts';
import { describeError } from '../../util/errors.ts';
import { Emitter } from '../../util/event.ts';
import type { Logger } from '../../util/logger.ts';
import { SerialQueue } from '../../util/serialQueue.ts';
import { SUPERVISOR_ID, type TownKeys } from '../keys.ts';
import type { AgentRecord, TaskRecord } from '../records/records.ts';
import type { TownRedis } from '../redis/connect.ts';
import type { RedisError } from '../redis/errors.ts';
import { ScriptRunner } from '../redis/script.ts';
import { scanTown } from './scan.ts';
import sizesSource from '../scripts/sizes.lua';
import { TaskStore } from '../stores/tasks.ts';
import type { Wake, WakeSource } from './wake.ts';

/** How many messages wait for an agent, are held for the user, or were given up. */
export interface Waiting {
  inbox: number;
  urgent: number;
  held: number;
  dead: number;
}

export interface MirrorChange {
  /** Ids of agents whose record or lists changed, appeared or disappeared. */
  agents: ReadonlySet<string>;
  tasks: boolean;
  backlog: boolean;
  /** Everything was read again, or the connection was lost or restored. */
  everything: boolean;
}

const sizes = { name: 'sizes', source: sizesSource };
const counted = ['inbox', 'urgent', 'held', 'dead'] as const;
/** Pause after a reading that failed although Redis is there, for example because it is slow or refuses the read. */
const RETRY_MS = 2_000;
/** Changes come in bursts, because each step of a message touches several keys. One reading covers a burst. */
const BURST_MS = 10;
const noChange = (): void => undefined;

const nothingWaits: Waiting = { inbox: 0, urgent: 0, held: 0, dead: 0 };

/** What the next reading must read. */
class Stale {
  everything = false;
  backlog = false;
  readonly agents = new Set<string>();
  readonly tasks = new Set<string>();
  readonly counts = new Set<string>();
  readonly turns = new Set<string>();

  add({ kind, id = '' }: Wake): void {
    if (kind === 'everything') this.everything = true;
    else if (kind === 'backlog') this.backlog = true;
    else if (kind === 'agent') this.agents.add(id);
    else if (kind === 'task') this.tasks.add(id);
    else if (kind === 'turn') this.turns.add(id);
    else if (counted.some((it) => it === kind)) this.counts.add(id);
  }

  get isEmpty(): boolean {
    const some = this.agents.size + this.tasks.size + this.counts.size + this.turns.size;
    return !this.everything && !this.backlog && some === 0;
  }
}

export class TownMirror implements Disposable {
  private readonly redis: TownRedis;
  private readonly keys: TownKeys;
  private readonly wake: WakeSource;
  private readonly logger: Logger;
  private readonly agentStore: AgentStore;
  private readonly taskStore: TaskStore;
  private readonly scripts: ScriptRunner;
  private readonly changes = new Emitter<MirrorChange>();
  private readonly held = new DisposableStore();
  private readonly queue = new SerialQueue();
  private readonly agentsById = new Map<string, AgentRecord>();
  private readonly tasksById = new Map<string, TaskRecord>();
  private readonly countsById = new Map<string, Waiting>();
  private readonly requestsById = new Map<string, string>();
  private readonly reasons = new Map<string, string>();
  private backlogIds: readonly string[] = [];
  private stale = new Stale();
  private scheduled = false;
  private disposed = false;

  /** Fires after changes were read. Never fires without a change. */
  readonly onDidChange = this.changes.event;

  /** @param wake Its owner starts it before the mirror, so that no change is missed in between. */
  constructor(redis: TownRedis, keys: TownKeys, wake: WakeSource, logger: Logger) {
    this.redis = redis;
    this.keys = keys;
    this.wake = wake;
    this.logger = logger;
    this.agentStore = new AgentStore(redis, keys);
    this.taskStore = new TaskStore(redis, keys);
    this.scripts = new ScriptRunner(redis.reads);
  }

  get agents(): ReadonlyMap<string, AgentRecord> {
    return this.agentsById;
  }
  get tasks(): ReadonlyMap<string, TaskRecord> {
    return this.tasksById;
  }
  /** Ids of tasks, oldest first. */
  get backlog(): readonly string[] {
    return this.backlogIds;
  }
  /** Records that cannot be read. They stay as they are in Redis. */
  get problems(): readonly Problem[] {
    return [...this.reasons].map(([key, reason]) => ({ key, reason }));
  }
  /** What people should know about Redis: it has been away for more than a moment, or refuses writes. */
  get trouble(): RedisError | undefined {
    return this.redis.trouble;
  }
  /** While false, the mirror shows the last known state. */
  get connected(): boolean {
    return this.redis.state === 'ready';
  }
  waiting(id: string): Waiting {
    return this.countsById.get(id) ?? nothingWaits;
  }

  /** The agent's open requests to people, as its owner wrote them. Undefined for none. */
  requests(id: string): string | undefined {
    return this.requestsById.get(id);
  }

  /** Reads the town and follows its changes. @throws TinytownError with a `RedisErrorReason` */
  async start(): Promise<void> {
    this.held.add(this.wake.onChange((wake) => this.changed(wake)));
    this.held.add(
      this.redis.onState((state) => {
        if (state === 'lost') this.fire({ everything: true });
      }),
    );
    this.held.add(this.redis.onTrouble(() => this.fire({ everything: true })));
    await this.refresh();
  }

  /** Reads everything again. Resolves when that is done. @throws TinytownError with a `RedisErrorReason` */
  async refresh(): Promise<void> {
    this.stale.everything = true;
    await this.queue.run(() => this.readStale());
  }

  dispose(): void {
    this.disposed = true;
    this.held.dispose();
    this.changes.dispose();
  }

  private changed(wake: Wake): void {
    this.stale.add(wake);
    if (!this.stale.isEmpty) this.schedule(BURST_MS);
  }

  private schedule(delayMs: number): void {
    if (this.scheduled || this.disposed) return;
    this.scheduled = true;
    const read = (): void => {
      this.scheduled = false;
      this.queue
        .run(() => this.readStale())
        .catch((error: unknown) => {
          this.logger.debug(`Reading the town failed: ${describeError(error)}`);
          // While the connection is away, its return starts the next reading.
          if (this.connected) this.schedule(RETRY_MS);
        });
    };
    setTimeout(read, delayMs).unref();
  }

  private async readStale(): Promise<void> {
    const { stale } = this;
    if (stale.isEmpty || this.disposed) return;
    this.stale = new Stale();
    try {
      await (stale.everything ? this.readEverything() : this.readChanges(stale));
    } catch (error) {
      // It is unknown which parts were read. A lost connection wakes with `everything` on its return.
      this.stale.everything = true;
      throw error;
    }
  }

  private async readEverything(): Promise<void> {
    const found = await scanTown(this.redis, this.keys);
    const idsOf = (wanted: string): string[] => found.filter(({ kind }) => kind === wanted).map(({ id = '' }) => id);
    const agents = new Set([...idsOf('agent'), ...this.agentsById.keys()]);
    const tasks = new Set([...idsOf('task'), ...this.tasksById.keys()]);
    const counts = new Set([...counted.flatMap(idsOf), ...this.countsById.keys(), ...agents, SUPERVISOR_ID]);
    this.reasons.clear();
    const turns = new Set([...idsOf('turn'), ...this.requestsById.keys()]);
    await this.apply([
      this.readCounts(counts),
      this.readAgents(agents),
      this.readTasks(tasks),
      this.readRequests(turns),
      this.readBacklog(),
    ]);
    this.fire({ agents: counts, tasks: true, backlog: true, everything: true });
  }

  private async readChanges({ agents, tasks, counts, turns, backlog }: Stale): Promise<void> {
    // Nothing awaits in between, so all of these go out in one batch. Messages leave their lists at the moment their agent starts
    // to work. The record is read after the lists; otherwise the agent could look idle with nothing waiting.
    const asking: string[] = [];
    await this.apply([
      this.readCounts(counts),
      this.readAgents(new Set([...agents, ...counts])),
      this.readTasks(tasks),
      this.readRequests(turns, asking),
      ...(backlog ? [this.readBacklog()] : []),
    ]);
    const changed = new Set([...agents, ...counts, ...asking]);
    if (changed.size + tasks.size > 0 || backlog) this.fire({ agents: changed, tasks: tasks.size > 0, backlog });
  }

  /** Applies what was read all at once, so that nobody sees a part of it. */
  private async apply(readings: readonly Promise<() => void>[]): Promise<void> {
    for (const apply of await Promise.all(readings)) apply();
  }

  /** @param asking Gets the agents whose requests changed. Most writes to a turn hash do not concern people. */
  private async readRequests(ids: ReadonlySet<string>, asking: string[] = []): Promise<() => void> {
    if (ids.size === 0) return noChange;
    const list = [...ids];
    const names = list.map((id) => this.keys.turn(id));
    const values = await readField(this.redis, names, 'requests');
    return () => {
      for (const [place, id] of list.entries()) {
        const found = values[place];
        if (found === this.requestsById.get(id)) continue;
        if (found === undefined) this.requestsById.delete(id);
        else this.requestsById.set(id, found);
        asking.push(id);
      }
    };
  }

  private async readAgents(ids: ReadonlySet<string>): Promise<() => void> {
    const { agents, malformed } = await this.agentStore.read([...ids]);
    return () => this.replace(this.agentsById, ids, agents, (id) => this.keys.agent(id), malformed);
  }

  private async readTasks(ids: ReadonlySet<string>): Promise<() => void> {
    const { tasks, malformed } = await this.taskStore.read([...ids]);
    return () => this.replace(this.tasksById, ids, tasks, (id) => this.keys.task(id), malformed);
  }

  private replace<T extends { id: string }>(
    known: Map<string, T>,
    ids: ReadonlySet<string>,
    records: readonly T[],
    keyOf: (id: string) => string,
    malformed: readonly Problem[],
  ): void {
    const present = new Set(records.map(({ id }) => id));
    for (const id of ids) {
      if (!present.has(id)) known.delete(id);
      this.reasons.delete(keyOf(id));
    }
    for (const record of records) known.set(record.id, record);
    for (const { key, reason } of malformed) this.reasons.set(key, reason);
  }

  private async readCounts(ids: ReadonlySet<string>): Promise<() => void> {
    const keys = [...ids].flatMap((id) => counted.map((kind) => ({ id, kind, key: this.keys[kind](id) })));
    if (keys.length === 0) return noChange;
    const names = keys.map(({ key }) => key);
    const reply = await this.redis.read(() => this.scripts.run(sizes, names, []));
    const words = z.array(z.union([z.string(), z.number()])).parse(reply);
    return () => {
      for (const id of ids) this.countsById.set(id, { ...nothingWaits });
      for (const [place, { id, kind, key }] of keys.entries()) {
        const type = String(words[2 * place]);
        const wrong = (kind === 'inbox' || kind === 'urgent') && type !== 'list' && type !== 'none';
        if (wrong) this.reasons.set(key, `is a ${type} but should be a list`);
        else this.reasons.delete(key);
        const counts = this.countsById.get(id);
        if (counts && !wrong) counts[kind] = Number(words[2 * place + 1]);
      }
      for (const [id, counts] of this.countsById) {
        if (counted.every((kind) => counts[kind] === 0)) this.countsById.delete(id);
      }
    };
  }

  private async readBacklog(): Promise<() => void> {
    const key = this.keys.backlog;
    return this.redis.read(async (client) => {
      try {
        const ids = await client.lrange(key, 0, -1);
        return () => {
          this.backlogIds = ids;
          this.reasons.delete(key);
        };
      } catch (error) {
        if (!(error instanceof Error)) throw error;
        return () => {
          this.backlogIds = [];
          this.reasons.set(key, keyProblem(error, this.redis.where));
        };
      }
    });
  }

  private fire(change: Partial<MirrorChange>): void {
    this.changes.fire({ agents: new Set(), tasks: false, backlog: false, everything: false, ...change });
  }
}
