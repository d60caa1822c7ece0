/** Keeps the runtime part of the views of a window's agents: folds events into them, and reports changes. */
import type { RuntimeEvent } from '../../runtime/codingAgent.ts';
import { type Disposable, toDisposable } from '../../util/disposable.ts';
import { Emitter } from '../../util/event.ts';
import { type AgentView, emptyView, isStalled, reduceView } from './agentView.ts';

const STALL_CHECK_MS = 10_000;

export class AgentViews {
  private readonly now: () => number;
  private readonly views = new Map<string, AgentView>();
  private readonly lastEventAt = new Map<string, number>();
  private readonly changes = new Emitter<string>();
  /** An agent's view has changed. Fires with its id, up to thousands of times a second. */
  readonly onDidChange = this.changes.event;

  constructor(now: () => number) {
    this.now = now;
  }

  get(id: string): AgentView | undefined {
    return this.views.get(id);
  }

  /** Reports a change of something that is not kept here, such as the owner or the process. */
  touch(id: string): void {
    this.changes.fire(id);
  }

  heard(id: string, event: RuntimeEvent): void {
    const now = this.now();
    this.lastEventAt.set(id, now);
    this.update(id, (view) => reduceView(view, event, now));
  }

  update(id: string, change: (view: AgentView) => AgentView): void {
    const before = this.views.get(id) ?? emptyView('persistent');
    const after = change(before);
    if (after === before) return;
    this.views.set(id, after);
    this.changes.fire(id);
  }

  forget(id: string): void {
    this.views.delete(id);
    this.lastEventAt.delete(id);
  }

  /** Marks running turns that have been silent for too long. */
  watchStalls(): Disposable {
    const timer = setInterval(() => {
      const now = this.now();
      for (const [id, view] of this.views) {
        if (view.stalled || !isStalled(view, this.lastEventAt.get(id) ?? now, now)) continue;
        this.update(id, (known) => ({ ...known, stalled: true }));
      }
    }, STALL_CHECK_MS);
    return toDisposable(() => clearInterval(timer));
  }
}
