/** The commands that act on a task: find out which, ask for what is missing, hand it to the town's actions. */
import * as vscode from 'vscode';
import * as z from 'zod/mini';
import type { TownSession } from '../../loop/townSession.ts';
import { type TaskRecord, byAge, isTaskOver } from '../../town/records.ts';
import { type Disposable, DisposableStore } from '../../util/disposable.ts';
import { TinytownError } from '../../util/errors.ts';
import { oneLine } from '../../util/text.ts';
import { askNewText, askText } from '../ask.ts';
import { pickAgentOf } from '../agents/pickAgent.ts';
import { argumentsOf, isByKey } from '../calls.ts';
import type { EditorLog } from '../editorLog.ts';
import { Command, type CommandId } from '../ids.ts';
import { Row, withoutRow } from '../itemTree.ts';
import { confirm } from '../notify.ts';
import { withoutIcons } from '../plainText.ts';
import type { RequestDocuments } from '../needs/requestDocuments.ts';
import { runCommand } from '../runCommand.ts';
import { taskIcons } from './taskItems.ts';
import { placeBeside } from './taskOrder.ts';
import { assigneeOf, taskStateWord, taskText } from './taskText.ts';
import type { TownHost } from '../town/townHost.ts';
import type { TownViews } from '../townViews.ts';

const { t } = vscode.l10n;

interface TaskCall {
  interactive: boolean;
  /** Called by a key: the task of the row that the keyboard is on is meant. */
  focused?: boolean;
  /** A task's id. */
  task?: string | undefined;
  /** The words of the command's own arguments, in order; undefined for one that is left out. */
  words: readonly (string | undefined)[];
  tags: readonly string[];
}

/** Before a task's id: the key of its document. */
const TASK_KEY = 'task/';

const options = z.object({ tags: z.optional(z.array(z.string())) });

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
    const handler = (...args: unknown[]): unknown =>
      runCommand(id, {
        read: () => readTaskCall(aboutRow ? args : withoutRow(args)),
        run: async (call) => run(call, await host.session()),
        log,
      });
    store.add(vscode.commands.registerCommand(id, handler));
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
    // A task that stands in no list has no row.
    if (id !== undefined && !(await views.revealTask(id, { focus: call.interactive }))) {
      await showTask(id, session, documents, false);
    }
    return id;
  };
  add(Command.findTask, findTask, false);
  add(Command.clearFinishedTasks, clearFinishedTasks, false);
  store.add(host.whileReady(({ mirror }, sessionStore) => sessionStore.add(keepShown(mirror, documents))));
  return store;
}

/** Documents of tasks show them as they are now. */
function keepShown(mirror: TownSession['mirror'], documents: RequestDocuments): Disposable {
  return mirror.onDidChange(({ tasks, agents, everything }) => {
    if (!tasks && !everything && agents.size === 0) return;
    documents.updateTexts((key) => {
      const task = key.startsWith(TASK_KEY) ? mirror.tasks.get(key.slice(TASK_KEY.length)) : undefined;
      return task && taskText(task, mirror, t);
    });
  });
}

function readTaskCall(args: readonly unknown[]): TaskCall {
  if (isByKey(args)) return { interactive: true, focused: true, words: [], tags: [] };
  const list = argumentsOf(args);
  const [first] = list;
  if (first instanceof Row) return { interactive: true, task: first.item.taskId, words: [], tags: [] };
  const last = options.safeParse(list.at(-1));
  const tags = last.success ? (last.data.tags ?? []) : [];
  const words = last.success ? list.slice(0, -1) : list;
  const texts = z.array(z.optional(z.string())).safeParse(words);
  if (!texts.success) throw new TinytownError('badArguments', t('The arguments are texts, and options at the end.'));
  return { interactive: words.every((word) => word === undefined), words: texts.data, tags };
}

