/** Draws a model's items as a tree, and redraws just the rows that look different, at most ten times a second. */
import * as vscode from 'vscode';
import type { Disposable } from '../util/disposable.ts';
import { Command } from './ids.ts';
import { type Item, sameLook } from './items.ts';
import { Throttle } from './throttle.ts';

const REFRESH_MS = 100;
/** Within this time after the roots were drawn anew, the editor asks what is below each open row. */
const ASKED_MS = 1_000;

/** A row's identity: the editor keeps it between refreshes, while `item` is what it shows now. */
export class Row {
  item: Item;
  readonly parent: Row | undefined;
  /** The rows below, once the editor has asked for them. */
  children: Row[] | undefined;

  constructor(item: Item, parent: Row | undefined) {
    this.item = item;
    this.parent = parent;
  }
}

/**
 * What a command was called with, for a command that is about no row. The title bar of a view passes the selected row to
 * every command: a click on its + is not about the agent that happens to be selected.
 */
export function withoutRow(args: readonly unknown[]): readonly unknown[] {
  return args[0] instanceof Row ? [] : args;
}

export class ItemTree implements vscode.TreeDataProvider<Row>, Disposable {
  private readonly changed = new vscode.EventEmitter<Row | undefined>();
  readonly onDidChangeTreeData = this.changed.event;
  private readonly opened = new vscode.EventEmitter<Row>();
  /** The editor begins to show what is below a row. */
  readonly onDidOpen = this.opened.event;
  private roots: Row[] | undefined;
  /** Rows that the editor shows the children of. */
  private readonly open = new Set<string>();
  /** Rows that were closed, and may have other children by now. */
  private readonly unseen = new WeakSet<Row>();
  /** Those that it has asked about since the roots were drawn anew. */
  private asked = new Set<string>();
  /** Those that it has not asked about then. */
  private lost = new Set<string>();
  private timer: NodeJS.Timeout | undefined;
  private readonly throttle = new Throttle<'all'>(() => this.update(), REFRESH_MS);
  private readonly model: () => Item[];

  /** @param model the roots as they are now. It is told which rows show what is below them, by their ids. */
  constructor(model: (isOpen: (id: string) => boolean) => Item[]) {
    this.model = () => model((id) => this.isShown(id));
  }

  /** Something may have changed: rows are compared, and those that differ are drawn again. Cheap to call often. */
  refresh(): void {
    this.throttle.add('all');
  }

  /** A root that is drawn, without a look at the model. */
  root(id: string): Row | undefined {
    return this.roots?.find((row) => row.item.id === id);
  }

  /** The roots that are open: the editor asks only for what is below those. */
  get openRoots(): Row[] {
    return this.roots?.filter(({ item }) => this.open.has(item.id)) ?? [];
  }

  /** The person has closed a row: what is below it is looked at no more. */
  closed(row: Row): void {
    this.open.delete(row.item.id);
    row.children = undefined;
    this.unseen.add(row);
  }

  /** The person has opened a row; the editor still shows what was below it before. */
  reopened(row: Row): void {
    if (this.unseen.delete(row)) this.changed.fire(row);
  }

  /** The first row that fits, what is higher first; as the model is now, drawn or not. */
  find(fits: (item: Item) => boolean, levels = 2): Row | undefined {
    let rows = this.below();
    for (let level = 1; rows.length > 0; level += 1) {
      const found = rows.find((row) => fits(row.item));
      if (found || level === levels) return found;
      rows = rows.flatMap((row) => this.below(row));
    }
    return undefined;
  }

  /** The editor misses a change of a row while it waits for what is below that row: so it waits until that is known. */
  getChildren(row?: Row): Row[] | Promise<Row[]> {
    const ready = row?.item.ready?.();
    return ready ? ready.then(() => this.childrenOf(row)) : this.childrenOf(row);
  }

  /** The rows below a row that is opened, else the roots, as far as they are known. */
  childrenOf(row?: Row): Row[] {
    if (row) this.show(row);
    return this.below(row);
  }

