/** Shows the full text of rows. Text that somebody wrote is rendered as Markdown, other text is shown word for word. */
import * as vscode from 'vscode';
import type { Disposable } from '../util/disposable.ts';
import { oneLine, stripControls } from '../util/text.ts';
import { harmlessBlock } from './history/harmlessMarkdown.ts';
import type { RowText } from './items.ts';
import { VirtualTexts } from './virtualTexts.ts';

/** A preview requests its text again after its document was closed. */
const KEPT = 50;

export class WholeTexts implements Disposable {
  private readonly texts = new VirtualTexts('tinytown-text', { keep: KEPT });

  /** @param key A later call with the same key updates the same document. */
  async show(key: string, title: string, { text, prose = false }: RowText): Promise<void> {
    // A sentence's period would stand next to that of the extension.
    const name = oneLine(title, 60).replace(/(?<=[^.])\.+$/, '');
    if (prose) {
      const uri = this.texts.put(key, `${name}.md`, harmlessBlock(text));
      await vscode.commands.executeCommand('markdown.showPreview', uri);
      return;
    }
    const document = await vscode.workspace.openTextDocument(this.texts.put(key, `${name}.txt`, stripControls(text)));
    await vscode.window.showTextDocument(document, { preview: true });
  }

  dispose(): void {
    this.texts.dispose();
  }
}
