/** Lets the user decide whether agents pick up backlog tasks on their own. Asks once per town, and offers a toggle. */
import * as vscode from 'vscode';
import type { TownSession } from '../../loop/townSession.ts';
import { couldTake } from '../../loop/backlogOffers.ts';
import type { TaskRecord } from '../../town/records/records.ts';
import { type Disposable, DisposableStore } from '../../util/disposable.ts';
import type { EditorLog } from '../editorLog.ts';
import { Command, ContextKey } from '../ids.ts';
import { inform, mention } from '../notify.ts';
import { registerCommand } from '../registerCommand.ts';
import type { TownHost } from '../town/townHost.ts';

const { t } = vscode.l10n;

/** Sessions in which the user was asked. If they close the question without an answer, the next session asks again. */
const asked = new WeakSet<TownSession>();

export function registerPickup({ host, log }: { host: TownHost; log: EditorLog }): Disposable {
  const store = new DisposableStore();
  const toggles = [
    { id: Command.startPickup, answer: 'yes', said: t('Agents pick up backlog tasks on their own.') },
    {
      id: Command.stopPickup,
      answer: 'no',
      said: t('Agents no longer pick up backlog tasks. Give the tasks to agents yourself.'),
    },
  ] as const;
  for (const { id, answer, said } of toggles) {
    const run = async (): Promise<void> => {
      const { pickup } = await host.session();
      await pickup.set(answer);
      mention(said);
    };
    store.add(registerCommand(id, { read: () => ({ interactive: true }), run, log }));
  }
  store.add(
    host.whileReady(({ pickup }, sessionStore) => {
      const show = (): void =>
        void vscode.commands.executeCommand('setContext', ContextKey.pickup, pickup.answer === 'yes');
      sessionStore.add(pickup.onDidChange(show));
      show();
    }),
  );
  return store;
}

/** Asks whether agents may pick up tasks, if nobody has answered yet and an idle agent could take this one. Does not wait. */
export function askAboutPickup(session: TownSession, task: TaskRecord): void {
  const { pickup, mirror } = session;
  if (pickup.answer !== undefined || asked.has(session)) return;
  if (![...mirror.agents.values()].some((agent) => couldTake(agent, task))) return;
  asked.add(session);
  const yes = t('Yes');
  const no = t('Not Now');
  const question = t('Let agents pick up backlog tasks on their own?');
  const detail = t('Each check of the backlog uses your Codex account. You can change this in the Tasks view.');
  void inform(`${question} ${detail}`, yes, no).then((pressed) =>
    pressed === undefined ? undefined : pickup.set(pressed === yes ? 'yes' : 'no'),
  );
}
