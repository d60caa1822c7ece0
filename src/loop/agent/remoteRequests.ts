/** What other windows ask of an agent's owner (`tt:{town}:control:{id}`), and its answers. */
import type { InterruptResult } from '../../runtime/codingAgent.ts';
import type { ControlReply } from '../../town/control.ts';
import type { ControlRequest } from '../../town/delivery.ts';
import { Plan } from '../../town/plan.ts';
import { describeError } from '../../util/errors.ts';
import type { SerialQueue } from '../../util/serialQueue.ts';
import { oneLine } from '../../util/text.ts';
import { type OwnedAgent, failedReply } from './ownedAgent.ts';

/** What the owner can do for them. */
export interface OwnerDeeds {
  /** Ends the running turn; resolves when what it carried is held. */
  interrupt(): Promise<InterruptResult>;
  restart(): Promise<void>;
  /** Answers what the agent asks, and the window. */
  answer(request: ControlRequest): Promise<void>;
  /** Gives the agent up, for Take Over. */
  release(): Promise<void>;
}

export class RemoteRequests {
  private readonly agent: OwnedAgent;
  private readonly queue: SerialQueue;
  private readonly deeds: OwnerDeeds;

  /** @param queue The loop's: replies are written in it, after all that they tell of. */
  constructor(agent: OwnedAgent, queue: SerialQueue, deeds: OwnerDeeds) {
    this.agent = agent;
    this.queue = queue;
    this.deeds = deeds;
  }

  /** Takes a request off the list and does it. Of an interrupt and a restart the queue does not wait for the end. */
  async obey(request: ControlRequest): Promise<void> {
    const { agent, deeds } = this;
    const { keys, logger } = agent.parts;
    await agent.commit(new Plan(keys, agent.id).command('XDEL', keys.control(agent.id), request.entry));
    switch (request.action) {
      case 'answer':
        return deeds.answer(request);
      case 'interrupt':
        this.replyLater(request, deeds.interrupt().then(interruptReply));
        return;
      case 'restart':
        this.replyLater(
          request,
          deeds.restart().then(() => ({ ok: true })),
        );
        return;
      case 'release':
        // The owner before did not come to read it: whoever asked for the agent has it by now.
        return request.fields.by === agent.parts.windowId ? undefined : deeds.release();
      default:
        logger.warn(`An unknown request "${oneLine(request.action, 40)}" of another window was ignored.`);
    }
  }

  private replyLater(request: ControlRequest, outcome: Promise<ControlReply>): void {
    outcome
      .catch((error: unknown) => failedReply(error))
      .then((reply) => this.queue.run(() => this.agent.reply(request, reply)))
      .catch((error: unknown) => this.agent.parts.logger.warn(describeError(error)));
  }
}

function interruptReply(result: InterruptResult): ControlReply {
  if (result.stopped) return { ok: true, survivors: result.survivors };
  return { ok: false, reason: result.reason, message: 'It has no running turn: there is nothing to interrupt.' };
}
