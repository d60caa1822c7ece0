/**
 * Which row of a view the keyboard is on. The editor tells extensions only what is selected, and the arrow keys select nothing:
 * so the selection of that row is turned over and back again, which opens nothing, as a click would.
 */
import * as vscode from 'vscode';
import { SerialQueue } from '../util/serialQueue.ts';
import type { Row } from './itemTree.ts';

export class KeyboardRow {
  private readonly view: vscode.TreeView<Row>;
  /** A key that is held down asks again and again; only one may turn the selection over at a time. */
  private readonly queue = new SerialQueue();

  constructor(view: vscode.TreeView<Row>) {
    this.view = view;
  }

  /** The row, with all that are selected where it is one of them; to be asked only while the view has the keyboard. */
  find(): Promise<{ row: Row; selected: readonly Row[] } | undefined> {
    return this.queue.run(async () => {
      const before = this.view.selection;
      await vscode.commands.executeCommand('list.toggleSelection');
      const after = this.view.selection;
      await vscode.commands.executeCommand('list.toggleSelection');
      const other = after.find((row) => !before.includes(row));
      if (other) return { row: other, selected: [other] };
      const row = before.find((one) => !after.includes(one));
      return row && { row, selected: before };
    });
  }
}