/** `addBacklogTask(text?, {tags}?)`: resolves with the task's id. */
async function addBacklogTask({ words, tags }: TaskCall, session: TownSession): Promise<string | undefined> {
  const placeHolder = t('Describe the task. #tags say which agents it is for.');
  const text = words[0] ?? (await askText(t('Add Task to Backlog'), placeHolder));
  if (text === undefined) return undefined;
  const found = [...text.matchAll(/(?<=^|\s)#([\p{L}\p{N}][\p{L}\p{N}_-]*)/gu)].flatMap(([, tag]) => tag ?? []);
  return (await session.actions.tasks.add(text, [...new Set([...tags, ...found])])).id;
}

/** `claimBacklogTask(agent?, taskId?)`: gives a task of the backlog to an agent. Resolves with the task's id. */
async function claimBacklogTask(call: TaskCall, session: TownSession): Promise<string | undefined> {
  const { mirror } = session;
  const waiting = mirror.backlog.flatMap((id) => mirror.tasks.get(id) ?? []);
  const id = call.task ?? call.words[1] ?? (await pickTask(waiting, t('Give a Backlog Task to an Agent')));
  if (id === undefined) return undefined;
  const agent = call.words[0] ?? (await pickAgentOf(session, t('Give Task to an Agent')))?.id;
  if (agent === undefined) return undefined;
  await session.actions.tasks.claim(id, agent);
  return id;
}

/** `completeTask(taskId?, result?)`: ends a task as done. Resolves with its id. */
async function completeTask(call: TaskCall, session: TownSession): Promise<string | undefined> {
  const id = call.task ?? call.words[0] ?? (await pickTask(openTasks(session), t('Complete a Task')));
  if (id === undefined) return undefined;
  const result = call.words[1] ?? (call.interactive ? await askResult() : '');
  if (result === undefined) return undefined;
  await session.actions.tasks.complete(id, result.trim() || t('Completed by the supervisor.'));
  return id;
}

/** `cancelTask(taskId?)`: takes a task off the backlog, or off the agent that has it. Resolves with its id. */
async function cancelTask(call: TaskCall, session: TownSession): Promise<string | undefined> {
  const id = call.task ?? call.words[0] ?? (await pickTask(openTasks(session), t('Cancel a Task')));
  if (id === undefined) return undefined;
  await upToDate(call, session);
  const waits = session.mirror.backlog.includes(id);
  if (call.interactive) {
    const text = oneLine(session.mirror.tasks.get(id)?.description ?? id, 80);
    const detail = waits ? t('It is deleted from the backlog.') : t('It won’t be reassigned to the agent.');
    if (!(await confirm(t('Cancel the task “{0}”?', text), detail, t('Cancel Task')))) return undefined;
  }
  const { tasks } = session.actions;
  await (waits ? tasks.removeFromBacklog(id) : tasks.cancel(id, t('Canceled by the supervisor.')));
  return id;
}

/** `clearFinishedTasks()`: deletes every task that is over. Resolves with how many. */
async function clearFinishedTasks({ interactive }: TaskCall, session: TownSession): Promise<number> {
  const count = [...session.mirror.tasks.values()].filter(({ state }) => isTaskOver(state)).length;
  if (count === 0) throw new TinytownError('noTasks', t('There are no finished tasks.'));
  const question = count === 1 ? t('Delete 1 finished task?') : t('Delete {0} finished tasks?', count);
  const detail = t('Their texts and results are deleted. The conversations of the agents are kept.');
  if (interactive && !(await confirm(question, detail, t('Delete')))) return 0;
  return session.actions.tasks.clearFinished();
}

/** `tagTask(taskId?, tags?)`: replaces a task's tags, as one text with blanks or commas between. Resolves with its id. */
async function tagTask(call: TaskCall, session: TownSession): Promise<string | undefined> {
  const id = call.task ?? call.words[0] ?? (await pickTask(openTasks(session), t('Tag a Task')));
  if (id === undefined) return undefined;
  const text = call.words[1] ?? (call.interactive ? await askTags(session, id) : call.tags.join(' '));
  if (text === undefined) return undefined;
  await session.actions.tasks.tag(id, text.split(/[\s,]+/));
  return id;
}

/** `editTask(taskId?, text?)`: replaces the text of a task that nobody has begun. Resolves with its id. */
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

/** `moveTaskUp(taskId?)`, `moveTaskDown(taskId?)`: by default the selected one, by a key that of the keyboard. Resolves with its id. */
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
  const place = placeBeside(backlog, id, direction);
  if (place !== 'stays') await session.actions.tasks.move(id, place.before);
  return id;
}

/** `openTask(taskId?)`: shows a task's whole text and result. Resolves with its id. */
async function openTask(
  call: TaskCall,
  session: TownSession,
  documents: RequestDocuments,
): Promise<string | undefined> {
  const id = call.task ?? call.words[0] ?? (await pickAnyTask(session));
  // A click on a row looks at it, and leaves the keyboard there.
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

/** A program may have done something a moment ago that is not known here yet; a person acts on what is shown. */
async function upToDate({ interactive }: TaskCall, { mirror }: TownSession): Promise<void> {
  if (!interactive) await mirror.refresh();
}

function taskOf({ mirror }: TownSession, id: string): TaskRecord {
  const task = mirror.tasks.get(id);
  if (!task) throw new TinytownError('taskGone', t('This task no longer exists.'));
  return task;
}

function askTags(session: TownSession, id: string): Thenable<string | undefined> {
  return vscode.window.showInputBox({
    title: t('Tag Task'),
    placeHolder: t('Separate tags with spaces. Agents get tasks whose tags match their role.'),
    value: taskOf(session, id)
      .tags.map((tag) => `#${tag}`)
      .join(' '),
    ignoreFocusOut: true,
  });
}

/** Any task there is, found by typing part of its text, tags, state, agent or result. */
async function pickAnyTask({ mirror }: TownSession): Promise<string | undefined> {
  if (mirror.tasks.size === 0) throw new TinytownError('noTasks', t('There are no tasks yet. Add one to the backlog.'));
  const newest = [...mirror.tasks.values()].toSorted((a, b) => byAge(b, a));
  const picks = newest.map((task) => {
    const words = [
      taskStateWord(task.state, t),
      assigneeOf(task, mirror),
      ...task.tags.map((tag) => `#${oneLine(tag, 24)}`),
    ].filter((word) => word !== undefined);
    return {
      label: `$(${taskIcons[task.state].id}) ${withoutIcons(oneLine(task.description)) || t('(no text)')}`,
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
    throw new TinytownError('noTasks', t('There are no tasks for this. Add one to the backlog first.'));
  const picks = tasks.map(({ id, description, tags }) => ({
    label: withoutIcons(oneLine(description, 120)),
    description: withoutIcons(tags.map((tag) => `#${oneLine(tag, 24)}`).join(' ')),
    id,
  }));
  return (await vscode.window.showQuickPick(picks, { title, placeHolder: t('Which task?') }))?.id;
}

function askResult(): Thenable<string | undefined> {
  return vscode.window.showInputBox({
    title: t('Complete Task'),
    placeHolder: t('What was the result? Optional.'),
    ignoreFocusOut: true,
  });
}
