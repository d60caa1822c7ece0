/** Texts that exist only in the editor. Each has a URI while a document shows it. */
import * as vscode from 'vscode';
import { type Disposable, DisposableStore } from '../util/disposable.ts';

/** Fires when a document is closed. The editor's own event also fires when an open document only changes its language. */
export function onDidCloseForGood(listener: (document: vscode.TextDocument) => void): Disposable {
  return vscode.workspace.onDidCloseTextDocument((document) => document.isClosed && listener(document));
}

export class VirtualTexts implements Disposable {
  private readonly store = new DisposableStore();
  private readonly texts = new Map<string, { key: string; text: string }>();
  private readonly changed = this.store.add(new vscode.EventEmitter<vscode.Uri>());
  private readonly scheme: string;
  /** URIs of texts whose document was closed, oldest first. */
  private readonly closed = new Set<string>();

  /** @param keep How many texts are kept after their document was closed. A preview may request them again. */
  constructor(scheme: string, { keep = 0 }: { keep?: number } = {}) {
    this.scheme = scheme;
    const provider = {
      onDidChange: this.changed.event,
      provideTextDocumentContent: (uri: vscode.Uri) => this.texts.get(uri.toString())?.text ?? '',
    };
    this.store.add(vscode.workspace.registerTextDocumentContentProvider(scheme, provider));
    this.store.add(
      onDidCloseForGood(({ uri }) => {
        const address = uri.toString();
        if (!this.texts.has(address)) return;
        this.closed.delete(address);
        this.closed.add(address);
        for (const old of [...this.closed].slice(0, Math.max(0, this.closed.size - keep))) {
          this.closed.delete(old);
          this.texts.delete(old);
        }
      }),
    );
  }

  /**
   * Stores a text. A later call with the same key and name updates the same document.
   * @param name The tab's title. Its extension selects the language.
   */
  put(key: string, name: string, text: string): vscode.Uri {
    const plain = name.replaceAll(/[\\/]/g, '∕');
    const uri = vscode.Uri.from({ scheme: this.scheme, path: `/${encodeURIComponent(key)}/${plain}` });
    this.set(uri, key, text);
    return uri;
  }

  /** Updates the texts for whose key `textOf` returns a text. */
  update(textOf: (key: string) => string | undefined): void {
    for (const [address, { key }] of this.texts) {
      const text = textOf(key);
      if (text !== undefined) this.set(vscode.Uri.parse(address), key, text);
    }
  }

  /** Stores another state of a file. The editor shows it with the file's own name and folder. */
  stateOf(file: vscode.Uri, key: string, text: string): vscode.Uri {
    const uri = file.with({ scheme: this.scheme, query: key });
    this.set(uri, key, text);
    return uri;
  }

  private set(uri: vscode.Uri, key: string, text: string): void {
    const before = this.texts.get(uri.toString())?.text;
    this.texts.set(uri.toString(), { key, text });
    this.closed.delete(uri.toString());
    if (before !== undefined && before !== text) this.changed.fire(uri);
  }

  dispose(): void {
    this.store.dispose();
    this.texts.clear();
  }
}
