/** Who wrote what, and what is known of it: the side of a run that everything else is held against. */
import type { Lane, PlannedMessage } from './schedule.ts';

export interface WrittenMessage extends PlannedMessage {
  writer: number;
  /** Through a window, whose clock says when it was written. */
  throughWindow: boolean;
  /** It is certain that it stands in Redis; otherwise its write got no answer, and it may be there or not. */
  certain: boolean;
  /** Unix milliseconds: when its write began, and when that was over. */
  from: number;
  until: number;
}

/** Redis went on from an older state. Unix milliseconds. */
export interface Rollback {
  /** The state that it went back to was kept not before this. */
  kept: number;
  /** What was written from here on was not forgotten. */
  over: number;
}

export class Ledger {
  /** In the order of writing, for each writer. */
  readonly messages: WrittenMessage[] = [];

  /** Markers of messages whose turn people have interrupted: they come again when people say so. */
  readonly setAside = new Set<string>();

  readonly rollbacks: Rollback[] = [];

  /** Unix milliseconds since when windows' clocks may be wrong. */
  clocksDifferSince = Number.POSITIVE_INFINITY;

  /** Redis was taken back while the message was there or being written: it may come again. */
  mayRepeat({ from }: WrittenMessage): boolean {
    return this.rollbacks.some(({ over }) => from <= over);
  }

  /** Redis has, or may have, forgotten that it was ever written. */
  mayBeLost({ from, until }: WrittenMessage): boolean {
    return this.rollbacks.some(({ kept, over }) => from <= over && until >= kept);
  }

  add(message: WrittenMessage): void {
    this.messages.push(message);
  }

  /**
   * What one writer wrote to one agent in one lane, in order. Leaves out what was set aside, and what has its place by the
   * time of a clock that may be wrong.
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

/** Normal and low stand in one list, in the order in which they came. */
function orderedWith(lane: Lane): string {
  return lane === 'low' ? 'normal' : lane;
}
