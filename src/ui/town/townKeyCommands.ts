/** Copies the town's key from one of the user's machines to another, so that their windows can command each other's agents. */
import * as vscode from 'vscode';
import { isTownKey } from '../../town/control/townKey.ts';
import type { Call } from '../calls.ts';
import { inform } from '../notify.ts';
import type { TownHost } from './townHost.ts';

const { t } = vscode.l10n;

/** `copyTownKey()`: copies the key to the clipboard. */
export async function copyTownKey(call: Call, host: TownHost): Promise<void> {
  const session = await host.session();
  await vscode.env.clipboard.writeText(await session.townKey.read());
  if (!call.interactive) return;
  const what = t('The key of the town “{0}” is on the clipboard.', session.name);
  void inform(`${what} ${t('Anyone with this key can answer for you. Use it only on your own machines.')}`);
}

/** `enterTownKey(key?)`: all windows of this machine use the key from then on. */
export async function enterTownKey(call: Call, host: TownHost): Promise<void> {
  const session = await host.session();
  const key = call.agent ?? (await askKey(session.name));
  if (key === undefined) return;
  await session.townKey.replace(key);
  if (call.interactive) void inform(t('This machine now has the key of the town “{0}”.', session.name));
}

function askKey(town: string): Thenable<string | undefined> {
  return vscode.window.showInputBox({
    title: t('Key of the Town {0}', town),
    prompt: t('Run “Tinytown: Copy Town Key” on the other machine, and paste the key here.'),
    password: true,
    ignoreFocusOut: true,
    validateInput: (value) => (value === '' || isTownKey(value.trim()) ? undefined : t('This is not a town key.')),
  });
}
