/** The kinds of message that people and agents choose from when they send one. Same as `tt send`. */
import type { AckType, MessageBody } from './messages.ts';

export const messageKinds = ['task', 'query', 'info', 'ack'] as const;
export type MessageKind = (typeof messageKinds)[number];

/** The message body for a kind. A confirmation keeps only its type, which is read from the text as `tt` does. */
export function messageOfKind(kind: MessageKind, text: string): MessageBody {
  switch (kind) {
    case 'task':
      return { type: 'task', description: text };
    case 'query':
      return { type: 'query', question: text };
    case 'info':
      return { type: 'informational', summary: text };
    case 'ack':
      return { type: 'confirmation', ackType: ackOf(text) };
  }
}

/** The rules of `tt`: "rejected: REASON", "received…", "approved…", thanks anywhere, otherwise acknowledged. */
function ackOf(text: string): AckType {
  const said = text.trim();
  const lower = said.toLowerCase();
  if (lower.startsWith('rejected:')) {
    return { type: 'rejected', reason: said.slice('rejected:'.length).trim() || 'No reason provided' };
  }
  if (lower.startsWith('received')) return { type: 'received' };
  if (lower.startsWith('approved')) return { type: 'approved' };
  return { type: lower.includes('thanks') || lower.includes('thank you') ? 'thanks' : 'acknowledged' };
}
