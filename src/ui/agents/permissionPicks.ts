/** Asks for an agent's permission mode. */
import * as vscode from 'vscode';
import { type PermissionMode, permissionModes } from '../../loop/trust/permissionModes.ts';
import { oneLine } from '../../util/text.ts';
import { confirm } from '../notify.ts';
import { permissionLabel } from './permissionWords.ts';

const { t } = vscode.l10n;

interface Pick extends vscode.QuickPickItem {
  mode: PermissionMode | undefined;
}

/**
 * The person must confirm full access. Resolves with undefined if they canceled.
 * @param now The current choice.
 */
export async function pickPermissions(
  agentName: string,
  now: PermissionMode | undefined,
): Promise<{ mode: PermissionMode | undefined } | undefined> {
  const name = oneLine(agentName, 64);
  const current = (mode: PermissionMode | undefined): { description?: string } =>
    mode === now ? { description: t('current') } : {};
  const byDefault = { label: t('Default'), detail: t('Uses the settings.'), mode: undefined, ...current(undefined) };
  const picks: Pick[] = [
    byDefault,
    ...permissionModes.map((mode) => ({ ...permissionLabel(mode, t), mode, ...current(mode) })),
  ];
  const picked = await vscode.window.showQuickPick(picks, {
    title: t('Permissions of {0}', name),
    placeHolder: t('Choose what it may do from its next turn on.'),
  });
  if (!picked || (picked.mode === 'full' && !(await confirmFullAccess(name)))) return undefined;
  return { mode: picked.mode };
}

function confirmFullAccess(name: string): Promise<boolean> {
  const detail = t(
    'It can read and change all your files, use the network and run any program without asking. Text that it reads may contain malicious instructions.',
  );
  return confirm(t('Give {0} full access?', name), detail, t('Give Full Access'));
}
