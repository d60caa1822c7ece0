/**
 * Agents' transcripts as read-only documents. They are a file system, because the editor applies only the differences of a
 * changed file, however large it is. View, selection and folds stay.
 */
import { setTimeout as pause } from 'node:timers/promises';
import * as vscode from 'vscode';
import { emptyView } from '../../loop/state/agentView.ts';
import type { TownSession } from '../../loop/townSession.ts';
import type { AgentRecord } from '../../town/records/records.ts';
import { type Disposable, DisposableStore, toDisposable } from '../../util/disposable.ts';
import { TinytownError } from '../../util/errors.ts';
import { oneLine } from '../../util/text.ts';
import { AgentTranscript } from './agentTranscript.ts';
import { inSight } from '../notify.ts';
import { Throttle } from '../throttle.ts';
import type { TownHost } from '../town/townHost.ts';
import { TranscriptFolds } from './transcriptFolds.ts';
import { type ShownTranscript, registerTranscriptLanguage } from './transcriptLanguage.ts';
import { type Transcript, transcriptMarkdown } from './transcriptMarkdown.ts';
import { TranscriptViewport } from './transcriptViewport.ts';
import { onDidCloseForGood } from '../virtualTexts.ts';

const { t } = vscode.l10n;

/** Also in the manifest. Documents with this scheme are restored with the window. */
const TRANSCRIPT_SCHEME = 'tinytown-transcript';

const REFRESH_MS = 300;
/** How many versions are kept. The editor shows a new version a moment later. */
const SERVED = 3;
/** How long the document waits for its newest turns before it opens without them, in milliseconds. */
const FIRST_PAGE_MS = 3_000;

interface Shown {
  agentId: string;
  uri: vscode.Uri;
  content: AgentTranscript;
  /** The served versions, newest first. */
  served: Transcript[];
  bytes: Uint8Array;
  mtime: number;
}

export class TranscriptDocuments implements vscode.FileSystemProvider, Disposable {
  private readonly store = new DisposableStore();
  private readonly host: TownHost;
  private readonly shown = new Map<string, Shown>();
  private readonly changed = this.store.add(new vscode.EventEmitter<vscode.FileChangeEvent[]>());
  readonly onDidChangeFile = this.changed.event;
  private readonly refresh = this.store.add(new Throttle<string>((agentIds) => this.redraw(agentIds), REFRESH_MS));
  private readonly folds: TranscriptFolds;
  private readonly viewport: TranscriptViewport;

  constructor(host: TownHost) {
    this.host = host;
    const current: ShownTranscript = (document) => this.current(document);
    this.folds = this.store.add(new TranscriptFolds(current));
    this.viewport = this.store.add(new TranscriptViewport(this.folds));
    this.store.add(
      vscode.workspace.registerFileSystemProvider(TRANSCRIPT_SCHEME, this, { isCaseSensitive: true, isReadonly: true }),
    );
    this.store.add(registerTranscriptLanguage(TRANSCRIPT_SCHEME, current, (document) => this.folds.asked(document)));
    this.store.add(onDidCloseForGood(({ uri }) => this.shown.delete(uri.toString())));
    this.store.add(
      host.whileReady((session, store) => {
        store.add(session.runner.onDidChangeView((id) => this.touch(id)));
        store.add(session.mirror.onDidChange(() => this.touchAll()));
        for (const { content } of this.shown.values()) void content.read();
      }),
    );
  }

  /** Opens the agent's transcript at its end. Resolves when the newest turns are there; older ones may still be loading. */
  async open(agent: AgentRecord): Promise<void> {
    const name = `${oneLine(agent.name, 64).replaceAll(/[\\/#?]/g, '∕')} ${t('transcript')}.md`;
    const uri = vscode.Uri.from({ scheme: TRANSCRIPT_SCHEME, authority: agent.id, path: `/${name}` });
    const { content } = this.find(uri);
    const whole = content.read();
    const title = t('Reading the transcript of {0}', oneLine(agent.name, 64));
    void inSight(title, () => whole);
    await Promise.race([content.newest, pause(FIRST_PAGE_MS)]);
    await this.viewport.show(uri);
  }

