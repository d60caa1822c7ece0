/** One output channel per agent with its live text. A channel is created when first shown, and fed from then on. */
import * as vscode from 'vscode';
import type { RuntimeEvent } from '../../runtime/codingAgent.ts';
import type { ReadEvent } from '../../town/stores/events.ts';
import type { Disposable } from '../../util/disposable.ts';
import { oneLine } from '../../util/text.ts';
import { Throttle } from '../throttle.ts';
import { OutputText } from './outputText.ts';

const FLUSH_MS = 100;

interface Output {
  text: OutputText;
  channel: vscode.OutputChannel | undefined;
}

export class AgentOutputs implements Disposable {
  private readonly outputs = new Map<string, Output>();
  private readonly flush = new Throttle<string>((ids) => this.write(ids), FLUSH_MS);

  handle(agentId: string, event: RuntimeEvent): void {
    const output = this.output(agentId);
    output.text.handle(event, Date.now());
    if (output.channel) this.flush.add(agentId);
  }

  /** An event of an agent that another window or `tt` runs. */
  watched(agentId: string, event: ReadEvent): void {
    const output = this.output(agentId);
    output.text.watched(event);
    if (output.channel) this.flush.add(agentId);
  }

  /** Ids of the agents whose channel was shown. */
  get shown(): string[] {
    return [...this.outputs].flatMap(([id, { channel }]) => (channel ? [id] : []));
  }

  /** Shows the agent's channel, including earlier text (bounded). */
  show(agentId: string, name: string): void {
    const output = this.output(agentId);
    output.channel ??= vscode.window.createOutputChannel(vscode.l10n.t('Tinytown: {0}', oneLine(name, 64)));
    this.write(new Set([agentId]));
    output.channel.show(true);
  }

  /** The agent was deleted. */
  remove(agentId: string): void {
    this.outputs.get(agentId)?.channel?.dispose();
    this.outputs.delete(agentId);
  }

  dispose(): void {
    this.flush.dispose();
    for (const output of this.outputs.values()) output.channel?.dispose();
    this.outputs.clear();
  }

  private output(agentId: string): Output {
    let output = this.outputs.get(agentId);
    if (!output) {
      output = { text: new OutputText(vscode.l10n.t), channel: undefined };
      this.outputs.set(agentId, output);
    }
    return output;
  }

  private write(agentIds: ReadonlySet<string>): void {
    for (const id of agentIds) {
      const output = this.outputs.get(id);
      if (output?.channel) output.channel.append(output.text.take());
    }
  }
}
