/**
 * An agent's conversation as a Markdown document: turns with times and outcomes, and what was said, run, changed and called.
 * Turns are immutable, so each one is rendered once. Text of agents stays plain text. Pure.
 */
import type { PlanStep } from '../../runtime/codingAgent.ts';
import type { StoredTurn } from '../../runtime/storedTurn.ts';
import type { FileChange, TurnItem } from '../../runtime/turnItem.ts';
import type { SteerView, TurnView } from '../../loop/state/agentView.ts';
import { diffText } from './changes.ts';
import { codeSpan, fence, harmlessBlock, harmlessInline } from './harmlessMarkdown.ts';
import { namesOf } from '../changeLook.ts';
import type { Translate } from '../l10n.ts';
import { shownPath } from '../shownPath.ts';
import {
  changeWord,
  commandEnd,
  dateAndClock,
  duration,
  notDone,
  outcomeWord,
  statusWord,
  toolName,
} from '../turnWords.ts';
import { startOf, endOf } from '../../util/text.ts';

/** A turn as it was stored, or with more details as this window saw it. */
export type TranscriptTurn = StoredTurn & Partial<Pick<TurnView, 'plan' | 'steers'>>;

export interface TranscriptContent {
  title: string;
  /** Notes about the document itself, one sentence each. */
  notes: readonly string[];
  /** The turns that have ended, oldest first. */
  turns: readonly TranscriptTurn[];
  running: TranscriptTurn | undefined;
}

export interface TranscriptContext {
  /** The agent's folder. Paths in it are shown relative to it. */
  folder: string;
  t: Translate;
}

/** Lines that can be folded, `end` included. The first line stays visible. Lines count from 0. */
export interface Fold {
  /** Identifies the turn or detail. Does not change when the document grows. */
  id: string;
  start: number;
  end: number;
  /** A whole turn, or a detail. Details are folded when the document opens. */
  kind: 'turn' | 'detail';
}

/** A link to one file's change. */
export interface ChangeLink {
  line: number;
  from: number;
  to: number;
  turnId: string;
  itemId: string;
  /** Index in the item's changes. */
  change: number;
}

export interface Transcript {
  text: string;
  folds: Fold[];
  links: ChangeLink[];
  /** A turn runs, so the last detail may get longer. */
  growing: boolean;
}

/** Renders the document. */
export function transcriptMarkdown(content: TranscriptContent, context: TranscriptContext): Transcript {
  const { title, notes, turns, running } = content;
  const head = [`# ${harmlessInline(title)}`, '', ...notes.flatMap((note) => [`*${harmlessInline(note, 500)}*`, ''])];
  const pieces = turns.map((turn) => pieceOf(turn, context, false));
  if (running) pieces.push(pieceOf(running, context, true));
  const document: Transcript = { text: '', folds: [], links: [], growing: running !== undefined };
  const texts = [head.map((row) => `${row}\n`).join('')];
  let line = head.length;
  for (const { id, text, lines, folds, links } of pieces) {
    texts.push(text);
    const end = line + lines - 2;
    document.folds.push({ id, start: line, end, kind: 'turn' });
    for (const fold of folds) document.folds.push({ ...fold, start: line + fold.start, end: line + fold.end });
    for (const link of links) document.links.push({ ...link, line: line + link.line });
    line += lines;
  }
  document.text = texts.join('').trimEnd().concat('\n');
  return document;
}

/** One rendered turn. Lines count from its heading. */
interface Piece {
  /** The turn's id. */
  id: string;
  text: string;
  lines: number;
  folds: Fold[];
  links: ChangeLink[];
}

const known = new WeakMap<TranscriptTurn, { folder: string; running: boolean; piece: Piece }>();

function pieceOf(turn: TranscriptTurn, context: TranscriptContext, running: boolean): Piece {
  const before = known.get(turn);
  if (before?.folder === context.folder && before.running === running) return before.piece;
  const piece = new TurnWriter(turn, context, running).write();
  known.set(turn, { folder: context.folder, running, piece });
  return piece;
}

/** How many characters of one text are shown. A command may print gigabytes. */
const SHOWN = 32 * 1024;
/** How many of them are from the end, where commands say what went wrong. */
const SHOWN_OF_END = 8 * 1024;
const THOUGHT = 300;

class TurnWriter {
  private readonly turn: TranscriptTurn;
  private readonly context: TranscriptContext;
  private readonly running: boolean;
  private readonly lines: string[] = [];
  private readonly folds: Fold[] = [];
  private readonly links: ChangeLink[] = [];

  constructor(turn: TranscriptTurn, context: TranscriptContext, running: boolean) {
    this.turn = turn;
    this.context = context;
    this.running = running;
  }

  write(): Piece {
    const { turn } = this;
    this.lines.push(`## ${this.heading()}`, '');
    if (turn.plan) this.plan(turn.plan);
    const steers = new Map(turn.steers?.map((steer) => [steer.clientId, steer]));
    let prompted = false;
    for (const item of turn.items) {
      this.item(item, prompted);
      prompted ||= item.kind === 'userMessage';
      if (item.kind === 'userMessage' && item.clientId !== null) steers.delete(item.clientId);
    }
    for (const steer of steers.values()) this.steer(steer);
    if (turn.outcome?.status === 'failed')
      this.label(this.context.t('Error'), harmlessInline(turn.outcome.message, 2_000));
    const text = this.lines.map((line) => `${line}\n`).join('');
    return { id: turn.id, text, lines: this.lines.length, folds: this.folds, links: this.links };
  }

