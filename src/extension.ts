/** Wires the rooms together for the editor; holds no logic. Nothing is read, started or connected while it activates. */
import type * as vscode from 'vscode';
import { AgentOutputs } from './ui/agentOutput.ts';
import type { TinytownApi } from './ui/api.ts';
import { drawAttention } from './ui/attention.ts';
import { registerCommands } from './ui/commands.ts';
import { EditorLog } from './ui/editorLog.ts';
import { EditorTown } from './ui/editorTown.ts';
import { StatusBar } from './ui/statusBar.ts';
import { createApi } from './ui/tinytownApi.ts';
import { TownViews } from './ui/townViews.ts';
import { describeError } from './util/errors.ts';

let close: (() => Promise<void>) | undefined;

export function activate(context: vscode.ExtensionContext): TinytownApi {
  const log = new EditorLog();
  const town = new EditorTown(context, log);
  const { host } = town;
  close = () => host.close();
  const outputs = new AgentOutputs();
  const views = new TownViews(host);
  const statusBar = new StatusBar(host);
  const api = createApi(host, town.version, (error) => log.error(`A listener failed: ${describeError(error)}`));
  const redraw = (): void => {
    views.refresh();
    statusBar.refresh();
  };
  const checkCodex = (): Promise<void> => town.checkCodex();
  const commands = registerCommands({ host, outputs, views, log, secrets: context.secrets, checkCodex });
  context.subscriptions.push(log, town, outputs, views, statusBar, api, commands);
  context.subscriptions.push(
    host.onDidChange(redraw),
    host.whileReady((session, store) => {
      store.add(session.mirror.onDidChange(redraw));
      store.add(session.crew.onDidChangeView(redraw));
      store.add(session.crew.onRuntimeEvent(({ agentId, event }) => outputs.handle(agentId, event)));
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
