/** Labels of the agent actions in quick picks. Menus take the same words from the manifest. */
import type { AgentAction } from './agentActions.ts';
import type { Translate } from '../l10n.ts';

export function actionLabel(action: AgentAction, t: Translate): string {
  switch (action) {
    case 'assignTask':
      return t('Assign Task…');
    case 'steer':
      return t('Steer…');
    case 'sendMessage':
      return t('Send Message…');
    case 'interrupt':
      return t('Interrupt Turn');
    case 'pauseAgent':
      return t('Pause Agent');
    case 'resumeAgent':
      return t('Resume Agent');
    case 'runAgain':
      return t('Run Interrupted Work Again');
    case 'dismissHeld':
      return t('Discard Interrupted Work');
    case 'retryDead':
      return t('Retry Failed Messages');
    case 'dismissDead':
      return t('Discard Failed Messages');
    case 'closeAgent':
      return t('Close Agent (After This Turn)');
    case 'stopAgent':
      return t('Stop Agent (Now)');
    case 'restartAgent':
      return t('Restart Agent');
    case 'newConversation':
      return t('Begin a New Conversation');
    case 'removeAgent':
      return t('Delete Agent…');
    case 'adoptAgent':
      return t('Adopt Agent');
    case 'takeOver':
      return t('Take Over Agent');
    case 'togglePersistent':
      return t('Toggle Persistent / One-Shot');
    case 'chooseModel':
      return t('Choose Model…');
    case 'changePermissions':
      return t('Change Permissions…');
    case 'renameAgent':
      return t('Rename Agent…');
    case 'showOutput':
      return t('Show Output');
    case 'openTranscript':
      return t('Open Transcript');
    case 'exportTranscript':
      return t('Export Transcript…');
    case 'openChanges':
      return t('Show Diff');
  }
}
