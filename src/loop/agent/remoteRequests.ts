/** Handles other windows' requests to an agent's owner (`tt:{town}:control:{id}`), and replies to them. */
import type { InterruptResult } from '../../runtime/codingAgent.ts';
import type { ControlReply } from '../../town/control/control.ts';
import type { ControlRequest } from '../../town/stores/delivery.ts';
import { ControlGuard, type Refusal } from '../../town/control/controlGuard.ts';
import { Plan } from '../../town/plans/plan.ts';
import { TinytownError, describeError } from '../../util/errors.ts';
import { Emitter } from '../../util/event.ts';
import { say } from '../../util/sentence.ts';
import type { SerialQueue } from '../../util/serialQueue.ts';
import { oneLine } from '../../util/text.ts';
import { type OwnedAgent, failedReply } from './ownedAgent.ts';

/** What the owner can do for other windows. */
export interface OwnerActions {
  /** Ends the running turn. Resolves when its messages are held. */
  interrupt(): Promise<InterruptResult>;
  restart(): Promise<void>;
  /** Passes the answer to the agent, and replies to the window. */
  answer(request: ControlRequest): Promise<void>;
  /** Gives the agent up, for Take Over. */
  release(): Promise<void>;
}

export class RemoteRequests {
  private readonly agent: OwnedAgent;
  private readonly queue: SerialQueue;
  private readonly actions: OwnerActions;
  private readonly guard: ControlGuard;
  private toldOfRefusal = false;
  private owed = 0;
  private readonly replies = new Emitter<void>();
  /** A reply was written, or failed. */
  readonly onReplied = this.replies.event;

  /** @param queue The loop's queue. Replies are written in it, after everything that they report. */
  constructor(agent: OwnedAgent, queue: SerialQueue, actions: OwnerActions) {
    this.agent = agent;
    this.queue = queue;
    this.actions = actions;
    const { townKey, keys } = agent.parts;
    this.guard = new ControlGuard(townKey, { town: keys.town, agentId: agent.id }, agent.epoch);
  }

  /** Whether a window still waits for a reply. The agent must not be given back before that: only its owner can write. */
  get owesReply(): boolean {
    return this.owed > 0;
  }

  /** Takes a request off the list, and obeys it if it comes from the user. The queue does not wait for interrupts and restarts. */
  async obey(request: ControlRequest): Promise<void> {
    const { agent, actions } = this;
    const { keys, logger } = agent.parts;
    await agent.commit(new Plan(keys, agent.id).command('XDEL', keys.control(agent.id), request.entry));
    const refusal = await this.guard.refusal(request);
    if (refusal !== undefined) return this.refuse(request, refusal);
    switch (request.action) {
      case 'answer':
        return actions.answer(request);
      case 'interrupt':
        this.replyLater(request, actions.interrupt().then(interruptReply));
        return;
      case 'restart':
        this.replyLater(
          request,
          actions.restart().then(() => ({ ok: true })),
        );
        return;
      case 'release':
        await agent.reply(request, { ok: true });
        return actions.release();
      default:
        logger.warn(`An unknown request "${oneLine(request.action, 40)}" of another window was ignored.`);
    }
  }

  /** Tells the sender, and the user once. The sender may be the user on another machine, or anybody who can write to Redis. */
  private async refuse(request: ControlRequest, refusal: Refusal): Promise<void> {
    const { agent } = this;
    if (refusal === 'ownerChanged') {
      const message = 'Another window runs it now. Try again.';
      return agent.reply(request, { ok: false, reason: refusal, message });
    }
    if (!this.toldOfRefusal) {
      this.toldOfRefusal = true;
      const action = oneLine(request.action, 40);
      const text = say(
        'A command for {0} (“{1}”) was refused because it did not come from you.',
        agent.context().agentName,
        action,
      );
      const hint =
        'If you gave it on another machine, enter this machine’s town key there. Otherwise, check who can write to Redis.';
      agent.report(new TinytownError('commandRefused', text, { hint }));
    }
    // A repeated request has been answered already.
    if (refusal === 'repeated') return;
    const message = 'It carries no proof of the town key.';
    await agent.reply(request, { ok: false, reason: refusal, message });
  }

  private replyLater(request: ControlRequest, outcome: Promise<ControlReply>): void {
    this.owed += 1;
    outcome
      .catch((error: unknown) => failedReply(error))
      .then((reply) => this.queue.run(() => this.agent.reply(request, reply)))
      .catch((error: unknown) => this.agent.parts.logger.warn(describeError(error)))
      .finally(() => {
        this.owed -= 1;
        this.replies.fire();
      });
  }
}

function interruptReply(result: InterruptResult): ControlReply {
  if (result.stopped) return { ok: true, survivors: result.survivors };
  return { ok: false, reason: result.reason, message: 'It has no running turn to interrupt.' };
}
