/** Where a transcript's editor stands while the document grows: it follows the end if it was there, and details are folded. */
import * as vscode from 'vscode';
import { type Disposable, DisposableStore } from '../../util/disposable.ts';
import type { ShownTranscript } from './transcriptLanguage.ts';
import type { Fold, Transcript } from './transcriptMarkdown.ts';

export class TranscriptViewport implements Disposable {
  private readonly store = new DisposableStore();
  private readonly shown: ShownTranscript;
  /** Editors that stood at the end before the change that is on its way. */
  private readonly atEnd = new Set<vscode.TextEditor>();
  /** What was folded once, by document: people may have opened it since. */
  private readonly folded = new Map<string, Set<string>>();

  constructor(shown: ShownTranscript) {
    this.shown = shown;
    const { workspace, window } = vscode;
    this.store.add(workspace.onDidChangeTextDocument((event) => this.changed(event)));
    this.store.add(workspace.onDidCloseTextDocument(({ uri }) => this.folded.delete(uri.toString())));
    this.store.add(window.onDidChangeActiveTextEditor((editor) => editor && void this.fold(editor)));
  }

  async show(uri: vscode.Uri): Promise<void> {
    const open = vscode.window.visibleTextEditors.some((editor) => editor.document.uri.toString() === uri.toString());
    const editor = await vscode.window.showTextDocument(uri, { preview: false });
    await this.fold(editor);
    if (!open) revealEnd(editor);
  }

  /** To be called before the document is changed. */
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
    const editors = editorsOf(document.uri);
    if (editors.length === 0) return;
    this.forgetReplaced(document, contentChanges);
    for (const editor of editors) {
      const follow = this.atEnd.delete(editor);
      void this.fold(editor).then(() => follow && revealEnd(editor));
    }
  }

  /** What is replaced comes back unfolded: the end of a turn changes its heading and its last line, and all between with it. */
  private forgetReplaced(
    document: vscode.TextDocument,
    changes: readonly vscode.TextDocumentContentChangeEvent[],
  ): void {
    const known = this.folded.get(document.uri.toString());
    const folds = this.shown(document)?.transcript.folds ?? [];
    for (const { range, text } of known ? changes : []) {
      const from = range.start.line;
      const to = from + text.split('\n').length;
      for (const { id, start } of folds) if (start >= from && start < to) known?.delete(id);
    }
  }

  /** Folds details that are new, but for one at the end, which may be growing. Only the editor that is active can be told to fold. */
  private async fold(editor: vscode.TextEditor): Promise<void> {
    const { document } = editor;
    const transcript = this.shown(document)?.transcript;
    if (!transcript || vscode.window.activeTextEditor !== editor) return;
    const key = document.uri.toString();
    const known = this.folded.get(key) ?? new Set();
    this.folded.set(key, known);
    const fresh = details(transcript, document.lineCount).filter(({ id }) => !known.has(id));
    if (fresh.length === 0) return;
    for (const { id } of fresh) known.add(id);
    const selectionLines = fresh.map(({ start }) => start);
    const { version } = document;
    await vscode.commands.executeCommand('editor.fold', { levels: 1, direction: 'up', selectionLines });
    if (document.version === version) return;
    // The lines were others by then.
    for (const { id } of fresh) known.delete(id);
    await this.fold(editor);
  }
}

/** The details that can be folded now. */
function details({ folds, growing }: Transcript, lines: number): Fold[] {
  const found = folds.filter(({ kind }) => kind === 'detail');
  return growing ? found.filter(({ end }) => end < lines - 2) : found;
}

function editorsOf(uri: vscode.Uri): vscode.TextEditor[] {
  const key = uri.toString();
  return vscode.window.visibleTextEditors.filter(({ document }) => document.uri.toString() === key);
}

function revealEnd(editor: vscode.TextEditor): void {
  const end = editor.document.lineAt(editor.document.lineCount - 1).range.end;
  editor.revealRange(new vscode.Range(end, end));
}
