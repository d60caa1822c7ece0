/** What a run does, and when. Pure, from its seed. The outcome also depends on how the machine schedules its processes. */
import { Random } from '../support/random.ts';

/** How a message is written: to which list, and with which priority. */
export type Lane = 'urgent' | 'high' | 'normal' | 'low';

export interface PlannedMessage {
  /** Part of the message's text, after everything that a continuation quotes from it. */
  marker: string;
  agent: number;
  lane: Lane;
  kind: 'task' | 'query' | 'info';
  /** Sent through a window as an assigned task, so that the message only names the task. */
  assigned: boolean;
}

export interface PlannedWrite extends PlannedMessage {
  at: number;
  /** The writer's number. The first ones write to Redis as `tt` does, the others through a window. */
  writer: number;
}

/** What runs the agent: a session, a process of `codex exec` per turn, or another CLI. */
export type AgentKind = 'session' | 'exec' | 'other';

const unreadablePlaces = ['inbox', 'urgent', 'inflight', 'control', 'backlog', 'agent', 'lease'] as const;
export type UnreadablePlace = (typeof unreadablePlaces)[number];

/** A failure, or something that people do. Times are in milliseconds. */
export type Disaster =
  /** Kills only the window, or everything it started, too, so that nobody is left to end agents' commands. */
  | { do: 'killWindow'; withAll: boolean }
  | { do: 'stopWindow'; forMs: number }
  | { do: 'reload'; overlap: boolean }
  /** In another PID namespace, if this machine allows one. Its processes cannot be checked from outside. */
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
  /** Every connection to Redis becomes half-open. New ones work after a while. */
  | { do: 'halfOpen'; forMs: number }
  /** Redis goes back to its state of `forMs` ago and loses the writes that it has acknowledged since. */
  | { do: 'failover'; forMs: number }
  /** Somebody writes unreadable records. */
  | { do: 'unreadable'; agent: number; place: UnreadablePlace }
  /** The account's limit is used up: the model refuses everybody until the reset time that it names. */
  | { do: 'useUp'; forMs: number }
  /** A window's wall clock is off by `byMs` from now on. */
  | { do: 'jumpClock'; byMs: number }
  | { do: 'askCodex' };

export interface Schedule {
  agents: AgentKind[];
  /** Whether the schedule begins once all agents are up, or while they start. */
  waitsForAgents: boolean;
  rawWriters: number;
  windowWriters: number;
  durationMs: number;
  writes: PlannedWrite[];
  disasters: (Disaster & { at: number })[];
}

const HOUR_MS = 3_600_000;
/** In a run, a window without a heartbeat for this long loses its agents. */
export const LEASE_MS = 1_500;
/** In a run, a session's process that does not reply for this long is ended. */
export const REPLY_MS = 3_000;
/** In a run, an owner's writes wait this long for a lost Redis. Redis may be away longer. */
export const PATIENCE_MS = 2_000;
/** In a run, how a window notices that Redis is silent. */
export const REDIS_TIMES = { pulseMs: 300, silenceMs: 1_500, awayMs: 500 };
/** In a run, how often a window checks whether a used-up limit was reset. */
export const LIMIT_TICK_MS = 200;
/** In a run, how long a window waits for another one's answer. */
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

/** The first agent has a session, because the strictest promises are about sessions. */
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
      // Shorter or longer than the lease.
      return { do: kind, forMs: random.whole(50, 3 * LEASE_MS) };
    case 'reload':
      return { do: kind, overlap: random.chance(0.5) };
    case 'killServer':
    case 'interrupt':
    case 'toggle':
    case 'takeOver':
      return { do: kind, agent };
    case 'stopServer':
      // Shorter or longer than anybody waits for its replies.
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
