/** Signing in to and out of Codex. Codex keeps the credentials. Tinytown neither keeps nor logs anything about an account. */
import * as vscode from 'vscode';
import type { AccountState, SignInKind, SignInPlace } from '../runtime/account.ts';
import type { CodexService } from '../runtime/codexService.ts';
import { type Disposable, DisposableStore } from '../util/disposable.ts';
import { TinytownError } from '../util/errors.ts';
import { oneLine } from '../util/text.ts';
import { type Call, readCall } from './calls.ts';
import { withoutRow } from './itemTree.ts';
import type { EditorLog } from './editorLog.ts';
import { Command, type CommandId } from './ids.ts';
import { reach } from './milestones.ts';
import { confirm, inform } from './notify.ts';
import { withoutIcons } from './plainText.ts';
import { registerCommand } from './registerCommand.ts';

const { t } = vscode.l10n;

export interface AccountParts {
  /** Runs a job with the window's Codex, whether a town is open or not. */
  readonly withCodex: <T>(job: (codex: CodexService) => Promise<T>) => Promise<T>;
  log: EditorLog;
}

export function registerAccountCommands({ withCodex, log }: AccountParts): Disposable {
  const store = new DisposableStore();
  const add = (id: CommandId, run: (call: Call, codex: CodexService) => Promise<unknown>): void => {
    store.add(
      registerCommand(id, {
        read: (args) => readCall(withoutRow(args), () => undefined, t),
        run: (call) => withCodex((codex) => run(call, codex)),
        log,
      }),
    );
  };
  add(Command.signIn, (call, codex) => signIn(call, codex, log));
  add(Command.signOut, signOut);
  return store;
}

type Way = SignInKind | 'apiKey';

const ways: readonly Way[] = ['browser', 'deviceCode', 'apiKey'];

/**
 * `signIn(way?, key?)`, where `way` is `browser`, `deviceCode` or `apiKey`. Resolves with the new account state, or undefined
 * if the person canceled.
 */
async function signIn(call: Call, codex: CodexService, log: EditorLog): Promise<AccountState | undefined> {
  const named = ways.find((one) => one === call.agent);
  if (call.agent !== undefined && !named) {
    throw new TinytownError('badArguments', t('The first argument must be browser, deviceCode or apiKey.'));
  }
  const now = await codex.account();
  if (now.state === 'notNeeded') {
    reach('signedIn');
    // The provider may have refused anyway. The user has probably fixed its key, so the waiting agents try again.
    codex.stillSignedIn();
    if (call.interactive) void inform(t('Your model provider needs no sign-in. Agents can work.'));
    return now;
  }
  const way = named ?? (await askWay(now));
  if (way === undefined) return undefined;
  if (way === 'goOn') {
    codex.stillSignedIn();
    return now;
  }
  const done = way === 'apiKey' ? await signInWithKey(call.text, codex, log) : await signInOnPage(way, codex);
  if (!done) return undefined;
  const account = await codex.account();
  reach('signedIn');
  if (call.interactive) void inform(t('Codex is signed in: {0}.', describeAccount(account)));
  return account;
}

interface WayPick extends vscode.QuickPickItem {
  way: Way | 'goOn';
}

async function askWay(now: AccountState): Promise<WayPick['way'] | undefined> {
  const picks: WayPick[] = [
    {
      way: 'browser',
      label: `$(globe) ${t('In the Browser')}`,
      detail: t('Opens the ChatGPT page. After you sign in, it returns to this machine.'),
    },
    {
      way: 'deviceCode',
      label: `$(device-mobile) ${t('With a Code')}`,
      detail: t('Shows a page address and a code. You can enter the code on any device.'),
    },
    {
      way: 'apiKey',
      label: `$(key) ${t('With an API Key')}`,
      detail: t('Codex stores the key. Tinytown does not.'),
    },
  ];
  if (now.state === 'signedIn') {
    const detail = t('Agents that were refused will try again.');
    picks.unshift({
      way: 'goOn',
      label: `$(check) ${t('Continue as {0}', withoutIcons(describeAccount(now)))}`,
      detail,
    });
  }
  return (await vscode.window.showQuickPick(picks, { title: t('Sign In to Codex') }))?.way;
}

async function signInWithKey(given: string | undefined, codex: CodexService, log: EditorLog): Promise<boolean> {
  const key = (given ?? (await askKey()))?.trim();
  if (!key) return false;
  log.hide(key);
  await codex.signInWithKey(key);
  return true;
}

function askKey(): Thenable<string | undefined> {
  return vscode.window.showInputBox({
    title: t('API Key for Codex'),
    prompt: t('Codex stores the key in its own folder. Tinytown does not.'),
    password: true,
    ignoreFocusOut: true,
  });
}

async function signInOnPage(kind: SignInKind, codex: CodexService): Promise<boolean> {
  const options = { location: vscode.ProgressLocation.Notification, title: t('Sign in to Codex'), cancellable: true };
  return vscode.window.withProgress(options, async (progress, token) => {
    const giveUp = new AbortController();
    token.onCancellationRequested(() => giveUp.abort());
    const show = (place: SignInPlace): void => void goTo(place).then((message) => progress.report({ message }));
    return codex.signIn(kind, show, giveUp.signal);
  });
}

/** Opens the page. Resolves with a sentence that says what to do. */
async function goTo({ url, code }: SignInPlace): Promise<string> {
  if (code !== undefined) await vscode.env.clipboard.writeText(code);
  // On a remote machine, the editor itself forwards the redirect address to that machine.
  if (await vscode.env.openExternal(vscode.Uri.parse(url, true))) {
    return code === undefined
      ? t('Use the browser to finish signing in.')
      : t('Enter the code {0} on the page that just opened. The code is on the clipboard.', code);
  }
  if (code !== undefined)
    return t('Open {0} in a browser and enter the code {1}. The code is on the clipboard.', url, code);
  await vscode.env.clipboard.writeText(url);
  return t('The page was not opened. Open it in a browser. Its address is on the clipboard.');
}

/** `signOut()`: only people are asked to confirm, not programs. */
async function signOut({ interactive }: Call, codex: CodexService): Promise<void> {
  const detail = t(
    'This signs Codex out on this machine, including in terminals. Agents can’t work until you sign in again.',
  );
  if (interactive && !(await confirm(t('Sign out of Codex?'), detail, t('Sign Out')))) return;
  await codex.signOut();
}

/** A word or two about the account. */
function describeAccount(account: AccountState): string {
  if (account.state === 'notNeeded') return t('no sign-in needed');
  if (account.state === 'signedOut') return t('signed out');
  if (account.by === 'apiKey') return t('an API key');
  if (account.by === 'other') return oneLine(account.name, 64);
  const plan = account.plan === undefined ? '' : ` (${oneLine(account.plan, 32)})`;
  return `${oneLine(account.email ?? t('a ChatGPT account'), 100)}${plan}`;
}
