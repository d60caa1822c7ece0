/** Dragging backlog tasks: onto an agent, which gets them, or to another place in the backlog. */
import * as vscode from 'vscode';
import * as z from 'zod/mini';
import type { TownSession } from '../../loop/townSession.ts';
import { TinytownError } from '../../util/errors.ts';
import { carried, carry, rowsOf } from '../dragged.ts';
import { View } from '../ids.ts';
import type { Row } from '../itemTree.ts';
import { showProblem } from '../notify.ts';
import { BACKLOG_ROW } from './taskItems.ts';
import { placeAt } from './taskOrder.ts';
import type { TownHost } from '../town/townHost.ts';

const { t } = vscode.l10n;

const TASKS = rowsOf(View.tasks);
const taskIds = z.object({ tasks: z.array(z.string()) });

/** For the tasks view. */
export function tasksToDrag(host: TownHost): vscode.TreeDragAndDropController<Row> {
  return {
    dragMimeTypes: [TASKS],
    dropMimeTypes: [TASKS],
    handleDrag(rows, transfer) {
      // Finished tasks cannot be dragged.
      const ids = rows.flatMap(({ item }) => (item.contextValue.includes(';open;') ? (item.taskId ?? []) : []));
      if (ids.length > 0) carry(transfer, TASKS, { tasks: ids });
    },
    async handleDrop(target, transfer) {
      const place = target?.item;
      await dropped(host, transfer, async (id, { actions, mirror }) => {
        if (place?.id === BACKLOG_ROW) await actions.tasks.move(id, undefined);
        else if (place?.taskId !== undefined && mirror.backlog.includes(place.taskId)) {
          await actions.tasks.move(id, placeAt(mirror.backlog, id, place.taskId));
        }
      });
    },
  };
}

/** For the agents view. */
export function agentsToDropOn(host: TownHost): vscode.TreeDragAndDropController<Row> {
  return {
    dragMimeTypes: [],
    dropMimeTypes: [TASKS],
    async handleDrop(target, transfer) {
      const agent = target?.item.agentId;
      if (agent === undefined) return;
      await dropped(host, transfer, (id, { actions }) => actions.tasks.claim(id, agent));
    },
  };
}

/** Calls `act` for each dropped task. Only backlog tasks are accepted. */
async function dropped(
  host: TownHost,
  transfer: vscode.DataTransfer,
  act: (id: string, session: TownSession) => Promise<void>,
): Promise<void> {
  const dragged = await carried(transfer, TASKS, taskIds);
  if (!dragged) return;
  try {
    const session = await host.session();
    for (const id of dragged.tasks) {
      if (!session.mirror.backlog.includes(id)) {
        throw new TinytownError('taskTaken', t('Only backlog tasks can be moved or given to an agent.'));
      }
      await act(id, session);
    }
  } catch (error) {
    showProblem(error);
  }
}
