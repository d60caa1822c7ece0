/**
 * Requests of one app-server that wait for a person. Each ends once: it is answered, or it is withdrawn because the server says
 * so, its turn is over, or the process is gone. The server gets a valid answer in every case.
 */
import { randomUUID } from 'node:crypto';
import type { Disposable } from '../util/disposable.ts';
import { Emitter } from '../util/event.ts';
import type { Asked, AskedMethod } from './asked.ts';
import type { Answers, IncomingRequest } from './serverRequests.ts';

export interface PendingRequest {
  /** Our own id. The server's ids start over with each process. */
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
  /** The server's answer if nobody answers. */
  otherwise: AskedAnswer;
}

export class PendingRequests implements Disposable {
  private readonly entries = new Map<string, Entry>();
  private readonly askedEvents = new Emitter<PendingRequest>();
  readonly onAsked = this.askedEvents.event;
  private readonly withdrawnEvents = new Emitter<{ id: string; by: WithdrawnBy }>();
  readonly onWithdrawn = this.withdrawnEvents.event;

  /**
   * Keeps a request until it is answered or withdrawn. Resolves with the answer for the server.
   * @param otherwise The answer if the request is withdrawn.
   */
  async ask<A extends AskedAnswer>(request: IncomingRequest, asked: Asked, otherwise: A): Promise<A> {
    const { id: requestId, threadId, turnId, itemId } = request;
    const id = randomUUID();
    const answer = new Promise<AskedAnswer>((settle) => {
      this.entries.set(id, { id, requestId, threadId, turnId, itemId, asked, settle, otherwise });
    });
    this.askedEvents.fire({ id, threadId, turnId, itemId, asked });
    // The caller of `answer` made the answer for this method.
    return (await answer) as A;
  }

  get(id: string): PendingRequest | undefined {
    return this.entries.get(id);
  }

  /** Hands an answer to the server. False if the request no longer waits. */
  answer(id: string, answer: AskedAnswer): boolean {
    const entry = this.entries.get(id);
    if (!entry) return false;
    this.entries.delete(id);
    entry.settle(answer);
    return true;
  }

  /** The server no longer waits. It also says so about requests that we answered. */
  resolved(requestId: IncomingRequest['id']): void {
    this.withdraw((entry) => entry.requestId === requestId, 'server');
  }

  turnOver(threadId: string, turnId: string): void {
    this.withdraw((entry) => entry.threadId === threadId && entry.turnId === turnId, 'turnOver');
  }

  /** The process is gone. */
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
