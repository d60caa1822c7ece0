/** The account that Codex uses, as people know it. */
import { realpath } from 'node:fs/promises';
import path from 'node:path';
import type { CodexConnection } from '../codex/connection.ts';
import type { LoginPlace } from '../codex/login.ts';
import { accountRead } from '../codex/methods.ts';
import { homeFolder } from '../util/homeFolder.ts';

export type AccountState =
  | { state: 'signedOut' }
  /** The model's provider needs no OpenAI account. */
  | { state: 'notNeeded' }
  | { state: 'signedIn'; by: 'chatgpt'; email: string | undefined; plan: string | undefined }
  | { state: 'signedIn'; by: 'apiKey' }
  /** Another provider's way, by Codex's name for it. */
  | { state: 'signedIn'; by: 'other'; name: string };

/** `deviceCode`: for a browser that cannot redirect back to this machine. */
export type SignInKind = 'browser' | 'deviceCode';

/** Where a person signs in: the page, and the code to type there if one is asked for. */
export type SignInPlace = LoginPlace;

/** Asks only the app-server. If the account was revoked elsewhere, only the next turn shows it. */
export async function readAccount(connection: CodexConnection, limitMs: number): Promise<AccountState> {
  const { account, requiresOpenaiAuth } = await connection.request(accountRead, {}, limitMs);
  if (!account) return { state: requiresOpenaiAuth ? 'signedOut' : 'notNeeded' };
  const { type, email, planType } = account;
  if (type === 'apiKey') return { state: 'signedIn', by: 'apiKey' };
  if (type !== 'chatgpt') return { state: 'signedIn', by: 'other', name: type };
  return { state: 'signedIn', by: 'chatgpt', email: email ?? undefined, plan: planType ?? undefined };
}

/** The folder where Codex keeps its account in this environment. Users of the same folder share the account. */
export async function accountFolder(env: Readonly<Record<string, string | undefined>>): Promise<string> {
  const folder = path.resolve(env['CODEX_HOME'] ?? path.join(env['HOME'] ?? homeFolder(), '.codex'));
  return realpath(folder).catch(() => folder);
}
