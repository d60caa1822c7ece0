/**
 * Publishes what a running turn does to other windows and `tt`, twice a second at most. Tool calls go to both streams. The
 * agent's words go only to its own stream, so that they never push out the town's other events.
 */
import type { RuntimeEvent } from '../../runtime/codingAgent.ts';
import type { TurnItem } from '../../runtime/turnItem.ts';
import { STREAM_LENGTH, eventPayload, newEvent } from '../../town/stores/events.ts';
import { Plan } from '../../town/plans/plan.ts';
import { describeError } from '../../util/errors.ts';
import { endOf, oneLine } from '../../util/text.ts';
import type { OwnedAgent } from './ownedAgent.ts';

const FLUSH_MS = 500;
/** Longest text of one event, in characters. Only the end of a longer one is kept. */
const TEXT_LIMIT = 2_000;
/** Most parts that wait to be published. The oldest are dropped. */
const PARTS = 100;

interface Part {
  type: 'agent_assistant_delta' | 'agent_tool_call';
  text: string;
}

export class TurnEventPublisher {
  private readonly agent: OwnedAgent;
  /** Not published yet, in order. */
  private parts: Part[] = [];
  /** The message that the last words belong to. Words of another message begin a new line. */
  private message: string | undefined;
  private turnStartedAt: string | undefined;
  private timer: NodeJS.Timeout | undefined;
  private writing = false;

  constructor(agent: OwnedAgent) {
    this.agent = agent;
  }

  handle(event: RuntimeEvent): void {
    if (event.type === 'turnStarted') {
      this.turnStartedAt = new Date(this.agent.parts.now()).toISOString();
      this.message = undefined;
    } else if (event.type === 'itemDelta' && event.kind === 'text') this.say(event.itemId, event.delta);
    else if (event.type === 'itemCompleted') this.completed(event.item);
    this.schedule();
  }

  /** One write at a time, so that nothing piles up while Redis is away. */
  private schedule(): void {
    if (this.writing || this.parts.length === 0) return;
    this.timer ??= setTimeout(() => void this.flush(), FLUSH_MS);
  }

  /** Drops what is not published yet. */
  dispose(): void {
    clearTimeout(this.timer);
    this.parts = [];
  }

  private completed(item: TurnItem): void {
    // Not every runtime streams its messages.
    if (item.kind === 'agentMessage' && item.id !== this.message) this.say(item.id, item.text);
    else this.add(...toolLines(item).map((text): Part => ({ type: 'agent_tool_call', text })));
  }

  private say(message: string, words: string): void {
    const begins = this.message !== undefined && this.message !== message;
    const last = this.parts.at(-1);
    const before = last?.type === 'agent_assistant_delta' ? last.text : '';
    if (before !== '') this.parts.pop();
    const text = endOf(before + (begins ? '\n' : '') + words, TEXT_LIMIT);
    this.add({ type: 'agent_assistant_delta', text });
    this.message = message;
  }

  private add(...parts: Part[]): void {
    this.parts = [...this.parts, ...parts].slice(-PARTS);
  }

  private async flush(): Promise<void> {
    const { agent, parts } = this;
    this.timer = undefined;
    this.parts = [];
    this.writing = true;
    const { keys } = agent.parts;
    const plan = new Plan(keys, agent.id);
    for (const { type, text } of parts) {
      const event = newEvent(type, text, { agentId: agent.id, extra: { turn_started_at: this.turnStartedAt } });
      if (type === 'agent_tool_call') plan.event(event);
      else plan.tell('XADD', keys.agentEvents(agent.id), 'MAXLEN', '~', STREAM_LENGTH, '*', ...eventPayload(event));
    }
    try {
      await agent.commit(plan);
    } catch (error) {
      agent.parts.logger.debug(`Not told to others: ${describeError(error)}`);
    } finally {
      this.writing = false;
      this.schedule();
    }
  }
}

function toolLines(item: TurnItem): string[] {
  switch (item.kind) {
    case 'command':
      return [`$ ${oneLine(item.command, 200)} → ${item.exitCode ?? item.status}`];
    case 'fileChange':
      return item.changes.map(({ path, change }) => `${change} ${oneLine(path, 200)}`);
    case 'toolCall':
      return [`${oneLine(item.tool, 80)} → ${item.status}`];
    default:
      return [];
  }
}
