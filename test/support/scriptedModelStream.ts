/** Sends a scripted model's steps as server-sent events in the format of the Responses API. */
import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

/** One thing that the model does in its response. */
export type Step =
  /** Says something. `chunks` splits it into this many deltas. */
  | { text: string; chunks?: number }
  /** Runs a shell command. With `escalate` (the justification) it asks to leave the sandbox. */
  | { exec: string; escalate?: string }
  /** Calls a tool. An MCP tool has a `namespace`. */
  | { tool: { name: string; namespace?: string; arguments: unknown } }
  /** Waits until the promise is resolved or the client is gone. */
  | { hold: Promise<unknown> }
  /** Waits this many milliseconds. For demonstrations, not for tests. */
  | { delay: number }
  /** Fails the request with this HTTP status. Only as the first step. `body` is added to the error, `headers` to the response. */
  | { error: number; message?: string; body?: Record<string, unknown>; headers?: Record<string, string> }
  /** Ends the response with `response.failed` and this error code. */
  | { fail: string };

/** Refuses the request like an account whose limit is used up until `resetsAt` (Unix seconds). */
export function usageLimit(resetsAt: number, { limitId = 'codex', windowMinutes = 300 } = {}): Step {
  const name = `x-${limitId.replaceAll('_', '-')}`;
  return {
    error: 429,
    message: 'The usage limit has been reached',
    body: { type: 'usage_limit_reached', plan_type: 'plus', resets_at: resetsAt },
    headers: {
      'x-codex-active-limit': limitId,
      [`${name}-primary-used-percent`]: '100',
      [`${name}-primary-window-minutes`]: String(windowMinutes),
      [`${name}-primary-reset-at`]: String(resetsAt),
    },
  };
}

/** Sends `steps` as one response. Stops silently when `signal` says that nobody listens. */
export async function stream(response: ServerResponse, steps: readonly Step[], signal: AbortSignal): Promise<void> {
  const [first] = steps;
  if (first && 'error' in first) {
    response.writeHead(first.error, { 'content-type': 'application/json', ...first.headers });
    const message = first.message ?? 'The script says no.';
    response.end(JSON.stringify({ error: { message, type: 'scripted', ...first.body } }));
    return;
  }
  const id = `resp_${randomUUID()}`;
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  send(response, 'response.created', { response: { id } });
  for (const step of steps) {
    await play(response, step, signal);
    if (signal.aborted) {
      response.destroy();
      return;
    }
    if ('fail' in step) {
      const error = { code: step.fail, message: 'The script fails the answer.' };
      send(response, 'response.failed', { response: { id, error } });
      response.end();
      return;
    }
  }
  const usage = { input_tokens: 100, input_tokens_details: null, output_tokens: 20, output_tokens_details: null };
  send(response, 'response.completed', { response: { id, usage: { ...usage, total_tokens: 120 } } });
  response.end();
}

async function play(response: ServerResponse, step: Step, signal: AbortSignal): Promise<void> {
  if ('hold' in step) {
    await Promise.race([step.hold, aborted(signal)]);
  } else if ('delay' in step) {
    await Promise.race([pause(step.delay), aborted(signal)]);
  } else if ('text' in step) {
    say(response, step.text, step.chunks ?? 1);
  } else if ('exec' in step) {
    const escalation =
      step.escalate === undefined ? {} : { sandbox_permissions: 'require_escalated', justification: step.escalate };
    call(response, { name: 'exec_command', arguments: { cmd: step.exec, ...escalation } });
  } else if ('tool' in step) {
    call(response, step.tool);
  } else if ('error' in step) {
    throw new Error('An error can only be the first step of an answer.');
  }
}

function say(response: ServerResponse, text: string, chunks: number): void {
  const item = { type: 'message', id: `msg_${randomUUID()}`, role: 'assistant' };
  send(response, 'response.output_item.added', { item: { ...item, content: [] } });
  const size = Math.max(1, Math.ceil(text.length / chunks));
  for (let from = 0; from < text.length; from += size) {
    send(response, 'response.output_text.delta', { item_id: item.id, delta: text.slice(from, from + size) });
  }
  send(response, 'response.output_item.done', { item: { ...item, content: [{ type: 'output_text', text }] } });
}

function call(response: ServerResponse, tool: { name: string; namespace?: string; arguments: unknown }): void {
  const item = {
    type: 'function_call',
    id: `fc_${randomUUID()}`,
    call_id: `call_${randomUUID()}`,
    name: tool.name,
    ...(tool.namespace === undefined ? {} : { namespace: tool.namespace }),
    arguments: JSON.stringify(tool.arguments),
  };
  send(response, 'response.output_item.done', { item });
}

function send(response: ServerResponse, type: string, data: Record<string, unknown>): void {
  response.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`);
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
