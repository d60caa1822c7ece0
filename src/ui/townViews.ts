/** The agents view and the tasks view, kept up to date with the open town. */
import * as vscode from 'vscode';
import type { TownSession } from '../loop/townSession.ts';
import { mayBeInTurn } from '../town/records/records.ts';
import { type Disposable, DisposableStore } from '../util/disposable.ts';
import { inWords } from '../util/sentence.ts';
import type { AgentOutputs } from './agents/agentOutput.ts';
import { agentsDragAndDrop } from './agents/messageDrag.ts';
import { type IsUnread, agentItems, agentRowId } from './agents/agentItems.ts';
import { View } from './ids.ts';
import { ItemTree, type Row } from './itemTree.ts';
import { KeyboardRow } from './keyboardRow.ts';
import { tasksToDrag } from './tasks/taskDrag.ts';
import { taskItems } from './tasks/taskItems.ts';
import { type ReadMarks, finishedAt } from './readMarks.ts';
import { Throttle } from './throttle.ts';
import { folderToName } from './town/townFolder.ts';
import type { TownHost } from './town/townHost.ts';
import { type TownPicture, pictureOf, sortedAgents } from './town/townPicture.ts';
import { accountLimits, limitWarning } from './agents/usage.ts';
import { isWatched } from './agents/workRows.ts';

const { t } = vscode.l10n;

const FRAME_MS = 250;
/** How deep to search for older tasks. Each level holds one page of tasks. */
const TASK_LEVELS = 50;
/** How often the shown times are updated, in milliseconds. */
const CLOCK_MS = 60_000;

export class TownViews implements Disposable {
  private readonly store = new DisposableStore();
  private readonly host: TownHost;
  private readonly outputs: AgentOutputs;
  private readonly lookedAt: ReadMarks;
  private readonly agents: ItemTree;
  private readonly tasks: ItemTree;
  private readonly agentsView: vscode.TreeView<Row>;
  private readonly tasksView: vscode.TreeView<Row>;
  private readonly agentsKeyboard: KeyboardRow;
  private readonly tasksKeyboard: KeyboardRow;
  /** Agents whose row was expanded when a turn started. The editor on its own expands only new rows. */
  private readonly opened = new Set<string>();
  private wanted: string | undefined;
  private given: string | undefined;
  /** Runs while the view is visible and shows a time that grows. */
  private clock: NodeJS.Timeout | undefined;
  private readonly frame = this.store.add(new Throttle<'frame'>(() => this.drawFrame(), FRAME_MS));

  constructor(host: TownHost, outputs: AgentOutputs, looked: ReadMarks) {
    this.host = host;
    this.outputs = outputs;
    this.lookedAt = looked;
    const isUnread: IsUnread = (agent, view) => looked.isUnread(agent, view);
    this.agents = this.store.add(
      new ItemTree(() => (host.ready ? agentItems(pictureOf(host.ready), t, isUnread) : [])),
    );
    this.tasks = this.store.add(new ItemTree(() => (host.ready ? taskItems(pictureOf(host.ready), t) : [])));
    this.agentsView = this.store.add(
      vscode.window.createTreeView(View.agents, {
        treeDataProvider: this.agents,
        showCollapseAll: true,
        canSelectMany: true,
        dragAndDropController: agentsDragAndDrop(host),
      }),
    );
    this.tasksView = this.store.add(
      vscode.window.createTreeView(View.tasks, {
        treeDataProvider: this.tasks,
        canSelectMany: true,
        dragAndDropController: tasksToDrag(host),
      }),
    );
    this.agentsKeyboard = new KeyboardRow(this.agentsView);
    this.tasksKeyboard = new KeyboardRow(this.tasksView);
    for (const view of [this.agentsView, this.tasksView]) {
      this.store.add(view.onDidChangeVisibility(({ visible }) => this.seen(visible)));
    }
    this.store.add(this.agentsView.onDidExpandElement(({ element }) => this.expanded(element)));
    this.store.add(looked.onDidChange(() => this.refresh()));
    this.store.add(
      this.agentsView.onDidChangeSelection(({ selection }) => {
        for (const { item } of selection) this.looked(item.agentId);
      }),
    );
    this.store.add(this.agents.onDidOpen((row) => this.opens(row)));
    this.store.add(
      this.agentsView.onDidCollapseElement(({ element }) => {
        this.agents.closed(element);
        this.looked(element.item.agentId);
        this.frame.add('frame');
      }),
    );
  }

  /** Something may have changed. Cheap to call often. */
  refresh(): void {
    this.agents.refresh();
    this.tasks.refresh();
    this.frame.add('frame');
  }

  /** Shows the view and selects the agent's row as soon as it exists. */
  reveal(agentId: string): void {
    this.wanted = agentId;
    this.frame.add('frame');
  }

  /** The arguments that a menu would pass for the focused row of the agents view: the row, and the rows selected with it. */
  async atKeyboard(): Promise<unknown[]> {
    const found = await this.agentsKeyboard.find();
    return found ? [found.row, found.selected] : [];
  }

  /** The task of the focused row in the tasks view. */
  async taskAtKeyboard(): Promise<string | undefined> {
    return (await this.tasksKeyboard.find())?.row.item.taskId;
  }

  /** The task of the selected row. */
  get selectedTask(): string | undefined {
    return this.tasksView.selection[0]?.item.taskId;
  }

