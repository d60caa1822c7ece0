/** The views of the Tinytown container, kept up to date with whichever town is open. */
import * as vscode from 'vscode';
import { type Disposable, DisposableStore } from '../util/disposable.ts';
import { agentItems, sortedAgents } from './agentItems.ts';
import { View } from './ids.ts';
import { ItemTree, type Row } from './itemTree.ts';
import { needsYou } from './status.ts';
import { taskItems } from './taskItems.ts';
import { Throttle } from './throttle.ts';
import type { TownHost } from './townHost.ts';
import { pictureOf } from './townPicture.ts';

const { t } = vscode.l10n;

const FRAME_MS = 250;

export class TownViews implements Disposable {
  private readonly store = new DisposableStore();
  private readonly host: TownHost;
  private readonly agents: ItemTree;
  private readonly tasks: ItemTree;
  private readonly agentsView: vscode.TreeView<Row>;
  private readonly frame = this.store.add(new Throttle<'frame'>(() => this.drawFrame(), FRAME_MS));

  constructor(host: TownHost) {
    this.host = host;
    const folder = (): string | undefined => host.ready?.folder;
    this.agents = this.store.add(new ItemTree(() => (host.ready ? agentItems(pictureOf(host.ready), t) : []), folder));
    this.tasks = this.store.add(new ItemTree(() => (host.ready ? taskItems(pictureOf(host.ready), t) : []), folder));
    this.agentsView = this.store.add(
      vscode.window.createTreeView(View.agents, { treeDataProvider: this.agents, showCollapseAll: true }),
    );
    const tasksView = this.store.add(vscode.window.createTreeView(View.tasks, { treeDataProvider: this.tasks }));
    for (const view of [this.agentsView, tasksView]) {
      this.store.add(view.onDidChangeVisibility(({ visible }) => visible && this.seen()));
    }
    this.store.add(host.onDidChange(() => this.refresh()));
  }

  /** Something may have changed. Cheap to call often. */
  refresh(): void {
    this.agents.refresh();
    this.tasks.refresh();
    this.frame.add('frame');
  }

  /** Brings the view up and selects the agent's row. */
  async reveal(agentId: string): Promise<void> {
    const row = this.agents.getChildren().find((root) => root.item.agentId === agentId);
    if (row) await this.agentsView.reveal(row, { select: true, focus: false, expand: true });
  }

  dispose(): void {
    this.store.dispose();
  }

  private seen(): void {
    const { kind } = this.host.state;
    if (kind !== 'ready' && kind !== 'opening') void this.host.look();
  }

  /** The badge: how many need the person. The message: Redis is away. */
  private drawFrame(): void {
    const session = this.host.ready;
    const picture = session && pictureOf(session);
    const count = picture ? sortedAgents(picture).filter((agent) => needsYou(agent, picture)).length : 0;
    const badge = { value: count, tooltip: count === 1 ? t('1 agent needs you') : t('{0} agents need you', count) };
    if (this.agentsView.badge?.value !== (count || undefined)) this.agentsView.badge = count > 0 ? badge : undefined;
    const message =
      picture && !picture.connected ? t('Redis is away. This is the last that was known; it goes on by itself.') : '';
    if ((this.agentsView.message ?? '') !== message) this.agentsView.message = message;
  }
}
