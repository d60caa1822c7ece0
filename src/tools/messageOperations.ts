/** Operations that send or read messages: assign, send, inbox. */
import * as z from 'zod/mini';
import { SUPERVISOR_ID } from '../town/keys.ts';
import { messageKinds, messageOfKind } from '../town/records/messageKinds.ts';
import { type Message, newMessage } from '../town/records/messages.ts';
import { oneLine } from '../util/text.ts';
import { agentReference, flag, text } from './arguments.ts';
import { operation } from './operation.ts';
import { findAddressee, namer, ownAgent, readingNote } from './people.ts';

const kindNames = { task: 'a task message', query: 'a query', info: 'information', ack: 'a confirmation' } as const;

const SHOWN = 50;

export const assign = operation({
  name: 'assign',
  description: 'Assign a new task to an agent. The agent is notified, and you are told how the task ends.',
  effect: 'adds',
  arguments: {
    agent: agentReference('The agent: name, nickname or id.'),
    text: text('The complete task. The agent gets no other information about it.'),
  },
  async run({ town, self }, { agent, text: description }) {
    const to = await findAddressee(town, agent);
    const task = await town.tasks.assign({ description }, to.id, self.id);
    return `Assigned task ${task.id} to ${to.name}.${readingNote(to)}`;
  },
});

export const send = operation({
  name: 'send',
  description: 'Send a message to an agent, or to the person who supervises the town (agent "supervisor").',
  effect: 'adds',
  arguments: {
    agent: agentReference('The agent (name, nickname or id), or "supervisor".'),
    text: text('The complete message.'),
    kind: z.optional(
      z
        .enum(messageKinds, `is none of ${messageKinds.join(', ')}`)
        .check(
          z.describe(
            'task (default): the agent should act on it. query: expects an answer. info: needs no action. ' +
              'ack: a confirmation; of its text, only received, approved, thanks or "rejected: REASON" is delivered.',
          ),
        ),
    ),
    urgent: flag(
      'Reaches the agent during its current turn. Use it only if the message cannot wait until the turn ends.',
    ),
  },
  async run({ town, self }, { agent, text: said, kind = 'task', urgent = false }) {
    const to = await findAddressee(town, agent);
    const message = newMessage({ ...messageOfKind(kind, said), from: self.id, to: to.id });
    await town.inbox.send(message, { urgent });
    return `Sent ${kindNames[kind]} to ${to.name}${urgent ? ', urgently' : ''}.${readingNote(to)}`;
  },
});

export const inbox = operation({
  name: 'inbox',
  description: 'Show the messages waiting for an agent, or count them for every agent.',
  effect: 'reads',
  commandOnly: true,
  arguments: {
    agent: z.optional(agentReference('The agent. Defaults to you.')),
    all: flag('Count the messages of every agent instead.'),
  },
  async run(context, { agent, all = false }) {
    const { town, self } = context;
    const { agents } = await town.agents.list();
    const nameOf = namer(self, agents);
    if (all) {
      const ids = [SUPERVISOR_ID, ...agents.map(({ id }) => id)];
      const counts = await town.inbox.counts(ids);
      return ids
        .map((id, place) => `${nameOf(id)}: ${counts[place]?.inbox ?? 0}, urgent ${counts[place]?.urgent ?? 0}`)
        .join('\n');
    }
    const whose = agent === undefined && self.id === SUPERVISOR_ID ? 'supervisor' : agent;
    const owner = await ownAgent(context, whose);
    const { urgent, inbox: waiting, malformed } = await town.inbox.list(owner.id, SHOWN);
    const ids = [...urgent, ...waiting].flatMap((message) => (message.type === 'task_assign' ? [message.taskId] : []));
    const tasks = new Map((await town.tasks.read(ids)).tasks.map((task) => [task.id, task.description]));
    const line = (message: Message, mark: string): string =>
      `- ${mark}${message.type} from ${nameOf(message.from)}: ${oneLine(saying(message, tasks), 500)}`;
    const lines = [
      ...urgent.map((message) => line(message, 'URGENT ')),
      ...waiting.map((message) => line(message, '')),
      ...malformed.map(({ reason }) => `- one cannot be read: ${oneLine(reason)}`),
    ];
    return lines.length === 0 ? `No message waits for ${owner.name}.` : lines.join('\n');
  },
});

function saying(message: Message, tasks: ReadonlyMap<string, string>): string {
  switch (message.type) {
    case 'task':
      return message.description;
    case 'query':
      return message.question;
    case 'informational':
      return message.summary;
    case 'confirmation':
      return message.ackType.type === 'rejected' ? `rejected: ${message.ackType.reason}` : message.ackType.type;
    case 'task_assign':
      return `${message.taskId} ${tasks.get(message.taskId) ?? '(its record is gone)'}`;
    case 'task_done':
      return `${message.taskId} ${message.result}`;
    case 'task_failed':
      return `${message.taskId} ${message.error}`;
    case 'status_response':
      return `${message.state}, task ${message.currentTask ?? 'none'}`;
    case 'custom':
      return `[${message.kind}] ${message.payload}`;
    case 'status_request':
    case 'ping':
    case 'pong':
    case 'shutdown':
      return '';
  }
}
