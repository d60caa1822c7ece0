/** Compares what was delivered with what was written. Pure; one line for each broken promise. */
import type { Ledger, WrittenMessage } from './ledger.ts';

/** The content of the agents' threads at the end, and the model's requests. */
export interface Evidence {
  /** The user messages of each agent's thread, by agent number, oldest first. */
  histories: readonly (readonly string[])[];
  /** The thread and the user messages of each request to the model, or of each run of another CLI. */
  requests: readonly { threadId: string; userTexts: readonly string[] }[];
  /**
   * Agents that at some time had a process per turn. Such a process remembers nothing and keeps no history. So the messages of a
   * turn that was cut off are delivered again, in another thread: at least once instead of exactly once.
   */
  oneShot: ReadonlySet<number>;
  /** The settled messages of each agent, by agent number. */
  settled: readonly (readonly string[])[];
}

export function violations(ledger: Ledger, evidence: Evidence): string[] {
  const found: string[] = [];
  const shown = threadsThatHold(evidence);
  for (const message of ledger.messages) {
    const places = placesOf(message, evidence);
    const threads = shown.get(message.marker)?.size ?? 0;
    const mayRepeat = evidence.oneShot.has(message.agent);
    const returns = ledger.mayRepeat(message) ? ledger.rollbacks.length : 0;
    if (places.length > 1 + returns) found.push(`delivered ${places.length} times: ${describe(message)}`);
    if (threads > 1 + returns && !mayRepeat)
      found.push(`shown to the model in ${threads} threads: ${describe(message)}`);
    // A round shows only eight informational messages, and the number of the others.
    if (!message.certain || message.kind === 'info' || ledger.mayBeLost(message)) continue;
    // After a rollback, Redis may have forgotten the earlier thread, so its history is not among the evidence.
    if (places.length === 0 && !((mayRepeat || returns > 0) && threads > 0)) found.push(`lost: ${describe(message)}`);
    if (threads === 0) found.push(`never shown to the model: ${describe(message)}`);
  }
  for (const [agent, history] of evidence.histories.entries()) {
    const known = new Set(ledger.messages.filter((message) => message.agent === agent).map(({ marker }) => marker));
    for (const marker of markersIn(history)) {
      if (!known.has(marker)) found.push(`somebody else’s message in the thread of agent ${agent}: ${marker}`);
    }
  }
  for (const [agent, settled] of evidence.settled.entries()) {
    const ids = settled.map((raw) => /"id":"([^"]+)"/.exec(raw)?.[1] ?? raw);
    for (const id of new Set(ids.filter((each, index) => ids.indexOf(each) !== index))) {
      found.push(`settled twice: message ${id} of agent ${agent}`);
    }
  }
  for (const sequence of ledger.sequences()) {
    const delivered = sequence
      // Informational messages come after those that ask for something.
      .filter((message) => message.kind !== 'info' && !ledger.mayRepeat(message))
      // For a one-shot agent, the order counts only for messages that were shown in exactly one thread.
      .filter(({ agent, marker }) => !evidence.oneShot.has(agent) || shown.get(marker)?.size === 1)
      .map((message) => ({ message, place: placesOf(message, evidence)[0] }))
      .filter(({ place }) => place !== undefined);
    for (const [position, { message, place }] of delivered.entries()) {
      const before = delivered[position - 1];
      if (before?.place !== undefined && place !== undefined && place < before.place) {
        found.push(`out of order: ${describe(message)} came before ${before.message.marker}`);
      }
    }
  }
  return found;
}

/** The positions of a message in its agent's thread, as numbers that grow with the thread. */
function placesOf({ agent, marker }: WrittenMessage, { histories }: Evidence): number[] {
  const places: number[] = [];
  for (const [index, text] of (histories[agent] ?? []).entries()) {
    for (let at = text.indexOf(marker); at >= 0; at = text.indexOf(marker, at + 1)) places.push(index * 1e7 + at);
  }
  return places;
}

function threadsThatHold({ requests }: Evidence): Map<string, Set<string>> {
  const shown = new Map<string, Set<string>>();
  for (const { threadId, userTexts } of requests) {
    for (const marker of markersIn(userTexts)) {
      const threads = shown.get(marker) ?? new Set();
      shown.set(marker, threads.add(threadId));
    }
  }
  return shown;
}

export function markersIn(texts: readonly string[]): string[] {
  return texts.flatMap((text) => [...text.matchAll(/<<\d+\.\d+>>/g)].map(([marker]) => marker));
}

function describe({ marker, agent, writer, lane, kind, certain }: WrittenMessage): string {
  return `${marker} (${lane} ${kind}, writer ${writer} → agent ${agent}${certain ? '' : ', uncertain'})`;
}
