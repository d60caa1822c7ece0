/**
 * Keeps details in transcripts folded unless somebody opened them. The editor does not say what is folded, or whether a fold
 * command worked. The command does nothing if the ranges are requested again meanwhile, as when the editor's Markdown support
 * starts. Only the visible ranges show the result.
 */
import * as vscode from 'vscode';
import { type Disposable, DisposableStore } from '../../util/disposable.ts';
import { onDidCloseForGood } from '../virtualTexts.ts';
import type { ShownTranscript } from './transcriptLanguage.ts';
import type { Fold, Transcript } from './transcriptMarkdown.ts';

/** In milliseconds. After this time, an open detail counts as opened by somebody, even if it was never seen folded. */
const SETTLED_MS = 10_000;

/** What one editor was told to fold. An editor that becomes visible again is a new one. */
interface Told {
  ids: Set<string>;
  /** Details that were not seen folded yet, with the time when the editor was told. */
  unseen: Map<string, number>;
}

export class TranscriptFolds implements Disposable {
  private readonly store = new DisposableStore();
  private readonly shown: ShownTranscript;
  private readonly told = new WeakMap<vscode.TextEditor, Told>();
  private readonly telling = new Map<string, Promise<unknown>>();
  /** The details that people have open, by document. */
  private readonly opened = new Map<string, Set<string>>();

  constructor(shown: ShownTranscript) {
    this.shown = shown;
    const { window } = vscode;
    this.store.add(onDidCloseForGood(({ uri }) => this.opened.delete(uri.toString())));
    this.store.add(window.onDidChangeActiveTextEditor((editor) => editor && void this.fold(editor)));
    this.store.add(window.onDidChangeTextEditorVisibleRanges(({ textEditor }) => this.look(textEditor)));
  }

  dispose(): void {
    this.store.dispose();
  }

  /** Folds new details, except one at the end that may be growing. Only the active editor can be told to fold. */
  async fold(editor: vscode.TextEditor): Promise<void> {
    const transcript = this.shown(editor.document)?.transcript;
    if (!transcript || vscode.window.activeTextEditor !== editor) return;
    const told = this.told.get(editor) ?? { ids: new Set(), unseen: new Map() };
    this.told.set(editor, told);
    const opened = this.openedIn(editor.document);
    const fresh = details(transcript, editor.document.lineCount).filter(
      ({ id }) => !told.ids.has(id) && !opened.has(id),
    );
    if (fresh.length === 0) return;
    for (const { id } of fresh) {
      told.ids.add(id);
      told.unseen.set(id, performance.now());
    }
    await this.tell(editor);
  }

  /** The editor asks for the folding ranges. It may have missed the last fold command, so it is told again. */
  asked(document: vscode.TextDocument): void {
    const editor = vscode.window.activeTextEditor;
    if (editor?.document === document) void this.tell(editor);
  }

  /** Replaced lines come back unfolded. A turn's end changes its heading and its last line, which replaces all lines between. */
  changed(editor: vscode.TextEditor, changes: readonly vscode.TextDocumentContentChangeEvent[]): void {
    const told = this.told.get(editor);
    const folds = this.shown(editor.document)?.transcript.folds ?? [];
    for (const { range, text } of told ? changes : []) {
      const from = range.start.line;
      const to = from + text.split('\n').length;
      for (const { id, start } of folds) if (start >= from && start < to) told?.ids.delete(id);
    }
  }

  /** Resolves when the editor has folded in that document; undefined if it is not folding. Lines must not move until then. */
  pending(uri: vscode.Uri): Promise<unknown> | undefined {
    return this.telling.get(uri.toString());
  }

  /** Tells the editor to fold details that were not seen folded yet. Folded details stay folded. */
  private async tell(editor: vscode.TextEditor): Promise<void> {
    const { document } = editor;
    const found = this.shown(document);
    const unseen = this.told.get(editor)?.unseen;
    // If a newer text is on its way, line numbers may change. The editor will then ask for the ranges again.
    if (!found?.newest || !unseen || vscode.window.activeTextEditor !== editor) return;
    const waiting = found.transcript.folds.filter(({ id }) => isWaiting(unseen, id));
    if (waiting.length === 0) return;
    const selectionLines = waiting.map(({ start }) => start);
    const key = document.uri.toString();
    const command = vscode.commands.executeCommand('editor.fold', { levels: 1, direction: 'up', selectionLines });
    const telling = Promise.allSettled([this.telling.get(key), command]);
    this.telling.set(key, telling);
    await telling;
    if (this.telling.get(key) === telling) this.telling.delete(key);
  }

  /** Learns from the visible ranges whether details were folded, and which ones people open and close. */
  private look(editor: vscode.TextEditor): void {
    const told = this.told.get(editor);
    const transcript = this.shown(editor.document)?.transcript;
    if (!told || !transcript) return;
    const opened = this.openedIn(editor.document);
    const { visibleRanges } = editor;
    const unseen: boolean[] = [];
    for (const fold of transcript.folds) {
      const { id } = fold;
      if (fold.kind !== 'detail' || !(told.ids.has(id) || opened.has(id))) continue;
      const open = isOpen(fold, visibleRanges);
      if (open === undefined) continue;
      if (isWaiting(told.unseen, id)) unseen.push(open);
      else if (open) opened.add(id);
      else opened.delete(id);
    }
    // One command folds all of them, so seeing some of them folded is enough.
    if (unseen.length > 0 && !unseen.includes(true)) told.unseen.clear();
  }

  private openedIn({ uri }: vscode.TextDocument): Set<string> {
    const key = uri.toString();
    const opened = this.opened.get(key) ?? new Set();
    this.opened.set(key, opened);
    return opened;
  }
}

function isWaiting(unseen: Told['unseen'] | undefined, id: string): boolean {
  return performance.now() - (unseen?.get(id) ?? Number.NEGATIVE_INFINITY) < SETTLED_MS;
}

/** Undefined if too little of it is visible. */
function isOpen({ start, end }: Fold, visible: readonly vscode.Range[]): boolean | undefined {
  if (visible.some((range) => range.start.line <= end && range.end.line > start)) return true;
  const shut =
    visible.some((range) => range.end.line === start) && visible.some((range) => range.start.line === end + 1);
  return shut ? false : undefined;
}

/** The details that can be folded now. */
function details({ folds, growing }: Transcript, lines: number): Fold[] {
  const found = folds.filter(({ kind }) => kind === 'detail');
  return growing ? found.filter(({ end }) => end < lines - 2) : found;
}
