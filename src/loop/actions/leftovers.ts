/** Actions on what turns left behind: work held after an interrupt, and messages given up after too many attempts. */
import type { HeldBatch } from '../../town/records/batch.ts';
import { deadPlan, heldPlan } from '../../town/plans/leftoverPlans.ts';
import type { AgentRecord } from '../../town/records/records.ts';
import type { Town } from '../../town/town.ts';
import { TinytownError } from '../../util/errors.ts';
import { assignedTaskIds } from '../../town/records/messages.ts';
import { say } from '../../util/sentence.ts';
import { elementId } from '../state/receipt.ts';

export class Leftovers {
  private readonly town: Town;
  private readonly find: (ref: string) => Promise<AgentRecord>;
  private readonly poke: (agentId: string) => void;

  /**
   * @param find Finds the agent that a reference means; throws if there is none.
   * @param poke Makes the agent's loop look again, if this window runs it.
   */
  constructor(town: Town, find: (ref: string) => Promise<AgentRecord>, poke: (agentId: string) => void) {
    this.town = town;
    this.find = find;
    this.poke = poke;
  }

  /** Gives the agent its held work again: one batch, or all. */
  async runAgain(ref: string, batchId?: string): Promise<void> {
    await this.settleHeld(ref, true, batchId);
  }

  /** Drops held work, one batch or all, and cancels its tasks. */
  async dismissHeld(ref: string, batchId?: string): Promise<void> {
    await this.settleHeld(ref, false, batchId);
  }

  /** Gives the agent its given-up messages again: one of them, or all. */
  async retryDead(ref: string, messageId?: string): Promise<void> {
    await this.settleDead(ref, true, messageId);
  }

  /** Drops the messages that were given up: one of them, or all. */
  async dismissDead(ref: string, messageId?: string): Promise<void> {
    await this.settleDead(ref, false, messageId);
  }

  /** @throws TinytownError `nothingHeld` */
  private async settleHeld(ref: string, again: boolean, batchId: string | undefined): Promise<void> {
    const { keys, delivery } = this.town;
    const agent = await this.find(ref);
    const held = await delivery.held(agent.id);
    if (held.length === 0) throw new TinytownError('nothingHeld', say('{0} has no interrupted work.', agent.name));
    const meant = held.filter(({ value }) => batchId === undefined || value.batch.id === batchId);
    if (meant.length === 0) throw new TinytownError('nothingHeld', 'This was already run again or discarded.');
    // Newest first: each batch is put before the later ones.
    for (const { raw, value } of meant.toReversed()) {
      const applied = await delivery.apply(heldPlan({ keys, agentId: agent.id }, raw, value, again));
      if (applied && !again) await this.cancelTasks(agent.id, value);
    }
    this.poke(agent.id);
  }

  /** Cancels the tasks of discarded work, except those that another agent has by now. */
  private async cancelTasks(agentId: string, { batch }: HeldBatch): Promise<void> {
    const { tasks } = await this.town.tasks.read(assignedTaskIds(batch.messages));
    for (const task of tasks) {
      if (task.assignedTo === agentId) await this.town.tasks.cancel(task.id, 'Discarded after an interrupt.');
    }
  }

  /** @throws TinytownError `nothingDead` */
  private async settleDead(ref: string, again: boolean, messageId: string | undefined): Promise<void> {
    const { keys, delivery } = this.town;
    const agent = await this.find(ref);
    const dead = await delivery.dead(agent.id);
    if (dead.length === 0) {
      throw new TinytownError('nothingDead', say('{0} has no failed messages.', agent.name));
    }
    const meant = dead.filter(({ value }) => messageId === undefined || elementId(value.raw) === messageId);
    if (meant.length === 0) throw new TinytownError('nothingDead', 'This was already retried or discarded.');
    for (const { raw, value } of meant.toReversed()) {
      await delivery.apply(deadPlan({ keys, agentId: agent.id }, raw, value, again));
    }
    this.poke(agent.id);
  }
}
