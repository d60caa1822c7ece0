/**
 * The last turns of agents, from their stored histories. A history is read when somebody looks at the agent, and again if a turn
 * has ended since.
 */
import { type ReadHistory, historyPages } from '../../runtime/historyPages.ts';
import type { StoredTurn } from '../../runtime/storedTurn.ts';
import { type AgentRecord, mayBeInTurn } from '../../town/records/records.ts';
import { describeError } from '../../util/errors.ts';
import { Emitter } from '../../util/event.ts';
import type { Logger } from '../../util/logger.ts';
import { type AgentView, PAST_TURNS, type SteerView, type TurnView } from './agentView.ts';

/** Whether an agent's past is known. */
export type PastState = 'unread' | 'reading' | 'read' | 'failed';

interface Past {
  threadId: string;
  state: PastState;
  /** Oldest first. */
  turns: readonly TurnView[];
  /** Rounds that the agent had completed when its history was read. */
  rounds: number;
  /** The agent was at work when its history was read. */
  working: boolean;
}

export interface PastTurnsParts {
  historyOf: (agentId: string) => ReadHistory;
  agent(id: string): AgentRecord | undefined;
  logger: Logger;
}

export class PastTurns {
  private readonly parts: PastTurnsParts;
  private readonly pasts = new Map<string, Past>();
  private readonly changes = new Emitter<string>();
  /** What is known of an agent's past has changed. Fires with its id. */
  readonly onDidChange = this.changes.event;

  constructor(parts: PastTurnsParts) {
    this.parts = parts;
  }

  /** Somebody looks at the agent's past. Reads it, unless it is known. */
  look(agentId: string): void {
    const agent = this.parts.agent(agentId);
    if (!agent?.runtimeSessionId) return;
    const past = this.pastOf(agent);
    if (past && past.state !== 'failed' && !isOutdated(past, agent)) return;
    void this.read(agent, agent.runtimeSessionId);
  }

  /** Somebody still looks at it. Reads it again if it was read before and there is more by now. */
  lookAgain(agentId: string): void {
    if (this.pasts.get(agentId)?.state === 'read') this.look(agentId);
  }

  stateOf(agentId: string): PastState {
    const agent = this.parts.agent(agentId);
    return (agent && this.pastOf(agent)?.state) ?? 'unread';
  }

  /** The view with the agent's stored turns merged into those that this window saw. */
  within(view: AgentView, agentId: string): AgentView {
    const agent = this.parts.agent(agentId);
    const past = agent && this.pastOf(agent);
    if (!past || past.turns.length === 0) return view;
    const seen = new Set([...view.pastTurns, ...(view.turn ? [view.turn] : [])].map(({ id }) => id));
    const others = past.turns.filter((turn) => !seen.has(turn.id) && !mayRun(turn, past, agent));
    const turns = [...others, ...view.pastTurns].toSorted((a, b) => a.startedAt - b.startedAt);
    return { ...view, pastTurns: turns.slice(-PAST_TURNS) };
  }

  private pastOf(agent: AgentRecord): Past | undefined {
    const past = this.pasts.get(agent.id);
    return past?.threadId === agent.runtimeSessionId ? past : undefined;
  }

  private async read(agent: AgentRecord, threadId: string): Promise<void> {
    const { id, roundsCompleted: rounds, state } = agent;
    const known = this.pastOf(agent);
    if (known?.state === 'reading') return;
    const working = mayBeInTurn(state);
    const past: Past = { threadId, state: 'reading', turns: known?.turns ?? [], rounds, working };
    this.pasts.set(id, past);
    this.changes.fire(id);
    try {
      past.turns = await this.newest(id, threadId);
      past.state = 'read';
    } catch (error) {
      past.state = 'failed';
      this.parts.logger.warn(`The past turns of ${agent.name} could not be read: ${describeError(error)}`);
    }
    this.changes.fire(id);
  }

  private async newest(agentId: string, threadId: string): Promise<TurnView[]> {
    const turns: TurnView[] = [];
    for await (const page of historyPages(this.parts.historyOf(agentId), threadId)) {
      turns.unshift(...page.turns.toReversed().map(toTurnView));
      if (turns.length >= PAST_TURNS) break;
    }
    return turns.slice(-PAST_TURNS);
  }
}

/** Whether a turn has ended since the history was read. */
function isOutdated(past: Past, { roundsCompleted, state }: AgentRecord): boolean {
  return !mayBeInTurn(state) && (past.rounds !== roundsCompleted || past.working);
}

/** A working agent's last stored turn is the running one, unless the history has an end for it. */
function mayRun(turn: TurnView, { turns }: Past, { state }: AgentRecord): boolean {
  return mayBeInTurn(state) && turn.outcome === undefined && turn === turns.at(-1);
}

/** User messages after a turn's prompt were steered into it. */
function toTurnView({ id, startedAt, endedAt, outcome, items }: StoredTurn): TurnView {
  const [, ...later] = items.filter((item) => item.kind === 'userMessage');
  const steers = later.flatMap(({ clientId, text }): SteerView[] =>
    clientId === null ? [] : [{ clientId, text, state: 'delivered' }],
  );
  return { id, startedAt: startedAt ?? endedAt ?? 0, endedAt, outcome, items, plan: [], diff: '', steers };
}
