/** Turns a one-shot process's output into runtime events: JSON lines of `codex exec`, or plain text of any other CLI. */
import { StringDecoder } from 'node:string_decoder';
import * as z from 'zod/mini';
import { type TurnTrouble, troubleOfStatus } from '../codex/turnErrors.ts';
import { TextRing } from '../util/textRing.ts';
import type { RuntimeEvent, TurnOutcome } from './codingAgent.ts';
import type { TurnItem } from './turnItem.ts';
import { asText, statusOf, toFileChange } from './items.ts';
import { withoutShell } from './shownCommand.ts';

const optionalText = z.nullish(z.string());
const execItem = z.object({
  id: z.string(),
  type: z.string(),
  status: z.optional(z.string()),
  text: z.optional(z.string()),
  message: z.optional(z.string()),
  command: z.optional(z.string()),
  aggregated_output: optionalText,
  exit_code: z.nullish(z.number()),
  changes: z.optional(z.array(z.object({ path: z.string(), kind: z.string() }))),
  server: z.optional(z.string()),
  tool: z.optional(z.string()),
  arguments: z.optional(z.unknown()),
  result: z.optional(z.unknown()),
  error: z.nullish(z.looseObject({ message: z.string() })),
  query: z.optional(z.string()),
  items: z.optional(z.array(z.object({ text: z.string(), completed: z.boolean() }))),
});
type ExecItem = z.output<typeof execItem>;

/** The events of `codex exec --json`, as 0.169.0 prints them. */
const execEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('item.started'), item: execItem }),
  z.object({ type: z.literal('item.updated'), item: execItem }),
  z.object({ type: z.literal('item.completed'), item: execItem }),
  z.object({
    type: z.literal('turn.completed'),
    usage: z.object({ input_tokens: z.number(), output_tokens: z.number() }),
  }),
  z.object({ type: z.literal('turn.failed'), error: z.object({ message: z.string() }) }),
  z.object({ type: z.literal('error'), message: z.string() }),
]);

export interface ExecReading {
  events: RuntimeEvent[];
  /** Set if the turn failed. The exit code comes later. */
  failure?: Extract<TurnOutcome, { status: 'failed' }> | undefined;
}

/** Reads one parsed line of `codex exec --json`. Unknown lines are ignored. */
export function readExecEvent(turnId: string, cwd: string, raw: unknown): ExecReading {
  const decoded = execEvent.safeParse(raw);
  if (!decoded.success) return { events: [] };
  const event = decoded.data;
  switch (event.type) {
    case 'turn.failed':
      return { events: [], failure: failureOf(event.error.message) };
    case 'error':
      return { events: [{ type: 'runtimeError', message: event.message, willRetry: true }] };
    case 'turn.completed': {
      const totalTokens = event.usage.input_tokens + event.usage.output_tokens;
      return {
        events: [{ type: 'tokensUpdated', usage: { totalTokens, contextTokens: totalTokens, contextWindow: null } }],
      };
    }
    default:
      return { events: itemEvents(turnId, cwd, event.type === 'item.completed', event.item) };
  }
}

/** How sentences begin that stand for an error code (seen on 0.169.0). */
const sentences: readonly (readonly [RegExp, TurnTrouble])[] = [
  [/^You[’']ve hit your usage limit/, 'usedUp'],
  [/^Codex ran out of room in the model['’]s context window/, 'contextFull'],
];

/** `codex exec` gives no error code. The message is all that it says about the model server's answer (seen on 0.169.0). */
function failureOf(message: string): ExecReading['failure'] {
  const status = Number(/^unexpected status (\d{3})\b/.exec(message)?.[1]);
  const sentence = sentences.find(([begin]) => begin.test(message));
  return { status: 'failed', message, trouble: sentence?.[1] ?? troubleOfStatus(status) ?? 'retry' };
}

function itemEvents(turnId: string, cwd: string, over: boolean, item: ExecItem): RuntimeEvent[] {
  if (item.type === 'todo_list') {
    const steps = (item.items ?? []).map(({ text, completed }) => ({
      step: text,
      status: completed ? ('completed' as const) : ('pending' as const),
    }));
    return [{ type: 'planUpdated', turnId, steps }];
  }
  const type = over ? 'itemCompleted' : 'itemStarted';
  // Its ids are unique only within the process, and each turn is a process.
  return [{ type, turnId, item: toItem(`${turnId}:${item.id}`, cwd, over, item) }];
}

function toItem(id: string, cwd: string, over: boolean, item: ExecItem): TurnItem {
  const base = { id, status: statusOf(item.status, over) };
  switch (item.type) {
    case 'agent_message':
      return { ...base, kind: 'agentMessage', text: item.text ?? '' };
    case 'reasoning':
      return { ...base, kind: 'reasoning', text: item.text ?? '' };
    case 'command_execution': {
      const command = withoutShell(item.command ?? '');
      const output = item.aggregated_output ?? '';
      return { ...base, kind: 'command', command, cwd, output, exitCode: item.exit_code ?? null, durationMs: null };
    }
    case 'file_change': {
      // It only names the files.
      const changes = (item.changes ?? []).map(({ path, kind }) =>
        toFileChange({ path, kind: { type: kind }, diff: '' }),
      );
      return { ...base, kind: 'fileChange', changes };
    }
    case 'mcp_tool_call': {
      const result = item.error?.message ?? asText(item.result);
      const call = { server: item.server ?? null, tool: item.tool ?? '', arguments: asText(item.arguments) ?? '' };
      return { ...base, kind: 'toolCall', ...call, result };
    }
    case 'web_search':
      return { ...base, kind: 'webSearch', query: item.query ?? '' };
    default:
      return { ...base, kind: 'other', type: item.message ? `${item.type}: ${item.message}` : item.type };
  }
}

/** How many characters of a plain answer are kept as its text. All of it is reported as deltas. */
const answerLimit = 1_000_000;

/** A plain answer: one agent message that grows as the process prints. */
export class TextAnswer {
  private readonly turnId: string;
  private readonly itemId: string;
  private readonly decoder = new StringDecoder('utf8');
  private readonly text = new TextRing(answerLimit);
  private begun = false;

  constructor(turnId: string) {
    this.turnId = turnId;
    this.itemId = `${turnId}:answer`;
  }

  take(chunk: Buffer): RuntimeEvent[] {
    return this.grow(this.decoder.write(chunk));
  }

  /** The answer is over. Returns no events if nothing was printed. */
  end(): RuntimeEvent[] {
    const rest = this.grow(this.decoder.end());
    if (!this.begun) return [];
    return [...rest, { type: 'itemCompleted', turnId: this.turnId, item: this.item('completed', String(this.text)) }];
  }

  private grow(delta: string): RuntimeEvent[] {
    if (delta === '') return [];
    const { turnId, itemId } = this;
    this.text.push(delta);
    const events: RuntimeEvent[] = [{ type: 'itemDelta', turnId, itemId, kind: 'text', delta }];
    if (!this.begun) events.unshift({ type: 'itemStarted', turnId, item: this.item('running', '') });
    this.begun = true;
    return events;
  }

  private item(status: 'running' | 'completed', text: string): TurnItem {
    return { id: this.itemId, status, kind: 'agentMessage', text };
  }
}
