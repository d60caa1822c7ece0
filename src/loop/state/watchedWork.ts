/**
 * What an agent that this window does not run is doing, folded from its owner's events: the last words, tools and turn ends. A
 * plain value. The texts are whatever somebody wrote.
 */
import * as z from 'zod/mini';
import type { ReadEvent } from '../../town/stores/events.ts';
import { endOf as endOfText } from '../../util/text.ts';

const turnEnd = z.enum(['completed', 'interrupted', 'failed']);
type TurnEnd = z.infer<typeof turnEnd>;

export interface WorkLine {
  /** The stream entry that began the line. It stays the same while words are added. */
  id: string;
  /** `ended`: it is not known how the turn ended. */
  kind: 'words' | 'tool' | 'error' | TurnEnd | 'ended';
  text: string;
}

export interface WatchedWork {
  /** Unix milliseconds by its owner's clock. Undefined while no turn is known to run. */
  startedAt: number | undefined;
  /** Of the running turn, or else of the last one; the newest last, at most {@link WORK_LINES}. */
  lines: readonly WorkLine[];
  /** The agent's own activity notes, newest last. */
  activity: readonly string[];
}

export const WORK_LINES = 6;
/** Longest text of one line that is kept, in characters. Only the end of a longer one is kept. */
const TEXT_LIMIT = 4_000;

export const nothingWatched: WatchedWork = { startedAt: undefined, lines: [], activity: [] };

/** The work after an event of the agent's stream. The same object if nothing changes. */
export function foldWork(work: WatchedWork, event: ReadEvent): WatchedWork {
  switch (event.eventType) {
    case 'agent_turn_started':
      return { ...work, startedAt: time(event.timestamp), lines: [] };
    case 'agent_assistant_delta':
      return { ...work, startedAt: startOf(work, event), lines: withWords(work.lines, event) };
    case 'agent_tool_call':
      return { ...work, startedAt: startOf(work, event), lines: added(work.lines, lineOf('tool', event)) };
    case 'agent_runtime_error':
      return { ...work, lines: added(work.lines, lineOf('error', event)) };
    case 'agent_turn_completed':
      return { ...work, startedAt: undefined, lines: bounded([...work.lines, lineOf(endOf(event), event)]) };
    case 'agent_stopped':
    case 'agent_failed':
      return work.startedAt === undefined ? work : { ...work, startedAt: undefined };
    default:
      return work;
  }
}

function lineOf(kind: WorkLine['kind'], { entry, message }: ReadEvent): WorkLine {
  return { id: entry, kind, text: endOfText(message, TEXT_LIMIT) };
}

/** An owner publishes words and tools in batches, a moment later, so the last ones of a turn come after its end. */
function added(lines: readonly WorkLine[], line: WorkLine): WorkLine[] {
  const end = lines.at(-1);
  return bounded(end && isEnd(end) ? [...lines.slice(0, -1), line, end] : [...lines, line]);
}

function withWords(lines: readonly WorkLine[], event: ReadEvent): WorkLine[] {
  const end = lines.at(-1);
  const place = end && isEnd(end) ? lines.length - 2 : lines.length - 1;
  const last = lines[place];
  if (last?.kind !== 'words') return added(lines, lineOf('words', event));
  return lines.with(place, { ...last, text: endOfText(last.text + event.message, TEXT_LIMIT) });
}

function endOf({ data }: ReadEvent): TurnEnd | 'ended' {
  const outcome = turnEnd.safeParse(data.outcome);
  return outcome.success ? outcome.data : 'ended';
}

function isEnd({ kind }: WorkLine): boolean {
  return kind === 'ended' || turnEnd.safeParse(kind).success;
}

function bounded(lines: readonly WorkLine[]): WorkLine[] {
  return lines.slice(-WORK_LINES);
}

/** When the turn of an event began, also if its beginning was not read. */
function startOf({ startedAt, lines }: WatchedWork, { data }: ReadEvent): number | undefined {
  const last = lines.at(-1);
  if (startedAt !== undefined || (last && isEnd(last))) return startedAt;
  return typeof data.turn_started_at === 'string' ? time(data.turn_started_at) : undefined;
}

function time(rfc3339: string): number | undefined {
  const milliseconds = Date.parse(rfc3339);
  return Number.isNaN(milliseconds) ? undefined : milliseconds;
}
