/** Keeps a transcript's editor at the end while the document grows, if it was at the end. */
import * as vscode from 'vscode';
import { type Disposable, DisposableStore } from '../../util/disposable.ts';
import type { TranscriptFolds } from './transcriptFolds.ts';

export class TranscriptViewport implements Disposable {
  private readonly store = new DisposableStore();
  private readonly folds: TranscriptFolds;
  /** Editors that showed the end before the coming change. */
  private readonly atEnd = new Set<vscode.TextEditor>();

  constructor(folds: TranscriptFolds) {
    this.folds = folds;
    this.store.add(vscode.workspace.onDidChangeTextDocument((event) => this.changed(event)));
  }

  async show(uri: vscode.Uri): Promise<void> {
    const open = vscode.window.visibleTextEditors.some((editor) => editor.document.uri.toString() === uri.toString());
    const editor = await vscode.window.showTextDocument(uri, { preview: false });
    await this.folds.fold(editor);
    if (!open) revealEnd(editor);
  }

  /** Must be called before the document changes. */
  willChange(uri: vscode.Uri): void {
    for (const editor of editorsOf(uri)) {
      const last = editor.visibleRanges.at(-1)?.end.line ?? 0;
      if (last >= editor.document.lineCount - 2) this.atEnd.add(editor);
    }
  }

  dispose(): void {
    this.store.dispose();
  }

  private changed({ document, contentChanges }: vscode.TextDocumentChangeEvent): void {
    for (const editor of editorsOf(document.uri)) {
      const follow = this.atEnd.delete(editor);
      this.folds.changed(editor, contentChanges);
      void this.folds.fold(editor).then(() => follow && revealEnd(editor));
    }
  }
}

function editorsOf(uri: vscode.Uri): vscode.TextEditor[] {
  const key = uri.toString();
  return vscode.window.visibleTextEditors.filter(({ document }) => document.uri.toString() === key);
}

function revealEnd(editor: vscode.TextEditor): void {
  const end = editor.document.lineAt(editor.document.lineCount - 1).range.end;
  editor.revealRange(new vscode.Range(end, end));
}
