/** Lifetimes: things that must be let go of, one by one or as a group. */

export interface Disposable {
  dispose(): void;
}

/** Makes a disposable of a function; the function runs at most once. */
export function toDisposable(release: () => void): Disposable {
  let done = false;
  return {
    dispose() {
      if (done) return;
      done = true;
      release();
    },
  };
}

/** A group that ends together, last in first out. What is added after the end is disposed at once. */
export class DisposableStore implements Disposable {
  private readonly items: Disposable[] = [];
  private ended = false;

  add<T extends Disposable>(item: T): T {
    if (this.ended) item.dispose();
    else this.items.push(item);
    return item;
  }

  dispose(): void {
    this.ended = true;
    for (let item = this.items.pop(); item; item = this.items.pop()) item.dispose();
  }
}
