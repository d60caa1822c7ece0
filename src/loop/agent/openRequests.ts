/**
 * Publishes one agent's requests to people to everybody who may answer. Redis holds each request for other windows while it is
 * open, and one event announces it. The runtime is authoritative: the copy in Redis is only shown.
 */
import type { AgentRequest, RequestAnswer } from '../../runtime/agentRequest.ts';
import { requestGone } from '../../runtime/asking.ts';
import type { CodingAgent, RuntimeEvent } from '../../runtime/codingAgent.ts';
import type { ControlReply } from '../../town/control/control.ts';
import type { ControlRequest } from '../../town/stores/delivery.ts';
import { newEvent } from '../../town/stores/events.ts';
import { Plan } from '../../town/plans/plan.ts';
import { TinytownError, describeError } from '../../util/errors.ts';
import { Emitter } from '../../util/event.ts';
import { inEnglish } from '../../util/sentence.ts';
import { SerialQueue } from '../../util/serialQueue.ts';
import { oneLine } from '../../util/text.ts';
import { type OwnedAgent, failedReply } from './ownedAgent.ts';
import { decodeAnswer, decodeRequests, encodeRequests, requestDigest } from './requestCodec.ts';

export class OpenRequests {
  private readonly agent: OwnedAgent;
  private readonly runtime: () => CodingAgent | undefined;
  private readonly open = new Map<string, AgentRequest>();
  /** Asked since the last write. */
  private fresh: AgentRequest[] = [];
  private readonly queue = new SerialQueue();
  private stale = false;
  private writing = false;
  private looked = false;
  private readonly left = new Emitter<readonly AgentRequest[]>();
  /** Requests that an earlier owner left unanswered. They are withdrawn. */
  readonly onLeftBehind = this.left.event;

  constructor(agent: OwnedAgent, runtime: () => CodingAgent | undefined) {
    this.agent = agent;
    this.runtime = runtime;
  }

  get count(): number {
    return this.open.size;
  }

  /** @throws TinytownError `requestGone`, `badAnswer` */
  async answer(requestId: string, answer: RequestAnswer): Promise<void> {
    const runtime = this.runtime();
    if (!runtime) throw requestGone();
    await runtime.answer(requestId, answer);
  }

  /** Applies an answer from another window, and replies with the result. */
  async obey(request: ControlRequest): Promise<void> {
    await this.agent.reply(request, await this.taken(request));
  }

  handle(event: RuntimeEvent): void {
    if (event.type === 'requestAsked') {
      this.open.set(event.request.id, event.request);
      this.fresh.push(event.request);
    } else if (event.type !== 'requestWithdrawn' || !this.open.delete(event.requestId)) return;
    this.stale = true;
    this.write();
  }

  /** Call on every look. The first call withdraws what an earlier owner left. Later calls retry failed writes. */
  async look(found: string | undefined): Promise<void> {
    if (this.looked) {
      this.write();
      return;
    }
    if (found !== undefined) await this.withdrawLeft(found);
    this.looked = true;
  }

  private async taken({ fields }: ControlRequest): Promise<ControlReply> {
    const answer = decodeAnswer(fields.answer ?? '');
    try {
      if (!answer) throw new TinytownError('badAnswer', 'The answer cannot be read.');
      const asked = this.open.get(fields.request ?? '');
      if (!asked) throw requestGone();
      if (requestDigest(asked) !== fields.shown) {
        const hint = 'Answer it in the window that runs the agent.';
        throw new TinytownError('notWhatWasShown', 'What was shown differs from what the agent asks for.', { hint });
      }
      await this.answer(asked.id, answer);
      return { ok: true };
    } catch (error) {
      return failedReply(error);
    }
  }

  private async withdrawLeft(found: string): Promise<void> {
    const { agent } = this;
    const { keys } = agent.parts;
    await agent.commit(
      new Plan(keys, agent.id)
        .fields(keys.turn(agent.id), { requests: undefined })
        .activity('↩ What it asked was withdrawn: its window or process has gone'),
    );
    this.left.fire(decodeRequests(found));
  }

  /** Combines changes into one write. */
  private write(): void {
    if (!this.stale || this.writing) return;
    this.writing = true;
    void this.queue.run(async () => {
      // Requests that are asked at this moment go into the same write.
      await Promise.resolve();
      this.stale = false;
      this.writing = false;
      const asked = this.fresh;
      this.fresh = [];
      try {
        await this.agent.commit(this.plan(asked));
      } catch (error) {
        this.stale = true;
        this.fresh = [...asked.filter(({ id }) => this.open.has(id)), ...this.fresh];
        this.agent.parts.logger.warn(`Other windows do not know what is asked: ${describeError(error)}`);
      }
    });
  }

  private plan(asked: readonly AgentRequest[]): Plan {
    const { agent } = this;
    const { keys } = agent.parts;
    const { agentId, agentName } = agent.context();
    const requests = this.open.size === 0 ? undefined : encodeRequests([...this.open.values()]);
    const plan = new Plan(keys, agentId).fields(keys.turn(agentId), { requests });
    for (const request of asked) {
      const line = requestLine(request);
      const extra = { request_id: request.id, request_kind: request.kind };
      plan
        .event(newEvent('agent_awaiting_input', `${agentName} waits for you: ${line}`, { agentId, extra }))
        .activity(`❓ ${line}`);
    }
    return plan;
  }
}

/** The request in one line. */
export function requestLine(request: AgentRequest): string {
  switch (request.kind) {
    case 'command':
      return request.command === ''
        ? oneLine(request.permissions.map(inEnglish).join(', '), 200)
        : `${request.input ? 'type' : 'run'} ${oneLine(request.command, 200)}`;
    case 'fileChange':
      return `change ${oneLine(request.changes.map(({ path }) => path).join(', ') || 'files', 200)}`;
    case 'permissions':
      return oneLine(request.summary.map(inEnglish).join(', '), 200);
    case 'question':
      return oneLine(request.questions.map(({ question }) => question).join(' '), 200);
    case 'elicitation':
      return `${oneLine(request.server, 40)}: ${oneLine(request.message, 200)}`;
  }
}
