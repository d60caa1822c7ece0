/**
 * What a thread runs on, and what has to be said for its next turn to run on something else. A thread keeps the model and the
 * effort of its last turn, over a resume too (seen on 0.169.0): going back to what is configured takes naming that.
 */
import type { CodexConnection } from '../codex/connection.ts';
import { configuredModel } from '../codex/models.ts';
import type { ModelChoice, RunsOn } from './codingAgent.ts';

export class ThreadModel {
  private runsOn: RunsOn;
  private readonly connection: CodexConnection;
  private readonly cwd: string;
  private readonly limitMs: number;

  constructor(connection: CodexConnection, runsOn: RunsOn, cwd: string, limitMs: number) {
    this.connection = connection;
    this.runsOn = runsOn;
    this.cwd = cwd;
    this.limitMs = limitMs;
  }

  get current(): RunsOn {
    return this.runsOn;
  }

  /** For the parameters of `turn/start`: empty where the thread runs on what is chosen. */
  async overrides(choice: ModelChoice): Promise<{ model?: string; effort?: string }> {
    const { chosenBefore } = choice;
    const unsaid = choice.model === undefined || choice.reasoningEffort === undefined;
    const configured =
      chosenBefore && unsaid ? await configuredModel(this.connection, this.cwd, this.limitMs) : undefined;
    const model = choice.model ?? configured?.model;
    const effort = choice.reasoningEffort ?? configured?.reasoningEffort;
    return {
      ...(model !== undefined && model !== this.runsOn.model && { model }),
      ...(effort !== undefined && effort !== this.runsOn.reasoningEffort && { effort }),
    };
  }

  /** A turn was started with these overrides; whether they changed anything. */
  took({ model, effort }: { model?: string; effort?: string }): boolean {
    if (model === undefined && effort === undefined) return false;
    this.runsOn = { model: model ?? this.runsOn.model, reasoningEffort: effort ?? this.runsOn.reasoningEffort };
    return true;
  }
}
