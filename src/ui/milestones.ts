/** What the person has achieved with Tinytown: the steps of the walkthrough tick when it has really happened. */
import * as vscode from 'vscode';
import { MILESTONE_CONTEXT } from './ids.ts';

export type Milestone = 'codex' | 'signedIn' | 'redis' | 'folder' | 'agent' | 'task' | 'steer' | 'answer';

const reached = new Set<Milestone>();

/** Ticks a step of the walkthrough. Cheap to call again. */
export function reach(milestone: Milestone): void {
  if (reached.has(milestone)) return;
  reached.add(milestone);
  void vscode.commands.executeCommand('setContext', `${MILESTONE_CONTEXT}.${milestone}`, true);
}

/**
 * Ticks the steps that were reached before the walkthrough was opened. The editor may not read the steps
 * before that, and then ticks a step only when its key changes. A key that was set earlier never ticks, so each step has a
 * second key.
 */
export async function tickReached(): Promise<void> {
  for (const milestone of reached) {
    await vscode.commands.executeCommand('setContext', `${MILESTONE_CONTEXT}Before.${milestone}`, true);
  }
}
