/** Tasks and agents as plain text. Others' texts become one line without control characters, unless asked for in full. */
import type { AgentRecord, TaskRecord } from '../town/records/records.ts';
import { fenced, oneLine, stripControls } from '../util/text.ts';

const LINE = 160;

/** A task as one line of a list. */
export function taskLine(task: TaskRecord, who?: string): string {
  const tags = task.tags.length > 0 ? ` [${oneLine(task.tags.join(', '), 80)}]` : '';
  const state = who === undefined ? '' : ` ${task.state}, ${who}`;
  return `- ${task.id}${tags}${state}: ${oneLine(task.description, LINE)}`;
}

/** Everything about a task. Its text and result are whole, each in a fence that it cannot close. */
export function taskInFull(task: TaskRecord, nameOf: (id: string | undefined) => string): string {
  const facts: [string, string | undefined][] = [
    ['Task', task.id],
    ['State', task.state],
    ['Assigned to', nameOf(task.assignedTo)],
    ['Assigned by', task.assignedBy && nameOf(task.assignedBy)],
    ['Part of', task.parentId],
    ['Tags', task.tags.length > 0 ? oneLine(task.tags.join(', '), 400) : undefined],
    ['Created', task.createdAt],
    ['Started', task.startedAt],
    ['Ended', task.completedAt],
  ];
  const lines = facts.flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}`]));
  const result = task.result === undefined ? '' : `\n\nResult:\n${fenced(stripControls(task.result))}`;
  return `${lines.join('\n')}\n\n${fenced(stripControls(task.description))}${result}`;
}

/** An agent as one line of a list. */
export function agentLine(
  agent: AgentRecord,
  { you, waiting, task }: { you: boolean; waiting: number; task: TaskRecord | undefined },
): string {
  const nickname = agent.nickname === undefined ? '' : ` “${oneLine(agent.nickname, 64)}”`;
  const role = agent.roleId === undefined ? '' : `, ${oneLine(agent.roleId, 40)}`;
  const parts = [
    `- ${oneLine(agent.name, 64)}${nickname}${you ? ' (you)' : ''}${role}: ${agent.state}`,
    waiting > 0 ? `${waiting} ${waiting === 1 ? 'message waits' : 'messages wait'}` : '',
    task ? `works on ${task.id} (${oneLine(task.description, 80)})` : '',
  ];
  return parts.filter((part) => part !== '').join('; ');
}
