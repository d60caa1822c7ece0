/** Records who wrote what and whether it must arrive. Everything else in a run is checked against it. */
import type { Lane, PlannedMessage } from './schedule.ts';

export interface WrittenMessage extends PlannedMessage {
  writer: number;
  /** Written through a window, by whose clock it is dated. */
  throughWindow: boolean;
  /** It is certainly in Redis. Otherwise its write got no reply, and it may be there or not. */
  certain: boolean;
  /** Unix milliseconds: when its write began, and when the write was over. */
  from: number;
  until: number;
}

/** Redis went back to an older state. Unix milliseconds. */
export interface Rollback {
  /** The state that it went back to was saved at this time or later. */
  kept: number;
  /** Writes from this time on were not lost. */
  over: number;
}

export class Ledger {
  /** For each writer, in the order of writing. */
  readonly messages: WrittenMessage[] = [];

  /** Markers of messages whose turn people interrupted. They are delivered again only when people ask for it. */
  readonly setAside = new Set<string>();

  readonly rollbacks: Rollback[] = [];

  /** Windows' clocks may be wrong from this time on, in Unix milliseconds. */
  clocksDifferSince = Number.POSITIVE_INFINITY;

  /** Whether Redis went back while the message was there or being written. Then it may be delivered again. */
  mayRepeat({ from }: WrittenMessage): boolean {
    return this.rollbacks.some(({ over }) => from <= over);
  }

  /** Whether Redis may have lost the message. */
  mayBeLost({ from, until }: WrittenMessage): boolean {
    return this.rollbacks.some(({ kept, over }) => from <= over && until >= kept);
  }

  add(message: WrittenMessage): void {
    this.messages.push(message);
  }

  /**
   * The messages that one writer wrote to one agent in one lane, in order. Omits those that were set aside, and those whose place
   * depends on a clock that may be wrong.
   */
  sequences(): WrittenMessage[][] {
    const sequences = new Map<string, WrittenMessage[]>();
    for (const message of this.messages.filter(({ marker }) => !this.setAside.has(marker))) {
      const { lane, throughWindow, until } = message;
      if (throughWindow && (lane === 'urgent' || lane === 'high') && until >= this.clocksDifferSince) continue;
      const key = [message.writer, message.agent, orderedWith(message.lane)].join();
      sequences.set(key, [...(sequences.get(key) ?? []), message]);
    }
    return [...sequences.values()];
  }
}

/** Normal and low messages share one list, in order of arrival. */
function orderedWith(lane: Lane): string {
  return lane === 'low' ? 'normal' : lane;
}
