/**
 * The content of one agent's transcript, as far as it is known: the turns of its thread, read page by page starting with the
 * newest, and the turns that this window saw itself. Does not depend on the editor.
 */
import type { AgentView } from '../../loop/state/agentView.ts';
import { type ReadHistory, historyPages } from '../../runtime/historyPages.ts';
import type { StoredTurn } from '../../runtime/storedTurn.ts';
import { type AgentRecord, mayBeInTurn } from '../../town/records/records.ts';
import { oneLine } from '../../util/text.ts';
import type { Translate } from '../l10n.ts';
import { problemOf } from '../problems.ts';
import type { TranscriptContent, TranscriptTurn } from './transcriptMarkdown.ts';

export interface TranscriptSource {
  /** Undefined after the agent is gone. */
  agent(): AgentRecord | undefined;
  view(): AgentView;
  history: ReadHistory;
  /** The path of its round logs. */
  roundLogs(agent: AgentRecord): string;
  /** More of the transcript is known. Called after every page. */
  onDidRead(): void;
  t: Translate;
}

export class AgentTranscript {
  private readonly source: TranscriptSource;
  private thread: string | undefined;
  /** Oldest first. */
  private stored: StoredTurn[] = [];
  /** Turns that this window saw to the end, with more details than the stored ones. */
  private readonly seen = new Map<string, TranscriptTurn>();
  private reading: Promise<void> | undefined;
  private again = false;
  /** {@link read} was called at least once. */
  private wanted = false;
  /** When this changes, there may be more stored turns than were read. */
  private stamp: string;
  private complete = false;
  private problem: string | undefined;

  /** Resolves when the newest turns are known, or cannot be read. */
  readonly newest: Promise<void>;
  private known: () => void = () => undefined;

  constructor(source: TranscriptSource) {
    this.source = source;
    this.newest = new Promise((resolve) => (this.known = resolve));
    this.stamp = this.stampOf(source.view().owner);
    this.observe();
  }

  /** The error of the last read. */
  get failure(): string | undefined {
    return this.problem;
  }

  /** Reads stored turns that are not known yet. Never rejects: the content mentions the error. */
  read(): Promise<void> {
    this.wanted = true;
    this.again = true;
    this.reading ??= this.readAll().finally(() => {
      this.reading = undefined;
      this.didRead();
    });
    return this.reading;
  }

  /** The agent's view or record has changed: keeps ended turns, and reads turns that only another window saw. */
  observe(): void {
    const { pastTurns, owner } = this.source.view();
    for (const turn of pastTurns) this.seen.set(turn.id, turn);
    const stamp = this.stampOf(owner);
    if (stamp === this.stamp) return;
    this.stamp = stamp;
    if (this.wanted) void this.read();
  }

  content(): TranscriptContent {
    const { source } = this;
    const agent = source.agent();
    const view = source.view();
    const ids = new Set(this.stored.map(({ id }) => id));
    const merged: TranscriptTurn[] = this.stored.map((turn) => this.seen.get(turn.id) ?? turn);
    for (const turn of this.seen.values()) if (!ids.has(turn.id)) merged.push(turn);
    const running =
      view.turn ?? (agent && mayBeInTurn(agent.state) && view.owner !== 'here' ? this.unfinished() : undefined);
    return {
      title: agent ? oneLine(agent.name, 64) : source.t('Transcript'),
      notes: this.notes(agent, view),
      turns: merged.filter(({ id }) => id !== running?.id),
      running,
    };
  }

  /** This window sees its own agents' turns. For other agents, each heartbeat may mean that more was stored. */
  private stampOf(owner: AgentView['owner']): string {
    const agent = this.source.agent();
    const { runtimeSessionId, state, roundsCompleted, lastHeartbeat } = agent ?? {};
    if (owner === 'here') return `${runtimeSessionId}`;
    return [runtimeSessionId, state, roundsCompleted, state && mayBeInTurn(state) ? lastHeartbeat : ''].join('|');
  }

  /** The last stored turn, if it may still run. */
  private unfinished(): StoredTurn | undefined {
    const last = this.stored.at(-1);
    return last && last.outcome === undefined && !this.seen.has(last.id) ? last : undefined;
  }

  private notes(agent: AgentRecord | undefined, view: AgentView): string[] {
    const { t } = this.source;
    const notes: string[] = [];
    if (!agent) notes.push(t('This agent is not in this window’s town.'));
    if (view.mode === 'one-shot' && agent) {
      notes.push(
        t(
          'One-shot turns are not stored in a thread. This shows only the turns that this window saw. The logs of all rounds are {0}.',
          this.source.roundLogs(agent),
        ),
      );
    } else if (agent && agent.runtimeSessionId === undefined && this.seen.size === 0 && !view.turn) {
      notes.push(t('No messages yet.'));
    }
    if (this.problem !== undefined) notes.push(t('The stored turns could not be read: {0}', this.problem));
    else if (this.reading && !this.complete)
      notes.push(t('{0} turns so far. Reading older turns…', this.stored.length));
    return notes;
  }

  private didRead(): void {
    this.known();
    this.source.onDidRead();
  }

  private async readAll(): Promise<void> {
    while (this.again) {
      this.again = false;
      const thread = this.source.agent()?.runtimeSessionId;
      if (thread !== this.thread) {
        this.thread = thread;
        this.stored = [];
        this.complete = false;
      }
      if (thread === undefined) this.complete = true;
      else await this.readThread(thread);
    }
  }

  private async readThread(thread: string): Promise<void> {
    // After a complete read, read only the turns that are new or have changed since.
    const before = this.unfinished() ? this.stored.slice(0, -1) : this.stored;
    const known = this.complete ? before : [];
    const ids = new Set(known.map(({ id }) => id));
    const fresh: StoredTurn[] = [];
    this.problem = undefined;
    try {
      for await (const { turns } of historyPages(this.source.history, thread)) {
        const unknown = turns.filter(({ id }) => !ids.has(id));
        fresh.unshift(...unknown.toReversed());
        this.stored = [...known, ...fresh];
        this.didRead();
        if (unknown.length < turns.length) break;
      }
      this.complete = true;
    } catch (error) {
      this.problem = problemOf(error, this.source.t).message;
    }
  }
}
