/** Names of agents: which ones are allowed, and which agent a reference means. */
import { hidesCharacters, nameKey } from '../../util/hidden.ts';
import { type Sentence, say } from '../../util/sentence.ts';
import { SUPERVISOR_ID, isId } from '../keys.ts';
import type { AgentRecord } from './records.ts';

const MAX_AGENT_NAME = 64;

const reserved = ['supervisor', 'conductor'];
const shortId = /^[0-9a-f]{4}$/i;

type Named = Pick<AgentRecord, 'id' | 'name' | 'nickname'>;

/** Whether `ref` means the supervisor, the human, by one of its names or its id. */
export function isSupervisor(ref: string): boolean {
  const said = nameKey(ref);
  return reserved.includes(said) || said === SUPERVISOR_ID;
}

/**
 * What is wrong with a name or nickname for a new agent, as a sentence for the user; undefined if it can be used.
 * Exactly four hex digits are refused too, because a reference by short id would match them. Names that differ only in case,
 * normalization or invisible characters are the same.
 */
export function validateAgentName(name: string, taken: Iterable<Named>): Sentence | undefined {
  const wanted = name.trim();
  if (wanted === '') return say('Give the agent a name.');
  if (wanted !== name) return say('An agent’s name must not start or end with a space.');
  if (wanted.length > MAX_AGENT_NAME) {
    return say('An agent’s name must not be longer than {0} characters.', MAX_AGENT_NAME);
  }
  if (hidesCharacters(wanted) || /[\n\t\ufffd]/.test(wanted)) {
    return say('An agent’s name must not contain control or invisible characters.');
  }
  if (isSupervisor(wanted)) return say('“{0}” is reserved: it means you, the supervisor. Choose another name.', wanted);
  if (isId(wanted) || shortId.test(wanted)) return say('“{0}” looks like an agent’s id. Choose another name.', wanted);
  const key = nameKey(wanted);
  for (const agent of taken) {
    if (nameKey(agent.name) === key) return say('There is already an agent named “{0}”.', agent.name);
    if (agent.nickname !== undefined && nameKey(agent.nickname) === key) {
      return say('“{0}” is the nickname of {1}.', agent.nickname, agent.name);
    }
  }
  return undefined;
}

export type Resolved<A> = { ok: true; agent: A } | { ok: false; reason: 'notFound' | 'ambiguous'; message: Sentence };

/**
 * The agent that `ref` means, in any case. The first kind of match decides: id; name or nickname; the same up to normalization
 * and hidden characters; the first four hex digits of an id. Several matches of one kind are an error that names the candidates.
 */
export function resolveAgent<A extends Named>(ref: string, agents: Iterable<A>): Resolved<A> {
  const said = ref.trim().toLowerCase();
  const key = nameKey(ref);
  const all = [...agents];
  const ways: ((agent: A) => boolean)[] = [
    (agent) => agent.id.toLowerCase() === said,
    (agent) => agent.name.toLowerCase() === said || agent.nickname?.toLowerCase() === said,
    (agent) => [agent.name, agent.nickname].some((name) => name !== undefined && nameKey(name) === key),
    (agent) => shortId.test(said) && agent.id.toLowerCase().startsWith(said),
  ];
  for (const matches of ways) {
    const found = all.filter(matches);
    const [agent] = found;
    if (found.length === 1 && agent !== undefined) return { ok: true, agent };
    if (found.length > 1) {
      const candidates = found.map((it) => `${it.name} (${it.id})`).join(', ');
      return { ok: false, reason: 'ambiguous', message: say('“{0}” means more than one agent: {1}.', ref, candidates) };
    }
  }
  const known = all.map((it) => it.name).toSorted();
  const some = known.slice(0, 10).join(', ') + (known.length > 10 ? ', …' : '');
  const message =
    known.length === 0
      ? say('There is no agent “{0}”. There are no agents yet.', ref)
      : say('There is no agent “{0}”. There are: {1}.', ref, some);
  return { ok: false, reason: 'notFound', message };
}
