/**
 * An agent's work as running text for its output channel: what was said, run and changed, with times. Deltas are joined, long
 * items are cut off, and control sequences are stripped, so the text cannot drive a terminal or the editor.
 */
import type { RuntimeEvent } from '../../runtime/codingAgent.ts';
import type { ReadEvent } from '../../town/stores/events.ts';
import type { TurnItem } from '../../runtime/turnItem.ts';
import { endOf, oneLine, startOf, stripControls } from '../../util/text.ts';
import { namesOf } from '../changeLook.ts';
import type { Translate } from '../l10n.ts';
import { requestLabel } from '../needs/needsYouItems.ts';
import { changeWord, clock, commandEnd, duration, notDone, outcomeWord, statusWord, toolName } from '../turnWords.ts';

/** How many characters of one item are shown. A command may print gigabytes. */
const ITEM_LIMIT = 32 * 1024;

/** Turns events into text. Call {@link take} for what is new since the last call. */
export class OutputText {
  private text = '';
  /** The item whose text is being streamed. */
  private streaming: string | undefined;
  private readonly shown = new Map<string, number>();
  private atLineStart = true;
  private readonly cleaner = new StreamCleaner();
  private watchedTurn = '';
  private turnStartedAt: number | undefined;
  private dropped = false;
  private readonly limit: number;
  private readonly t: Translate;

  /** @param limit How many characters are kept until they are taken. The oldest are dropped first. */
  constructor(t: Translate, limit = 256 * 1024) {
    this.t = t;
    this.limit = limit;
  }

  take(): string {
    const text = this.dropped ? `${this.t('… earlier text omitted …')}\n${this.text}` : this.text;
    this.text = '';
    this.dropped = false;
    return text;
  }

  /** @param now Unix milliseconds. */
  handle(event: RuntimeEvent, now: number): void {
    const { t } = this;
    switch (event.type) {
      case 'sessionReady': {
        const what = event.resumed ? t('Session resumed') : t('Session started');
        const facts = [event.model, event.version && `codex ${event.version}`, event.threadId].filter(Boolean);
        this.line(now, facts.length > 0 ? `${what}: ${facts.join(', ')}` : what);
        return;
      }
      case 'modelChanged':
        this.line(now, t('Model: {0}', [event.model, event.reasoningEffort].filter(Boolean).join(', ')));
        return;
      case 'turnStarted':
        this.turnStartedAt = now;
        this.rule(now, t('Turn started'));
        return;
      case 'turnCompleted':
        this.turnEnd(event.outcome, now);
        return;
      case 'itemStarted':
        this.itemStarted(event.item, now);
        return;
      case 'itemDelta':
        if (event.kind !== 'reasoning') this.delta(event.itemId, event.delta, event.kind === 'output');
        return;
      case 'itemCompleted':
        this.itemCompleted(event.item, now);
        return;
      case 'requestAsked':
        this.line(now, t('Waiting for you: {0}', requestLabel(event.request, t)));
        return;
      case 'requestDeclined':
        this.line(now, t('Declined: {0} ({1})', oneLine(event.detail, 300), oneLine(event.method)));
        return;
      case 'toolsFailed':
        this.line(now, t('The town’s tools did not start: {0}', oneLine(event.message, 2000)));
        return;
      case 'runtimeError':
        this.line(now, `${event.willRetry ? t('Error, retrying') : t('Error')}: ${oneLine(event.message, 2000)}`);
        return;
      case 'exited': {
        const how = event.signal ?? (event.code === null ? '' : t('exit {0}', event.code));
        this.line(now, event.reason === 'stopped' ? t('Process ended') : t('Process died ({0})', how || event.reason));
        if (event.reason !== 'stopped' && event.stderrTail.trim()) this.block(event.stderrTail);
        return;
      }
      case 'requestWithdrawn':
      case 'inputDelivered':
      case 'planUpdated':
      case 'diffUpdated':
      case 'tokensUpdated':
      case 'rateLimitsUpdated':
        return;
    }
  }

  /** An event of an agent that this window does not run. The agent's words are streamed, other events are one line each. */
  watched({ entry, eventType, message, timestamp }: ReadEvent): void {
    const at = Date.parse(timestamp) || 0;
    if (eventType === 'agent_assistant_delta') this.delta(`watched ${this.watchedTurn}`, message, false);
    else if (eventType === 'agent_turn_started' || eventType === 'agent_turn_completed') {
      this.watchedTurn = entry;
      this.shown.clear();
      this.rule(at, oneLine(message, 300));
    } else if (!eventType.startsWith('task_')) this.line(at, oneLine(message, 2000));
  }

  private turnEnd(outcome: (RuntimeEvent & { type: 'turnCompleted' })['outcome'], now: number): void {
    const { t } = this;
    const took = this.turnStartedAt === undefined ? '' : ` · ${duration(now - this.turnStartedAt, t)}`;
    this.turnStartedAt = undefined;
    this.shown.clear();
    if (outcome.status === 'failed') this.line(now, `${t('Error')}: ${oneLine(outcome.message, 2000)}`);
    this.rule(now, outcomeWord(outcome, t) + took);
  }

