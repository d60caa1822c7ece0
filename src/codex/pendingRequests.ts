/**
 * Requests of one app-server that wait for a person. Each ends once: by our answer, or by being withdrawn, when the server
 * says so, its turn is over, or the process has gone. The server gets a valid answer in every case.
 */
import { randomUUID } from 'node:crypto';
import type { Disposable } from '../util/disposable.ts';
import { Emitter } from '../util/event.ts';
import type { Asked, AskedMethod } from './asked.ts';
import type { Answers, IncomingRequest } from './serverRequests.ts';

export interface PendingRequest {
  /** Ours; the server's own ids begin anew with each process. */
  id: string;
  threadId: string | null;
  turnId: string | null;
  itemId: string | null;
  asked: Asked;
}

export type WithdrawnBy = 'turnOver' | 'server' | 'exit';

export type AskedAnswer = Answers[AskedMethod];

interface Entry extends PendingRequest {
  requestId: IncomingRequest['id'];
  settle: (answer: AskedAnswer) => void;
  /** What the server gets when nobody answers. */
  otherwise: AskedAnswer;
}

export class PendingRequests implements Disposable {
  private readonly entries = new Map<string, Entry>();
  private readonly askedEvents = new Emitter<PendingRequest>();
  readonly onAsked = this.askedEvents.event;
  private readonly withdrawnEvents = new Emitter<{ id: string; by: WithdrawnBy }>();
  readonly onWithdrawn = this.withdrawnEvents.event;

  /**
   * Keeps a request until it is answered or withdrawn; resolves with the answer for the server.
   * @param otherwise The answer where it is withdrawn.
   */
  async ask<A extends AskedAnswer>(request: IncomingRequest, asked: Asked, otherwise: A): Promise<A> {
    const { id: requestId, threadId, turnId, itemId } = request;
    const id = randomUUID();
    const answer = new Promise<AskedAnswer>((settle) => {
      this.entries.set(id, { id, requestId, threadId, turnId, itemId, asked, settle, otherwise });
    });
    this.askedEvents.fire({ id, threadId, turnId, itemId, asked });
    // What was answered was made for this method by whoever called `answer`.
    return (await answer) as A;
  }

  get(id: string): PendingRequest | undefined {
    return this.entries.get(id);
  }

  /** Hands an answer to the server; false where the request does not wait any more. */
  answer(id: string, answer: AskedAnswer): boolean {
    const entry = this.entries.get(id);
    if (!entry) return false;
    this.entries.delete(id);
    entry.settle(answer);
    return true;
  }

  /** The server waits no more. It says so of what we have answered, too. */
  resolved(requestId: IncomingRequest['id']): void {
    this.withdraw((entry) => entry.requestId === requestId, 'server');
  }

  turnOver(threadId: string, turnId: string): void {
    this.withdraw((entry) => entry.threadId === threadId && entry.turnId === turnId, 'turnOver');
  }

  /** The process has gone. */
  dispose(): void {
    this.withdraw(() => true, 'exit');
  }

  private withdraw(which: (entry: Entry) => boolean, by: WithdrawnBy): void {
    for (const entry of [...this.entries.values()].filter((one) => which(one))) {
      this.entries.delete(entry.id);
      entry.settle(entry.otherwise);
      this.withdrawnEvents.fire({ id: entry.id, by });
    }
  }
}
