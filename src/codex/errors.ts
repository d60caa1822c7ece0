/** What can go wrong with an app-server, by reason. The only file that knows the app-server's error codes and texts. */
import { ErrorCodes, ResponseError } from 'vscode-jsonrpc/node';
import * as z from 'zod/mini';
import { TinytownError } from '../util/errors.ts';
import { say } from '../util/sentence.ts';

export type CodexErrorReason =
  | 'programUnusable'
  | 'startFailed'
  | 'threadLost'
  | 'threadBusy'
  /** The thread has no turns yet. */
  | 'threadEmpty'
  /** The turn is over, or another one runs. */
  | 'turnGone'
  | 'notSteerable'
  | 'turnActive'
  | 'overloaded'
  | 'unresponsive'
  | 'notRunning'
  | 'requestGone'
  | 'badAnswer'
  | 'signInFailed'
  /** A file of Codex's configuration cannot be read. */
  | 'badConfig'
  | 'refused';

export class CodexError extends TinytownError<CodexErrorReason> {
  override readonly name = 'CodexError';
}

/** The JSON-RPC code of an overloaded app-server. */
const overloadedCode = -32001;

const turnErrorData = z.object({ codexErrorInfo: z.looseObject({ activeTurnNotSteerable: z.unknown() }) });

/** Converts a request's rejection to an error with a reason. */
export function toCodexError(method: string, error: unknown): CodexError {
  if (error instanceof CodexError) return error;
  if (!(error instanceof ResponseError)) {
    return new CodexError('notRunning', 'Codex is not running.', { cause: error });
  }
  if (error.code === ErrorCodes.PendingResponseRejected || error.code === ErrorCodes.MessageWriteError) {
    return new CodexError('notRunning', 'Codex ended before it answered.', { cause: error });
  }
  if (error.code === overloadedCode) {
    return new CodexError('overloaded', 'Codex is overloaded.', { cause: error, hint: 'Try again in a moment.' });
  }
  if (turnErrorData.safeParse(error.data).success) {
    return new CodexError('notSteerable', 'The running turn cannot be steered.', { cause: error });
  }
  const unread = /failed to load configuration: ([^]*)/.exec(error.message)?.[1];
  if (unread !== undefined) return badConfig(unread, error);
  const reason = reasonOfText(error.message);
  return new CodexError(reason, say('Codex refused {0}: {1}', method, error.message), { cause: error });
}

/** @param where The file and the line, and the problem there. */
export function badConfig(where: string, cause?: unknown): CodexError {
  const message = say('Codex cannot read its configuration: {0}', where.trim());
  return new CodexError('badConfig', message, { cause, hint: 'Correct the file, then try again.' });
}

/** These errors have the code of any bad request. Only the text tells them apart (seen on 0.169.0). */
function reasonOfText(message: string): CodexErrorReason {
  if (/no active turn to|expected active turn id/.test(message)) return 'turnGone';
  if (/cannot steer/.test(message)) return 'notSteerable';
  if (/no rollout found for thread id|invalid (?:session|thread) id|thread not loaded/.test(message))
    return 'threadLost';
  // Codex was killed while it created the thread's file.
  if (/rollout at .* is empty/.test(message)) return 'threadLost';
  if (/is not materialized yet/.test(message)) return 'threadEmpty';
  if (/already has an active writer/.test(message)) return 'threadBusy';
  return 'refused';
}
