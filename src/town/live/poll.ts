/**
 * Finds changes when Redis sends no notifications. One script call covers the whole town. It runs often while things change,
 * and rarely otherwise.
 */
import * as z from 'zod/mini';
import { type Disposable, toDisposable } from '../../util/disposable.ts';
import type { KeyKind, TownKeys } from '../keys.ts';
import { SUPERVISOR_ID } from '../keys.ts';
import type { TownRedis } from '../redis/connect.ts';
import { ScriptRunner } from '../redis/script.ts';
import { scanTown } from './scan.ts';
import fingerprintsSource from '../scripts/fingerprints.lua';

export interface PollTimes {
  shortestMs: number;
  longestMs: number;
  /** How often to look for new agents and tasks. This scans all of Redis. */
  scanMs: number;
}

const fingerprints = { name: 'fingerprints', source: fingerprintsSource };
const watched: ReadonlySet<KeyKind> = new Set([
  ...(['agent', 'inbox', 'urgent', 'task', 'stop', 'held', 'dead', 'control', 'turn', 'lease'] as const),
  ...(['backlog', 'events', 'windowLease'] as const),
]);

export class ChangePoll {
  private readonly redis: TownRedis;
  private readonly scripts: ScriptRunner;
  private readonly keys: TownKeys;
  private readonly times: PollTimes;
  private readonly onChange: (key: string) => void;
  private readonly onFailure: (error: unknown) => void;
  private prints = new Map<string, string>();
  private names: string[] = [];
  private readonly also = new Set<string>();
  private lastScan = Number.NEGATIVE_INFINITY;
  private timer: NodeJS.Timeout | undefined;
  private running = false;

  /** @param on `failure` gets the error of a look that failed. The next look still comes. */
  constructor(
    redis: TownRedis,
    keys: TownKeys,
    times: PollTimes,
    on: { change: (key: string) => void; failure: (error: unknown) => void },
  ) {
    this.redis = redis;
    this.scripts = new ScriptRunner(redis.reads);
    this.keys = keys;
    this.times = times;
    this.onChange = on.change;
    this.onFailure = on.failure;
  }

  /** Resolves when it has read the town. Every later change is noticed. */
  async start(): Promise<void> {
    this.stop();
    this.running = true;
    this.prints = new Map();
    this.lastScan = Number.NEGATIVE_INFINITY;
    await this.look(false);
    this.schedule(this.times.shortestMs);
  }

  /** Looks at one more key, until the result is disposed. */
  watch(key: string): Disposable {
    this.also.add(key);
    return toDisposable(() => this.also.delete(key));
  }

  stop(): void {
    this.running = false;
    clearTimeout(this.timer);
  }

  private schedule(delay: number): void {
    if (!this.running) return;
    this.timer = setTimeout(() => {
      this.look(true).then(
        (changed) => this.schedule(changed ? this.times.shortestMs : Math.min(delay * 2, this.times.longestMs)),
        (error: unknown) => {
          this.onFailure(error);
          this.schedule(this.times.longestMs);
        },
      );
    }, delay);
  }

  /** Resolves with whether anything changed since the last look. */
  private async look(tell: boolean): Promise<boolean> {
    if (performance.now() - this.lastScan >= this.times.scanMs) {
      this.names = await this.namesToWatch();
      this.lastScan = performance.now();
    }
    const names = [...new Set([...this.names, ...this.also])];
    const reply = await this.redis.read(() => this.scripts.run(fingerprints, names, []));
    const prints = z.array(z.string()).parse(reply);
    const before = this.prints;
    this.prints = new Map(names.map((name, place) => [name, prints[place] ?? '']));
    const changed = [...new Set([...this.prints.keys(), ...before.keys()])].filter(
      (name) => (before.get(name) ?? '') !== (this.prints.get(name) ?? ''),
    );
    // A new agent appends an event there.
    if (changed.includes(this.keys.events)) this.lastScan = Number.NEGATIVE_INFINITY;
    if (tell && this.running) for (const name of changed) this.onChange(name);
    return changed.length > 0;
  }

  /** Existing keys, and keys that may appear for the existing agents. */
  private async namesToWatch(): Promise<string[]> {
    const { keys } = this;
    const found = (await scanTown(this.redis, keys)).filter(({ kind }) => watched.has(kind));
    const agents = found.filter(({ kind }) => kind === 'agent').map(({ id }) => id ?? '');
    const kinds = ['inbox', 'urgent', 'stop', 'control', 'held', 'dead', 'turn', 'lease'] as const;
    const coming = [...agents, SUPERVISOR_ID].flatMap((id) => kinds.map((kind) => keys[kind](id)));
    return [...new Set([...found.map(({ key }) => key), ...coming, keys.backlog, keys.events])];
  }
}
