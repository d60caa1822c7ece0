/** Drag and drop in the agents view: reorders an agent's waiting messages, and assigns backlog tasks to agents. */
import * as vscode from 'vscode';
import * as z from 'zod/mini';
import { TinytownError } from '../../util/errors.ts';
import { carried, carry, rowsOf } from '../dragged.ts';
import { View } from '../ids.ts';
import type { Row } from '../itemTree.ts';
import { showProblem } from '../notify.ts';
import { agentsToDropOn } from '../tasks/taskDrag.ts';
import type { TownHost } from '../town/townHost.ts';

const { t } = vscode.l10n;

const MESSAGES = rowsOf(View.agents);

const dragged = z.object({ agent: z.string(), message: z.string() });
type Dragged = z.infer<typeof dragged>;

export function agentsDragAndDrop(host: TownHost): vscode.TreeDragAndDropController<Row> {
  const tasks = agentsToDropOn(host);
  return {
    dragMimeTypes: [MESSAGES],
    dropMimeTypes: [...tasks.dropMimeTypes, MESSAGES],
    handleDrag([row, ...more], transfer) {
      const message = row && more.length === 0 ? waitingMessage(row) : undefined;
      if (message) carry(transfer, MESSAGES, message);
    },
    async handleDrop(target, transfer, token) {
      const message = await carried(transfer, MESSAGES, dragged);
      if (!message) return tasks.handleDrop?.(target, transfer, token);
      try {
        await move(host, message, target && waitingMessage(target));
      } catch (error) {
        showProblem(error);
      }
    },
  };
}

function waitingMessage({ item }: Row): Dragged | undefined {
  const { agentId: agent, about: message, contextValue } = item;
  const waits = contextValue.startsWith('receipt;queued;');
  return waits && agent !== undefined && message !== undefined ? { agent, message } : undefined;
}

/** Moves the message to the place of `target`: before it when moving up, after it when moving down. */
async function move(host: TownHost, { agent, message }: Dragged, target: Dragged | undefined): Promise<void> {
  if (target?.agent !== agent) {
    throw new TinytownError('cannotNow', t('Messages can only be moved within the same agent’s inbox.'));
  }
  if (target.message === message) return;
  const { actions, receipts } = await host.session();
  const order = receipts.of(agent)?.map(({ messageId }) => messageId) ?? [];
  const action = order.indexOf(message) < order.indexOf(target.message) ? 'moveQueuedDown' : 'moveQueuedUp';
  await actions.queue.move(agent, message, action, target.message);
}
