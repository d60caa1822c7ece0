/**
 * What a thread runs on, and the parameters that make its next turn run on something else. A thread keeps the model and effort
 * of its last turn, even after a resume (seen on 0.169.0). So to go back to the configured ones, they must be named.
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

  /** For the parameters of `turn/start`. Empty if the thread already runs on the choice. */
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

  /** A turn was started with these overrides. True if they changed anything. */
  took({ model, effort }: { model?: string; effort?: string }): boolean {
    if (model === undefined && effort === undefined) return false;
    this.runsOn = { model: model ?? this.runsOn.model, reasoningEffort: effort ?? this.runsOn.reasoningEffort };
    return true;
  }
}
