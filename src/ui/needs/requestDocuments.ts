/**
 * Shows what an agent asks for in editors of its own: a change as a diff, everything else as a text that cannot be edited;
 * and other whole texts in the same way.
 */
import path from 'node:path';
import * as vscode from 'vscode';
import type { FileChange } from '../../runtime/turnItem.ts';
import type { Disposable } from '../../util/disposable.ts';
import { oneLine } from '../../util/text.ts';
import type { Need } from './needs.ts';
import { changeText, labelOf, wholeText } from './needsYouItems.ts';
import { absolutePath, isElsewhere, readAgentFile } from '../agentFiles.ts';
import { applyUnifiedDiff } from '../unifiedDiff.ts';
import { VirtualTexts } from '../virtualTexts.ts';

const { t } = vscode.l10n;

export class RequestDocuments implements Disposable {
  private readonly texts = new VirtualTexts('tinytown-request');

  /** @param file which of the files to be changed; all of them where it is not said. */
  async show(need: Need, folder: string, file?: number): Promise<void> {
    const title = `${oneLine(need.who, 64)}: ${labelOf(need, t)}`;
    if (need.kind !== 'request' || need.request.kind !== 'fileChange' || need.request.changes.length === 0) {
      await this.showText(need.key, title, wholeText(need, t));
      return;
    }
    const { changes } = need.request;
    const chosen = file === undefined ? changes : changes.slice(file, file + 1);
    const sides = await Promise.all(
      chosen.map((change, index) => this.sidesOf(`${need.key}/${file ?? index}`, change, folder)),
    );
    const [first] = sides;
    if (sides.some((side) => side === undefined) || !first) {
      // The file is not what the diff was made for: then the diff itself says most.
      const text = chosen.map(changeText).join('\n\n');
      await this.showText(need.key, title, text, { language: 'diff' });
    } else if (sides.length === 1) {
      await vscode.commands.executeCommand('vscode.diff', first.before, first.after, title, { preview: true });
    } else {
      const resources = sides.flatMap((side) => (side ? [[side.file, side.before, side.after]] : []));
      await vscode.commands.executeCommand('vscode.changes', title, resources);
    }
  }

  dispose(): void {
    this.texts.dispose();
  }

  /** Shows a text under `key`; shown again, the same document shows what it is then. */
  async showText(
    key: string,
    title: string,
    text: string,
    { language = 'plaintext', preserveFocus = false }: { language?: string; preserveFocus?: boolean } = {},
  ): Promise<void> {
    const document = await vscode.workspace.openTextDocument(this.texts.put(key, `${title}.txt`, text));
    if (document.languageId !== language) await vscode.languages.setTextDocumentLanguage(document, language);
    await vscode.window.showTextDocument(document, { preview: true, preserveFocus });
  }

  /** Documents that are shown show the new text of their key, where `textOf` gives one. */
  updateTexts(textOf: (key: string) => string | undefined): void {
    this.texts.update(textOf);
  }

  /** Before and after of one file; undefined where the change does not fit what is there. */
  private async sidesOf(
    key: string,
    { path: name, change, diff }: FileChange,
    folder: string,
  ): Promise<{ file: vscode.Uri; before: vscode.Uri; after: vscode.Uri } | undefined> {
    const absolute = absolutePath(name, folder);
    if (isElsewhere(absolute, folder)) return undefined;
    const file = vscode.Uri.file(absolute);
    const base = path.basename(file.fsPath);
    const side = (which: string, text: string): vscode.Uri => this.texts.put(`${key}/${which}`, base, text);
    if (change === 'add') return { file, before: side('before', ''), after: side('after', diff) };
    const text = (await readAgentFile(name, folder)) ?? undefined;
    if (change === 'delete') return { file, before: side('before', text ?? diff), after: side('after', '') };
    const changed = text === undefined ? undefined : applyUnifiedDiff(text, diff);
    return changed === undefined ? undefined : { file, before: file, after: side('after', changed) };
  }
}
