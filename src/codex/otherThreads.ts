/**
 * Sub-agents that our agent started share its connection. Each has its own thread with its own turns, which outlive the turn
 * that started them.
 */
import { Emitter } from '../util/event.ts';
import type { HeardNotification } from './methods.ts';

export interface RunningTurn {
  threadId: string;
  turnId: string;
}

export class OtherThreads {
  private readonly running = new Map<string, string>();
  /** Every known thread, with the prompt of its sub-agent. */
  private readonly heardOf = new Map<string, string | undefined>();
  private readonly ended = new Emitter<string>();

  /** Handles a notification of another thread. */
  receive(heard: HeardNotification): void {
    const { method, params } = heard;
    if (!('threadId' in params)) return;
    const { threadId } = params;
    if (!this.heardOf.has(threadId)) this.heardOf.set(threadId, undefined);
    if (method === 'turn/started') this.running.set(threadId, params.turn.id);
    if (method === 'turn/completed') {
      if (this.running.get(threadId) === params.turn.id) this.running.delete(threadId);
      this.ended.fire(params.turn.id);
    }
    this.learn(heard);
  }

  /** Records which threads an item started, and their prompts. */
  learn({ method, params }: HeardNotification): void {
    if (method !== 'item/completed' || params.item.type !== 'collabAgentToolCall') return;
    const { receiverThreadIds, prompt } = params.item;
    for (const threadId of receiverThreadIds ?? []) {
      this.heardOf.set(threadId, this.heardOf.get(threadId) ?? prompt ?? undefined);
    }
  }

  /** Resolves when a turn is over. */
  whenOver(turnId: string): Promise<void> {
    return new Promise((resolve) => {
      const listening = this.ended.event((ended) => {
        if (ended !== turnId) return;
        listening.dispose();
        resolve();
      });
    });
  }

  /** Forgets a thread. Returns whether it was known. */
  forget(threadId: string): boolean {
    this.running.delete(threadId);
    return this.heardOf.delete(threadId);
  }

  get threadIds(): string[] {
    return [...this.heardOf.keys()];
  }

  get turns(): RunningTurn[] {
    return [...this.running].map(([threadId, turnId]) => ({ threadId, turnId }));
  }

  /** A name for the thread's sub-agent: its prompt, or the thread's id. */
  nameOf(threadId: string): string {
    return this.heardOf.get(threadId) ?? threadId;
  }
}
