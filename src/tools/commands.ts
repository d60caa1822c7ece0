/** Maps each `tt` command to an operation and its arguments. The options are those of Tinytown's own `tt`. */
import type { ParseArgsConfig } from 'node:util';

type Options = NonNullable<ParseArgsConfig['options']>;
export type Values = Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;

export interface Command {
  /** As in `tt backlog add`. */
  readonly words: readonly string[];
  readonly operation: string;
  /** Names of the positional arguments, as help shows them. A last name with `…` takes all remaining words. */
  readonly positionals: readonly string[];
  readonly options: Options;
  /** The help text of each option. */
  readonly optionHelp: readonly (readonly [string, string])[];
  /** The operation's arguments. Missing ones stay undefined. */
  readonly arguments: (positionals: readonly (string | undefined)[], values: Values) => Record<string, unknown>;
}

/** Options that every command has. */
export const commonOptions = {
  town: { type: 'string', short: 't' },
  verbose: { type: 'boolean', short: 'v' },
  help: { type: 'boolean', short: 'h' },
} as const satisfies Options;

export const commonHelp: readonly (readonly [string, string])[] = [
  ['-t, --town DIR', 'A folder of your own town.'],
  ['-v, --verbose', 'Log the connection to standard error.'],
  ['-h, --help', 'Show this help.'],
];

const yes = { type: 'boolean' } as const;
const word = { type: 'string' } as const;

export const commands: readonly Command[] = [
  {
    words: ['status'],
    operation: 'status',
    positionals: [],
    options: { deep: yes, tasks: yes },
    optionHelp: [
      ['--deep', 'Include each agent’s latest activity.'],
      ['--tasks', 'Include finished tasks.'],
    ],
    arguments: (_, { deep, tasks }) => ({ deep, tasks }),
  },
  {
    words: ['list'],
    operation: 'list',
    positionals: [],
    options: {},
    optionHelp: [],
    arguments: () => ({}),
  },
  {
    words: ['assign'],
    operation: 'assign',
    positionals: ['AGENT', 'TEXT…'],
    options: {},
    optionHelp: [],
    arguments: ([agent, text]) => ({ agent, text }),
  },
  {
    words: ['send'],
    operation: 'send',
    positionals: ['AGENT', 'TEXT…'],
    options: { query: yes, info: yes, ack: yes, urgent: yes, from: word },
    optionHelp: [
      ['--query', 'Expects an answer.'],
      ['--info', 'Needs no action.'],
      ['--ack', 'A confirmation: received, approved, thanks, or "rejected: REASON".'],
      ['--urgent', 'Reaches the agent during its current turn.'],
      ['--from AGENT', 'The sender. An agent can send only as itself.'],
    ],
    arguments: ([agent, text], { query, info, ack, urgent }) => ({
      agent,
      text,
      kind: query ? 'query' : info ? 'info' : ack ? 'ack' : 'task',
      urgent,
    }),
  },
  {
    words: ['inbox'],
    operation: 'inbox',
    positionals: ['[AGENT]'],
    options: { all: { type: 'boolean', short: 'a' } },
    optionHelp: [['-a, --all', 'Count the messages of every agent instead.']],
    arguments: ([agent], { all }) => ({ agent, all }),
  },
  {
    words: ['backlog', 'list'],
    operation: 'backlog_list',
    positionals: [],
    options: {},
    optionHelp: [],
    arguments: () => ({}),
  },
  {
    words: ['backlog', 'add'],
    operation: 'backlog_add',
    positionals: ['TEXT…'],
    options: { tags: word },
    optionHelp: [['--tags A,B', 'Tags for the role that the task is for.']],
    arguments: ([text], { tags }) => ({
      text,
      tags: typeof tags === 'string' ? tags.split(',').filter((tag) => tag.trim() !== '') : undefined,
    }),
  },
  {
    words: ['backlog', 'claim'],
    operation: 'backlog_claim',
    positionals: ['TASK_ID', '[AGENT]'],
    options: {},
    optionHelp: [],
    arguments: ([task_id, agent]) => ({ task_id, agent }),
  },
  {
    words: ['backlog', 'remove'],
    operation: 'backlog_remove',
    positionals: ['TASK_ID'],
    options: {},
    optionHelp: [],
    arguments: ([task_id]) => ({ task_id }),
  },
  {
    words: ['task', 'current'],
    operation: 'task_current',
    positionals: ['[AGENT]'],
    options: {},
    optionHelp: [],
    arguments: ([agent]) => ({ agent }),
  },
  {
    words: ['task', 'show'],
    operation: 'task_show',
    positionals: ['TASK_ID'],
    options: {},
    optionHelp: [],
    arguments: ([task_id]) => ({ task_id }),
  },
  {
    words: ['task', 'complete'],
    operation: 'task_complete',
    positionals: ['[TASK_ID]'],
    options: { result: word },
    optionHelp: [['--result TEXT', 'What was done.']],
    arguments: ([task_id], { result }) => ({ task_id, result }),
  },
  {
    words: ['task', 'fail'],
    operation: 'task_fail',
    positionals: ['[TASK_ID]'],
    options: { reason: word },
    optionHelp: [['--reason TEXT', 'Why it cannot be done, and what would help.']],
    arguments: ([task_id], { reason }) => ({ task_id, reason }),
  },
  {
    words: ['task', 'list'],
    operation: 'task_list',
    positionals: [],
    options: { state: word },
    optionHelp: [['--state STATE', 'Only tasks that are pending, assigned, running, completed, failed or cancelled.']],
    arguments: (_, { state }) => ({ state }),
  },
];
