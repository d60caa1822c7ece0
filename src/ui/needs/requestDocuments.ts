/**
 * Shows requests in their own editors: a change of one file as a diff, everything else as a read-only text. Shows other full
 * texts in the same way.
 */
import path from 'node:path';
import * as vscode from 'vscode';
import type { FileChange } from '../../runtime/turnItem.ts';
import type { Disposable } from '../../util/disposable.ts';
import { oneLine } from '../../util/text.ts';
import { type Need, type NeedAction, type RequestNeed, actionsOf } from './needs.ts';
import { changeText, titleOf, wholeText } from './needsYouItems.ts';
import { absolutePath, isElsewhere, readAgentFile } from '../agentFiles.ts';
import { diffNames, seenInDiff, seenInText } from './seen.ts';
import { applyUnifiedDiff } from '../unifiedDiff.ts';
import { VirtualTexts, onDidCloseForGood } from '../virtualTexts.ts';

const { t } = vscode.l10n;

/** The language id of request texts, whose lines the editor wraps. */
const LANGUAGE = 'tinytown-request';

/** An action in the title of a request's document. */
type TitleAction = 'approve' | 'approveForSession' | 'decline';

/** The context keys that list the documents whose title offers an action. */
const titleKeys: Record<TitleAction, string> = {
  approve: 'tinytown.approvable',
  approveForSession: 'tinytown.approvableForSession',
  decline: 'tinytown.declinable',
};

interface Shown {
  need: string;
  actions: readonly NeedAction[];
  /** The document shows the full request. */
  whole: boolean;
}

export class RequestDocuments implements Disposable {
  /** By the URI of the document or of the diff's right side, which is the URI that the editor passes to commands. */
  private readonly shown = new Map<string, Shown>();
  private readonly changes = new vscode.EventEmitter<void>();
  /** A document has started or stopped showing a request. */
  readonly onDidChange = this.changes.event;
  private readonly texts = new VirtualTexts('tinytown-request');
  // The editor may reopen a closed document on its own, and then it is empty.
  private readonly closing = onDidCloseForGood(({ uri }) => {
    if (this.shown.delete(uri.toString())) this.tellTitles();
  });

  /** @param file Index of the changed file to show. By default all of them. */
  async show(need: Need, folder: string, file?: number): Promise<void> {
    const title = titleOf(need, t);
    if (need.kind !== 'request') {
      await this.showText(need.key, title, wholeText(need, t));
      return;
    }
    if (need.request.kind !== 'fileChange' || need.request.changes.length === 0) {
      const uri = await this.showText(need.key, title, wholeText(need, t), { language: LANGUAGE });
      this.offer(uri, need, seenInText(need.request));
      return;
    }
    const { changes } = need.request;
    const chosen = file === undefined ? changes : changes.slice(file, file + 1);
    const [change, ...others] = chosen;
    // If a diff would not show the full request, show a text, unless the file was chosen.
    const asDiff = others.length === 0 && (file !== undefined || seenInDiff(need.request, folder));
    const sides = change && asDiff ? await this.sidesOf(`${need.key}/${file ?? 0}`, change, folder) : undefined;
    if (change && sides) {
      const names = `${oneLine(need.who, 64)}: ${oneLine(diffNames(change, folder), 120)}`;
      this.offer(sides.after, need, seenInDiff(need.request, folder));
      await vscode.commands.executeCommand('vscode.diff', sides.before, sides.after, names, { preview: true });
      return;
    }
    // Several files, which can all be seen and approved in one text, or a file to which the diff does not apply.
    const whole = chosen.length === changes.length;
    const text = whole ? wholeText(need, t) : chosen.map((one) => changeText(one, t)).join('\n\n');
    const uri = await this.showText(need.key, title, text, { language: 'diff' });
    this.offer(uri, need, whole);
  }

  /** The request that a document shows, with its actions. Undefined if it shows no waiting request. */
  shownIn(uri: vscode.Uri): Shown | undefined {
    return this.shown.get(uri.toString());
  }

  /** Whether an open document shows the full request of this need. */
  showsWhole(needKey: string): boolean {
    return [...this.shown.values()].some(({ need, whole }) => whole && need === needKey);
  }

  /** Closes the documents of requests that no longer wait. */
  async closeAnswered(needs: readonly Need[]): Promise<void> {
    const waiting = new Set(needs.map(({ key }) => key));
    const gone = new Set<string>();
    for (const [address, { need }] of this.shown) if (!waiting.has(need)) gone.add(address);
    if (gone.size === 0) return;
    for (const address of gone) this.shown.delete(address);
    this.tellTitles();
    const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs);
    const old = tabs.filter(({ input }) => {
      if (input instanceof vscode.TabInputText) return gone.has(input.uri.toString());
      return input instanceof vscode.TabInputTextDiff && gone.has(input.modified.toString());
    });
    if (old.length > 0) await vscode.window.tabGroups.close(old, true);
  }

  dispose(): void {
    this.closing.dispose();
    this.changes.dispose();
    this.texts.dispose();
  }

  /** @param whole The document shows everything that would be approved. */
  private offer(uri: vscode.Uri, need: RequestNeed, whole: boolean): void {
    const can = actionsOf(need);
    const actions = whole ? can : can.filter((action) => action !== 'approve' && action !== 'approveForSession');
    this.shown.set(uri.toString(), { need: need.key, actions, whole });
    this.tellTitles();
  }

  private tellTitles(): void {
    for (const action of ['approve', 'approveForSession', 'decline'] as const) {
      const addresses = [...this.shown].flatMap(([address, { actions }]) =>
        actions.includes(action) ? [address] : [],
      );
      void vscode.commands.executeCommand('setContext', titleKeys[action], addresses);
    }
    this.changes.fire();
  }

  /** Shows a text under `key`. A later call with the same key updates the same document. */
  async showText(
    key: string,
    title: string,
    text: string,
    { language = 'plaintext', preserveFocus = false }: { language?: string; preserveFocus?: boolean } = {},
  ): Promise<vscode.Uri> {
    const document = await vscode.workspace.openTextDocument(this.texts.put(key, `${title}.txt`, text));
    if (document.languageId !== language) await vscode.languages.setTextDocumentLanguage(document, language);
    await vscode.window.showTextDocument(document, { preview: true, preserveFocus });
    return document.uri;
  }

  /** Updates the shown documents for which `textOf` returns a text. */
  updateTexts(textOf: (key: string) => string | undefined): void {
    this.texts.update(textOf);
  }

  /** One file before and after the change. Undefined if the change does not apply to the file. */
  private async sidesOf(
    key: string,
    { path: name, change, diff }: FileChange,
    folder: string,
  ): Promise<{ before: vscode.Uri; after: vscode.Uri } | undefined> {
    const absolute = absolutePath(name, folder);
    if (isElsewhere(absolute, folder)) return undefined;
    const file = vscode.Uri.file(absolute);
    const base = path.basename(file.fsPath);
    const side = (which: string, text: string): vscode.Uri => this.texts.put(`${key}/${which}`, base, text);
    const text = (await readAgentFile(name, folder)) ?? undefined;
    // An existing file of that name would be replaced.
    if (change === 'add') return { before: side('before', text ?? ''), after: side('after', diff) };
    if (change === 'delete') return { before: side('before', text ?? diff), after: side('after', '') };
    const changed = text === undefined ? undefined : applyUnifiedDiff(text, diff);
    return changed === undefined ? undefined : { before: file, after: side('after', changed) };
  }
}
