/** The content of a tree, independent of the editor. Models make items, `itemTree.ts` draws them, unit tests read them. */

import type { ChangeTarget } from './changeTarget.ts';

export type Collapse = 'none' | 'collapsed' | 'expanded';

export interface ItemIcon {
  /** A codicon's name. */
  readonly id: string;
  /** A theme color's id. */
  readonly color?: string;
}

export interface Item {
  /** Stable and unique within its tree. */
  readonly id: string;
  readonly label: string;
  readonly description: string;
  readonly icon: ItemIcon;
  /** Flags that each end with a semicolon, for `when` clauses of menus. */
  readonly contextValue: string;
  /** The whole row as a sentence for a screen reader. */
  readonly spoken: string;
  readonly collapse: Collapse;
  /** The agent that a command on this row is for. */
  readonly agentId?: string;
  /** The id of the message or held round that a command on this row is about. */
  readonly about?: string;
  /** The changes that a command on this row is about. */
  readonly changes?: ChangeTarget;
  /** The task that a command on this row is about. */
  readonly taskId?: string;
  /** The row's full text. A click opens it unless the row has another action. Copy copies it. */
  readonly text?: () => RowText;
  /** What Copy copies, if that is neither the full text nor the label. */
  readonly copies?: () => string;
  /** A file that a click opens if it is in the town's folder. Absolute, or relative to that folder. */
  readonly opens?: string;
  /** The command that a click runs, unless it opens a file. */
  readonly runs?: { readonly command: string; readonly title: string; readonly arguments: readonly unknown[] };
  /** The key of the need that the row is about. See `needs.ts`. */
  readonly needKey?: string;
  /** Plain text. Made only when somebody points at the row. */
  readonly tooltip?: () => string;
  readonly children?: () => Item[];
  /** What an expanded row waits for before its children are requested. Undefined if it need not wait. */
  readonly ready?: () => Promise<void> | undefined;
}

/** A row's full text. */
export interface RowText {
  readonly text: string;
  /** True for text that somebody wrote: it is shown as harmless Markdown. Other text is shown word for word. */
  readonly prose?: boolean;
}

/** Whether two items look the same. Children and tooltips do not count, because they are requested again anyway. */
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
