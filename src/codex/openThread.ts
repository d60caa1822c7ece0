/** Opens a new or stored thread on an app-server, and says which model it uses. */
import { setTimeout as pause } from 'node:timers/promises';
import type * as z from 'zod/mini';
import { Backoff } from '../util/backoff.ts';
import type { Logger } from '../util/logger.ts';
import type { CodexConnection } from './connection.ts';
import { CodexError } from './errors.ts';
import { configRead, threadResume, threadStart } from './methods.ts';
import type { ThreadStartParams } from './protocol/v2/ThreadStartParams';

export type ThreadOptions = Pick<
  ThreadStartParams,
  'cwd' | 'model' | 'approvalPolicy' | 'sandbox' | 'permissions' | 'config'
>;

/** Options that only a new thread can be given. */
export type NewThreadOptions = Omit<ThreadOptions, 'cwd'> & Pick<ThreadStartParams, 'developerInstructions'>;

/** Model and effort are null if the server does not say. */
export interface OpenedThread {
  threadId: string;
  model: string | null;
  reasoningEffort: string | null;
}

/**
 * Opens a new thread in the app-server's working folder. The thread is not stored before its first turn.
 *
 * The request deliberately names no folder. For a named folder, Codex records in the user's configuration that the project is
 * trusted, and from then on starts the MCP servers of the project's own `.codex/config.toml`, outside the sandbox.
 */
export async function startThread(
  connection: CodexConnection,
  options: NewThreadOptions,
  limitMs: number,
): Promise<OpenedThread> {
  return opened(await connection.request(threadStart, options, limitMs));
}

/**
 * Resumes a stored thread. If another process still writes it, the request is repeated for some seconds.
 * @throws CodexError `threadLost`, `threadBusy`
 */
export async function resumeThread(
  connection: CodexConnection,
  threadId: string,
  options: ThreadOptions,
  { limitMs, logger }: { limitMs: number; logger: Logger },
): Promise<OpenedThread> {
  const backoff = new Backoff({ firstMs: 200, maxMs: 2_000, attempts: 5 });
  for (;;) {
    try {
      return opened(await connection.request(threadResume, { ...options, threadId, excludeTurns: true }, limitMs));
    } catch (error) {
      const wait = error instanceof CodexError && error.reason === 'threadBusy' ? backoff.next() : undefined;
      if (wait === undefined) throw error;
      logger.info(`Another process is still writing the thread. Trying again in ${wait} ms.`);
      await pause(wait);
    }
  }
}

/** The developer instructions in Codex's configuration for threads in `cwd`; undefined for none. */
export async function configuredInstructions(
  connection: CodexConnection,
  cwd: string,
  limitMs: number,
): Promise<string | undefined> {
  const { config } = await connection.request(configRead, { cwd }, limitMs);
  return config.developer_instructions ?? undefined;
}

function opened({ thread, model, reasoningEffort }: z.output<(typeof threadStart)['result']>): OpenedThread {
  return { threadId: thread.id, model: model ?? null, reasoningEffort: reasoningEffort ?? null };
}
