/** What the editor knows of a transcript besides its text, whose outline it makes itself: what folds, and where links lead. */
import * as vscode from 'vscode';
import { type Disposable, DisposableStore } from '../../util/disposable.ts';
import { Command } from '../ids.ts';
import type { Transcript } from './transcriptMarkdown.ts';

const { t } = vscode.l10n;

/** A document's transcript as its text is now, whether that is the newest, and whose it is; undefined where it is not known. */
export type ShownTranscript = (
  document: vscode.TextDocument,
) => { agentId: string; transcript: Transcript; newest: boolean } | undefined;

/** `asked` is called when the editor wants to know what folds. */
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
        // What is folded would open if there were no ranges for a moment. The text is about to change, and then asked for anew.
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

/** Resolves when nobody waits for the answer any more, after a second at the latest. */
function outdated(token: vscode.CancellationToken): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, 1_000);
    token.onCancellationRequested(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** Made of ids alone; nothing that an agent wrote is in it. */
function commandUri(...args: unknown[]): vscode.Uri {
  return vscode.Uri.parse(`command:${Command.openChanges}?${encodeURIComponent(JSON.stringify(args))}`);
}
