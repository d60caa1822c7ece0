/** The commands that act on a task: find the task, ask for what is missing, and call the town's actions. */
import * as vscode from 'vscode';
import type { TownSession } from '../../loop/townSession.ts';
import { type TaskRecord, byAge, isTaskOver } from '../../town/records/records.ts';
import { type Disposable, DisposableStore } from '../../util/disposable.ts';
import { TinytownError } from '../../util/errors.ts';
import { oneLine } from '../../util/text.ts';
import { askNewText } from '../ask.ts';
import { pickAgentOf } from '../agents/pickAgent.ts';
import type { EditorLog } from '../editorLog.ts';
import { Command, type CommandId } from '../ids.ts';
import { withoutRow } from '../itemTree.ts';
import { confirm } from '../notify.ts';
import { withoutIcons } from '../plainText.ts';
import type { RequestDocuments } from '../needs/requestDocuments.ts';
import { problemOf } from '../problems.ts';
import { registerCommand } from '../registerCommand.ts';
import { askForTasks, askResult, askTags, giveTitle } from './askTasks.ts';
import { askAboutPickup, registerPickup } from './pickup.ts';
import { type TaskCall, readTaskCall } from './taskCall.ts';
import { taskIcons } from './taskItems.ts';
import { movesBeside } from './taskOrder.ts';
import { assigneeOf, shownTaskState, taskStateWord, taskText } from './taskText.ts';
import type { TownHost } from '../town/townHost.ts';
import type { TownViews } from '../townViews.ts';

const { t } = vscode.l10n;

/** Prefix of a task's id in the key of its document. */
const TASK_KEY = 'task/';

interface Parts {
  host: TownHost;
  views: TownViews;
  documents: RequestDocuments;
  log: EditorLog;
}

export function registerTaskCommands({ host, views, documents, log }: Parts): Disposable {
  const store = new DisposableStore();
  type Run = (call: TaskCall, session: TownSession) => Promise<unknown>;
  const add = (id: CommandId, run: Run, aboutRow = true): void => {
    store.add(
      registerCommand(id, {
        read: (args) => readTaskCall(aboutRow ? args : withoutRow(args)),
        run: async (call) => run(call, await host.session()),
        log,
      }),
    );
  };
  add(Command.addBacklogTask, addBacklogTask, false);
  add(Command.claimBacklogTask, claimBacklogTask);
  add(Command.completeTask, completeTask);
  add(Command.cancelTask, cancelTask);
  add(Command.tagTask, tagTask);
  add(Command.editTask, editTask);
  add(Command.moveTaskUp, (call, session) => moveTask('up', call, session, views));
  add(Command.moveTaskDown, (call, session) => moveTask('down', call, session, views));
  add(Command.openTask, (call, session) => openTask(call, session, documents));
  const findTask: Run = async (call, session) => {
    const id = call.task ?? call.words[0] ?? (await pickAnyTask(session));
    // A task that is in no list has no row.
    if (id !== undefined && !(await views.revealTask(id, { focus: call.interactive }))) {
      await showTask(id, session, documents, false);
    }
    return id;
  };
  add(Command.findTask, findTask, false);
  add(Command.clearFinishedTasks, clearFinishedTasks, false);
  store.add(registerPickup({ host, log }));
  store.add(host.whileReady(({ mirror }, sessionStore) => sessionStore.add(keepShown(mirror, documents))));
  return store;
}

/** Keeps the documents of tasks up to date. */
function keepShown(mirror: TownSession['mirror'], documents: RequestDocuments): Disposable {
  return mirror.onDidChange(({ tasks, agents, everything }) => {
    if (!tasks && !everything && agents.size === 0) return;
    documents.updateTexts((key) => {
      const task = key.startsWith(TASK_KEY) ? mirror.tasks.get(key.slice(TASK_KEY.length)) : undefined;
      return task && taskText(task, mirror, t);
    });
  });
}

