/** The Needs You view: its rows, its badge, and its keyboard focus. */
import { setTimeout as pause } from 'node:timers/promises';
import * as vscode from 'vscode';
import { type Disposable, DisposableStore } from '../../util/disposable.ts';
import { oneLine } from '../../util/text.ts';
import { View } from '../ids.ts';
import { ItemTree, type Row } from '../itemTree.ts';
import { KeyboardRow } from '../keyboardRow.ts';
import type { ReadMarks } from '../readMarks.ts';
import { mention } from '../notify.ts';
import type { Need } from './needs.ts';
import { waitingCount } from './needs.ts';
import type { NeedsFeed, Withdrawal } from './needsFeed.ts';
import { needsYouItems } from './needsYouItems.ts';
import type { RequestDocuments } from './requestDocuments.ts';
import { offersApproval } from './seen.ts';
import type { TownHost } from '../town/townHost.ts';

const { t } = vscode.l10n;

/** How often ages are updated, in milliseconds. */
const AGE_MS = 20_000;
/** For this time after an answer, keys are ignored: a held or repeated key must not answer the next need. In milliseconds. */
const SETTLE_MS = 400;
/** How long to wait for the next need after an answer from the keyboard, in milliseconds. */
const SOON_MS = 700;
/** How often to try to focus a row until it is selected, and how long to wait in between, in milliseconds. */
const REVEALS = 5;
const REVEAL_AGAIN_MS = 100;

const INDENT = 'workbench.tree.indent';
/** The editor's default, in pixels. */
const USUAL_INDENT = 8;

export class NeedsView implements Disposable {
  private readonly store = new DisposableStore();
  private readonly feed: NeedsFeed;
  private readonly tree: ItemTree;
  private readonly view: vscode.TreeView<Row>;
  private readonly keyboard: KeyboardRow;
  private settled = 0;
  private uses = 0;

  constructor(host: TownHost, feed: NeedsFeed, looked: ReadMarks, documents: RequestDocuments) {
    this.feed = feed;
    this.tree = this.store.add(
      new ItemTree((isOpen) =>
        needsYouItems(feed.needs, {
          t,
          now: Date.now(),
          folder: host.ready?.folder,
          isRead: (messageId) => looked.isRead(messageId),
          isOpen: (id) => isOpen(id) && !isIndented(),
          isShown: (key) => documents.showsWhole(key),
        }),
      ),
    );
    this.view = this.store.add(vscode.window.createTreeView(View.needsYou, { treeDataProvider: this.tree }));
    this.keyboard = new KeyboardRow(this.view);
    // A row offers an approval only while the rows below it are shown.
    this.store.add(this.tree.onDidOpen(() => this.tree.refresh()));
    this.store.add(this.view.onDidExpandElement(({ element }) => this.tree.reopened(element)));
    this.store.add(
      this.view.onDidCollapseElement(({ element }) => {
        this.tree.closed(element);
        this.tree.refresh();
      }),
    );
    this.store.add(feed.onDidChange(() => this.draw()));
    this.store.add(
      vscode.workspace.onDidChangeConfiguration((change) => {
        if (change.affectsConfiguration(INDENT)) this.tree.refresh();
      }),
    );
    this.store.add(looked.onDidChange(() => this.tree.refresh()));
    this.store.add(documents.onDidChange(() => this.tree.refresh()));
    this.store.add(feed.onWithdrawn((withdrawal) => mention(withdrawalText(withdrawal))));
    const ages = setInterval(() => this.tree.refresh(), AGE_MS);
    this.store.add({ dispose: () => clearInterval(ages) });
  }

  get visible(): boolean {
    return this.view.visible;
  }

  /**
   * Moves the keyboard focus to a waiting need. From elsewhere, that is the selected need, or else the first. From the view
   * itself, it is the one after the selected need.
   */
  async next(fromView: boolean): Promise<string | undefined> {
    this.used();
    const { uses } = this;
    const needs = this.waiting();
    const place = needs.findIndex(({ key }) => key === this.selected());
    const next = fromView ? needs[(place + 1) % Math.max(1, needs.length)] : needs[Math.max(0, place)];
    await vscode.commands.executeCommand(`${View.needsYou}.focus`);
    if (this.uses !== uses) return undefined;
    if (next) await this.focus(next);
    else mention(t('Nothing needs your attention.'));
    return next?.key;
  }

  /**
   * The need of the focused row, and whether it can be approved there. Undefined if there is none, or just after another need
   * was answered.
   */
  async focused(): Promise<{ need: string; offered: boolean } | undefined> {
    if (performance.now() < this.settled) return undefined;
    const row = (await this.keyboard.find())?.row;
    // `next` starts from the selected row.
    if (row) await this.select(row);
    if (row?.item.needKey === undefined) return undefined;
    return { need: row.item.needKey, offered: [row, row.parent].some((one) => one && offersApproval(one.item)) };
  }

  /** The person does something here. Focus changes that are still pending are dropped. */
  used(): void {
    this.uses += 1;
  }

  /**
   * Call after an answer from the keyboard. When that need is gone, the focus moves to the need that took its place, unless that
   * takes too long or the person does something else meanwhile. The focus must not move under their hands.
   */
  async answered(key: string, place: number): Promise<void> {
    this.settled = performance.now() + SETTLE_MS;
    const { uses } = this;
    if (!(await this.feed.whenGone(key, SOON_MS)) || this.uses !== uses) return;
    const needs = this.waiting();
    const next = needs[Math.min(place, needs.length - 1)];
    if (next) await this.focus(next);
  }

  dispose(): void {
    this.store.dispose();
  }

  /** Without needs that are only to be read. */
  private waiting(): Need[] {
    return this.feed.needs.filter(({ waits }) => waits);
  }

  private selected(): string | undefined {
    return this.view.selection[0]?.item.needKey;
  }

  private async focus(need: Need): Promise<void> {
    const row = this.tree.find((item) => item.needKey === need.key);
    if (row) await this.select(row);
  }

  private async select(row: Row): Promise<void> {
    const { uses } = this;
    for (let tries = 0; tries < REVEALS && this.uses === uses; tries += 1) {
      // The editor rejects or loses this call while it draws the rows. It rejects the call if the row is gone.
      await this.view.reveal(row, { select: true, focus: true }).then(undefined, () => undefined);
      if (this.view.selection[0] === row) return;
      await pause(REVEAL_AGAIN_MS);
    }
  }

  private draw(): void {
    this.tree.refresh();
    const count = waitingCount(this.feed.needs);
    if ((this.view.badge?.value ?? 0) === count) return;
    const tooltip = count === 1 ? t('1 thing needs you') : t('{0} things need you', count);
    this.view.badge = count > 0 ? { value: count, tooltip } : undefined;
  }
}

/** Whether rows are indented more than by default, so that they may be cut off. A workspace can set this. */
function isIndented(): boolean {
  const indent: unknown = vscode.workspace.getConfiguration().get(INDENT);
  return typeof indent === 'number' && indent > USUAL_INDENT;
}

function withdrawalText({ who, reason }: Withdrawal): string {
  const name = oneLine(who, 64);
  switch (reason) {
    case 'turnOver':
      return t('{0} no longer needs an answer. Its turn has ended.', name);
    case 'withdrawn':
      return t('{0} no longer needs an answer. It withdrew its request.', name);
    case 'exited':
      return t('{0} no longer needs an answer. Its process has ended.', name);
    case 'reloaded':
      return t('The request of {0} was withdrawn. The agent continues its turn and may ask again.', name);
  }
}
