/** Makes most of the rows below an agent. */
import type { AgentRecord } from '../../town/records/records.ts';
import type { Item } from '../items.ts';

/** A row of the agent, with `key` in its id. Menus recognize the row by the key's first part. */
export function leaf(agent: AgentRecord, key: string, look: Pick<Item, 'label' | 'icon'> & Partial<Item>): Item {
  const description = look.description ?? '';
  return {
    id: `agent/${agent.id}/${key}`,
    description,
    contextValue: `${key.split('/', 1)[0] ?? key};`,
    spoken: description ? `${look.label}, ${description}` : look.label,
    collapse: 'none',
    agentId: agent.id,
    ...look,
  };
}
