/** What a run does, and when: pure, from its seed. What it leads to also depends on how the machine orders its processes. */
import { Random } from '../support/random.ts';

/** How a message is written: in which list, and with which priority. */
export type Lane = 'urgent' | 'high' | 'normal' | 'low';

export interface PlannedMessage {
  /** Stands in the message's text, behind all that a continuation quotes of it. */
  marker: string;
  agent: number;
  lane: Lane;
  kind: 'task' | 'query' | 'info';
  /** From a window: as a task that is assigned, so that the message only names it. */
  assigned: boolean;
}

export interface PlannedWrite extends PlannedMessage {
  at: number;
  /** Writers are numbered; the first ones write to Redis as `tt` does, the others through a window. */
  writer: number;
}

/** Who the agent is: a session, a process of `codex exec` for each turn, or one of another CLI. */
export type AgentKind = 'session' | 'exec' | 'other';

const unreadablePlaces = ['inbox', 'urgent', 'inflight', 'control', 'backlog', 'agent', 'lease'] as const;
export type UnreadablePlace = (typeof unreadablePlaces)[number];

/** Something bad, or something that people do. Times in milliseconds. */
export type Disaster =
  /** Alone, or with all that it has started, so that nobody is left to end the commands of agents. */
  | { do: 'killWindow'; withAll: boolean }
  | { do: 'stopWindow'; forMs: number }
  | { do: 'reload'; overlap: boolean }
  /** In another PID namespace, where this machine allows one: its processes cannot be judged from outside. */
  | { do: 'openWindow'; otherPlace: boolean }
  | { do: 'killServer'; agent: number }
  | { do: 'stopServer'; agent: number; forMs: number }
  | { do: 'killRedis'; forMs: number }
  | { do: 'stopRedis'; forMs: number }
  | { do: 'cut' }
  | { do: 'loseReplies'; count: number }
  | { do: 'interrupt'; agent: number }
  | { do: 'pause'; agent: number; forMs: number }
  | { do: 'toggle'; agent: number }
  | { do: 'takeOver'; agent: number }
  /** Every connection to Redis is dead without a word; new ones work after a while. */
  | { do: 'halfOpen'; forMs: number }
  /** Redis goes on from the state of `forMs` ago: what it acknowledged since then is forgotten. */
  | { do: 'failover'; forMs: number }
  /** Somebody writes records that nobody can read. */
  | { do: 'unreadable'; agent: number; place: UnreadablePlace }
  /** The account's limit is used up: the model refuses everybody until a reset that it names. */
  | { do: 'useUp'; forMs: number }
  /** A window's wall clock is off by `byMs` from now on. */
  | { do: 'jumpClock'; byMs: number }
  | { do: 'askCodex' };

export interface Schedule {
  agents: AgentKind[];
  /** Begins when all agents are up; otherwise while they start. */
  waitsForAgents: boolean;
  rawWriters: number;
  windowWriters: number;
  durationMs: number;
  writes: PlannedWrite[];
  disasters: (Disaster & { at: number })[];
}

const HOUR_MS = 3_600_000;
/** A window that gives no sign of life for so long loses its agents, in a run. */
export const LEASE_MS = 1_500;
/** A session's process that gives no answer for so long is ended, in a run. */
export const REPLY_MS = 3_000;
/** An owner's writes wait so long for a Redis that is away, in a run; shorter than it may be. */
export const PATIENCE_MS = 2_000;
/** How a window sees that Redis is silent, in a run. */
export const REDIS_TIMES = { pulseMs: 300, silenceMs: 1_500, awayMs: 500 };
/** How often a window looks whether a used-up limit is reset, in a run. */
export const LIMIT_TICK_MS = 200;
/** So long does a window wait for another one's answer, in a run. */
export const ANSWER_MS = 3_000;

const weights = {
  killWindow: 4,
  stopWindow: 3,
  reload: 2,
  openWindow: 2,
  killServer: 3,
  stopServer: 2,
  killRedis: 2,
  stopRedis: 1,
  cut: 3,
  loseReplies: 5,
  interrupt: 1,
  pause: 1,
  toggle: 2,
  takeOver: 3,
  askCodex: 1,
  halfOpen: 2,
  failover: 1,
  unreadable: 3,
  useUp: 2,
  jumpClock: 2,
} as const;

