/** The facts of an agent's session under one collapsed row: its model, thread and process, and what they use. */
import type { AgentView } from '../../loop/state/agentView.ts';
import type { AgentRecord } from '../../town/records/records.ts';
import type { ProcessUse } from '../../process/processTable.ts';
import { oneLine } from '../../util/text.ts';
import type { Item } from '../items.ts';
import type { Translate } from '../l10n.ts';
import type { TownPicture } from '../town/townPicture.ts';
import { tokenWords } from './usage.ts';

/** Whether anything is known about the agent's session. */
export function hasSession(agent: AgentRecord, view: AgentView): boolean {
  return [agent.runtimeSessionId, view.version, view.pid, view.tokens].some((fact) => fact !== undefined);
}

export function sessionRows(agent: AgentRecord, picture: TownPicture, t: Translate): Item[] {
  const view = picture.view(agent.id);
  if (!hasSession(agent, view)) return [];
  const id = `agent/${agent.id}/session`;
  const label = t('Session');
  const description = modelWords(agent, view) ?? '';
  return [
    {
      id,
      label,
      description,
      icon: { id: 'pulse' },
      contextValue: 'session;',
      spoken: description ? `${label}, ${description}` : label,
      collapse: 'collapsed',
      agentId: agent.id,
      // Called only while the row is expanded, and only then are processes looked at.
      children: () => facts(agent, view, picture, t).map((fact) => factRow(agent.id, id, fact)),
    },
  ];
}

interface Fact {
  key: string;
  label: string;
  value: string | undefined;
  icon: string;
}

function facts(agent: AgentRecord, view: AgentView, picture: TownPicture, t: Translate): Fact[] {
  const { runtimeSessionId: thread } = agent;
  return [
    { key: 'model', label: t('Model'), value: modelWords(agent, view), icon: 'symbol-misc' },
    { key: 'tokens', label: t('Tokens'), value: view.tokens && tokenWords(view.tokens, t), icon: 'dashboard' },
    { key: 'thread', label: t('Thread'), value: thread && oneLine(thread, 64), icon: 'comment-discussion' },
    { key: 'codex', label: t('Codex'), value: view.version && oneLine(view.version, 32), icon: 'versions' },
    {
      key: 'process',
      label: t('Process'),
      value: processWords(view.pid, picture, agent.id, t),
      icon: 'server-process',
    },
  ];
}

function factRow(agentId: string, parent: string, { key, label, value = '–', icon }: Fact): Item {
  return {
    id: `${parent}/${key}`,
    label,
    description: value,
    icon: { id: icon },
    contextValue: `session-${key};`,
    spoken: `${label}: ${value}`,
    collapse: 'none',
    agentId,
    tooltip: () => `${label}: ${value}`,
    copies: () => value,
  };
}

/** Model and effort: what the session reports, or else what was chosen. */
export function modelWords(agent: AgentRecord, view: AgentView): string | undefined {
  const model = view.model ?? agent.model;
  const words = [model, view.reasoningEffort ?? agent.reasoningEffort].filter((word) => word !== undefined);
  return words.length === 0 ? undefined : oneLine(words.join(', '), 80);
}

/** For example `4711 · 312 MB in 3 processes`. Undefined without a process. */
export function processWords(
  pid: number | undefined,
  picture: TownPicture,
  agentId: string,
  t: Translate,
): string | undefined {
  if (pid === undefined) return undefined;
  const use = picture.processUse(agentId);
  return use ? `${pid} · ${useWords(use, t)}` : String(pid);
}

function useWords({ count, residentBytes }: ProcessUse, t: Translate): string {
  const megabytes = Math.round(residentBytes / 1_000_000);
  return count === 1 ? t('{0} MB', megabytes) : t('{0} MB in {1} processes', megabytes, count);
}
