/** A task of the backlog that is dragged onto an agent is given to that agent. */
import * as vscode from 'vscode';
import { TinytownError } from '../util/errors.ts';
import { View } from './ids.ts';
import type { Row } from './itemTree.ts';
import { showProblem } from './notify.ts';
import type { TownHost } from './townHost.ts';

const { t } = vscode.l10n;

/** The editor's own type for rows of a view, in lower case. */
const TASKS = `application/vnd.code.tree.${View.tasks.toLowerCase()}`;

/** For the view that tasks are dragged from. */
export const tasksToDrag: vscode.TreeDragAndDropController<Row> = {
  dragMimeTypes: [TASKS],
  dropMimeTypes: [],
  handleDrag(rows, transfer) {
    const ids = rows.flatMap(({ item }) => item.taskId ?? []);
    if (ids.length > 0) transfer.set(TASKS, new vscode.DataTransferItem(ids));
  },
};

/** For the view with the agents. */
export function agentsToDropOn(host: TownHost): vscode.TreeDragAndDropController<Row> {
  return {
    dragMimeTypes: [],
    dropMimeTypes: [TASKS],
    async handleDrop(target, transfer) {
      const dropped: unknown = transfer.get(TASKS)?.value;
      const agent = target?.item.agentId;
      if (agent === undefined || !Array.isArray(dropped)) return;
      try {
        const { actions, mirror } = await host.session();
        for (const id of dropped.map(String)) {
          if (!mirror.backlog.includes(id)) {
            throw new TinytownError('taskTaken', t('Only tasks of the backlog can be given to an agent.'));
          }
          await actions.tasks.claim(id, agent);
        }
      } catch (error) {
        showProblem(error);
      }
    },
  };
}