  private show(row: Row): void {
    const { id } = row.item;
    this.asked.add(id);
    if (this.isShown(id)) return;
    this.open.add(id);
    this.lost.delete(id);
    this.opened.fire(row);
  }

  private isShown(id: string): boolean {
    return this.open.has(id) && !this.lost.has(id);
  }

  private below(row?: Row): Row[] {
    if (!row) return (this.roots = this.adopt(this.roots, this.model(), undefined));
    return (row.children = this.adopt(row.children, row.item.children?.() ?? [], row));
  }

  /** Rows for `items`, with the identity of those that were there before. A row that goes and comes back begins anew. */
  private adopt(before: Row[] | undefined, items: Item[], parent: Row | undefined): Row[] {
    const gone = new Map(before?.map((row) => [row.item.id, row]));
    const rows = items.map((item) => {
      const row = gone.get(item.id) ?? new Row(item, parent);
      row.item = item;
      gone.delete(item.id);
      return row;
    });
    for (const id of gone.keys()) this.open.delete(id);
    return rows;
  }

  getParent(row: Row): Row | undefined {
    return row.parent;
  }

  getTreeItem(row: Row): vscode.TreeItem {
    const { item } = row;
    const tree = new vscode.TreeItem(item.label, collapsible[item.collapse]);
    tree.id = item.id;
    tree.description = item.description;
    tree.contextValue = item.contextValue;
    tree.iconPath = new vscode.ThemeIcon(
      item.icon.id,
      item.icon.color ? new vscode.ThemeColor(item.icon.color) : undefined,
    );
    tree.accessibilityInformation = { label: item.spoken };
    // What a click opens is found out when it comes: an agent may have put a link there since the row was drawn.
    if (item.opens !== undefined || (item.text && item.collapse === 'none')) {
      tree.command = { command: Command.openRow, title: vscode.l10n.t('Open'), arguments: [row] };
    }
    if (item.runs) tree.command = { ...item.runs, arguments: [...item.runs.arguments] };
    return tree;
  }

  resolveTreeItem(tree: vscode.TreeItem, row: Row): vscode.TreeItem {
    // A plain string: nothing in it is rendered as Markdown or as a link.
    const text = row.item.tooltip?.();
    if (text) tree.tooltip = text;
    return tree;
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.throttle.dispose();
    this.changed.dispose();
    this.opened.dispose();
  }

  private update(): void {
    if (!this.roots) return;
    const fresh = this.model();
    if (!sameIds(this.roots, fresh)) this.drawRoots();
    else for (const row of differing(this.roots, fresh)) this.changed.fire(row);
  }

  private drawRoots(): void {
    this.asked = new Set();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.noteLost(), ASKED_MS);
    this.changed.fire(undefined);
  }

  /** The editor may lose a click that opens a row while it draws the roots. It then has the row closed, and says nothing. */
  private noteLost(): void {
    this.lost = new Set([...this.open].filter((id) => !this.asked.has(id)));
    if (this.lost.size > 0) this.refresh();
  }
}

const collapsible = {
  none: vscode.TreeItemCollapsibleState.None,
  collapsed: vscode.TreeItemCollapsibleState.Collapsed,
  expanded: vscode.TreeItemCollapsibleState.Expanded,
};

/** Brings the rows up to date and lists those that must be drawn again; what is below such a row is drawn with it. */
function differing(rows: readonly Row[], items: readonly Item[]): Row[] {
  return rows.flatMap((row, index) => {
    const item = items[index];
    if (!item) return [];
    const before = row.item;
    row.item = item;
    if (!sameLook(before, item)) return [row];
    if (!row.children) return [];
    const below = item.children?.() ?? [];
    return sameIds(row.children, below) ? differing(row.children, below) : [row];
  });
}

function sameIds(rows: readonly Row[], items: readonly Item[]): boolean {
  return rows.length === items.length && rows.every((row, index) => row.item.id === items[index]?.id);
}