/** `addBacklogTask(text?, {tags}?)`: resolves with the last task's id. Without a text, it asks for one task after another. */
async function addBacklogTask({ words, tags }: TaskCall, session: TownSession): Promise<string | undefined> {
  let last: string | undefined;
  const add = async (text: string): Promise<void> => {
    const found = [...text.matchAll(/(?<=^|\s)#([\p{L}\p{N}][\p{L}\p{N}_-]*)/gu)].flatMap(([, tag]) => tag ?? []);
    const task = await session.actions.tasks.add(text, [...new Set([...tags, ...found])]);
    last = task.id;
    askAboutPickup(session, task);
  };
  await (words[0] === undefined ? askForTasks(add) : add(words[0]));
  return last;
}

/** `claimBacklogTask(agent?, taskId?)`: gives backlog tasks to an agent. Resolves with the last one's id. */
async function claimBacklogTask(call: TaskCall, session: TownSession): Promise<string | undefined> {
  const { mirror } = session;
  const waiting = mirror.backlog.flatMap((id) => mirror.tasks.get(id) ?? []);
  const ids = await idsOf(call, call.words[1], () => pickTask(waiting, t('Give a Backlog Task to an Agent')));
  if (ids.length === 0) return undefined;
  if (call.words[0] === undefined) await upToDate(call, session);
  const agent = call.words[0] ?? (await pickAgentOf(session, giveTitle(tasksOf(session, ids))))?.id;
  if (agent === undefined) return undefined;
  return eachOf(ids, (id) => session.actions.tasks.claim(id, agent));
}

/** The tasks that a call is about: the rows' tasks, or else the named one, or else the one that the person picks. */
async function idsOf(
  { tasks, task }: TaskCall,
  named: string | undefined,
  pick: () => Promise<string | undefined>,
): Promise<readonly string[]> {
  const id = task ?? named;
  return tasks ?? (id === undefined ? [await pick()].flatMap((picked) => picked ?? []) : [id]);
}

/** Does `work` for each task. A failure does not stop the others. All failures are reported together at the end. */
async function eachOf(ids: readonly string[], work: (id: string) => Promise<void>): Promise<string | undefined> {
  const failures: unknown[] = [];
  for (const id of ids) await work(id).catch((error: unknown) => failures.push(error));
  const [first] = failures;
  if (failures.length === 1) throw first;
  if (failures.length > 1) {
    const messages = new Set(failures.map((error) => problemOf(error, t).message));
    throw new TinytownError('cannotNow', [...messages].join(' '));
  }
  return ids.at(-1);
}

/** `completeTask(taskId?, result?)`: marks a task as done. Resolves with its id. */
async function completeTask(call: TaskCall, session: TownSession): Promise<string | undefined> {
  const id = call.task ?? call.words[0] ?? (await pickTask(openTasks(session), t('Complete a Task')));
  if (id === undefined) return undefined;
  const result = call.words[1] ?? (call.interactive ? await askResult(taskOf(session, id)) : '');
  if (result === undefined) return undefined;
  await session.actions.tasks.complete(id, result.trim() || t('Completed by the supervisor.'));
  return id;
}

/** `cancelTask(taskId?)`: takes tasks from the backlog, or from their agents. Resolves with the last one's id. */
async function cancelTask(call: TaskCall, session: TownSession): Promise<string | undefined> {
  const ids = await idsOf(call, call.words[0], () => pickTask(openTasks(session), t('Cancel a Task')));
  if (ids.length === 0) return undefined;
  await upToDate(call, session);
  const waits = (id: string): boolean => session.mirror.backlog.includes(id);
  if (call.interactive && !(await confirmCancel(ids, session))) return undefined;
  const { tasks } = session.actions;
  return eachOf(ids, (id) =>
    waits(id) ? tasks.removeFromBacklog(id) : tasks.cancel(id, t('Canceled by the supervisor.')),
  );
}

function confirmCancel(ids: readonly string[], { mirror }: TownSession): Promise<boolean> {
  const [id = ''] = ids;
  const one = ids.length === 1;
  const question = one
    ? t('Cancel the task “{0}”?', oneLine(mirror.tasks.get(id)?.description ?? id, 80))
    : t('Cancel {0} tasks?', ids.length);
  const detail = ids.every((each) => mirror.backlog.includes(each))
    ? t('The task is deleted from the backlog.')
    : t('The task won’t be reassigned to the agent.');
  const several = t('Backlog tasks are deleted. Assigned tasks won’t be given to their agents again.');
  return confirm(
    question,
    one ? detail : several,
    one ? t('Cancel Task') : t('Cancel Tasks'),
    one ? t('Keep Task') : t('Keep Tasks'),
  );
}

/** `clearFinishedTasks()`: deletes all finished tasks. Resolves with their number. */
async function clearFinishedTasks({ interactive }: TaskCall, session: TownSession): Promise<number> {
  const count = [...session.mirror.tasks.values()].filter(({ state }) => isTaskOver(state)).length;
  if (count === 0) throw new TinytownError('noTasks', t('There are no finished tasks.'));
  const question = count === 1 ? t('Delete 1 finished task?') : t('Delete {0} finished tasks?', count);
  const detail = t('Task texts and results are deleted. Agent conversations are kept.');
  if (interactive && !(await confirm(question, detail, t('Delete')))) return 0;
  return session.actions.tasks.clearFinished();
}

/** `tagTask(taskId?, tags?)`: replaces tags. `tags` is one text, separated by blanks or commas. Resolves with the last one's id. */
async function tagTask(call: TaskCall, session: TownSession): Promise<string | undefined> {
  const ids = await idsOf(call, call.words[0], () => pickTask(openTasks(session), t('Tag a Task')));
  if (ids.length === 0) return undefined;
  const text = call.words[1] ?? (call.interactive ? await askTags(tasksOf(session, ids)) : call.tags.join(' '));
  if (text === undefined) return undefined;
  return eachOf(ids, (id) => session.actions.tasks.tag(id, text.split(/[\s,]+/)));
}

/** `editTask(taskId?, text?)`: replaces the text of a task that nobody has started. Resolves with its id. */
async function editTask(call: TaskCall, session: TownSession): Promise<string | undefined> {
  await upToDate(call, session);
  const notBegun = openTasks(session).filter(({ state }) => state !== 'running');
  const id = call.task ?? call.words[0] ?? (await pickTask(notBegun, t('Edit a Task')));
  if (id === undefined) return undefined;
  const text = call.words[1] ?? (await askNewText(t('Edit Task'), taskOf(session, id).description));
  if (text === undefined) return undefined;
  await session.actions.tasks.describe(id, text);
  return id;
}

/** `moveTaskUp(taskId?)`, `moveTaskDown(taskId?)`: by default the selected task, by key the focused one. Resolves with its id. */
async function moveTask(
  direction: 'up' | 'down',
  call: TaskCall,
  session: TownSession,
  views: TownViews,
): Promise<string | undefined> {
  await upToDate(call, session);
  const { backlog, tasks } = session.mirror;
  const waiting = backlog.flatMap((id) => tasks.get(id) ?? []);
  const given = call.focused ? await views.taskAtKeyboard() : (call.task ?? call.words[0] ?? views.selectedTask);
  if (call.focused && given === undefined) return undefined;
  const id = given ?? (await pickTask(waiting, direction === 'up' ? t('Move a Task Up') : t('Move a Task Down')));
  if (id === undefined) return undefined;
  if (!backlog.includes(id)) throw new TinytownError('taskTaken', t('Only backlog tasks can be reordered.'));
  for (const move of movesBeside(backlog, call.tasks ?? [id], direction)) {
    await session.actions.tasks.move(move.id, move.before);
  }
  return id;
}

/** `openTask(taskId?)`: shows a task's full text and result. Resolves with its id. */
async function openTask(
  call: TaskCall,
  session: TownSession,
  documents: RequestDocuments,
): Promise<string | undefined> {
  const id = call.task ?? call.words[0] ?? (await pickAnyTask(session));
  // A click on a row shows the task, and leaves the keyboard focus on the row.
  if (id !== undefined) await showTask(id, session, documents, !call.interactive);
  return id;
}

async function showTask(
  id: string,
  session: TownSession,
  documents: RequestDocuments,
  preserveFocus: boolean,
): Promise<void> {
  const task = taskOf(session, id);
  const title = t('Task: {0}', oneLine(task.description, 60));
  await documents.showText(TASK_KEY + id, title, taskText(task, session.mirror, t), { preserveFocus });
}

/** A program's last change may not be in the mirror yet. A person acts on what is shown. */
async function upToDate({ interactive }: TaskCall, { mirror }: TownSession): Promise<void> {
  if (!interactive) await mirror.refresh();
}

function tasksOf(session: TownSession, ids: readonly string[]): TaskRecord[] {
  return ids.map((id) => taskOf(session, id));
}

function taskOf({ mirror }: TownSession, id: string): TaskRecord {
  const task = mirror.tasks.get(id);
  if (!task) throw new TinytownError('taskGone', t('This task no longer exists.'));
  return task;
}

/** Asks for any task. People find it by typing part of its text, tags, state, agent or result. */
async function pickAnyTask({ mirror }: TownSession): Promise<string | undefined> {
  if (mirror.tasks.size === 0) throw new TinytownError('noTasks', t('There are no tasks yet. Add one to the backlog.'));
  const newest = [...mirror.tasks.values()].toSorted((a, b) => byAge(b, a));
  const picks = newest.map((task) => {
    const state = shownTaskState(task, mirror);
    const words = [
      taskStateWord(state, t),
      assigneeOf(task, mirror),
      ...task.tags.map((tag) => `#${oneLine(tag, 24)}`),
    ].filter((word) => word !== undefined);
    return {
      label: `$(${taskIcons[state].id}) ${withoutIcons(oneLine(task.description)) || t('(no text)')}`,
      description: withoutIcons(words.map((word) => oneLine(word, 64)).join(' · ')),
      ...(task.result && { detail: withoutIcons(oneLine(task.result, 200)) }),
      id: task.id,
    };
  });
  const placeHolder = t('Type part of its text, tags, state, agent or result.');
  const options = { title: t('Find Task'), placeHolder, matchOnDescription: true, matchOnDetail: true };
  return (await vscode.window.showQuickPick(picks, options))?.id;
}

function openTasks({ mirror }: TownSession): TaskRecord[] {
  return [...mirror.tasks.values()].filter(({ state }) => !isTaskOver(state));
}

async function pickTask(tasks: readonly TaskRecord[], title: string): Promise<string | undefined> {
  if (tasks.length === 0)
    throw new TinytownError('noTasks', t('There is no suitable task. Add one to the backlog first.'));
  const picks = tasks.map(({ id, description, tags }) => ({
    label: withoutIcons(oneLine(description, 120)),
    description: withoutIcons(tags.map((tag) => `#${oneLine(tag, 24)}`).join(' ')),
    id,
  }));
  return (await vscode.window.showQuickPick(picks, { title, placeHolder: t('Which task?') }))?.id;
}
