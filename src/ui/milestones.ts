/** What the person has achieved with Tinytown: the steps of the walkthrough tick when it has really happened. */
import * as vscode from 'vscode';
import { MILESTONE_CONTEXT } from './ids.ts';

export type Milestone = 'codex' | 'signedIn' | 'redis' | 'agent' | 'task' | 'steer' | 'answer';

const reached = new Set<Milestone>();

/** Ticks a step of the walkthrough. Cheap to call again. */
export function reach(milestone: Milestone): void {
  if (reached.has(milestone)) return;
  reached.add(milestone);
  void vscode.commands.executeCommand('setContext', `${MILESTONE_CONTEXT}.${milestone}`, true);
}
