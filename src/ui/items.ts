/** What a tree shows, free of the editor: models make items, `itemTree.ts` draws them, unit tests read them. */

import type { ChangeTarget } from './changeTarget.ts';

export type Collapse = 'none' | 'collapsed' | 'expanded';

export interface ItemIcon {
  /** A codicon's name. */
  readonly id: string;
  /** A theme colour's id. */
  readonly color?: string;
}

export interface Item {
  /** Stable and unique within its tree. */
  readonly id: string;
  readonly label: string;
  readonly description: string;
  readonly icon: ItemIcon;
  /** Flags between semicolons, for `when` clauses of menus. */
  readonly contextValue: string;
  /** The whole row as a sentence for a screen reader. */
  readonly spoken: string;
  readonly collapse: Collapse;
  /** Who a command on this row is for. */
  readonly agentId?: string;
  /** Which message to the agent, or which held round, a command on this row is about. */
  readonly about?: string;
  /** Which changes a command on this row is about. */
  readonly changes?: ChangeTarget;
  /** Which task a command on this row is about. */
  readonly taskId?: string;
  /** The whole text that the row stands for: a click opens it, unless it does something else, and Copy copies it. */
  readonly text?: () => RowText;
  /** What Copy copies, where that is neither the whole text nor the label. */
  readonly copies?: () => string;
  /** A file that a click opens if it is in the town's folder: absolute, or relative to it. */
  readonly opens?: string;
  /** What a click runs, where that is not the opening of a file. */
  readonly runs?: { readonly command: string; readonly title: string; readonly arguments: readonly unknown[] };
  /** What needs the person, where the row is about that: see `needs.ts`. */
  readonly needKey?: string;
  /** Plain text, made only when somebody points at the row. */
  readonly tooltip?: () => string;
  readonly children?: () => Item[];
  /** What an opened row waits for before its children are asked for; undefined for nothing. */
  readonly ready?: () => Promise<void> | undefined;
}

/** What a row stands for, in full. */
export interface RowText {
  readonly text: string;
  /** It is what somebody wrote, and is shown as Markdown that is nothing but text; otherwise word for word. */
  readonly prose?: boolean;
}

/** Whether two items look the same; children and tooltips are asked for anew and do not count. */
export function sameLook(a: Item, b: Item): boolean {
  if (a === b) return true;
  return (
    a.label === b.label &&
    a.description === b.description &&
    a.icon.id === b.icon.id &&
    a.icon.color === b.icon.color &&
    a.contextValue === b.contextValue &&
    a.spoken === b.spoken &&
    a.collapse === b.collapse &&
    a.opens === b.opens
  );
}
