/** Gives the editor a transcript's folding ranges and links. The editor makes the outline itself. */
import * as vscode from 'vscode';
import { type Disposable, DisposableStore } from '../../util/disposable.ts';
import { Command } from '../ids.ts';
import type { Transcript } from './transcriptMarkdown.ts';

const { t } = vscode.l10n;

/** The transcript that matches a document's current text, its agent, and whether it is the newest. Undefined if not known. */
export type ShownTranscript = (
  document: vscode.TextDocument,
) => { agentId: string; transcript: Transcript; newest: boolean } | undefined;

/** @param asked Called when the editor asks for the folding ranges. */
export function registerTranscriptLanguage(
  scheme: string,
  shown: ShownTranscript,
  asked: (document: vscode.TextDocument) => void,
): Disposable {
  const store = new DisposableStore();
  const selector = { scheme };
  const { languages } = vscode;
  store.add(
    languages.registerFoldingRangeProvider(selector, {
      provideFoldingRanges: async (document, _context, token) => {
        const found = shown(document);
        // An empty answer would unfold everything. The text is about to change, and then the editor asks again.
        if (!found) await outdated(token);
        asked(document);
        return found?.transcript.folds.map(({ start, end }) => new vscode.FoldingRange(start, end));
      },
    }),
  );
  store.add(
    languages.registerDocumentLinkProvider(selector, {
      provideDocumentLinks: (document) => {
        const found = shown(document);
        return found?.transcript.links.map(({ line, from, to, turnId, itemId, change }) => {
          const link = new vscode.DocumentLink(
            new vscode.Range(line, from, line, to),
            commandUri(found.agentId, turnId, { item: itemId, change }),
          );
          link.tooltip = t('Show Diff');
          return link;
        });
      },
    }),
  );
  return store;
}

/** Resolves when the request is canceled, or after a second. */
function outdated(token: vscode.CancellationToken): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, 1_000);
    token.onCancellationRequested(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** A link made of ids alone. It contains nothing that an agent wrote. */
function commandUri(...args: unknown[]): vscode.Uri {
  return vscode.Uri.parse(`command:${Command.openChanges}?${encodeURIComponent(JSON.stringify(args))}`);
}
