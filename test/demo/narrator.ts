/** Tells on the terminal what happens in the demo, one line an event, so that it is worth watching without a screen. */
import path from 'node:path';
import type { RuntimeEvent } from '../../src/runtime/codingAgent.ts';
import type { TurnItem } from '../../src/runtime/turnItem.ts';
import { oneLine } from '../../src/util/text.ts';
import type { Report } from './reports.ts';

const COLOURS = [36, 35, 33, 32];
const LINE = 110;

export class Narrator {
  private readonly write: (text: string) => void;
  private readonly isColoured: boolean;
  private started = Date.now();
  private readonly colours = new Map<string, number>();
  /** By item id: commands are told when they start, and their end only where it is of interest. */
  private readonly told = new Set<string>();

  constructor(write: (text: string) => void, isColoured: boolean) {
    this.write = write;
    this.isColoured = isColoured;
  }

  /** The clock of the lines starts now. */
  start(): void {
    this.started = Date.now();
  }

  tell(report: Report): void {
    switch (report.type) {
      case 'town':
        return this.say('town', `“${report.name}” is open, with a Redis of its own`);
      case 'spawned':
        return this.say(report.agent, 'spawned');
      case 'task':
        return this.say(report.agent, `task from you: ${oneLine(report.text, LINE)}`);
      case 'steer':
        return this.say(report.agent, `steered by you: ${oneLine(report.text, LINE)}`);
      case 'state':
        return this.say(report.agent, `is ${report.state}`);
      case 'event':
        return this.tellEvent(report.agent, report.event);
      case 'done':
        return this.say('town', 'all agents are done');
      case 'failed':
        return this.say('town', `the demo can't go on: ${report.message}`);
      default:
        return report satisfies never;
    }
  }

  say(who: string, text: string): void {
    const seconds = Math.floor((Date.now() - this.started) / 1000);
    const time = `${String(Math.floor(seconds / 60)).padStart(2, '0')}:${String(seconds % 60).padStart(2, '0')}`;
    const name = who.padEnd(10);
    this.write(`${this.paint(2, time)}  ${this.paint(this.colourOf(who), name)}${text}\n`);
  }

  private tellEvent(agent: string, event: RuntimeEvent): void {
    switch (event.type) {
      case 'sessionReady': {
        const thread = event.threadId === null ? '' : `, thread ${event.threadId}`;
        return this.say(agent, `Codex ${event.version ?? ''} is ready${thread}`);
      }
      case 'turnStarted':
        return this.say(agent, 'turn started');
      case 'itemStarted':
        if (event.item.kind !== 'command') return undefined;
        this.told.add(event.item.id);
        return this.say(agent, `$ ${shown(event.item.command)}`);
      case 'itemCompleted':
        return this.tellItem(agent, event.item);
      case 'requestDeclined':
        return this.say(agent, `asked for something that was declined: ${oneLine(event.detail, LINE)}`);
      case 'turnCompleted': {
        const { outcome } = event;
        return this.say(
          agent,
          `turn ${outcome.status}${'message' in outcome ? `: ${oneLine(outcome.message, LINE)}` : ''}`,
        );
      }
      case 'runtimeError':
        return this.say(
          agent,
          `${event.willRetry ? 'trouble, trying again' : 'trouble'}: ${oneLine(event.message, LINE)}`,
        );
      case 'exited':
        return event.reason === 'stopped' ? undefined : this.say(agent, `its Codex is gone (${event.reason})`);
      default:
        // Plans, tokens, deltas and receipts are for the sidebar.
        return undefined;
    }
  }

  private tellItem(agent: string, item: TurnItem): void {
    if (item.kind === 'agentMessage') this.say(agent, `“${oneLine(item.text, LINE)}”`);
    else if (item.kind === 'command') {
      if (!this.told.has(item.id)) this.say(agent, `$ ${shown(item.command)}`);
      if (item.exitCode !== 0)
        this.say(agent, `  ${item.status}, exit code ${item.exitCode ?? 'none'}: ${lastLine(item.output)}`);
    } else if (item.kind === 'fileChange') {
      const verbs = { add: 'wrote', update: 'changed', delete: 'deleted' } as const;
      const trouble = item.status === 'completed' ? '' : ` (${item.status})`;
      for (const { change, path: file } of item.changes) {
        this.say(agent, `${verbs[change]} ${path.basename(file)}${trouble}`);
      }
    } else if (item.kind === 'toolCall') {
      this.say(agent, `used ${item.tool}${item.status === 'completed' ? '' : ` (${item.status})`}`);
    }
  }

  private colourOf(who: string): number {
    const colour = this.colours.get(who) ?? COLOURS[this.colours.size % COLOURS.length] ?? 0;
    this.colours.set(who, colour);
    return colour;
  }

  private paint(code: number, text: string): string {
    return this.isColoured ? `\u001b[${code}m${text}\u001b[0m` : text;
  }
}

/** The command as a person would type it: codex wraps each into a login shell. */
function shown(command: string): string {
  const wrapped = /^\S*sh -l?c (['"]?)([\s\S]*)\1$/.exec(command);
  return oneLine(wrapped?.[2] ?? command, LINE);
}

function lastLine(output: string): string {
  return oneLine(output.trim().split('\n').at(-1) ?? '', LINE);
}
