/** The only place that names the keys of a town in Redis. The schema is shared with the `tt` client. */
import { nameKey } from '../util/hidden.ts';
import { type Sentence, inEnglish, say } from '../util/sentence.ts';

/** The fixed id of the supervisor, also called conductor. Messages to it are for the human. */
export const SUPERVISOR_ID = '00000000-0000-0000-0000-000000000001';

/** A key that is written for a second to see whether the server takes writes. It belongs to no town. */
export const WRITE_PROBE = 'tt:probe:write';

/** `tt` has no limit. This one leaves room for any folder name plus any branch name. */
const MAX_TOWN_NAME = 512;
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const forbiddenInTownName = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u;

/** Whether `text` has the form of an id (a UUID of any version, in either case). */
export function isId(text: string): boolean {
  return uuid.test(text);
}

/**
 * What is wrong with a town's name; undefined if it can be used. `tt init` takes every name, so every name that is one line of
 * text is allowed.
 */
export function townNameProblem(name: string): Sentence | undefined {
  if (name.trim() === '') return say('The town has no name.');
  if (name.length > MAX_TOWN_NAME) return say('The town’s name is longer than {0} characters.', MAX_TOWN_NAME);
  if (forbiddenInTownName.test(name)) {
    return say('The town’s name contains a line break or a control character.');
  }
  return undefined;
}

/** The kinds of keys that belong to one id, as they stand in the key's third place. */
const idKinds = [
  'agent',
  'inbox',
  'urgent',
  'task',
  'activity',
  'stop',
  'inflight',
  'turn',
  'held',
  'dead',
  'settled',
  'lease',
  'epoch',
  'control',
] as const;

type IdKind = (typeof idKinds)[number];

/** What a key of a town holds. `other`: any other key under the town's prefix. */
export type KeyKind = IdKind | 'backlog' | 'events' | 'agentEvents' | 'windowLease' | 'reply' | 'signIn' | 'other';

/** The keys of one town. `tt` finds agents, tasks and inboxes by prefix, so our own keys use other third places. */
export class TownKeys {
  readonly town: string;
  readonly prefix: string;
  readonly backlog: string;
  readonly events: string;
  /** Holds a new token after each sign-in to Codex in one of the town's windows. */
  readonly signIn: string;
  /** A pub/sub channel, not a key. */
  readonly broadcast: string;

  /** @throws RangeError for a name that {@link townNameProblem} objects to. */
  constructor(town: string) {
    const problem = townNameProblem(town);
    if (problem !== undefined) throw new RangeError(inEnglish(problem));
    this.town = town;
    this.prefix = `tt:${town}:`;
    this.backlog = `${this.prefix}backlog`;
    this.events = `${this.prefix}events`;
    this.signIn = `${this.prefix}signin`;
    this.broadcast = `${this.prefix}broadcast`;
  }

  agent(id: string): string {
    return this.of('agent', id);
  }
  inbox(id: string): string {
    return this.of('inbox', id);
  }
  urgent(id: string): string {
    return this.of('urgent', id);
  }
  task(id: string): string {
    return this.of('task', id);
  }
  activity(id: string): string {
    return this.of('activity', id);
  }
  stop(id: string): string {
    return this.of('stop', id);
  }
  inflight(id: string): string {
    return this.of('inflight', id);
  }
  turn(id: string): string {
    return this.of('turn', id);
  }
  held(id: string): string {
    return this.of('held', id);
  }
  dead(id: string): string {
    return this.of('dead', id);
  }
  /** Messages whose turns are over, newest first, so that every window can show what became of them. */
  settled(id: string): string {
    return this.of('settled', id);
  }
  lease(id: string): string {
    return this.of('lease', id);
  }
  epoch(id: string): string {
    return this.of('epoch', id);
  }
  control(id: string): string {
    return this.of('control', id);
  }
  agentEvents(id: string): string {
    return `${this.events}:agent:${id}`;
  }
  windowLease(windowId: string): string {
    return `${this.prefix}lease:window:${windowId}`;
  }

  /** Names the agent that is being offered the backlog with this content. */
  backlogOffer(content: string): string {
    return `${this.prefix}lease:backlog:${content}`;
  }

  /** The owner's answer to another window's command. */
  reply(token: string): string {
    return `${this.prefix}reply:${token}`;
  }

  /** Every key that belongs to one agent alone, except its record. */
  besideAgent(id: string): string[] {
    const kinds = idKinds.filter((kind) => kind !== 'agent' && kind !== 'task');
    return [...kinds.map((kind) => this.of(kind, id)), this.agentEvents(id)];
  }

  /** Remembers for a short while that a message was written, so that repeating the write does nothing. */
  sent(messageId: string): string {
    return `${this.prefix}sent:${messageId}`;
  }
  /** Reserves a name or nickname, and every name that looks like it, for an agent that is being created. */
  reservedName(name: string): string {
    return `${this.prefix}reserved:${nameKey(name)}`;
  }
  /** Where a key of the wrong type is moved to. */
  broken(key: string, token: string): string {
    return `${this.prefix}broken:${key.slice(this.prefix.length)}:${token}`;
  }
  /** Written and deleted at once, to see whether the server sends notifications. */
  probe(token: string, part: string): string {
    return `${this.prefix}probe:${token}:${part}`;
  }

  /** A glob for `SCAN` and `PSUBSCRIBE` over the town's prefix, with the name's special characters escaped. */
  get pattern(): string {
    return `${this.prefix.replace(/[\\*?[\]^]/g, '\\$&')}*`;
  }

  /** A glob that matches every key of one kind. */
  patternOf(kind: 'agent' | 'task'): string {
    return `${this.pattern.slice(0, -1)}${kind}:*`;
  }

  /** What `key` holds; undefined if it does not have the town's prefix. */
  parse(key: string): { kind: KeyKind; id?: string } | undefined {
    if (!key.startsWith(this.prefix)) return undefined;
    const rest = key.slice(this.prefix.length);
    if (rest === 'backlog' || rest === 'events') return { kind: rest };
    if (rest === 'signin') return { kind: 'signIn' };
    const colon = rest.indexOf(':');
    if (colon < 0) return { kind: 'other' };
    const place = rest.slice(0, colon);
    const id = rest.slice(colon + 1);
    if (place === 'events' && id.startsWith('agent:')) return { kind: 'agentEvents', id: id.slice('agent:'.length) };
    if (place === 'lease' && id.startsWith('window:')) return { kind: 'windowLease', id: id.slice('window:'.length) };
    if (place === 'reply') return { kind: place, id };
    // An id has no colon. Such a key belongs to a town whose name begins with this one's.
    return isIdKind(place) && !id.includes(':') ? { kind: place, id } : { kind: 'other' };
  }

  private of(kind: IdKind, id: string): string {
    return `${this.prefix}${kind}:${id}`;
  }
}

function isIdKind(place: string): place is IdKind {
  return idKinds.some((kind) => kind === place);
}
