/** Tracks whether the MCP servers of a thread have started. Codex continues without those that did not. */
import { TimeoutError, within } from '../util/boundedWait.ts';
import type { HeardNotification } from './methods.ts';

type Status = Extract<HeardNotification, { method: 'mcpServer/startupStatus/updated' }>['params'];

export class ServerStarts {
  private readonly starting: Set<string>;
  private readonly failed: string[] = [];
  private settle: () => void = () => undefined;
  private readonly settled = new Promise<void>((resolve) => {
    this.settle = resolve;
  });

  constructor(names: readonly string[]) {
    this.starting = new Set(names);
    if (names.length === 0) this.settle();
  }

  /** Resolves with the failures, a text per server, once all servers have started or failed, or after `limitMs`. */
  async failures(limitMs: number): Promise<readonly string[]> {
    try {
      await within(this.settled, limitMs, 'The start of the MCP servers');
    } catch (error) {
      if (!(error instanceof TimeoutError)) throw error;
    }
    return this.failed;
  }

  /** Returns the error text if the status says that one of the servers failed. */
  receive({ name, status, error }: Status): string | undefined {
    if (status === 'starting' || !this.starting.delete(name)) return undefined;
    const failure = status === 'ready' ? undefined : (error ?? `${name}: ${status}`);
    if (failure !== undefined) this.failed.push(failure);
    if (this.starting.size === 0) this.settle();
    return failure;
  }
}
