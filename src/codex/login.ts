/** Signs in to Codex on a provider's page. The app-server names the page, waits for the sign-in, and stores the result. */
import { TimeoutError, within } from '../util/boundedWait.ts';
import type { Event } from '../util/event.ts';
import { say } from '../util/sentence.ts';
import type { CodexConnection } from './connection.ts';
import { CodexError } from './errors.ts';
import { type HeardNotification, loginCancel, loginStart } from './methods.ts';

export interface LoginPlace {
  /** The page to open. */
  url: string;
  /** The code to type there. Undefined if the page returns to the app-server on its own. */
  code: string | undefined;
}

export interface LoginOptions {
  /** The app-server's notifications. */
  heard: Event<HeardNotification>;
  /** Called once with the page to open. */
  readonly show: (place: LoginPlace) => void;
  /** Cancels the sign-in. */
  signal: AbortSignal;
  /** How long one reply of the app-server may take, and how long the person may take, in milliseconds. */
  limits: { answerMs: number; signInMs: number };
}

/**
 * Resolves when the sign-in is over: true when signed in, false when canceled.
 * @throws CodexError `signInFailed`, `notRunning` if the app-server went away, `refused`, `unresponsive`
 */
export async function login(
  connection: CodexConnection,
  type: 'chatgpt' | 'chatgptDeviceCode',
  { heard, show, signal, limits }: LoginOptions,
): Promise<boolean> {
  const ends = new Map<string, Extract<HeardNotification, { method: 'account/login/completed' }>['params']>();
  let heardOne: (() => void) | undefined;
  const listening = heard(({ method, params }) => {
    if (method !== 'account/login/completed') return;
    ends.set(params.loginId ?? '', params);
    heardOne?.();
  });
  let cancel: (() => void) | undefined;
  const abort = (): void => cancel?.();
  try {
    const { loginId, authUrl, verificationUrl, userCode } = await connection.request(
      loginStart,
      { type },
      limits.answerMs,
    );
    const url = authUrl ?? verificationUrl;
    if (!loginId || !url) throw new CodexError('signInFailed', 'Codex did not say where to sign in.');
    cancel = () => void connection.request(loginCancel, { loginId }, limits.answerMs).catch(() => undefined);
    const over = new Promise<void>((resolve) => {
      heardOne = () => ends.has(loginId) && resolve();
      heardOne();
      void connection.closed.then(() => resolve());
    });
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    else show({ url, code: userCode ?? undefined });
    await within(over, limits.signInMs, 'Signing in');
    const end = ends.get(loginId);
    if (end?.success) return true;
    if (signal.aborted) return false;
    if (!end) throw new CodexError('notRunning', 'Codex ended before the sign-in was over.');
    throw new CodexError(
      'signInFailed',
      end.error ? say('The sign-in failed: {0}', end.error) : say('The sign-in failed. Codex does not say why.'),
    );
  } catch (error) {
    if (!(error instanceof TimeoutError)) throw error;
    abort();
    throw new CodexError('signInFailed', 'The sign-in timed out.', { hint: 'Sign in again.', cause: error });
  } finally {
    signal.removeEventListener('abort', abort);
    listening.dispose();
  }
}
