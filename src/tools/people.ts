/** Resolves references to agents and the supervisor, and names them in output. */
import { SUPERVISOR_ID } from '../town/keys.ts';
import { isSupervisor, resolveAgent } from '../town/records/names.ts';
import type { AgentRecord } from '../town/records/records.ts';
import { TinytownError } from '../util/errors.ts';
import { inEnglish } from '../util/sentence.ts';
import { oneLine } from '../util/text.ts';
import type { Self, ToolContext, ToolTown } from './operation.ts';

export const supervisor: Self = { id: SUPERVISOR_ID, name: 'supervisor' };

/** Somebody who can receive messages. `record` is undefined for the supervisor, who has none. */
export interface Addressee {
  readonly id: string;
  readonly name: string;
  readonly record: AgentRecord | undefined;
}

/** @throws TinytownError `unknownAgent` or `ambiguousAgent`, with the candidates */
export async function findAddressee(town: ToolTown, reference: string): Promise<Addressee> {
  if (isSupervisor(reference)) return { ...supervisor, record: undefined };
  const found = resolveAgent(reference, (await town.agents.list()).agents);
  if (found.ok) return { id: found.agent.id, name: oneLine(found.agent.name, 64), record: found.agent };
  throw new TinytownError(
    found.reason === 'ambiguous' ? 'ambiguousAgent' : 'unknownAgent',
    oneLine(inEnglish(found.message), 1_000),
  );
}

/**
 * The agent that `reference` means, by default the caller. An agent may name only itself.
 * @throws TinytownError `notYours` if an agent names another one
 */
export async function ownAgent({ town, self }: ToolContext, reference: string | undefined): Promise<Addressee> {
  if (self.id === SUPERVISOR_ID && reference === undefined) {
    throw new TinytownError('badArguments', 'agent is missing: name the agent that should get the task.');
  }
  const found = await findAddressee(town, reference ?? self.id);
  if (self.id === SUPERVISOR_ID || found.id === self.id) return found;
  throw new TinytownError('notYours', `You are ${oneLine(self.name, 64)}: you can do this only for yourself.`, {
    hint: `Assign ${found.name} a task or send a message instead.`,
  });
}

/** The names to show for agents' ids. It is the id itself if there is no record or the agent has a reserved name. */
export function namer(self: Self, agents: readonly AgentRecord[]): (id: string | undefined) => string {
  const names = new Map(agents.map(({ id, name }) => [id, isSupervisor(name) ? id : oneLine(name, 64)]));
  return (id) => {
    if (id === undefined) return 'nobody';
    const name = id === SUPERVISOR_ID ? 'supervisor' : (names.get(id) ?? id);
    return id === self.id ? `${name} (you)` : name;
  };
}

/** A note for whoever writes to an agent, if the agent will not read soon. Otherwise empty. */
export function readingNote({ name, record }: Addressee): string {
  switch (record?.state) {
    case 'paused':
    case 'stopped':
    case 'error':
      return ` ${name} is ${record.state === 'error' ? 'in error' : record.state}: it reads this when it runs again.`;
    default:
      return '';
  }
}
