/** Writers of messages: some write straight to Redis as `tt` does, some through a window. Each sends one message at a time. */
import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { SUPERVISOR_ID, type TownKeys } from '../../src/town/keys.ts';
import { type MessageBody, type Priority, encodeMessage } from '../../src/town/records/messages.ts';
import { eventually } from '../support/eventually.ts';
import type { PlannedMessage } from './schedule.ts';
import { type ChaosWindow, OPENING_MS } from './window.ts';

export interface Writer {
  /** Resolves with whether it is certain that the message was written. */
  write(message: PlannedMessage, agentId: string): Promise<boolean>;
  end(): void;
}

/** The marker stands behind the 160 characters that a continuation quotes. */
export function textOf({ marker, agent }: PlannedMessage): string {
  return `${`Please look after this, agent ${agent}: `.padEnd(180, 'and do it well ')} ${marker}`;
}

/** Straight into the lists, as `tt` writes; past the proxy, but not past a Redis that goes down. */
export function rawWriter(socketPath: string, keys: TownKeys): Writer {
  const client = new Redis({
    path: socketPath,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: () => 20,
  });
  client.on('error', () => undefined);
  return {
    async write(message, agentId) {
      await eventually(() => client.status === 'ready', { what: 'Redis for a writer' });
      const urgent = message.lane === 'urgent';
      const key = urgent ? keys.urgent(agentId) : keys.inbox(agentId);
      const raw = encodeMessage({
        id: randomUUID(),
        from: SUPERVISOR_ID,
        to: agentId,
        ...bodyOf(message),
        priority: priorityOf(message),
        createdAt: now(),
        correlationId: null,
      });
      try {
        await (urgent || message.lane === 'high' ? client.lpush(key, raw) : client.rpush(key, raw));
        return true;
      } catch {
        return false;
      }
    },
    end: () => client.disconnect(),
  };
}

/** Through whichever window is there. */
export function windowWriter(windows: () => readonly ChaosWindow[], nameOf: (agent: number) => string): Writer {
  return {
    async write(message) {
      const window = await eventually(() => windows()[0], { what: 'A window for a writer', timeout: OPENING_MS });
      const agent = nameOf(message.agent);
      const text = textOf(message);
      const { assigned, kind, lane } = message;
      const failure = await window.ask(
        assigned && kind === 'task' && lane !== 'urgent'
          ? { do: 'assign', agent, text }
          : { do: 'send', agent, text, kind, urgent: lane === 'urgent' },
      );
      return failure === undefined;
    },
    end: () => undefined,
  };
}

function priorityOf({ lane }: PlannedMessage): Priority {
  return lane === 'urgent' ? 'normal' : lane;
}

function bodyOf(message: PlannedMessage): MessageBody {
  const text = textOf(message);
  switch (message.kind) {
    case 'task':
      return { type: 'task', description: text };
    case 'query':
      return { type: 'query', question: text };
    case 'info':
      return { type: 'informational', summary: text };
  }
}

let last = 0;

/** Now, to the microsecond as `tt` writes it, and never the same twice. */
function now(): string {
  last = Math.max(Math.floor((performance.timeOrigin + performance.now()) * 1_000), last + 1);
  const whole = new Date(Math.floor(last / 1_000)).toISOString();
  return `${whole.slice(0, -1)}${String(last % 1_000).padStart(3, '0')}+00:00`;
}
