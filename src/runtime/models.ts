/** The models that Codex lists, as people choose from them. */
import type { CodexConnection } from '../codex/connection.ts';
import { listModels } from '../codex/models.ts';

export interface ModelInfo {
  /** As the model's provider knows it. */
  model: string;
  /** As people know it. */
  name: string;
  description: string;
  isDefault: boolean;
  efforts: { effort: string; description: string }[];
  defaultEffort: string;
}

export async function readModels(connection: CodexConnection, limitMs: number): Promise<ModelInfo[]> {
  return (await listModels(connection, limitMs)).map((one) => ({
    model: one.model,
    name: one.displayName,
    description: one.description,
    isDefault: one.isDefault,
    efforts: one.supportedReasoningEfforts.map((each) => ({
      effort: each.reasoningEffort,
      description: each.description,
    })),
    defaultEffort: one.defaultReasoningEffort,
  }));
}
