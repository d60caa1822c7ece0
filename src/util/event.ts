/** A typed, synchronous event of one source, in the editor's style but independent of it. */
import { type Disposable, toDisposable } from './disposable.ts';

export type Event<T> = (listener: (value: T) => void) => Disposable;

export class Emitter<T> implements Disposable {
  private readonly listeners = new Set<(value: T) => void>();

  readonly event: Event<T> = (listener) => {
    // A separate wrapper, so that the same function can listen twice.
    const own = (value: T): void => listener(value);
    this.listeners.add(own);
    return toDisposable(() => this.listeners.delete(own));
  };

  /** Calls the listeners synchronously, in order. One that throws stops neither the others nor the caller: see `onError`. */
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

  /** @param onError Gets errors of listeners. By default they are rethrown outside the caller, as uncaught exceptions. */
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
