/** Everything that agents may do to their town, defined once for the MCP server and the `tt` command. */
import { backlogAdd, backlogClaim, backlogList, backlogRemove } from './backlogOperations.ts';
import { assign, inbox, send } from './messageOperations.ts';
import type { Operation } from './operation.ts';
import { list, status } from './statusOperations.ts';
import { taskComplete, taskCurrent, taskFail, taskList, taskShow } from './taskOperations.ts';

export const catalogue: readonly Operation[] = [
  status,
  list,
  assign,
  send,
  inbox,
  backlogList,
  backlogAdd,
  backlogClaim,
  backlogRemove,
  taskCurrent,
  taskShow,
  taskComplete,
  taskFail,
  taskList,
];