  /** Shows the tasks view and selects a task's row, however deep. Resolves with whether there is such a row. */
  async revealTask(taskId: string, { focus }: { focus: boolean }): Promise<boolean> {
    const row = this.tasks.find((item) => item.taskId === taskId, TASK_LEVELS);
    if (!row) return false;
    await this.tasksView.reveal(row, { select: true, focus });
    return true;
  }

  /** The agent that the person last gave work. */
  get lastGivenWork(): string | undefined {
    return this.given;
  }

  /** The person gives the agent work. Its row is expanded when its next turn starts, even if it was collapsed. */
  watch(agentId: string): void {
    this.given = agentId;
    this.opened.delete(agentId);
  }

  /** The person has looked at what the agent has done. */
  looked(agentId: string | undefined): void {
    const session = this.host.ready;
    const agent = agentId === undefined ? undefined : session?.mirror.agents.get(agentId);
    // If the agent is working, the person has not seen the end.
    if (agent && session && finishedAt(agent, session.runner.view(agent.id)) !== undefined) this.lookedAt.agent(agent);
  }

  dispose(): void {
    clearTimeout(this.clock);
    this.store.dispose();
  }

  private seen(visible: boolean): void {
    this.frame.add('frame');
    if (!visible) return;
    const { kind } = this.host.state;
    if (kind !== 'ready' && kind !== 'opening') void this.host.look();
  }

  private expanded(row: Row): void {
    this.agents.reopened(row);
    this.openedByPerson(row);
  }

  /** The editor asks for child rows. If it redraws the roots at the time of the click, there may be no expand event. */
  private opens(row: Row): void {
    this.frame.add('frame');
    const opensByItself = row.item.collapse === 'expanded';
    if (!opensByItself) this.openedByPerson(row);
  }

  /** The person opened this row, so they want to see what the agent did. */
  private openedByPerson({ item }: Row): void {
    const { agentId } = item;
    this.looked(agentId);
    const session = this.host.ready;
    if (agentId === undefined || !session) return;
    const agentOpened = item.id === agentRowId(agentId) && session.runner.view(agentId).turn === undefined;
    if (agentOpened || item.contextValue === 'earlier;') session.past.look(agentId);
  }

  /** Reads what others did with the agents whose rows are expanded. */
  private readPast(session: TownSession): void {
    if (!this.agentsView.visible) return;
    for (const { item } of this.agents.openRoots) {
      const { agentId } = item;
      if (agentId !== undefined && session.runner.view(agentId).owner !== 'here') session.past.lookAgain(agentId);
    }
  }

  private drawFrame(): void {
    const session = this.host.ready;
    const picture = session && pictureOf(session);
    this.drawHeader(picture);
    if (!picture) this.opened.clear();
    if (this.wanted !== undefined) this.revealWanted(this.wanted);
    if (picture && this.agentsView.visible) this.openWorking(picture);
    this.runClock(picture);
    if (session && picture) session.follower.follow(this.watched(picture));
    if (session) this.readPast(session);
  }

  /** Agents that others run, and whose row is expanded or whose output was shown. */
  private watched(picture: TownPicture): ReadonlySet<string> {
    const open = this.agentsView.visible ? this.agents.openRoots.map(({ item }) => item.agentId) : [];
    const wanted = [...open, ...this.outputs.shown].filter((id) => {
      const agent = id === undefined ? undefined : picture.agents.get(id);
      return agent && isWatched(agent, picture.view(agent.id));
    });
    return new Set(wanted.filter((id) => id !== undefined));
  }

  private runClock(picture: TownPicture | undefined): void {
    const runs =
      picture &&
      [...picture.agents.values()].some(
        (agent) =>
          mayBeInTurn(agent.state) ||
          picture.view(agent.id).retry !== undefined ||
          this.lookedAt.isUnread(agent, picture.view(agent.id)),
      );
    if (!runs || !this.agentsView.visible) {
      clearTimeout(this.clock);
      this.clock = undefined;
      return;
    }
    this.clock ??= setTimeout(() => {
      this.clock = undefined;
      this.agents.refresh();
      this.frame.add('frame');
    }, CLOCK_MS);
  }

  private revealWanted(agentId: string): void {
    const row = this.agents.root(agentRowId(agentId));
    if (!row) return;
    this.wanted = undefined;
    this.show(row, { select: true, focus: false, expand: true });
  }

  private openWorking(picture: TownPicture): void {
    for (const agent of sortedAgents(picture)) {
      if (picture.view(agent.id).turn === undefined || this.opened.has(agent.id)) continue;
      const row = this.agents.root(agentRowId(agent.id));
      if (row?.item.collapse !== 'expanded') continue;
      this.opened.add(agent.id);
      this.show(row, { select: false, focus: false, expand: true });
    }
  }

  private show(row: Row, options: { select: boolean; focus: boolean; expand: boolean }): void {
    // Rejects if the row is gone by now. There is nothing to show then.
    this.agentsView.reveal(row, options).then(undefined, () => undefined);
  }

  /** Draws the folder's name, if the window has several, and a message that is about all agents. */
  private drawHeader(picture: TownPicture | undefined): void {
    const { state } = this.host;
    const description = folderToName(state, vscode.workspace.workspaceFolders?.length ?? 0) ?? '';
    if ((this.agentsView.description ?? '') !== description) this.agentsView.description = description;
    const message = picture ? messageOf(picture) : '';
    if ((this.agentsView.message ?? '') !== message) this.agentsView.message = message;
  }
}

function messageOf(picture: TownPicture): string {
  if (picture.trouble !== undefined) return t('{0} Work then continues automatically.', inWords(picture.trouble, t));
  return limitWarning(accountLimits(picture), picture.now, t) ?? '';
}
