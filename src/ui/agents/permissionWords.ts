/** The names of permission modes on screens. */
import type { PermissionMode } from '../../loop/trust/permissionModes.ts';
import type { Translate } from '../l10n.ts';

/** For an agent's row. */
export function permissionWord(mode: PermissionMode, t: Translate): string {
  switch (mode) {
    case 'read-only':
      return t('read only');
    case 'ask':
      return t('asks first');
    case 'workspace':
      return t('workspace');
    case 'full':
      return t('full access');
  }
}

/** For a quick pick. */
export function permissionLabel(mode: PermissionMode, t: Translate): { label: string; detail: string } {
  switch (mode) {
    case 'read-only':
      return { label: t('Read Only'), detail: t('It reads, and asks before it changes anything.') };
    case 'ask':
      return {
        label: t('Ask'),
        detail: t('It may change its folder, and asks before nearly every command. A one-shot agent only reads.'),
      };
    case 'workspace':
      return { label: t('Workspace'), detail: t('It works in its folder, and asks before it leaves the sandbox.') };
    case 'full':
      return { label: t('Full Access'), detail: t('No sandbox and no questions: it can do whatever you can.') };
  }
}