  private heading(): string {
    const { t } = this.context;
    const { startedAt, endedAt, outcome } = this.turn;
    const parts = [this.running ? t('Turn running') : outcomeWord(outcome, t)];
    if (startedAt !== undefined) parts.unshift(dateAndClock(startedAt));
    if (startedAt !== undefined && endedAt !== undefined) parts.push(duration(endedAt - startedAt, t));
    return parts.join(' · ');
  }

  private item(item: TurnItem, prompted: boolean): void {
    const { t } = this.context;
    switch (item.kind) {
      case 'userMessage':
        if (prompted) this.steer({ text: item.text, state: 'delivered' });
        else this.block(item, `**${t('Prompt')}** · ${t('{0} lines', item.text.split('\n').length)}`, item.text);
        return;
      case 'agentMessage':
        if (item.text.trim() !== '') this.lines.push(...harmlessBlock(cut(item.text, t)).split('\n'), '');
        return;
      case 'reasoning':
        if (item.text.trim() !== '') this.label(t('Thought'), harmlessInline(item.text, THOUGHT));
        return;
      case 'command':
        this.command(item);
        return;
      case 'fileChange':
        for (const [index, change] of item.changes.entries()) this.change(item, change, index);
        return;
      case 'toolCall': {
        const text = [item.arguments, item.result ?? ''].filter((part) => part !== '').join('\n\n');
        this.block(item, `**${t('Tool')}** ${codeSpan(toolName(item))} · ${statusWord(item.status, t)}`, text);
        return;
      }
      case 'webSearch':
        this.label(t('Web search'), codeSpan(item.query, 300));
        return;
      case 'subAgent':
        this.label(t('Sub-agent'), harmlessInline(item.text, 1_000));
        return;
      case 'other':
        this.label(harmlessInline(item.type), `· ${statusWord(item.status, t)}`);
        return;
    }
  }

  private command(item: TurnItem & { kind: 'command' }): void {
    const { t } = this.context;
    const { command, output } = item;
    const start = this.lines.length;
    this.lines.push(`**${t('Command')}** ${codeSpan(command, 200)} · ${commandEnd(item, t)}`, '');
    const short = command.length <= 200 && !command.includes('\n');
    if (!short) this.lines.push(...fence(cut(command, t), 'sh'), '');
    if (output !== '') this.lines.push(...fence(cut(output, t), 'text'), '');
    this.fold(start, item.id);
  }

  private change(item: TurnItem & { kind: 'fileChange' }, change: FileChange, index: number): void {
    const { t, folder } = this.context;
    const start = this.lines.length;
    const what = `**${changeWord(change, t)}** `;
    const files = namesOf(change)
      .map((name) => codeSpan(shownPath(name, folder), 300))
      .join(' → ');
    const failed = notDone(item.status, t);
    this.links.push({
      line: start,
      from: what.length,
      to: what.length + files.length,
      turnId: this.turn.id,
      itemId: item.id,
      change: index,
    });
    this.lines.push(failed === '' ? `${what}${files}` : `${what}${files} · ${failed}`, '');
    if (change.diff !== '') this.lines.push(...fence(cut(diffText(change), t), 'diff'), '');
    this.fold(start, `${item.id}/${index}`);
  }

  private plan(steps: readonly PlanStep[]): void {
    const { t } = this.context;
    if (steps.length === 0) return;
    const done = steps.filter(({ status }) => status === 'completed').length;
    this.label(t('Plan'), `· ${t('{0} of {1} done', done, steps.length)}`);
    for (const { step, status } of steps) {
      const now = status === 'inProgress' ? ` · ${t('in progress')}` : '';
      this.lines.push(`- [${status === 'completed' ? 'x' : ' '}] ${harmlessInline(step, 500)}${now}`);
    }
    this.lines.push('');
  }

  private steer({ text, state }: Pick<SteerView, 'text' | 'state'>): void {
    const { t } = this.context;
    this.label(t('Steer'), `· ${state === 'sent' ? t('sent') : t('delivered')}`);
    this.lines.push(...fence(cut(text, t), 'text'), '');
  }

  private label(what: string, more: string): void {
    this.lines.push(`**${what}** ${more}`, '');
  }

  /** A label with a folded text below it. */
  private block(item: TurnItem, label: string, text: string): void {
    const start = this.lines.length;
    this.lines.push(label, '');
    if (text !== '') this.lines.push(...fence(cut(text, this.context.t), 'text'), '');
    this.fold(start, item.id);
  }

  private fold(start: number, id: string): void {
    const end = this.lines.length - 2;
    if (end > start) this.folds.push({ id: `${this.turn.id}/${id}`, start, end, kind: 'detail' });
  }
}

function cut(text: string, t: Translate): string {
  if (text.length <= SHOWN) return text;
  const left = text.length - SHOWN;
  const [start, end] = [startOf(text, SHOWN - SHOWN_OF_END), endOf(text, SHOWN_OF_END)];
  return `${start}\n${t('… {0} characters omitted …', left)}\n${end}`;
}
