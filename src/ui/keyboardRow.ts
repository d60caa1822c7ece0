/**
 * Finds the row of a view that has the keyboard focus. The editor tells extensions only what is selected, and arrow keys do not
 * select. So the row's selection is toggled and toggled back. Unlike a click, this opens nothing.
 */
import * as vscode from 'vscode';
import { SerialQueue } from '../util/serialQueue.ts';
import type { Row } from './itemTree.ts';

export class KeyboardRow {
  private readonly view: vscode.TreeView<Row>;
  /** A key that is held down calls this repeatedly. Only one call at a time may toggle the selection. */
  private readonly queue = new SerialQueue();

  constructor(view: vscode.TreeView<Row>) {
    this.view = view;
  }

  /** The focused row, with all selected rows if it is one of them. Call this only while the view has the keyboard focus. */
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
