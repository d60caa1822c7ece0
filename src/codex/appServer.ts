/** Starts and initializes an app-server. One start runs at a time, and an early failure is retried. */
import { setTimeout as pause } from 'node:timers/promises';
import { Backoff } from '../util/backoff.ts';
import { say } from '../util/sentence.ts';
import { oneLine } from '../util/text.ts';
import { CodexConnection, type ConnectionOptions } from './connection.ts';
import { CodexError } from './errors.ts';
import { withStartLock } from './startLock.ts';
import { type StdioOptions, startStdioTransport } from './transport.ts';

export interface LaunchOptions extends StdioOptions, ConnectionOptions {
  /** Our own version, for the app-server's handshake. */
  clientVersion: string;
  /** How long one start may take, in milliseconds. */
  startLimitMs: number;
  /** Stops the attempt and ends the process. */
  signal: AbortSignal;
}

export interface LaunchedServer {
  connection: CodexConnection;
  /** The app-server's version; null if it does not say. */
  version: string | null;
}

/**
 * Starts an app-server and initializes it.
 * @throws TinytownError `programUnusable` if the program cannot be run at all; CodexError `startFailed`, with the last lines
 * that it printed, if it ended early or stayed silent.
 */
export async function launchAppServer(options: LaunchOptions): Promise<LaunchedServer> {
  const { signal, logger, registry } = options;
  const backoff = new Backoff({ firstMs: 300, maxMs: 2_000, attempts: 2 });
  for (;;) {
    try {
      return await withStartLock(() => launchOnce(options), { folder: registry.folder, signal, logger });
    } catch (error) {
      signal.throwIfAborted();
      const wait = error instanceof CodexError && error.reason === 'startFailed' ? backoff.next() : undefined;
      if (wait === undefined) throw error;
      logger.warn(`${error instanceof Error ? error.message : String(error)} Trying again in ${wait} ms.`);
      await pause(wait);
    }
  }
}

async function launchOnce(options: LaunchOptions): Promise<LaunchedServer> {
  const { clientVersion, startLimitMs, signal } = options;
  const connection = new CodexConnection(await startStdioTransport(options), options);
  const abort = (): void => void connection.close(0);
  signal.addEventListener('abort', abort, { once: true });
  try {
    signal.throwIfAborted();
    const client = { name: 'tinytown-vscode', title: 'Tinytown for VS Code', version: clientVersion };
    return { connection, version: await connection.initialize(client, startLimitMs) };
  } catch (error) {
    const { stderrTail } = await connection.close(0);
    const said = stderrTail.trim().split('\n').at(-1) ?? '';
    const message = said ? say('Codex did not start: {0}', oneLine(said, 200)) : say('Codex did not start.');
    throw new CodexError('startFailed', message, { cause: error, hint: 'Run "codex doctor" in a terminal.' });
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
