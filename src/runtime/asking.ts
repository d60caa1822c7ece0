/** Turns one app-server process's requests to people, their answers and their withdrawal into runtime events. */
import { CodexError } from '../codex/errors.ts';
import { type PendingRequest, PendingRequests, type WithdrawnBy } from '../codex/pendingRequests.ts';
import type { CodexSession } from '../codex/session.ts';
import type { AgentRequest, RequestAnswer, WithdrawnReason } from './agentRequest.ts';
import type { RuntimeEvent } from './codingAgent.ts';
import { toFileChange } from './items.ts';
import { answerProblem, toAgentRequest, toServerAnswer } from './requests.ts';

const reasons = {
  turnOver: 'turnOver',
  server: 'withdrawn',
  exit: 'exited',
} as const satisfies Record<WithdrawnBy, WithdrawnReason>;

export class Asking {
  /** The requests as the app-server sent them. */
  readonly pending = new PendingRequests();
  /** The requests as people see them, by id. */
  private readonly asked = new Map<string, AgentRequest>();
  private readonly fire: (event: RuntimeEvent) => void;

  constructor(fire: (event: RuntimeEvent) => void) {
    this.fire = fire;
    this.pending.onWithdrawn(({ id, by }) => this.withdrawn(id, reasons[by]));
  }

  /** Reports requests from now on, with what `session` knows about them. */
  follow(session: CodexSession): void {
    this.pending.onAsked((pending) => this.ask(pending, session));
  }

  /** @throws CodexError `requestGone`, `badAnswer` */
  answer(requestId: string, answer: RequestAnswer): void {
    const pending = this.pending.get(requestId);
    const request = this.asked.get(requestId);
    if (!pending || !request) throw requestGone();
    const problem = answerProblem(request, answer);
    if (problem !== undefined) throw new CodexError('badAnswer', problem);
    this.pending.answer(requestId, toServerAnswer(pending, answer));
    this.withdrawn(requestId, 'answered');
  }

  private ask(pending: PendingRequest, session: CodexSession): void {
    const { itemId, threadId } = pending;
    const changes = itemId === null ? [] : session.changesOf(itemId).map(toFileChange);
    const subAgent = threadId === null ? null : session.subAgentOf(threadId);
    const request = toAgentRequest(pending, { changes, subAgent, now: Date.now() });
    this.asked.set(request.id, request);
    this.fire({ type: 'requestAsked', request });
  }

  private withdrawn(requestId: string, reason: WithdrawnReason): void {
    if (this.asked.delete(requestId)) this.fire({ type: 'requestWithdrawn', requestId, reason });
  }
}

export function requestGone(): CodexError {
  return new CodexError('requestGone', 'This was already answered, or is no longer asked.');
}
