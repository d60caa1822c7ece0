/** What an agent is good at, and which tasks of the backlog are for it. */
import type { AgentRecord, TaskRecord } from './records.ts';

export type Role = 'frontend' | 'backend' | 'tester' | 'reviewer' | 'docs' | 'devops' | 'security' | 'general';

interface RoleRule {
  role: Role;
  /** An agent whose name contains one of these has this role. */
  inName: readonly string[];
  /** An agent with exactly this name has this role. */
  wholeName?: string;
  keywords: readonly string[];
  hint: string;
}

/** In the order in which names are tried: the first match decides. */
const rules: readonly RoleRule[] = [
  {
    role: 'frontend',
    inName: ['front', 'ui', 'web', 'client'],
    keywords: ['frontend', 'ui', 'web', 'client', 'ux'],
    hint: 'tasks tagged frontend, ui, web or client',
  },
  {
    role: 'backend',
    inName: ['back', 'api', 'server'],
    keywords: ['backend', 'api', 'server', 'database', 'data'],
    hint: 'backend, api, server, database',
  },
  {
    role: 'tester',
    inName: ['test', 'qa'],
    keywords: ['test', 'qa', 'validation', 'regression'],
    hint: 'test, qa, validation, regression',
  },
  {
    role: 'reviewer',
    inName: ['review', 'audit'],
    keywords: ['review', 'reviewer', 'qa', 'security', 'audit', 'validation'],
    hint: 'review, quality, security validation',
  },
  {
    role: 'docs',
    inName: ['doc', 'writer'],
    keywords: ['docs', 'doc', 'documentation', 'spec', 'readme'],
    hint: 'documentation, spec, readme',
  },
  {
    role: 'devops',
    inName: ['devops', 'ops', 'infra', 'deploy'],
    keywords: ['devops', 'ops', 'infra', 'deploy', 'ci', 'reliability'],
    hint: 'infrastructure, ci, deploy, reliability',
  },
  {
    role: 'security',
    inName: ['security'],
    wholeName: 'sec',
    keywords: ['security', 'sec', 'vulnerability', 'hardening', 'audit'],
    hint: 'security, vulnerability, hardening',
  },
];

const generalHint = 'the agent’s own specialisation';

/** The role of an agent, by its `roleId` if it has one, else by its name. The first rule that matches decides. */
export function roleOf(agent: Pick<AgentRecord, 'name' | 'roleId'>): Role {
  const said = (agent.roleId ?? agent.name).trim().toLowerCase();
  const named = rules.find((rule) => rule.role === said);
  const rule = named ?? rules.find((it) => it.wholeName === said || it.inName.some((part) => said.includes(part)));
  return rule?.role ?? 'general';
}

/**
 * Whether a task is for this role, by its tags, else by its description. In the description a keyword must start a word (“ui”
 * does not match “build”). The general role takes every task.
 */
export function matchesRole(role: Role, task: Pick<TaskRecord, 'description' | 'tags'>): boolean {
  const keywords = rules.find((rule) => rule.role === role)?.keywords;
  if (keywords === undefined) return true;
  if (task.tags.some((tag) => keywords.includes(tag.trim().toLowerCase()))) return true;
  const words = task.description.toLowerCase().split(/[^\p{L}\p{N}]+/u);
  return words.some((word) => keywords.some((keyword) => word.startsWith(keyword)));
}

/** The prompt's hint about which tasks this role should look for. */
export function roleHint(role: Role): string {
  return rules.find((rule) => rule.role === role)?.hint ?? generalHint;
}
