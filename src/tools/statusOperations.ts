/** Operations that show the whole town. */
import { type AgentRecord, type TaskRecord, isTaskOver, taskStates } from '../town/records/records.ts';
import { SUPERVISOR_ID } from '../town/keys.ts';
import { oneLine } from '../util/text.ts';
import { flag } from './arguments.ts';
import { type ToolTown, operation } from './operation.ts';
import { namer } from './people.ts';
import { agentLine, taskLine } from './shown.ts';

const TASKS_SHOWN = 30;
const ACTIVITY_SHOWN = 3;

export const status = operation({
  name: 'status',
  description: 'Show the town: its agents and their activity, the open tasks, and the length of the backlog.',
  effect: 'reads',
  arguments: {
    deep: flag('Include each agent’s latest activity.'),
    tasks: flag('Include finished tasks.'),
  },
  async run({ town, self }, { deep = false, tasks: allTasks = false }) {
    const [{ agents, malformed }, { tasks }, backlog, [mine]] = await Promise.all([
      town.agents.list(),
      town.tasks.list(),
      town.tasks.backlog(),
      town.inbox.counts([SUPERVISOR_ID]),
    ]);
    const queued = new Set(backlog);
    const open = tasks.filter(({ id, state }) => !isTaskOver(state) && !queued.has(id));
    const nameOf = namer(self, agents);
    const lines = [
      `Town ${town.name}. You are ${self.id === SUPERVISOR_ID ? 'the supervisor' : oneLine(self.name, 64)}.`,
      '',
      `Agents: ${agents.length}`,
      ...(await agentLines(town, self.id, agents, tasks, deep)),
      ...malformed.map(({ key, reason }) => `- ${oneLine(key)} cannot be read: it ${oneLine(reason)}`),
      '',
      `Open tasks: ${open.length}`,
      ...open.slice(0, TASKS_SHOWN).map((task) => taskLine(task, nameOf(task.assignedTo))),
      ...more(open.length),
      '',
      `Backlog: ${backlog.length}`,
    ];
    if (self.id === SUPERVISOR_ID) lines.push(`Messages for you: ${(mine?.inbox ?? 0) + (mine?.urgent ?? 0)}`);
    if (allTasks) lines.push('', ...endedLines(tasks, nameOf));
    return lines.join('\n');
  },
});

export const list = operation({
  name: 'list',
  description: 'List the agents.',
  effect: 'reads',
  commandOnly: true,
  arguments: {},
  async run({ town, self }) {
    const { agents } = await town.agents.list();
    if (agents.length === 0) return 'There are no agents yet.';
    const { tasks } = await town.tasks.read(agents.flatMap(({ currentTask }) => currentTask ?? []));
    return (await agentLines(town, self.id, agents, tasks, false)).join('\n');
  },
});

async function agentLines(
  town: ToolTown,
  selfId: string,
  agents: readonly AgentRecord[],
  tasks: readonly TaskRecord[],
  deep: boolean,
): Promise<string[]> {
  const counts = await town.inbox.counts(agents.map(({ id }) => id));
  const known = new Map(tasks.map((task) => [task.id, task]));
  const blocks = agents.map(async (agent, place) => {
    const { urgent, inbox } = counts[place] ?? { urgent: 0, inbox: 0 };
    const task = agent.currentTask === undefined ? undefined : known.get(agent.currentTask);
    const line = agentLine(agent, { you: agent.id === selfId, waiting: urgent + inbox, task });
    if (!deep) return [line];
    const lately = (await town.activity.read(agent.id)).slice(0, ACTIVITY_SHOWN);
    return [line, ...lately.map((text) => `    ${oneLine(text)}`)];
  });
  return (await Promise.all(blocks)).flat();
}

function endedLines(tasks: readonly TaskRecord[], nameOf: (id: string | undefined) => string): string[] {
  const counts = taskStates.flatMap((state) => {
    const count = tasks.filter((task) => task.state === state).length;
    return count > 0 ? [`${count} ${state}`] : [];
  });
  const ended = tasks.filter(({ state }) => isTaskOver(state)).toReversed();
  return [
    `All tasks: ${tasks.length}${counts.length > 0 ? ` (${counts.join(', ')})` : ''}`,
    ...ended.slice(0, TASKS_SHOWN).map((task) => taskLine(task, nameOf(task.assignedTo))),
    ...more(ended.length),
  ];
}

function more(total: number): string[] {
  return total > TASKS_SHOWN ? [`- and ${total - TASKS_SHOWN} more`] : [];
}
