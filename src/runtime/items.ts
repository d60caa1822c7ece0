/** Turns the app-server's items into what people see. Wire types of items end here. */
import type { WireItem } from '../codex/wire.ts';
import { TinytownError } from '../util/errors.ts';
import { say } from '../util/sentence.ts';
import { withoutShell } from './shownCommand.ts';
import type { FileChange, ItemStatus, TurnItem } from './turnItem.ts';

/** @param over Whether the item is over. */
export function toTurnItem(item: WireItem, over: boolean): TurnItem {
  const { id } = item;
  const status = statusOf('status' in item ? item.status : undefined, over);
  switch (item.type) {
    case 'userMessage': {
      const text = item.content.map((part) => part.text ?? `[${part.type}]`).join('\n');
      return { id, status, kind: 'userMessage', text, clientId: item.clientId ?? null };
    }
    case 'agentMessage':
    case 'plan':
      return { id, status, kind: 'agentMessage', text: item.text };
    case 'reasoning': {
      const parts = item.summary.length > 0 ? item.summary : item.content;
      return { id, status, kind: 'reasoning', text: parts.join('\n\n') };
    }
    case 'commandExecution':
      return {
        id,
        status,
        kind: 'command',
        command: withoutShell(item.command),
        cwd: item.cwd,
        output: item.aggregatedOutput ?? '',
        exitCode: item.exitCode ?? null,
        durationMs: item.durationMs ?? null,
      };
    case 'fileChange':
      return { id, status, kind: 'fileChange', changes: item.changes.map(toFileChange) };
    case 'mcpToolCall': {
      const result = item.error?.message ?? asText(item.result);
      const args = asText(item.arguments) ?? '';
      return { id, status, kind: 'toolCall', server: item.server, tool: item.tool, arguments: args, result };
    }
    case 'dynamicToolCall': {
      const call = { tool: item.tool, arguments: asText(item.arguments) ?? '', result: asText(item.contentItems) };
      return { id, status, kind: 'toolCall', server: item.namespace ?? null, ...call };
    }
    case 'webSearch':
      return { id, status, kind: 'webSearch', query: item.query };
    case 'collabAgentToolCall':
      return { id, status, kind: 'subAgent', text: [item.tool, item.prompt].filter(Boolean).join(': ') };
    case 'subAgentActivity':
      return { id, status, kind: 'subAgent', text: `${item.agentPath}: ${item.kind}` };
    case 'other':
      return { id, status, kind: 'other', type: item.wireType };
    default:
      throw unknownItem(item);
  }
}

function unknownItem(item: never): TinytownError {
  return new TinytownError('refused', say('There is no such item: {0}', JSON.stringify(item)));
}

export function toFileChange(change: {
  path: string;
  kind: { type: string; move_path?: string | null | undefined };
  diff: string;
}): FileChange {
  const { type, move_path: movedTo } = change.kind;
  const kind = type === 'add' || type === 'delete' ? type : 'update';
  return { path: change.path, change: kind, diff: change.diff, ...(movedTo ? { movedTo } : {}) };
}

/** Statuses as the app-server (`inProgress`) and `codex exec` (`in_progress`) spell them. */
export function statusOf(status: string | undefined, over: boolean): ItemStatus {
  if (status === 'failed' || status === 'declined') return status;
  if (status === 'inProgress' || status === 'in_progress') return over ? 'stopped' : 'running';
  return status === 'completed' || over ? 'completed' : 'running';
}

/** Strings as they are, other values as JSON, null for nothing. */
export function asText(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  return typeof value === 'string' ? value : JSON.stringify(value);
}
