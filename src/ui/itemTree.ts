/** Draws a model's items as a tree. Redraws only rows that look different, at most ten times a second. */
import * as vscode from 'vscode';
import type { Disposable } from '../util/disposable.ts';
import { Command } from './ids.ts';
import { type Item, sameLook } from './items.ts';
import { Throttle } from './throttle.ts';

const REFRESH_MS = 100;
/** After the roots are redrawn, the editor asks for the children of each expanded row within this time. */
const ASKED_MS = 1_000;

/** A row's identity, which the editor keeps between refreshes. `item` is what it shows now. */
export class Row {
  item: Item;
  readonly parent: Row | undefined;
  /** The child rows. Undefined until the editor asks for them. */
  children: Row[] | undefined;

  constructor(item: Item, parent: Row | undefined) {
    this.item = item;
    this.parent = parent;
  }
}

/**
 * The arguments of a command that is not about a row. A view's title bar passes the selected row to every command, but a click
 * on its + is not about the selected agent.
 */
export function withoutRow(args: readonly unknown[]): readonly unknown[] {
  return args[0] instanceof Row ? [] : args;
}

export class ItemTree implements vscode.TreeDataProvider<Row>, Disposable {
  private readonly changed = new vscode.EventEmitter<Row | undefined>();
  readonly onDidChangeTreeData = this.changed.event;
  private readonly opened = new vscode.EventEmitter<Row>();
  /** The editor starts to show a row's children. */
  readonly onDidOpen = this.opened.event;
  private roots: Row[] | undefined;
  /** Ids of rows whose children the editor shows. */
  private readonly open = new Set<string>();
  /** Rows that were collapsed, and may have other children by now. */
  private readonly unseen = new WeakSet<Row>();
  /** Ids of rows whose children the editor has requested since the roots were redrawn. */
  private asked = new Set<string>();
  /** Ids of expanded rows whose children it did not request after that. */
  private lost = new Set<string>();
  private timer: NodeJS.Timeout | undefined;
  private readonly throttle = new Throttle<'all'>(() => this.update(), REFRESH_MS);
  private readonly model: () => Item[];

  /** @param model Returns the current roots. `isOpen` tells it whether the row with an id shows its children. */
  constructor(model: (isOpen: (id: string) => boolean) => Item[]) {
    this.model = () => model((id) => this.isShown(id));
  }

  /** Something may have changed: compares the rows, and redraws those that differ. Cheap to call often. */
  refresh(): void {
    this.throttle.add('all');
  }

  /** A root that is drawn now. Does not ask the model. */
  root(id: string): Row | undefined {
    return this.roots?.find((row) => row.item.id === id);
  }

  /** The expanded roots. The editor asks only for their children. */
  get openRoots(): Row[] {
    return this.roots?.filter(({ item }) => this.open.has(item.id)) ?? [];
  }

  /** The person has collapsed a row. Its children are no longer compared. */
  closed(row: Row): void {
    this.open.delete(row.item.id);
    row.children = undefined;
    this.unseen.add(row);
  }

  /** The person has expanded a row again. The editor still shows its old children. */
  reopened(row: Row): void {
    if (this.unseen.delete(row)) this.changed.fire(row);
  }

  /** The first row that fits, searched level by level in the current model, drawn or not. */
  find(fits: (item: Item) => boolean, levels = 2): Row | undefined {
    let rows = this.below();
    for (let level = 1; rows.length > 0; level += 1) {
      const found = rows.find((row) => fits(row.item));
      if (found || level === levels) return found;
      rows = rows.flatMap((row) => this.below(row));
    }
    return undefined;
  }

  /** Waits until the item is ready, because the editor misses changes of a row while it loads that row's children. */
  getChildren(row?: Row): Row[] | Promise<Row[]> {
    const ready = row?.item.ready?.();
    return ready ? ready.then(() => this.childrenOf(row)) : this.childrenOf(row);
  }

  /** The child rows of an expanded row, or the roots, as far as they are known. */
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

  /** Makes rows for `items` and reuses the rows that were there before. A row that goes away and comes back is a new one. */
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
    // The file is checked at the time of the click, because an agent may have replaced it with a link since.
    if (item.opens !== undefined || (item.text && item.collapse === 'none')) {
      tree.command = { command: Command.openRow, title: vscode.l10n.t('Open'), arguments: [row] };
    }
    if (item.runs) tree.command = { ...item.runs, arguments: [...item.runs.arguments] };
    return tree;
  }

  resolveTreeItem(tree: vscode.TreeItem, row: Row): vscode.TreeItem {
    // A plain string is not rendered as Markdown, and has no links.
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

  /** The editor may lose a click that expands a row while it draws the roots. It then keeps the row collapsed, silently. */
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

/** Updates the rows and returns those that must be redrawn. The rows below them are redrawn with them. */
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
