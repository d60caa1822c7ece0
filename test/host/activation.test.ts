/** The extension is found and activates in a real extension host. */
import assert from 'node:assert/strict';
import * as vscode from 'vscode';

describe('the extension', () => {
  it('activates', async () => {
    const extension = vscode.extensions.getExtension('tinytown.tinytown-vscode');
    assert.ok(extension, 'the extension is not installed');
    await extension.activate();
    assert.equal(extension.isActive, true);
  });
});
