/** What agents say they change on other machines is shown as a text: nothing there is read, and no document has its address. */
import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { TownSession } from '../../src/loop/townSession.ts';
import { emptyView } from '../../src/loop/state/agentView.ts';
import type { FileChange } from '../../src/runtime/turnItem.ts';
import type { AgentRecord } from '../../src/town/records/records.ts';
import { ChangeDocuments } from '../../src/ui/history/changeDocuments.ts';
import type { Need } from '../../src/ui/needs/needs.ts';
import { RequestDocuments } from '../../src/ui/needs/requestDocuments.ts';

const names = ['//host/share/a.txt', '\\\\host\\share\\a.txt'];

function added(path: string): FileChange {
  return { path, change: 'add', diff: 'new\n' };
}

function activeTab(): vscode.Tab | undefined {
  return vscode.window.tabGroups.activeTabGroup.activeTab;
}

describe('a file on another machine', () => {
  afterEach(() => vscode.commands.executeCommand('workbench.action.closeAllEditors'));

  for (const path of names) {
    it(`is a text in the document of a request: ${path}`, async () => {
      const documents = new RequestDocuments();
      try {
        const request = { id: 'r', turnId: 't', itemId: 'i', askedAt: 0, subAgent: null, choices: [] };
        const need: Need = {
          key: `request/a/${path}`,
          agentId: 'a',
          who: 'a',
          at: 0,
          waits: true,
          kind: 'request',
          request: { ...request, kind: 'fileChange', reason: null, changes: [added(path)] },
        };
        await documents.show(need, '/w');
        assert.ok(activeTab()?.input instanceof vscode.TabInputText);
        assert.equal(vscode.window.activeTextEditor?.document.languageId, 'diff');
      } finally {
        documents.dispose();
      }
    });

    it(`is a text among past changes: ${path}`, async () => {
      const documents = new ChangeDocuments();
      try {
        const item = { id: 'i', status: 'completed', kind: 'fileChange', changes: [added(path)] };
        const turn = { id: 't', startedAt: 0, items: [item] };
        // Only what is looked at.
        const session = {
          folder: '/w',
          historyOf: () => undefined,
          runner: { view: () => ({ ...emptyView('persistent'), turn }) },
        };
        const agent = { id: 'a', name: 'a' };
        const target = { turn: 't', item: 'i', change: 0 };
        assert.equal(await documents.show(session as unknown as TownSession, agent as AgentRecord, target), 1);
        const input = activeTab()?.input;
        assert.ok(input instanceof vscode.TabInputTextDiff);
        for (const uri of [input.original, input.modified]) {
          assert.deepEqual([uri.scheme, uri.authority], ['tinytown-change', '']);
        }
        assert.match(input.modified.path, /a\.txt \(changed since\)\.diff$/);
      } finally {
        documents.dispose();
      }
    });
  }
});
