/** Wires the rooms together for the editor. Holds no logic. Activation does not read, start or connect anything. */
import * as vscode from 'vscode';
import { registerAccountCommands } from './ui/account.ts';
import { AgentOutputs } from './ui/agents/agentOutput.ts';
import type { TinytownApi } from './ui/api.ts';
import { announceNeeds, drawAttention } from './ui/needs/attention.ts';
import { ChangeDocuments } from './ui/history/changeDocuments.ts';
import { offerChatTools } from './ui/town/chatTools.ts';
import { registerCommands } from './ui/commands.ts';
import { registerEditorCommands } from './ui/editor/editorCommands.ts';
import { registerDoctor } from './ui/doctor/doctor.ts';
import { EditorLog } from './ui/editorLog.ts';
import { EditorTown } from './ui/town/editorTown.ts';
import { registerNeedCommands } from './ui/needs/needCommands.ts';
import { NeedsFeed } from './ui/needs/needsFeed.ts';
import { ReadMarks } from './ui/readMarks.ts';
import { NeedsView } from './ui/needs/needsView.ts';
import { offerProblemFixes } from './ui/editor/problemFixes.ts';
import { registerQueueCommands } from './ui/agents/queueCommands.ts';
import { RequestDocuments } from './ui/needs/requestDocuments.ts';
import { StatusBar } from './ui/statusBar.ts';
import { createApi } from './ui/tinytownApi.ts';
import { registerRowCommands } from './ui/rowCommands.ts';
import { registerTrustCommands } from './ui/trust/trustCommands.ts';
import { registerTaskCommands } from './ui/tasks/taskCommands.ts';
import { TranscriptDocuments } from './ui/history/transcriptDocuments.ts';
import { TownViews } from './ui/townViews.ts';
import { WholeTexts } from './ui/wholeTexts.ts';
import { describeError } from './util/errors.ts';

let close: (() => Promise<void>) | undefined;

export function activate(context: vscode.ExtensionContext): TinytownApi {
  const log = new EditorLog();
  const town = new EditorTown(context, log);
  const { host } = town;
  close = () => host.close();
  const outputs = new AgentOutputs();
  const looked = new ReadMarks(context.workspaceState);
  const views = new TownViews(host, outputs, looked);
  const feed = new NeedsFeed(host, (what, error) => log.warn(`Could not ${what}: ${describeError(error)}`));
  const documents = new RequestDocuments();
  const needs = new NeedsView(host, feed, looked, documents);
  const texts = new WholeTexts();
  const records = { transcripts: new TranscriptDocuments(host), changes: new ChangeDocuments() };
  const statusBar = new StatusBar(host, feed);
  const api = createApi({ host, feed, version: town.version, t: vscode.l10n.t }, (error) =>
    log.error(`A listener failed: ${describeError(error)}`),
  );
  const redraw = (): void => {
    views.refresh();
    statusBar.refresh();
  };
  const checkCodex = (): Promise<void> => town.checkCodex();
  const chooseFolder = (): Promise<string | undefined> => town.chooseFolder();
  const { secrets } = context;
  const commands = registerCommands({
    host,
    outputs,
    views,
    records,
    log,
    secrets,
    checkCodex,
    checkNewAgent: (cli, options) => town.checkNewAgent(cli, options),
    chooseFolder,
  });
  const answers = registerNeedCommands({
    host,
    feed,
    view: needs,
    documents,
    texts,
    looked,
    lookedAtAgent: (agentId) => views.looked(agentId),
    log,
  });
  const rowCommands = registerRowCommands({ host, texts, log });
  const queueCommands = registerQueueCommands({ host, log });
  const taskCommands = registerTaskCommands({ host, views, documents, log });
  context.subscriptions.push(log, town, looked, texts, feed, outputs, views, needs, documents, statusBar, api);
  context.subscriptions.push(records.transcripts, records.changes);
  const fromEditor = registerEditorCommands({ host, views, log });
  const account = registerAccountCommands({ withCodex: (job) => town.withCodex(job), log });
  const doctor = registerDoctor({ examine: () => town.examine(), version: town.version, log });
  context.subscriptions.push(
    account,
    doctor,
    registerTrustCommands({ host, confirmationsOf: (folder) => town.confirmationsOf(folder), log }),
    commands,
    answers,
    taskCommands,
    queueCommands,
    rowCommands,
    fromEditor,
    offerProblemFixes(host),
  );
  context.subscriptions.push(
    host.onDidChange(redraw),
    feed.onDidChange(redraw),
    feed.onDidChange(() => void documents.closeAnswered(feed.needs)),
    announceNeeds(feed, needs, host),
    offerChatTools(host, town.version),
    host.whileReady((session, store) => {
      store.add(session.mirror.onDidChange(redraw));
      store.add(session.runner.onDidChangeView(redraw));
      store.add(session.receipts.onDidChange(redraw));
      store.add(session.follower.onDidChange(redraw));
      store.add(session.past.onDidChange(redraw));
      store.add(session.follower.onEvent(({ agentId, event }) => outputs.watched(agentId, event)));
      store.add(session.runner.onRuntimeEvent(({ agentId, event }) => outputs.handle(agentId, event)));
      store.add(drawAttention(session, log));
    }),
  );
  town.start();
  return api.api;
}

/** Resolves when every process and connection of this window is gone or given up. */
export function deactivate(): Promise<void> | undefined {
  return close?.();
}
