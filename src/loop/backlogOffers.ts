/**
 * Which backlog tasks this window's agents are offered, and when: only if the user lets them pick up tasks on their own, only
 * after the backlog has been quiet, and only one agent at a time in all windows.
 */
import type { TownKeys } from '../town/keys.ts';
import { RUNTIME_HOST } from '../town/stores/leases.ts';
import type { TownMirror } from '../town/live/mirror.ts';
import type { AgentRecord, TaskRecord } from '../town/records/records.ts';
import type { TownRedis } from '../town/redis/connect.ts';
import { type Role, matchesRole, roleOf } from '../town/records/roles.ts';
import { shortDigest } from '../util/digest.ts';
import { type Disposable, DisposableStore } from '../util/disposable.ts';
import { Emitter } from '../util/event.ts';
import type { PickupChoice } from './pickupChoice.ts';

/** How long an agent has to claim a task before the next one is asked, in milliseconds. */
const OFFER_MS = 60_000;
/** How often to check whether another agent's offer is over, in milliseconds. */
export const OFFER_AGAIN_MS = 2_000;
/** How long the backlog must stay unchanged before it is offered, in milliseconds. */
const QUIET_MS = 5_000;

export interface BacklogLook {
  total: number;
  /** The tasks for this role, in backlog order. */
  matching: readonly TaskRecord[];
  /** Identifies the matching tasks with their texts and tags, regardless of order. */
  digest: string;
}

interface Parts {
  choice: PickupChoice;
  mirror: TownMirror;
  redis: TownRedis;
  keys: TownKeys;
  /** How long the backlog must stay unchanged before it is offered, in milliseconds. */
  quietMs?: number | undefined;
}

/** Whether an agent could be offered a task now: it is idle, this extension runs it, and the task matches its role. */
export function couldTake(agent: AgentRecord, task: Pick<TaskRecord, 'description' | 'tags'>): boolean {
  return agent.runtimeHost === RUNTIME_HOST && agent.state === 'idle' && matchesRole(roleOf(agent), task);
}

export class BacklogOffers implements Disposable {
  readonly quietMs: number;
  private readonly parts: Parts;
  private readonly looks = new Map<Role, BacklogLook>();
  private content: string;
  /** By `performance.now()`. */
  private changed: number;
  private readonly begun = new Map<string, string>();
  private readonly store = new DisposableStore();
  private readonly changes = new Emitter<void>();
  /** There may be something new to offer. */
  readonly onDidChange = this.changes.event;

  constructor(parts: Parts) {
    this.parts = parts;
    this.quietMs = parts.quietMs ?? QUIET_MS;
    this.content = digestOf(this.tasks());
    this.changed = performance.now();
    this.store.add(this.changes);
    this.store.add(parts.choice.onDidChange(() => this.changes.fire()));
    this.store.add(
      parts.mirror.onDidChange(({ tasks, backlog, everything }) => {
        if (tasks || backlog || everything) this.look();
      }),
    );
  }

  /** Whether agents may pick up tasks on their own. */
  get allowed(): boolean {
    return this.parts.choice.answer === 'yes';
  }

  /** How long this window has seen no change in the backlog, in milliseconds. */
  get unchangedMs(): number {
    return performance.now() - this.changed;
  }

  /** The backlog as an agent of this role sees it. */
  of(role: Role): BacklogLook {
    const known = this.looks.get(role);
    if (known) return known;
    const matching = this.tasks().filter((task) => matchesRole(role, task));
    const look = { total: this.parts.mirror.backlog.length, matching, digest: digestOf(matching) };
    this.looks.set(role, look);
    return look;
  }

  /**
   * Begins an offer to an agent. False if another agent of the town has one now, or the user has not said yes. Ask again after
   * {@link OFFER_AGAIN_MS}.
   * @throws TinytownError with a `RedisErrorReason`
   */
  async begin(agentId: string): Promise<boolean> {
    if ((await this.parts.choice.read()) !== 'yes') return false;
    const key = this.parts.keys.backlogOffer(this.content);
    const holder = await this.parts.redis.write((client) => client.set(key, agentId, 'PX', OFFER_MS, 'NX', 'GET'));
    if (holder !== null && holder !== agentId) return false;
    this.begun.set(agentId, key);
    return true;
  }

  /** The agent's offer is over, so the next agent may be asked. Without this call, the offer expires. */
  async end(agentId: string): Promise<void> {
    const key = this.begun.get(agentId);
    if (key === undefined || !this.begun.delete(agentId)) return;
    const holder = await this.parts.redis.read((client) => client.get(key));
    if (holder === agentId) await this.parts.redis.write((client) => client.del(key));
  }

  dispose(): void {
    this.store.dispose();
  }

  private look(): void {
    this.looks.clear();
    const content = digestOf(this.tasks());
    if (content === this.content) return;
    this.content = content;
    this.changed = performance.now();
    if (this.allowed) this.changes.fire();
  }

  /** The tasks that can be read. */
  private tasks(): TaskRecord[] {
    const { mirror } = this.parts;
    return mirror.backlog.flatMap((id) => mirror.tasks.get(id.toLowerCase()) ?? []);
  }
}

function digestOf(tasks: readonly TaskRecord[]): string {
  const said = tasks.map(({ id, description, tags }) => JSON.stringify([id, description, tags.toSorted()])).toSorted();
  return shortDigest(JSON.stringify(said));
}
