/** What the screens show: the parts of a town’s mirror and of its runner that they read. */
import type { Claim } from '../../loop/trust/confirmations.ts';
import type { Answer } from '../../loop/trust/workspaceValue.ts';
import type { AgentView } from '../../loop/state/agentView.ts';
import type { Receipt } from '../../loop/state/receipt.ts';
import type { PastState } from '../../loop/state/pastTurns.ts';
import type { TownSession } from '../../loop/townSession.ts';
import type { WatchedWork } from '../../loop/state/watchedWork.ts';
import type { ProcessUse } from '../../util/processTable.ts';
import type { AgentRecord, TaskRecord } from '../../town/records.ts';
import { whatIsWrong } from '../../util/errors.ts';
import type { Said } from '../../util/sentence.ts';

/** What waits for an agent, by count. */
export interface Waiting {
  inbox: number;
  urgent: number;
  held: number;
  dead: number;
}

/** The live facts that the screens are made of. */
export interface TownPicture {
  /** What is wrong with Redis for longer than a moment, and what to do. What is shown may be the last that was known. */
  readonly trouble: Said | undefined;
  /** Unix milliseconds. */
  readonly now: number;
  readonly agents: ReadonlyMap<string, AgentRecord>;
  readonly tasks: ReadonlyMap<string, TaskRecord>;
  readonly backlog: readonly string[];
  readonly problems: readonly { key: string; reason: string }[];
  /** What the folder asks for, apart from programs, that the user has not allowed. */
  readonly claims: readonly { claim: Claim; answer: Answer }[];
  waiting(agentId: string): Waiting;
  view(agentId: string): AgentView;
  /** What became of the messages to an agent; undefined until it was read. Asking is what has it read. */
  receipts(agentId: string): readonly Receipt[] | undefined;
  /** Resolves when they were read for the first time; undefined where that is so. */
  firstReceipts(agentId: string): Promise<void> | undefined;
  /** What its processes take, as far as was looked at: asking has it looked up anew, which is told as a change. */
  processUse(agentId: string): ProcessUse | undefined;
  /** How far the turns before this window's are known. */
  past(agentId: string): PastState;
  /** What an agent does that this window does not run, where it is followed. */
  work(agentId: string): WatchedWork | undefined;
}

const order = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });

/** The agents by name; the supervisor is the person at the editor and no row. */
export function sortedAgents(picture: TownPicture): AgentRecord[] {
  return [...picture.agents.values()]
    .filter((agent) => agent.agentType !== 'supervisor')
    .toSorted((a, b) => order.compare(a.name, b.name) || (a.id < b.id ? -1 : 1));
}

/** Agents in the order in which they are offered for a message: the last one that was given work, then who works, then who can. */
export function offeredFirst(agents: readonly AgentRecord[], last: string | undefined): AgentRecord[] {
  const rank = ({ id, state }: AgentRecord): number => {
    if (id === last) return 0;
    if (state === 'working') return 1;
    return state === 'stopped' || state === 'error' || state === 'paused' ? 3 : 2;
  };
  return agents.toSorted((a, b) => rank(a) - rank(b));
}

/** The agent's current task, where it has one that is known. */
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

/** The session's facts, live: each look at a field is a look at what is known now. */
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
