/** Carries messages to and from one app-server. Today a child on stdio; later perhaps a socket that outlives a window. */
import type { MessageWriter } from 'vscode-jsonrpc/node';
import type { Logger } from '../util/logger.ts';
import { type ExitValue, spawnManaged } from '../process/processes.ts';
import type { ListedProcess } from '../process/processTable.ts';
import type { ProcessRegistry } from '../process/processRegistry.ts';
import { NdjsonReader, NdjsonWriter, type PacedReader } from './ndjson.ts';

export interface TransportEnd extends ExitValue {
  /** The last output of the program on stderr. */
  stderrTail: string;
}

export interface Transport {
  /** Counts the connections of one owner, so that logs tell late messages of a dead one from those of its successor. */
  readonly generation: number;
  readonly pid: number | undefined;
  readonly reader: PacedReader;
  readonly writer: MessageWriter;
  /** Resolves when the other side is gone and its messages were handled. Never rejects. */
  readonly closed: Promise<TransportEnd>;
  /** Must be called when the other side starts a command. If the other side is killed, its commands are ended afterward. */
  startsCommand(): void;
  /** Ends the other side: gently for `graceMs`, then forcibly. 0 kills it at once. Resolves as `closed` does. */
  close(graceMs?: number): Promise<TransportEnd>;
}

export interface StdioOptions {
  codexPath: string;
  cwd: string;
  env: Readonly<Record<string, string | undefined>>;
  registry: ProcessRegistry;
  generation: number;
  logger: Logger;
}

/**
 * How long the other side may take to exit on its own, and again after a signal, in milliseconds. Together this is less than an
 * editor gives to a window that closes.
 */
const CLOSE_GRACE_MS = 1_000;

/** How long to read a dead process's pipe. A grandchild can hold it open. */
const drainLimitMs = 2_000;

/**
 * Codex reads files of the workspace in sandboxed helpers. If it exits while one is being set up, bubblewrap's half of the helper
 * waits forever. Seen with 0.171.
 */
function isSandboxHelper({ command }: ListedProcess): boolean {
  return command.includes('--codex-run-as-fs-helper');
}

/** Starts `codex app-server` as a child. @throws TinytownError `programUnusable` */
export async function startStdioTransport({
  codexPath,
  cwd,
  env,
  registry,
  generation,
  logger,
}: StdioOptions): Promise<Transport> {
  const options = { cwd, env, registry, purpose: 'app-server', isHelper: isSandboxHelper };
  const child = await spawnManaged(codexPath, ['app-server'], options);
  logger.debug(`app-server #${generation} runs as process ${child.pid}`);
  const reader = new NdjsonReader(child.stdout);

  async function end(): Promise<TransportEnd> {
    const exit = await child.exited;
    const left = child.commandsEnded();
    if (left > 0) logger.info(`Ended ${left} commands of app-server #${generation} after it exited.`);
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
