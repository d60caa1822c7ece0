/** How a message is treated: whether it starts a turn, waits for one, or is only counted. */
import type { MessageBody } from './messages.ts';

export type MessageClass = 'task' | 'query' | 'otherActionable' | 'informational' | 'confirmation';

/**
 * Words in a custom message's kind or payload, and the class they stand for. The first row with a match decides.
 * `tt` looks for them anywhere, even inside longer words.
 */
const customWords: readonly (readonly [MessageClass, readonly string[]])[] = [
  ['confirmation', ['ack', 'thanks', 'thank you', 'received', 'approved']],
  ['informational', ['info', 'fyi', 'status', 'update']],
  ['query', ['query', 'question']],
];

const classes: { [T in MessageBody['type']]: MessageClass | 'byItsWords' } = {
  task: 'task',
  task_assign: 'task',
  query: 'query',
  status_request: 'query',
  shutdown: 'otherActionable',
  informational: 'informational',
  task_done: 'informational',
  task_failed: 'informational',
  status_response: 'informational',
  ping: 'informational',
  pong: 'informational',
  confirmation: 'confirmation',
  custom: 'byItsWords',
};

/** Types of messages that start no turn and need no answer, whatever they say. */
export const quietTypes = [
  'informational',
  'task_done',
  'task_failed',
  'status_response',
  'pong',
  'confirmation',
] as const;

/** The class of a message by its type, or by its words if it is a custom one. */
export function classify(message: MessageBody): MessageClass {
  const its = classes[message.type];
  if (its !== 'byItsWords') return its;
  const said = message.type === 'custom' ? `${message.kind} ${message.payload}`.toLowerCase() : '';
  return customWords.find(([, words]) => words.some((word) => said.includes(word)))?.[0] ?? 'task';
}

/** Whether a message starts or steers a turn. */
export function isActionable(message: MessageBody): boolean {
  const its = classify(message);
  return its === 'task' || its === 'query' || its === 'otherActionable';
}
