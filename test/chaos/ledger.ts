/** Who wrote what, and what is known of it: the side of a run that everything else is held against. */
import type { Lane, PlannedMessage } from './schedule.ts';

export interface WrittenMessage extends PlannedMessage {
  writer: number;
  /** It is certain that it stands in Redis; otherwise its write got no answer, and it may be there or not. */
  certain: boolean;
}

export class Ledger {
  /** In the order of writing, for each writer. */
  readonly messages: WrittenMessage[] = [];

  /** Markers of messages whose turn people have interrupted: they come again when people say so. */
  readonly setAside = new Set<string>();

  add(message: WrittenMessage): void {
    this.messages.push(message);
  }

  /** What one writer wrote to one agent in one lane, in order, but for what was set aside. */
  sequences(): WrittenMessage[][] {
    const sequences = new Map<string, WrittenMessage[]>();
    for (const message of this.messages.filter(({ marker }) => !this.setAside.has(marker))) {
      const key = [message.writer, message.agent, orderedWith(message.lane)].join();
      sequences.set(key, [...(sequences.get(key) ?? []), message]);
    }
    return [...sequences.values()];
  }
}

/** Normal and low stand in one list, in the order in which they came. */
function orderedWith(lane: Lane): string {
  return lane === 'low' ? 'normal' : lane;
}