  private itemStarted(item: TurnItem, now: number): void {
    if (item.kind === 'command') this.once(item.id, () => this.line(now, `$ ${oneLine(item.command, 2000)}`));
    if (item.kind === 'userMessage') this.userMessage(item, now);
  }

  private itemCompleted(item: TurnItem, now: number): void {
    const { t } = this;
    switch (item.kind) {
      case 'userMessage':
        this.userMessage(item, now);
        return;
      case 'agentMessage':
        if (!this.shown.has(item.id)) this.delta(item.id, item.text, false);
        this.endLine();
        return;
      case 'command': {
        this.once(item.id, () => this.line(now, `$ ${oneLine(item.command, 2000)}`));
        if (this.shown.get(item.id) === 0 && item.output) this.delta(item.id, item.output, true);
        this.line(now, commandEnd(item, t));
        return;
      }
      case 'fileChange':
        for (const change of item.changes) {
          const failed = notDone(item.status, t);
          const names = namesOf(change).map((name) => oneLine(name, 300));
          const what = `${changeWord(change, t)} ${names.join(' → ')}`;
          this.line(now, failed ? `${what} (${failed})` : what);
        }
        return;
      case 'toolCall': {
        const name = oneLine(toolName(item));
        this.line(now, t('Tool {0} {1}: {2}', name, oneLine(item.arguments, 300), statusWord(item.status, t)));
        return;
      }
      case 'webSearch':
        this.line(now, t('Web search: {0}', oneLine(item.query, 300)));
        return;
      case 'subAgent':
        this.line(now, t('Sub-agent: {0}', oneLine(item.text, 300)));
        return;
      case 'reasoning':
      case 'other':
        return;
    }
  }

  private userMessage(item: TurnItem & { kind: 'userMessage' }, now: number): void {
    this.once(item.id, () => {
      this.line(now, this.t('Sent to the agent:'));
      this.block(item.text);
    });
  }

  private once(itemId: string, write: () => void): void {
    if (this.shown.has(itemId)) return;
    this.shown.set(itemId, 0);
    write();
  }

  /** @param indented For command output, to tell it from the agent's own words. */
  private delta(itemId: string, delta: string, indented: boolean): void {
    if (this.streaming !== itemId) {
      this.endLine();
      this.streaming = itemId;
    }
    const before = this.shown.get(itemId) ?? 0;
    this.shown.set(itemId, before + delta.length);
    if (before >= ITEM_LIMIT) return;
    const text = this.cleaner.clean(startOf(delta, ITEM_LIMIT - before));
    this.append(indented ? this.indent(text) : text);
    if (before + delta.length > ITEM_LIMIT) this.append(`\n${this.t('… the rest is omitted …')}`);
  }

  private indent(text: string): string {
    const inner = text.replace(/\n(?=[^\n])/g, '\n  ');
    return this.atLineStart && inner !== '' && !inner.startsWith('\n') ? `  ${inner}` : inner;
  }

  private block(text: string): void {
    const clean = stripControls(startOf(text, ITEM_LIMIT)).trimEnd();
    this.append(`${clean.replace(/^/gm, '  │ ')}\n`);
  }

  private line(now: number, text: string): void {
    this.endLine();
    this.append(`${clock(now)} ${text}\n`);
  }

  private rule(now: number, text: string): void {
    this.endLine();
    this.append(`── ${clock(now)} ${text} ──\n`);
  }

  private endLine(): void {
    this.streaming = undefined;
    this.cleaner.reset();
    if (!this.atLineStart) this.append('\n');
  }

  private append(text: string): void {
    if (!text) return;
    this.text += text;
    this.atLineStart = text.endsWith('\n');
    if (this.text.length <= this.limit) return;
    this.text = endOf(this.text, Math.floor(this.limit / 2));
    this.text = this.text.slice(this.text.indexOf('\n') + 1);
    this.dropped = true;
  }
}

/** Strips control characters from a stream. A chunk may end in the middle of a control sequence. */
export class StreamCleaner {
  private carry = '';

  clean(chunk: string): string {
    let text = this.carry + chunk;
    // oxlint-disable-next-line no-control-regex -- an unfinished terminal sequence, or half a line end
    const cut = /(?:\u001b(?:\[[0-?]{0,64}[ -/]{0,8}|\][^\u0007\u001b]{0,256}\u001b?)?|\r)$/.exec(text);
    this.carry = cut ? cut[0] : '';
    if (cut) text = text.slice(0, cut.index);
    return stripControls(text.replace(/\r\n?/g, '\n'));
  }

  /** The stream has ended: forgets an unfinished sequence. */
  reset(): void {
    this.carry = '';
  }
}
