/** Asks for a model and an effort from Codex's list. Another model can be typed, because providers have their own models. */
import * as vscode from 'vscode';
import type { ModelInfo } from '../../runtime/models.ts';
import type { AgentRecord } from '../../town/records/records.ts';
import { oneLine } from '../../util/text.ts';
import { withoutIcons } from '../plainText.ts';

const { t } = vscode.l10n;

/** An undefined field means the configured value. */
export interface PickedModel {
  model: string | undefined;
  reasoningEffort: string | undefined;
}

interface Pick<V> extends vscode.QuickPickItem {
  value?: V;
}

/** Resolves with undefined if the person canceled. */
export async function pickModel(
  agent: AgentRecord,
  models: readonly ModelInfo[],
  now: string | undefined,
): Promise<PickedModel | undefined> {
  const title = t('Model of {0}', oneLine(agent.name, 64));
  const listed: Pick<ModelInfo>[] = models.map((one) => ({
    label: withoutIcons(one.name),
    description: withoutIcons(one.model === now ? t('{0} · current', one.model) : one.model),
    detail: withoutIcons(one.description),
    value: one,
  }));
  const asConfigured: Pick<ModelInfo> = {
    label: t('As Configured'),
    description: agent.model === undefined ? t('current') : t('clears your choice'),
  };
  const another: Pick<ModelInfo> = { label: t('Another Model…'), description: t('enter its name') };
  const placeHolder = t('Takes effect with the next turn. The conversation is kept.');
  const picked = await vscode.window.showQuickPick([asConfigured, ...listed, another], {
    title,
    placeHolder,
    matchOnDescription: true,
  });
  if (!picked) return undefined;
  const name = picked === another ? await askName(title) : picked.value?.model;
  if (picked === another && !name) return undefined;
  const info = models.find(({ model }) => model === (name ?? now));
  const effort = await pickEffort(agent, title, info);
  return effort && { model: name, reasoningEffort: effort.value };
}

function askName(title: string): Thenable<string | undefined> {
  return vscode.window.showInputBox({ title, prompt: t('The provider’s name for the model.') });
}

async function pickEffort(
  agent: AgentRecord,
  title: string,
  model: ModelInfo | undefined,
): Promise<Pick<string> | undefined> {
  const asConfigured: Pick<string> = {
    label: t('As Configured'),
    description: agent.reasoningEffort === undefined ? t('current') : t('clears your choice'),
  };
  const efforts = (model?.efforts ?? []).map(({ effort, description }): Pick<string> => {
    const words = [
      effort === model?.defaultEffort ? t('the model’s default') : '',
      effort === agent.reasoningEffort ? t('current') : '',
    ];
    return {
      label: withoutIcons(effort),
      description: words.filter(Boolean).join(' · '),
      detail: withoutIcons(description),
      value: effort,
    };
  });
  if (efforts.length === 0) return asConfigured;
  const placeHolder = t('Reasoning effort');
  return vscode.window.showQuickPick([asConfigured, ...efforts], { title, placeHolder });
}
