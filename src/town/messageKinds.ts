/** The kinds of message that people and agents choose among when they send one, as `tt send` has them. */
import type { AckType, MessageBody } from './messages.ts';

export const messageKinds = ['task', 'query', 'info', 'ack'] as const;
export type MessageKind = (typeof messageKinds)[number];

/** What a message of this kind says. Of a confirmation only the sort is kept, as `tt` reads it from the text. */
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

/** The rules are those of `tt`: "rejected: REASON", "received…", "approved…", thanks anywhere, else acknowledged. */
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