  /** The agent's whole transcript as text. @throws TinytownError `transcriptIncomplete` */
  async text(session: TownSession, agent: AgentRecord): Promise<string> {
    // An open transcript has seen more.
    const open = [...this.shown.values()].find(({ agentId }) => agentId === agent.id);
    const content = open?.content ?? this.contentOf(agent.id, () => undefined);
    await content.read();
    if (content.failure !== undefined) {
      throw new TinytownError('transcriptIncomplete', t('The transcript could not be read: {0}', content.failure));
    }
    return transcriptMarkdown(content.content(), { folder: session.folder, t }).text;
  }

  dispose(): void {
    this.store.dispose();
    this.shown.clear();
  }

  stat(uri: vscode.Uri): vscode.FileStat {
    const { mtime, bytes } = this.find(uri);
    return { type: vscode.FileType.File, ctime: 0, mtime, size: bytes.byteLength };
  }

  readFile(uri: vscode.Uri): Uint8Array {
    return this.find(uri).bytes;
  }

  watch(): Disposable {
    return toDisposable(() => undefined);
  }

  readDirectory(): never {
    throw vscode.FileSystemError.NoPermissions();
  }

  createDirectory(): never {
    throw vscode.FileSystemError.NoPermissions();
  }

  writeFile(): never {
    throw vscode.FileSystemError.NoPermissions();
  }

  delete(): never {
    throw vscode.FileSystemError.NoPermissions();
  }

  rename(): never {
    throw vscode.FileSystemError.NoPermissions();
  }

  private find(uri: vscode.Uri): Shown {
    const key = uri.toString();
    const known = this.shown.get(key);
    if (known) return known;
    const agentId = uri.authority;
    if (!/^\/[^/]+\.md$/.test(uri.path)) throw vscode.FileSystemError.FileNotFound(uri);
    const content = this.contentOf(agentId, () => this.refresh.add(agentId));
    const shown = { agentId, uri, content, served: [], bytes: new Uint8Array(), mtime: Date.now() };
    this.shown.set(key, shown);
    this.render(shown);
    // The document may have been restored with the window.
    if (this.host.ready) void content.read();
    return shown;
  }

  private contentOf(agentId: string, onDidRead: () => void): AgentTranscript {
    const { host } = this;
    return new AgentTranscript({
      agent: () => host.ready?.mirror.agents.get(agentId),
      view: () => host.ready?.runner.view(agentId) ?? emptyView('persistent'),
      history: async (threadId, page) => await (await host.session()).historyOf(agentId)(threadId, page),
      roundLogs: (agent) => host.ready?.roundLogs(agent) ?? '',
      onDidRead,
      t,
    });
  }

  private touch(agentId: string): void {
    if (this.shown.size > 0) this.refresh.add(agentId);
  }

  private touchAll(): void {
    for (const { agentId } of this.shown.values()) this.refresh.add(agentId);
  }

  private redraw(agentIds: ReadonlySet<string>): void {
    for (const shown of this.shown.values()) {
      if (!agentIds.has(shown.agentId)) continue;
      shown.content.observe();
      const folding = this.folds.pending(shown.uri);
      if (folding) {
        void folding.then(() => this.refresh.add(shown.agentId));
        continue;
      }
      if (!this.render(shown)) continue;
      // The editor reads a file again only if it is newer.
      shown.mtime = Math.max(Date.now(), shown.mtime + 1);
      this.viewport.willChange(shown.uri);
      this.changed.fire([{ type: vscode.FileChangeType.Changed, uri: shown.uri }]);
    }
  }

  /** Updates the served text. Returns whether it has changed. */
  private render(shown: Shown): boolean {
    const folder = this.host.ready?.folder ?? '';
    const transcript = transcriptMarkdown(shown.content.content(), { folder, t });
    const [last] = shown.served;
    if (last?.text === transcript.text) return false;
    shown.served = [transcript, ...shown.served.slice(0, SERVED - 1)];
    shown.bytes = Buffer.from(transcript.text);
    return true;
  }

  private current(document: vscode.TextDocument): ReturnType<ShownTranscript> {
    const shown = this.shown.get(document.uri.toString());
    const text = document.getText();
    const transcript = shown?.served.find((one) => one.text === text);
    return shown && transcript && { agentId: shown.agentId, transcript, newest: transcript === shown.served[0] };
  }
}
