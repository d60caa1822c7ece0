/** Keeps what waits for the person up to date with the open town. Reports new needs, and withdrawn requests with the reason. */
import type { SupervisorMessage } from '../../loop/actions/personInbox.ts';
import type { WithdrawnRequest } from '../../loop/state/agentView.ts';
import type { TownSession } from '../../loop/townSession.ts';
import { SUPERVISOR_ID } from '../../town/keys.ts';
import { type Disposable, DisposableStore } from '../../util/disposable.ts';
import { Emitter } from '../../util/event.ts';
import { SerialQueue } from '../../util/serialQueue.ts';
import { type Need, needsOf } from './needs.ts';
import { Throttle } from '../throttle.ts';
import type { TownHost } from '../town/townHost.ts';
import { pictureOf } from '../town/townPicture.ts';

const LOOK_MS = 100;

/** A request that nobody can answer anymore. */
export interface Withdrawal extends WithdrawnRequest {
  who: string;
}

export class NeedsFeed implements Disposable {
  private readonly store = new DisposableStore();
  private readonly host: TownHost;
  private readonly onError: (what: string, error: unknown) => void;
  private readonly queue = new SerialQueue();
  private messages: readonly SupervisorMessage[] = [];
  private current: readonly Need[] = [];
  /** Requests whose withdrawal was already reported. */
  private readonly withdrawn = new Set<string>();
  private readonly changes = this.store.add(new Emitter<readonly Need[]>());
  /** The needs have changed. Fires with the new ones. */
  readonly onDidChange = this.changes.event;
  private readonly withdrawals = this.store.add(new Emitter<Withdrawal>());
  readonly onWithdrawn = this.withdrawals.event;
  private readonly looks = this.store.add(new Throttle<'look'>(() => this.look(), LOOK_MS));

  constructor(host: TownHost, onError: (what: string, error: unknown) => void) {
    this.host = host;
    this.onError = onError;
    this.store.add(
      host.whileReady((session, ready) => {
        const look = (): void => this.looks.add('look');
        ready.add(
          session.mirror.onDidChange(({ agents, everything }) => {
            if (everything || agents.has(SUPERVISOR_ID)) this.readMessages(session);
            look();
          }),
        );
        ready.add(session.runner.onDidChangeView(look));
        ready.add(session.receipts.onDidChange(look));
        ready.add(session.trust.confirmations.onDidChange(look));
        this.readMessages(session);
      }),
    );
    this.store.add(
      host.onDidChange(() => {
        if (!host.ready) this.messages = [];
        this.looks.add('look');
      }),
    );
  }

  /** What waits, as far as it is known. See {@link needsOf} for the order. */
  get needs(): readonly Need[] {
    return this.current;
  }

  /** Reads again what waits, including messages. @throws TinytownError with a `RedisErrorReason` */
  async refresh(): Promise<readonly Need[]> {
    const session = await this.host.session();
    await session.mirror.refresh();
    const messages = await session.actions.personInbox.supervisorMessages();
    if (this.host.ready === session) this.messages = messages;
    this.look();
    return this.current;
  }

  /** Resolves with true when the need no longer waits, or with false after `timeoutMs`. */
  whenGone(key: string, timeoutMs: number): Promise<boolean> {
    const isGone = (): boolean => !this.current.some((need) => need.key === key);
    if (isGone()) return Promise.resolve(true);
    return new Promise((resolve) => {
      const end = (gone: boolean): void => {
        clearTimeout(timer);
        listener.dispose();
        resolve(gone);
      };
      const listener = this.onDidChange(() => isGone() && end(true));
      const timer = setTimeout(() => end(false), timeoutMs);
    });
  }

  dispose(): void {
    this.store.dispose();
  }

  private readMessages(session: TownSession): void {
    // One read runs, and one is queued that will see all later messages.
    if (this.queue.size > 1) return;
    this.queue
      .run(async () => {
        const messages = await session.actions.personInbox.supervisorMessages();
        if (this.host.ready !== session) return;
        this.messages = messages;
        this.looks.add('look');
      })
      .catch((error: unknown) => this.onError('read the messages to you', error));
  }

  private look(): void {
    const session = this.host.ready;
    const before = new Map(this.current.map((need) => [need.key, need]));
    this.current = session ? needsOf(pictureOf(session), this.messages) : [];
    const came = this.current.filter(({ key }) => !before.has(key));
    if (session) this.tellWithdrawn(session);
    const same = came.length === 0 && before.size === this.current.length;
    if (!same || this.current.some((need) => changed(before.get(need.key), need))) this.changes.fire(came);
  }

  private tellWithdrawn({ mirror, runner }: TownSession): void {
    for (const [agentId, { name }] of mirror.agents) {
      for (const withdrawal of runner.view(agentId).withdrawn) {
        const key = `${agentId}/${withdrawal.request.id}`;
        if (this.withdrawn.has(key)) continue;
        this.withdrawn.add(key);
        this.withdrawals.fire({ ...withdrawal, who: name });
      }
    }
  }
}

/** Whether a need looks different. Its key stays, but for example its count or its error may change. */
function changed(before: Need | undefined, now: Need): boolean {
  if (before?.kind !== now.kind || before.at !== now.at || before.who !== now.who) return true;
  if (before.kind === 'claim' && now.kind === 'claim') return before.answer !== now.answer;
  if (before.kind === 'error' && now.kind === 'error') return before.text !== now.text;
  if (before.kind === 'held' && now.kind === 'held' && before.why !== now.why) return true;
  if ('messages' in before && 'messages' in now && before.messages.length !== now.messages.length) return true;
  if (before.kind === 'limit' && now.kind === 'limit' && before.time !== now.time) return true;
  // A message's task may become known after the message.
  if (before.kind === 'message' && now.kind === 'message') return before.task !== now.task;
  return 'count' in before && 'count' in now && before.count !== now.count;
}
