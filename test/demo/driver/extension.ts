/** The demo's hand in the editor: spawns the agents and gives them work by the extension's own commands, and reports what it sees. */
import { appendFileSync, closeSync, openSync } from 'node:fs';
import * as vscode from 'vscode';
import type { TinytownApi } from '../../../src/ui/api.ts';
import type { RuntimeEvent } from '../../../src/runtime/codingAgent.ts';
import { type Report, REPORTS_FILE } from '../reports.ts';
import { story } from '../story.ts';

export function activate(context: vscode.ExtensionContext): void {
  const file = process.env[REPORTS_FILE];
  if (file === undefined || !isFirstWindow(file)) return;
  const report = (what: Report): void => appendFileSync(file, `${JSON.stringify(what)}\n`);
  play(context, report).catch((error: unknown) => {
    report({ type: 'failed', message: error instanceof Error ? error.message : String(error) });
  });
}

/** Opens what came out of it, and the first agent's transcript. */
async function showWork(): Promise<void> {
  const [folder] = vscode.workspace.workspaceFolders ?? [];
  if (!folder) return;
  await vscode.window.showTextDocument(vscode.Uri.joinPath(folder.uri, 'src/lamps.js'));
  await vscode.commands.executeCommand('tinytown.showOutput', story.agents[0].name);
}

/** Whoever opens the address as well only watches. */
function isFirstWindow(file: string): boolean {
  try {
    closeSync(openSync(`${file}.window`, 'wx'));
    return true;
  } catch {
    return false;
  }
}

async function play(context: vscode.ExtensionContext, report: (what: Report) => void): Promise<void> {
  const extension = vscode.extensions.getExtension<TinytownApi>('tinytown.tinytown-vscode');
  if (!extension) throw new Error('The Tinytown extension is not installed.');
  const api = await extension.activate();
  await vscode.commands.executeCommand('workbench.view.extension.tinytown');
  const town = await vscode.commands.executeCommand<string>('tinytown.initTown', story.town);
  report({ type: 'town', name: town });

  const cast = new Cast(api, report);
  context.subscriptions.push(cast);
  for (const { name } of story.agents) {
    cast.add(await vscode.commands.executeCommand<string>('tinytown.spawnAgent', name), name);
  }
  for (const { name, task } of story.agents) {
    await vscode.commands.executeCommand('tinytown.assignTask', name, task);
    report({ type: 'task', agent: name, text: task });
  }
  for (const agent of story.agents) {
    if (!('steer' in agent)) continue;
    await cast.firstChange(agent.name);
    await vscode.commands.executeCommand('tinytown.steer', agent.name, agent.steer);
    report({ type: 'steer', agent: agent.name, text: agent.steer });
  }
  await cast.allDone();
  await showWork();
  report({ type: 'done' });
}

const atWork: ReadonlySet<string | undefined> = new Set([undefined, 'starting', 'working']);

/** The agents of the story: what they do is reported, and can be waited for. */
class Cast implements vscode.Disposable {
  private readonly api: TinytownApi;
  private readonly report: (what: Report) => void;
  private readonly names = new Map<string, string>();
  /** As told last. */
  private readonly states = new Map<string, string>();
  /** States seen since the agent's latest turn began. */
  private readonly fresh = new Map<string, string>();
  private readonly haveChanged = new Set<string>();
  /** Agents whose latest turn has ended. */
  private readonly turnsOver = new Set<string>();
  private readonly waiting = new Set<() => void>();
  private readonly subscriptions: { dispose(): void }[];

  constructor(api: TinytownApi, report: (what: Report) => void) {
    this.api = api;
    this.report = report;
    this.subscriptions = [
      api.onRuntimeEvent(({ agentId, event }) => this.see(agentId, event)),
      api.onDidChangeAgents(() => void this.look()),
    ];
  }

  add(id: string, name: string): void {
    this.names.set(id, name);
    this.report({ type: 'spawned', agent: name });
  }

  /** Resolves when the agent has changed a file for the first time, or has ended its turn without. */
  firstChange(name: string): Promise<void> {
    return this.until(() => this.haveChanged.has(name) || this.turnsOver.has(name));
  }

  /** Resolves when every agent has ended its turn, well or not, and none is working any more. */
  allDone(): Promise<void> {
    return this.until(() =>
      [...this.names.values()].every((name) => this.turnsOver.has(name) && !atWork.has(this.fresh.get(name))),
    );
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
  }

  private see(agentId: string, event: RuntimeEvent): void {
    const name = this.names.get(agentId);
    if (name === undefined) return;
    if (event.type === 'turnStarted') {
      this.turnsOver.delete(name);
      this.fresh.delete(name);
    }
    if (event.type === 'turnCompleted') this.turnsOver.add(name);
    if (event.type === 'itemCompleted' && event.item.kind === 'fileChange') this.haveChanged.add(name);
    // Deltas are too many to tell; the whole text comes with the completed item.
    if (event.type !== 'itemDelta') this.report({ type: 'event', agent: name, event });
    this.tell();
  }

  private async look(): Promise<void> {
    for (const { name, state } of await this.api.listAgents()) {
      this.fresh.set(name, state);
      if (this.states.get(name) === state) continue;
      this.states.set(name, state);
      this.report({ type: 'state', agent: name, state });
    }
    this.tell();
  }

  private tell(): void {
    for (const look of this.waiting) look();
  }

  private until(isTrue: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!isTrue()) return;
        this.waiting.delete(look);
        resolve();
      };
      this.waiting.add(look);
      look();
    });
  }
}
