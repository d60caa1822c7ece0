/** Collects changes and flushes them at most once per interval. The first is flushed at once, later ones together. */
import type { Disposable } from '../util/disposable.ts';

export class Throttle<T> implements Disposable {
  private waiting = new Set<T>();
  private timer: NodeJS.Timeout | undefined;
  private readonly flush: (items: ReadonlySet<T>) => void;
  private readonly intervalMs: number;

  constructor(flush: (items: ReadonlySet<T>) => void, intervalMs: number) {
    this.flush = flush;
    this.intervalMs = intervalMs;
  }

  add(item: T): void {
    this.waiting.add(item);
    if (!this.timer) this.run();
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.waiting.clear();
  }

  private run(): void {
    this.timer = undefined;
    if (this.waiting.size === 0) return;
    const items = this.waiting;
    this.waiting = new Set();
    this.timer = setTimeout(() => this.run(), this.intervalMs);
    this.flush(items);
  }
}
