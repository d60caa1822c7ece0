/**
 * The commands that change waiting messages. They act on a row, or are called by a program as `command(agent, messageId, …)`.
 * If the agent has taken the message meanwhile, the command changes nothing and fails with that reason.
 */
import * as vscode from 'vscode';
import * as z from 'zod/mini';
import { queueActions, type QueueAction } from '../../loop/state/queueRules.ts';
import type { TownSession } from '../../loop/townSession.ts';
import { type Disposable, DisposableStore } from '../../util/disposable.ts';
import { TinytownError } from '../../util/errors.ts';
import { oneLine } from '../../util/text.ts';
import { askNewText } from '../ask.ts';
import { argumentsOf } from '../calls.ts';
import type { EditorLog } from '../editorLog.ts';
import { Command } from '../ids.ts';
import { Row } from '../itemTree.ts';
import { confirm } from '../notify.ts';
import { registerCommand } from '../registerCommand.ts';
import type { TownHost } from '../town/townHost.ts';

const { t } = vscode.l10n;

interface QueueCall {
  interactive: boolean;
  /** An agent's id, name or nickname. */
  agent: string;
  messageId: string;
  /** The new text, for `editQueued`. */
  text: string | undefined;
}

export function registerQueueCommands({ host, log }: { host: TownHost; log: EditorLog }): Disposable {
  const store = new DisposableStore();
  for (const action of queueActions) {
    const run = async (call: QueueCall): Promise<unknown> => perform(action, call, await host.session());
    store.add(registerCommand(Command[action], { read: readQueueCall, run, log }));
  }
  return store;
}

const words = z.tuple([z.string(), z.string(), z.optional(z.string())]);

function readQueueCall(args: readonly unknown[]): QueueCall {
  const list = argumentsOf(args);
  const [first] = list;
  if (first instanceof Row) {
    const { agentId: agent, about: messageId } = first.item;
    if (agent === undefined || messageId === undefined) throw new TinytownError('badArguments', pickMessage());
    return { interactive: true, agent, messageId, text: undefined };
  }
  const given = words.safeParse(list);
  if (!given.success) throw new TinytownError('badArguments', pickMessage());
  const [agent, messageId, text] = given.data;
  return { interactive: false, agent, messageId, text };
}

function pickMessage(): string {
  return t('Choose a waiting message in an agent’s inbox, or pass an agent and a message id.');
}

/** Resolves with the message's id, or undefined if the person canceled. */
async function perform(action: QueueAction, call: QueueCall, session: TownSession): Promise<string | undefined> {
  const { queue } = session.actions;
  const { agent, messageId } = call;
  switch (action) {
    case 'editQueued': {
      const text = call.text ?? (await askNewText(t('Edit Waiting Message'), await queue.textToEdit(agent, messageId)));
      if (text === undefined) return undefined;
      await queue.edit(agent, messageId, text);
      return messageId;
    }
    case 'moveQueuedUp':
    case 'moveQueuedDown':
      await queue.move(agent, messageId, action);
      return messageId;
    case 'promoteQueued':
      await queue.promote(agent, messageId);
      return messageId;
    case 'removeQueued':
      if (call.interactive && !(await confirmRemoval(call, session))) return undefined;
      await queue.remove(agent, messageId, t('Canceled by the supervisor.'));
      return messageId;
  }
}

async function confirmRemoval({ agent, messageId }: QueueCall, session: TownSession): Promise<boolean> {
  const { id } = await session.actions.find(agent);
  const receipt = (await session.receipts.list(id)).find((one) => one.messageId === messageId);
  if (!receipt) return true;
  const detail =
    receipt.type === 'task_assign' ? t('Its task is canceled.') : t('The agent will not get it. This can’t be undone.');
  return confirm(t('Remove the message “{0}”?', oneLine(receipt.text, 80)), detail, t('Remove'));
}
