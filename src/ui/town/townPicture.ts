/** The facts that screens read from a town's mirror and runner. */
import type { Claim } from '../../loop/trust/confirmations.ts';
import type { Answer } from '../../loop/trust/workspaceValue.ts';
import type { AgentView } from '../../loop/state/agentView.ts';
import type { Receipt } from '../../loop/state/receipt.ts';
import type { PastState } from '../../loop/state/pastTurns.ts';
import type { TownSession } from '../../loop/townSession.ts';
import type { WatchedWork } from '../../loop/state/watchedWork.ts';
import type { ProcessUse } from '../../process/processTable.ts';
import type { AgentRecord, TaskRecord } from '../../town/records/records.ts';
import { whatIsWrong } from '../../util/errors.ts';
import type { Said } from '../../util/sentence.ts';

/** How many messages wait for an agent. */
export interface Waiting {
  inbox: number;
  urgent: number;
  held: number;
  dead: number;
}

export interface TownPicture {
  /** Set if Redis has had trouble for longer than a moment: what is wrong and what to do. Other facts may then be outdated. */
  readonly trouble: Said | undefined;
  /** Unix milliseconds. */
  readonly now: number;
  readonly agents: ReadonlyMap<string, AgentRecord>;
  readonly tasks: ReadonlyMap<string, TaskRecord>;
  readonly backlog: readonly string[];
  readonly problems: readonly { key: string; reason: string }[];
  /** Claims of the folder that the user has not allowed, except programs. */
  readonly claims: readonly { claim: Claim; answer: Answer }[];
  waiting(agentId: string): Waiting;
  view(agentId: string): AgentView;
  /** Receipts of an agent's messages. Undefined until they were read. Calling this starts the read. */
  receipts(agentId: string): readonly Receipt[] | undefined;
  /** Resolves when the receipts were read for the first time. Undefined if they already were. */
  firstReceipts(agentId: string): Promise<void> | undefined;
  /** What the agent's processes use, as last seen. Calling this refreshes it, and reports the result as a change. */
  processUse(agentId: string): ProcessUse | undefined;
  /** Whether the agent's earlier turns, which this window did not see, were read. */
  past(agentId: string): PastState;
  /** The work of an agent that another window or `tt` runs, if it is followed. */
  work(agentId: string): WatchedWork | undefined;
}

const order = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });

/** The agents by name, without the supervisor, who is the person at the editor. */
export function sortedAgents(picture: TownPicture): AgentRecord[] {
  return [...picture.agents.values()]
    .filter((agent) => agent.agentType !== 'supervisor')
    .toSorted((a, b) => order.compare(a.name, b.name) || (a.id < b.id ? -1 : 1));
}

/** Agents in the order in which a message offers them: the last one that got work, working ones, then those that can work. */
export function offeredFirst(agents: readonly AgentRecord[], last: string | undefined): AgentRecord[] {
  const rank = ({ id, state }: AgentRecord): number => {
    if (id === last) return 0;
    if (state === 'working') return 1;
    return state === 'stopped' || state === 'error' || state === 'paused' ? 3 : 2;
  };
  return agents.toSorted((a, b) => rank(a) - rank(b));
}

/** The agent's current task, if it has one that is known. */
export function taskOf(agent: AgentRecord, picture: TownPicture): TaskRecord | undefined {
  return agent.currentTask === undefined ? undefined : picture.tasks.get(agent.currentTask);
}

function unconfirmedClaims({ trust, redisClaims }: TownSession): TownPicture['claims'] {
  const all = [...trust.refused(), ...redisClaims].map((claim) => ({
    claim,
    answer: trust.confirmations.answer(claim),
  }));
  return all.filter(({ answer }) => answer !== 'confirmed');
}

/** The session's live facts. Each access to a field returns the current value. */
export function pictureOf(session: TownSession): TownPicture {
  const { mirror, runner, follower, receipts, past } = session;
  return {
    get trouble() {
      return mirror.trouble && whatIsWrong(mirror.trouble);
    },
    get now() {
      return Date.now();
    },
    get agents() {
      return mirror.agents;
    },
    get tasks() {
      return mirror.tasks;
    },
    get backlog() {
      return mirror.backlog;
    },
    get problems() {
      return mirror.problems;
    },
    get claims() {
      return unconfirmedClaims(session);
    },
    waiting: (agentId) => mirror.waiting(agentId),
    receipts: (agentId) => receipts.of(agentId),
    processUse: (agentId) => runner.processUse(agentId),
    firstReceipts: (agentId) => receipts.first(agentId),
    view: (agentId) => past.within(runner.view(agentId), agentId),
    past: (agentId) => past.stateOf(agentId),
    work: (agentId) => follower.work(agentId),
  };
}
