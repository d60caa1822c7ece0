/** Tells the person what agents cannot get over by themselves, once and not in a flood; the setting says how much. */
import * as vscode from 'vscode';
import type { TownSession } from '../loop/townSession.ts';
import { type Disposable, DisposableStore } from '../util/disposable.ts';
import { describeError } from '../util/errors.ts';
import { oneLine } from '../util/text.ts';
import type { EditorLog } from './editorLog.ts';
import { Command } from './ids.ts';
import { showProblem } from './notify.ts';
import { problemOf } from './problems.ts';
import { readNotifications } from './settings.ts';

const { t } = vscode.l10n;

/** The same sentence is not shown again within this time. */
const QUIET_MS = 30_000;

export function drawAttention(session: TownSession, log: EditorLog): Disposable {
  const store = new DisposableStore();
  const lastShown = new Map<string, number>();
  const nameOf = (agentId: string): string => oneLine(session.mirror.agents.get(agentId)?.name ?? agentId, 64);

  store.add(
    session.crew.onProblem(({ agentId, error }) => {
      const who = agentId === undefined ? '' : `${nameOf(agentId)}: `;
      const text = who + describeError(error);
      log.error(text);
      // View and status bar say that Redis is away, and it goes on by itself.
      if (problemOf(error).kind === 'redisAway' || readNotifications() === 'none') return;
      const now = Date.now();
      for (const [shown, at] of lastShown) if (now - at > QUIET_MS) lastShown.delete(shown);
      if (lastShown.has(text)) return;
      lastShown.set(text, now);
      showProblem(error, who);
    }),
  );
  store.add(
    session.crew.onRuntimeEvent(({ agentId, event }) => {
      if (event.type !== 'turnCompleted' || event.outcome.status !== 'completed') return;
      if (readNotifications() !== 'all') return;
      const show = t('Show Output');
      void vscode.window
        .showInformationMessage(t('{0} has finished its turn.', nameOf(agentId)), show)
        .then((answer) => answer && vscode.commands.executeCommand(Command.showOutput, agentId));
    }),
  );
  return store;
}
