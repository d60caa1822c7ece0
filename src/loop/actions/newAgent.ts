/** The record of an agent that a person adds to the town. */
import { randomUUID } from 'node:crypto';
import { RUNTIME_HOST } from '../../town/stores/leases.ts';
import { validateAgentName } from '../../town/records/names.ts';
import type { AgentRecord } from '../../town/records/records.ts';
import type { PermissionMode } from '../trust/permissionModes.ts';
import { TinytownError } from '../../util/errors.ts';
import { say } from '../../util/sentence.ts';

/** The CLI of a new agent if nobody chose another. */
export const DEFAULT_CLI = 'codex';

/** Why a first agent could not work yet. */
export function signedOut(): TinytownError {
  return new TinytownError('unauthorized', 'Codex is not signed in.', { hint: 'Sign in, then add the agent.' });
}

export interface NewAgent {
  name: string;
  nickname?: string | undefined;
  roleId?: string | undefined;
  cli?: string | undefined;
  model?: string | undefined;
  /** A reference to the agent that it works for. */
  parent?: string | undefined;
  /** Assigned to it at once. */
  task?: string | undefined;
  /** By default, settings decide. */
  permissions?: PermissionMode | undefined;
}

/**
 * The record of an agent that has not done anything yet.
 * @param agents All agents of the town.
 * @throws TinytownError `nameInvalid`, `tooManyAgents`
 */
export function newAgentRecord(
  { name, nickname, roleId, cli, model }: NewAgent,
  parent: AgentRecord | undefined,
  agents: readonly AgentRecord[],
  rules: { defaultCli(): string; maxAgents(): number },
): AgentRecord {
  for (const wanted of nickname === undefined ? [name] : [name, nickname]) {
    const problem = validateAgentName(wanted, agents);
    if (problem !== undefined) throw new TinytownError('nameInvalid', problem);
  }
  const limit = rules.maxAgents();
  if (agents.filter(({ state }) => state !== 'stopped').length >= limit) {
    const hint = 'Stop or delete one, or raise the setting tinytown.maxAgents.';
    throw new TinytownError('tooManyAgents', say('This town already has {0} agents, the maximum.', limit), { hint });
  }
  const now = new Date().toISOString();
  return {
    id: randomUUID(),
    name: name.trim(),
    nickname,
    roleId,
    parentAgentId: parent?.id,
    spawnMode: 'fresh',
    agentType: 'worker',
    state: 'starting',
    cli: cli ?? rules.defaultCli(),
    createdAt: now,
    lastHeartbeat: now,
    lastActiveAt: now,
    tasksCompleted: 0,
    roundsCompleted: 0,
    runtimeHost: RUNTIME_HOST,
    model,
  };
}
