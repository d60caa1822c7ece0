/** A typed, synchronous event of one source, in the editor's own style but free of the editor. */
import { type Disposable, toDisposable } from './disposable.ts';

export type Event<T> = (listener: (value: T) => void) => Disposable;

export class Emitter<T> implements Disposable {
  private readonly listeners = new Set<(value: T) => void>();

  readonly event: Event<T> = (listener) => {
    // A wrapper of its own, so that one function may listen twice.
    const own = (value: T): void => listener(value);
    this.listeners.add(own);
    return toDisposable(() => this.listeners.delete(own));
  };

  /** Calls every listener in turn, at once. A listener that throws stops neither the others nor the caller: see `onError`. */
  fire(value: T): void {
    for (const listener of this.listeners) {
      try {
        listener(value);
      } catch (error) {
        this.onError(error);
      }
    }
  }

  private readonly onError: (error: unknown) => void;

  /** @param onError gets what a listener throws; by default it is rethrown outside the caller, as an uncaught exception. */
  constructor(onError?: (error: unknown) => void) {
    this.onError =
      onError ??
      ((error) =>
        queueMicrotask(() => {
          throw error;
        }));
  }

  dispose(): void {
    this.listeners.clear();
  }
}
