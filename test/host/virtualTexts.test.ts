/** Texts that the editor alone holds: shown anew under the same key, and let go of once nobody looks at them. */
import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { VirtualTexts } from '../../src/ui/virtualTexts.ts';
import { eventually } from '../support/eventually.ts';

describe('a text without a file', () => {
  it('shows what is put under its key later, also in another language than it came in', async () => {
    const texts = new VirtualTexts('tinytown-test');
    try {
      const uri = texts.put('key', 'A/change.txt', 'one');
      const document = await vscode.workspace.openTextDocument(uri);
      assert.equal(document.getText(), 'one');
      assert.equal(document.fileName.split('/').at(-1), 'A∕change.txt');
      // For extensions, that closes the document and opens it again.
      await vscode.languages.setTextDocumentLanguage(document, 'diff');
      texts.put('key', 'A/change.txt', 'two');
      await eventually(() => document.getText() === 'two');
    } finally {
      texts.dispose();
    }
  });
});
