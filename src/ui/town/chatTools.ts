/** Offers the town's tools to the editor's own chat, where the person acts through them as the supervisor. */
import * as vscode from 'vscode';
import { type Disposable, DisposableStore } from '../../util/disposable.ts';
import { CHAT_TOOLS } from '../ids.ts';
import type { TownHost } from './townHost.ts';

const { t } = vscode.l10n;

/** Offers a server while a town is open. The server gets its access to Redis only when it is started. */
export function offerChatTools(host: TownHost, version: string): Disposable {
  const store = new DisposableStore();
  const changes = store.add(new vscode.EventEmitter<void>());
  store.add(host.onDidChange(() => changes.fire()));
  store.add(
    vscode.lm.registerMcpServerDefinitionProvider(CHAT_TOOLS, {
      onDidChangeMcpServerDefinitions: changes.event,
      provideMcpServerDefinitions: () => {
        const session = host.ready;
        if (!session) return [];
        const { command, args } = session.tools;
        return [new vscode.McpStdioServerDefinition(t('Tinytown: {0}', session.name), command, [...args], {}, version)];
      },
      resolveMcpServerDefinition: (server: vscode.McpStdioServerDefinition) => {
        server.env = { ...host.ready?.tools.env };
        return server;
      },
    }),
  );
  return store;
}