export const disasterKinds: readonly string[] = Object.keys(weights);

export function scheduleOf(seed: number): Schedule {
  const random = new Random(seed);
  const durationMs = random.whole(3_000, 6_000);
  const agents = random.whole(2, 3);
  const rawWriters = random.whole(2, 3);
  const windowWriters = random.whole(1, 2);
  const writes: PlannedWrite[] = [];
  const messages = random.whole(40, 90);
  for (let number = 0; number < messages; number += 1) {
    writes.push({
      marker: `<<${seed}.${number}>>`,
      at: random.whole(0, durationMs),
      writer: random.whole(0, rawWriters + windowWriters - 1),
      agent: random.whole(0, agents - 1),
      lane: random.weighted({ urgent: 3, high: 3, normal: 5, low: 2 }),
      kind: random.weighted({ task: 6, query: 3, info: 1 }),
      assigned: new Random(seed ^ (number << 16)).chance(0.3),
    });
  }
  const disasters: Schedule['disasters'] = [];
  const count = random.whole(3, 8);
  for (let number = 0; number < count; number += 1) {
    const at = random.whole(200, durationMs);
    disasters.push({ at, ...disaster(random, agents, new Random(seed ^ (0xa11 << number)).chance(0.4)) });
  }
  return {
    agents: Array.from({ length: agents }, (_, agent) => kindOf(seed, agent)),
    waitsForAgents: new Random(seed ^ 0xa6e7).chance(0.7),
    rawWriters,
    windowWriters,
    durationMs,
    writes: writes.toSorted(byTime),
    disasters: disasters.toSorted(byTime),
  };
}

/** The first holds a session, as the strictest promises are about those. */
function kindOf(seed: number, agent: number): AgentKind {
  return agent === 0 ? 'session' : new Random(seed ^ (0xa9e + agent)).weighted({ session: 6, exec: 2, other: 2 });
}

function byTime(a: { at: number }, b: { at: number }): number {
  return a.at - b.at;
}

function disaster(random: Random, agents: number, withAll: boolean): Disaster {
  const agent = random.whole(0, agents - 1);
  const kind = random.weighted(weights);
  switch (kind) {
    case 'stopWindow':
      // Shorter than the lease or longer.
      return { do: kind, forMs: random.whole(50, 3 * LEASE_MS) };
    case 'reload':
      return { do: kind, overlap: random.chance(0.5) };
    case 'killServer':
    case 'interrupt':
    case 'toggle':
    case 'takeOver':
      return { do: kind, agent };
    case 'stopServer':
      // Shorter than anybody waits for its replies, or longer.
      return { do: kind, agent, forMs: random.whole(50, REPLY_MS + 1_500) };
    case 'pause':
      return { do: kind, agent, forMs: random.whole(100, 1_500) };
    case 'killRedis':
      return { do: kind, forMs: random.whole(0, 2 * LEASE_MS) };
    case 'stopRedis':
      return { do: kind, forMs: random.whole(50, 2 * LEASE_MS) };
    case 'halfOpen':
      return { do: kind, forMs: random.whole(50, 2 * LEASE_MS) };
    case 'failover':
      return { do: kind, forMs: random.whole(50, 1_500) };
    case 'unreadable':
      return { do: kind, agent, place: random.pick(unreadablePlaces) };
    case 'useUp':
      return { do: kind, forMs: random.whole(200, 2_500) };
    case 'jumpClock':
      return { do: kind, byMs: random.whole(-HOUR_MS, HOUR_MS) };
    case 'loseReplies':
      return { do: kind, count: random.whole(1, 3) };
    case 'killWindow':
      return { do: kind, withAll };
    case 'openWindow':
      return { do: kind, otherPlace: withAll };
    case 'cut':
    case 'askCodex':
      return { do: kind };
  }
}
