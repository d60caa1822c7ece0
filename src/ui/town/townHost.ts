/**
 * The one town of this window. It is opened when it is first needed, and closed once. This file does not depend on the editor:
 * `editorTown.ts` provides folders, trust and settings.
 */
import type { TownSession } from '../../loop/townSession.ts';
import { isPassing } from '../../town/redis/errors.ts';
import { Backoff } from '../../util/backoff.ts';
import { type Disposable, DisposableStore, toDisposable } from '../../util/disposable.ts';
import { TinytownError } from '../../util/errors.ts';
import { Emitter } from '../../util/event.ts';
import { SerialQueue } from '../../util/serialQueue.ts';
import { storageRefuses } from '../../util/storing.ts';
import type { Translate } from '../l10n.ts';
import { type Problem, problemOf } from '../problems.ts';

interface Closable {
  close(): Promise<void>;
}

export type TownState<S = TownSession> =
  | { kind: 'noFolder' }
  | { kind: 'untrusted' }
  /** The folder has no `tinytown.toml`. Nothing runs, and nothing was created. */
  | { kind: 'noTown'; folder: string }
  | { kind: 'opening'; folder: string }
  | { kind: 'ready'; folder: string; session: S }
  | { kind: 'failed'; folder: string; error: unknown; problem: Problem }
  /** The window closes. */
  | { kind: 'closed' };

/** What the host needs from the editor. */
export interface TownHostParts<S> {
  folder(): Promise<string | undefined>;
  trusted(): boolean;
  hasTown(folder: string): Promise<boolean>;
  /** Makes the folder a town, named `name` or after the folder. */
  create(folder: string, name: string | undefined): Promise<void>;
  open(folder: string): Promise<S>;
  onError(what: string, error: unknown): void;
}

/** Pauses before the town is opened again after a failure that may pass, in milliseconds. */
const FIRST_RETRY_MS = 10_000;
const LONGEST_RETRY_MS = 60_000;

export class TownHost<S extends Closable = TownSession> {
  private current: TownState<S> = { kind: 'noFolder' };
  private readonly changed = new Emitter<TownState<S>>();
  readonly onDidChange = this.changed.event;
  /** Looking, opening and closing run one after another, so two callers never open the town twice. */
  private readonly queue = new SerialQueue();
  private readonly readyListeners = new Set<(session: S, store: DisposableStore) => void>();
  private sessionStore = new DisposableStore();
  private readonly parts: TownHostParts<S>;
  private readonly t: Translate;
  private readonly pauses: Backoff;
  private again: NodeJS.Timeout | undefined;

  /** @param firstRetryMs The first pause before another attempt, if Redis is away. */
  constructor(parts: TownHostParts<S>, t: Translate, firstRetryMs = FIRST_RETRY_MS) {
    this.parts = parts;
    this.t = t;
    this.pauses = new Backoff({ firstMs: firstRetryMs, maxMs: LONGEST_RETRY_MS, attempts: Number.POSITIVE_INFINITY });
  }

  get state(): TownState<S> {
    return this.current;
  }

  /** The session, if one is open now. */
  get ready(): S | undefined {
    return this.current.kind === 'ready' ? this.current.session : undefined;
  }

  /** Calls `listener` for the open session and each later one. The store is disposed with its session. */
  whileReady(listener: (session: S, store: DisposableStore) => void): Disposable {
    this.readyListeners.add(listener);
    if (this.current.kind === 'ready') listener(this.current.session, this.sessionStore);
    return toDisposable(() => this.readyListeners.delete(listener));
  }

  /** Looks at the folder and opens its town if there is one. Retries after a failure. Leaves an open town alone. */
  look(): Promise<TownState<S>> {
    return this.queue.run(() => this.lookNow());
  }

  /** Closes the town and opens it again, for settings that cannot change while it is open. */
  reopen(): Promise<TownState<S>> {
    return this.queue.run(async () => {
      await this.leave();
      return this.lookNow();
    });
  }

  /** The open session. Opens the town first if necessary. Rejects with the reason if there is none. */
  session(): Promise<S> {
    return this.queue.run(async () => this.sessionOf(await this.lookNow()));
  }

  /** Like {@link session}, but first makes the folder a town if it is not one. `name` is used only then. */
  sessionOrNew(name?: string): Promise<S> {
    return this.queue.run(async () => {
      const state = await this.lookNow();
      if (state.kind !== 'noTown') return this.sessionOf(state);
      await this.parts.create(state.folder, name);
      return this.sessionOf(await this.lookNow());
    });
  }

  /** Ends the session and everything in it. Nothing opens afterward. */
  close(): Promise<void> {
    return this.queue.run(async () => {
      clearTimeout(this.again);
      await this.leave();
      this.set({ kind: 'closed' });
    });
  }

  private async lookNow(): Promise<TownState<S>> {
    clearTimeout(this.again);
    if (this.current.kind === 'closed') return this.current;
    const folder = await this.parts.folder();
    if (this.current.kind === 'ready' && this.current.folder === folder) return this.current;
    await this.leave();
    if (folder === undefined) return this.set({ kind: 'noFolder' });
    if (!this.parts.trusted()) return this.set({ kind: 'untrusted' });
    try {
      if (!(await this.parts.hasTown(folder))) return this.set({ kind: 'noTown', folder });
      this.set({ kind: 'opening', folder });
      const session = await this.parts.open(folder);
      return this.enter(folder, session);
    } catch (error) {
      this.parts.onError('open the town', error);
      // Redis may come back, or the disk may have space again. Nobody should have to press a button for that.
      if (isPassing(error) || storageRefuses(error))
        this.again = setTimeout(() => void this.look(), this.pauses.next()).unref();
      return this.set({ kind: 'failed', folder, error, problem: problemOf(error, this.t) });
    }
  }

  private enter(folder: string, session: S): TownState<S> {
    this.pauses.reset();
    this.sessionStore = new DisposableStore();
    for (const listener of this.readyListeners) listener(session, this.sessionStore);
    return this.set({ kind: 'ready', folder, session });
  }

  private async leave(): Promise<void> {
    if (this.current.kind !== 'ready') return;
    const { session } = this.current;
    this.sessionStore.dispose();
    this.set({ kind: 'noFolder' });
    try {
      await session.close();
    } catch (error) {
      this.parts.onError('close the town', error);
    }
  }

  private set(state: TownState<S>): TownState<S> {
    this.current = state;
    this.changed.fire(state);
    return state;
  }

  private sessionOf(state: TownState<S>): S {
    const { t } = this;
    switch (state.kind) {
      case 'ready':
        return state.session;
      case 'noFolder':
        throw new TinytownError('noFolder', t('No folder is open. Open the folder that agents should work in.'));
      case 'untrusted':
        throw new TinytownError(
          'untrusted',
          t('This folder isn’t trusted. Trust it first, because agents run programs in it.'),
        );
      case 'noTown':
        throw new TinytownError('noTown', t('This folder has no agents yet. Add one first.'));
      case 'failed':
        throw state.error;
      case 'opening':
      case 'closed':
        throw new TinytownError('closed', t('This window is closing.'));
    }
  }
}
