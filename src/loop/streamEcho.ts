/**
 * Tells other windows and `tt` what a running turn does, a few times a second at most: tools on both streams, the agent's
 * words only on its own, so that they never push the town's other events out.
 */
import type { RuntimeEvent } from '../runtime/codingAgent.ts';
import type { TurnItem } from '../runtime/turnItem.ts';
import { STREAM_LENGTH, eventPayload, newEvent } from '../town/events.ts';
import { Plan } from '../town/plan.ts';
import { describeError } from '../util/errors.ts';
import { oneLine } from '../util/text.ts';
import type { OwnedAgent } from './ownedAgent.ts';

const FLUSH_MS = 500;
/** Longest text of one event, in characters; of a longer one the end. */
const TEXT_LIMIT = 2_000;
/** Most lines about tools that wait to be told; of more the last. */
const TOOL_LINES = 100;

export class StreamEcho {
  private readonly agent: OwnedAgent;
  private words = '';
  private tools: string[] = [];
  private timer: NodeJS.Timeout | undefined;
  private writing = false;

  constructor(agent: OwnedAgent) {
    this.agent = agent;
  }

  handle(event: RuntimeEvent): void {
    if (event.type === 'itemDelta' && event.kind === 'text') this.words = (this.words + event.delta).slice(-TEXT_LIMIT);
    else if (event.type === 'itemCompleted') this.tools = [...this.tools, ...toolLines(event.item)].slice(-TOOL_LINES);
    else return;
    this.schedule();
  }

  /** One writing at a time: while Redis is away nothing piles up behind it. */
  private schedule(): void {
    if (this.writing || (this.words === '' && this.tools.length === 0)) return;
    this.timer ??= setTimeout(() => void this.flush(), FLUSH_MS);
  }

  /** Drops what was not told yet. */
  dispose(): void {
    clearTimeout(this.timer);
    this.words = '';
    this.tools = [];
  }

  private async flush(): Promise<void> {
    const { agent, words, tools } = this;
    this.timer = undefined;
    this.words = '';
    this.tools = [];
    this.writing = true;
    const plan = new Plan(agent.parts.keys, agent.id);
    for (const tool of tools) plan.event(newEvent('agent_tool_call', tool, { agentId: agent.id }));
    if (words !== '') {
      const payload = eventPayload(newEvent('agent_assistant_delta', words, { agentId: agent.id }));
      plan.command('XADD', agent.parts.keys.agentEvents(agent.id), 'MAXLEN', '~', STREAM_LENGTH, '*', ...payload);
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
