/**
 * Follows agents that another window or `tt` runs, through the agents' own streams. Follows only agents that somebody looks at,
 * starts with the newest entries, and reads whenever Redis reports a change.
 */
import { ActivityLog } from '../../town/records/activity.ts';
import type { ReadEvent } from '../../town/stores/events.ts';
import type { Town } from '../../town/town.ts';
import type { Wake } from '../../town/live/wake.ts';
import { type Disposable, DisposableStore } from '../../util/disposable.ts';
import { describeError } from '../../util/errors.ts';
import { Emitter } from '../../util/event.ts';
import type { Logger } from '../../util/logger.ts';
import { type WatchedWork, foldWork, nothingWatched } from './watchedWork.ts';

/** How far back the first look goes, and how many entries are read at once. */
const ENTRIES = 100;
/** How many lines of an agent's activity are kept. */
const ACTIVITY = 3;

interface Followed {
  work: WatchedWork;
  /** The last entry that was read; undefined before the first look. */
  after: string | undefined;
  reading: boolean;
  /** Something has changed since the reading began. */
  unread: boolean;
  polled: Disposable;
}

export class Follower implements Disposable {
  private readonly town: Town;
  private readonly activity: ActivityLog;
  private readonly logger: Logger;
  private readonly followed = new Map<string, Followed>();
  private readonly store = new DisposableStore();
  private readonly changes = new Emitter<string>();
  /** A followed agent's work has changed. Fires with its id, a few times a second at most. */
  readonly onDidChange = this.changes.event;
  private readonly heard = new Emitter<{ agentId: string; event: ReadEvent }>();
  /** Events of followed agents. Events from before an agent was followed are left out. */
  readonly onEvent = this.heard.event;

  constructor(town: Town, logger: Logger) {
    this.town = town;
    this.activity = new ActivityLog(town.redis, town.keys);
    this.logger = logger;
    this.store.add(town.wake.onChange((wake) => this.woken(wake)));
  }

  /** Follows these agents and no others from now on. Cheap to call often. */
  follow(ids: ReadonlySet<string>): void {
    for (const [id, { polled }] of this.followed) {
      if (ids.has(id)) continue;
      polled.dispose();
      this.followed.delete(id);
    }
    for (const id of ids) {
      if (this.followed.has(id)) continue;
      const { keys, wake } = this.town;
      const polled = new DisposableStore();
      for (const key of [keys.agentEvents(id), keys.activity(id)]) polled.add(wake.watch(key));
      this.followed.set(id, { work: nothingWatched, after: undefined, reading: false, unread: false, polled });
      this.read(id);
    }
  }

  /** What an agent does, if it is followed. */
  work(id: string): WatchedWork | undefined {
    return this.followed.get(id)?.work;
  }

  dispose(): void {
    this.follow(new Set());
    this.store.dispose();
    this.changes.dispose();
    this.heard.dispose();
  }

  private woken({ kind, id }: Wake): void {
    if (kind === 'everything') for (const followed of this.followed.keys()) this.read(followed);
    else if (id !== undefined && (kind === 'agentEvents' || kind === 'activity')) this.read(id);
  }

  private read(id: string): void {
    const it = this.followed.get(id);
    if (!it) return;
    it.unread = true;
    if (it.reading) return;
    it.reading = true;
    this.readAll(id, it)
      .catch((error: unknown) => this.logger.debug(`What ${id} does is not known: ${describeError(error)}`))
      .finally(() => {
        it.reading = false;
      });
  }

  private async readAll(id: string, it: Followed): Promise<void> {
    while (it.unread && this.followed.get(id) === it) {
      it.unread = false;
      const { events } = this.town;
      const { after } = it;
      const [read, activity] = await Promise.all([
        after === undefined ? events.readLast(ENTRIES, id) : events.readSince(after, { agentId: id, limit: ENTRIES }),
        this.activity.read(id),
      ]);
      if (read.length === ENTRIES && after !== undefined) it.unread = true;
      // A stream also has events of its agent's parents and children.
      const own = read.filter(({ agentId }) => agentId === id);
      it.after = read.at(-1)?.entry ?? after ?? '0';
      it.work = { ...own.reduce(foldWork, it.work), activity: activity.slice(0, ACTIVITY).toReversed() };
      if (this.followed.get(id) !== it) return;
      if (after !== undefined) for (const event of own) this.heard.fire({ agentId: id, event });
      this.changes.fire(id);
    }
  }
}
