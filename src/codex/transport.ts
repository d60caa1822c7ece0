/** What carries messages to and from one app-server. A child on stdio today; a socket that outlives a window later. */
import type { MessageWriter } from 'vscode-jsonrpc/node';
import type { Logger } from '../util/logger.ts';
import { type ExitValue, spawnManaged } from '../util/processes.ts';
import type { ProcessRegistry } from '../util/processRegistry.ts';
import { NdjsonReader, NdjsonWriter, type PacedReader } from './ndjson.ts';

export interface TransportEnd extends ExitValue {
  /** What the program said last on stderr. */
  stderrTail: string;
}

export interface Transport {
  /** Counts the connections of one owner, so that logs tell a dead one's late words from its successor's. */
  readonly generation: number;
  readonly pid: number | undefined;
  readonly reader: PacedReader;
  readonly writer: MessageWriter;
  /** Resolves when the other side is gone and what it said was handled. Never rejects. */
  readonly closed: Promise<TransportEnd>;
  /** To be called when the other side starts a command: should it end hard, that is ended after it. */
  startsCommand(): void;
  /** Ends the other side, gently for `graceMs`, then surely; 0 kills. Resolves as `closed` does. */
  close(graceMs?: number): Promise<TransportEnd>;
}

export interface StdioOptions {
  codexPath: string;
  /** Before `app-server`, e.g. `-c key=value`. */
  args?: readonly string[];
  cwd: string;
  env: Readonly<Record<string, string | undefined>>;
  registry: ProcessRegistry;
  generation: number;
  logger: Logger;
}

/**
 * How long the other side has to end by itself, and then again when it is told to, in milliseconds: together less than an
 * editor leaves to a window that closes.
 */
const CLOSE_GRACE_MS = 1_000;

/** How long a dead process's pipe may stay open before the rest is given up: a grandchild can hold it. */
const drainLimitMs = 2_000;

/** Starts `codex app-server` as a child. @throws TinytownError `programUnusable` */
export async function startStdioTransport(options: StdioOptions): Promise<Transport> {
  const { codexPath, args = [], cwd, env, registry, generation, logger } = options;
  const child = await spawnManaged(codexPath, [...args, 'app-server'], { cwd, env, registry, purpose: 'app-server' });
  logger.debug(`app-server #${generation} runs as process ${child.pid}`);
  const reader = new NdjsonReader(child.stdout);

  async function end(): Promise<TransportEnd> {
    const exit = await child.exited;
    const left = child.commandsEnded();
    if (left > 0) logger.info(`Ended ${left} commands of app-server #${generation}, which has gone.`);
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, drainLimitMs);
    });
    await Promise.race([reader.drained, limit]);
    clearTimeout(timer);
    logger.debug(`app-server #${generation} ended with ${exit.signal ?? `code ${exit.code}`}`);
    return { ...exit, stderrTail: child.stderrTail() };
  }

  const closed = end();
  return {
    generation,
    pid: child.pid,
    reader,
    writer: new NdjsonWriter(child.stdin),
    closed,
    startsCommand: () => child.startsCommand(),
    async close(graceMs = CLOSE_GRACE_MS) {
      await child.stop({ graceMs });
      return await closed;
    },
  };
}
