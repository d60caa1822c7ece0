/** The models that the app-server offers, and the configured one. */
import type { CodexConnection } from './connection.ts';
import { configRead, modelList } from './methods.ts';
import type { WireModel } from './wire.ts';

const maxPages = 10;

/** The models that people choose from. A custom provider may have others. */
export async function listModels(connection: CodexConnection, limitMs: number): Promise<WireModel[]> {
  const models: WireModel[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < maxPages; page += 1) {
    const answer: Awaited<ReturnType<typeof readPage>> = await readPage(connection, cursor, limitMs);
    models.push(...answer.data.filter(({ hidden }) => !hidden));
    cursor = answer.nextCursor ?? null;
    if (cursor === null) break;
  }
  return models;
}

function readPage(connection: CodexConnection, cursor: string | null, limitMs: number) {
  return connection.request(modelList, { cursor }, limitMs);
}

/** The model of a thread in `cwd` if nobody has chosen one. Undefined if Codex does not say. */
export async function configuredModel(
  connection: CodexConnection,
  cwd: string,
  limitMs: number,
): Promise<{ model: string | undefined; reasoningEffort: string | undefined }> {
  const [{ config }, models] = await Promise.all([
    connection.request(configRead, { cwd }, limitMs),
    listModels(connection, limitMs),
  ]);
  const model = config.model ?? models.find(({ isDefault }) => isDefault)?.model;
  const listed = models.find((one) => one.model === model);
  return { model, reasoningEffort: config.model_reasoning_effort ?? listed?.defaultReasoningEffort };
}
