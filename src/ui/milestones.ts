/** What the person has done with Tinytown. A step of the walkthrough is checked off only when it has really happened. */
import * as vscode from 'vscode';
import { MILESTONE_CONTEXT } from './ids.ts';

export type Milestone = 'codex' | 'signedIn' | 'redis' | 'folder' | 'agent' | 'task' | 'steer' | 'answer';

const reached = new Set<Milestone>();

/** Checks off a step of the walkthrough. Cheap to call again. */
export function reach(milestone: Milestone): void {
  if (reached.has(milestone)) return;
  reached.add(milestone);
  void vscode.commands.executeCommand('setContext', `${MILESTONE_CONTEXT}.${milestone}`, true);
}

/**
 * Checks off the steps that were reached before the walkthrough was opened. The editor may read the steps only then, and checks
 * off a step only when its key changes. A key that was set earlier has no effect, so each step has a second key.
 */
export async function tickReached(): Promise<void> {
  for (const milestone of reached) {
    await vscode.commands.executeCommand('setContext', `${MILESTONE_CONTEXT}Before.${milestone}`, true);
  }
}
