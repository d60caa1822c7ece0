/**
 * Actions on messages that wait for an agent: edit, move, promote to a steer, remove. Each is applied as a whole, or throws
 * because the message was taken meanwhile.
 */
import type { WaitingMessage } from '../../town/stores/delivery.ts';
import type { MessageSnapshot } from '../../town/stores/messageSnapshot.ts';
import type { Plan } from '../../town/plans/plan.ts';
import { proofOf } from '../../town/control/personsWords.ts';
import { editPlan, movePlan, promotePlan, removePlan } from '../../town/plans/queuePlans.ts';
import { type AgentRecord, type TaskRecord, isTaskOver } from '../../town/records/records.ts';
import type { Town } from '../../town/town.ts';
import type { TownKey } from '../../town/control/townKey.ts';
import { TinytownError } from '../../util/errors.ts';
import { say } from '../../util/sentence.ts';
import { checkedText } from './checkedText.ts';
import { inOrder } from '../agent/decide.ts';
import { bodyText } from '../agent/prompt.ts';
import { type Receipt, elementId, receiptsOf } from '../state/receipt.ts';
import { type QueueAction, movableOf, neighbourOf, whyNotQueued } from '../state/queueRules.ts';

/** Lists may change during an action, and each change requires another look. */
const ATTEMPTS = 8;

/** A waiting message, as one look found it. */
interface Found {
  agent: AgentRecord;
  look: MessageSnapshot;
  waiting: WaitingMessage;
  order: readonly WaitingMessage[];
}

interface Step {
  plan: Plan;
  /** Whether a later look shows that the plan was applied, although its reply was lost. */
  done: (look: MessageSnapshot) => boolean;
}

export class QueueActions {
  private readonly town: Town;
  private readonly find: (ref: string) => Promise<AgentRecord>;
  private readonly poke: (agentId: string) => void;
  private readonly townKey: TownKey;

  /**
   * @param find Finds the agent that a reference means; throws if there is none.
   * @param poke Makes an agent's loop look again.
   * @param townKey Proves that an edited text is the person's.
   */
  constructor(
    town: Town,
    find: (ref: string) => Promise<AgentRecord>,
    poke: (agentId: string) => void,
    townKey: TownKey,
  ) {
    this.townKey = townKey;
    this.town = town;
    this.find = find;
    this.poke = poke;
  }

  /** The current text of a waiting message that can be edited. @throws as {@link edit} does */
  async textToEdit(ref: string, messageId: string): Promise<string> {
    const agent = await this.find(ref);
    const { waiting } = findWaiting('editQueued', await this.town.messages.at(agent.id), messageId);
    const task = await this.taskOf(waiting);
    return bodyText(() => task, waiting.message);
  }

  /**
   * Replaces the text of a waiting message from the supervisor. For an assignment, replaces the text of its task.
   * @throws TinytownError `emptyText`, `textTooLong`, `cannotNow`, or as {@link remove} does
   */
  async edit(ref: string, messageId: string, text: string): Promise<void> {
    const said = checkedText(text);
    await this.change('editQueued', ref, messageId, async ({ agent, look, waiting }) => {
      const proof = await proofOf(waiting.message, this.town.keys.town, this.townKey, said);
      const facts = { look, task: await this.taskOf(waiting), proof, now: Date.now() };
      // There is no need to know whether it was done: doing it again changes nothing.
      return { plan: editPlan(this.place(agent), waiting, said, facts), done: () => false };
    });
  }

  /**
   * Swaps the message with the one before or after it, or moves it before or after the one with the id `beside`.
   * @throws TinytownError `cannotNow`, or as {@link remove} does
   */
  async move(
    ref: string,
    messageId: string,
    action: 'moveQueuedUp' | 'moveQueuedDown',
    beside?: string,
  ): Promise<void> {
    await this.change(action, ref, messageId, async ({ agent, waiting, order }) => {
      const neighbour =
        beside === undefined
          ? neighbourOf(action, waiting, order)
          : movableOf(order).find(({ message }) => message.id === beside && beside !== messageId);
      if (!neighbour) throw new TinytownError('cannotNow', 'There is no message to swap it with.');
      const where = action === 'moveQueuedUp' ? 'BEFORE' : 'AFTER';
      return {
        plan: movePlan(this.place(agent), waiting, where, neighbour),
        done: ({ inbox }) => {
          const ids = inbox.map(({ message }) => message.id);
          const [mine, its] = [ids.indexOf(messageId), ids.indexOf(neighbour.message.id)];
          return mine >= 0 && its >= 0 && mine < its === (where === 'BEFORE');
        },
      };
    });
  }

  /** Makes a waiting message urgent: it steers the running turn, or starts the next one. @throws as {@link remove} does */
  async promote(ref: string, messageId: string): Promise<void> {
    const agent = await this.change('promoteQueued', ref, messageId, async ({ agent: owner, waiting }) => ({
      plan: promotePlan(this.place(owner), waiting),
      done: ({ urgent }) => urgent.some(({ message }) => message.id === messageId),
    }));
    this.poke(agent.id);
  }

  /**
   * Takes a waiting message off its list. Cancels the task of an assignment.
   * @throws TinytownError `messageTaken` if the agent got it meanwhile, `messageGone`
   */
  async remove(ref: string, messageId: string, reason: string): Promise<void> {
    const agent = await this.find(ref);
    const first = await this.town.messages.at(agent.id);
    const unreadable = first.unreadable.find(({ raw }) => elementId(raw) === messageId);
    if (unreadable) {
      await this.town.delivery.apply(removePlan(this.place(agent), unreadable, first));
      return;
    }
    await this.change('removeQueued', agent.id, messageId, async ({ look, waiting }) => {
      const { message, raw } = waiting;
      if (message.type === 'task_assign') {
        const outcome = await this.town.tasks.cancelWaiting(message.taskId, reason, raw);
        if (outcome === 'done') return undefined;
      }
      return {
        plan: removePlan(this.place(agent), waiting, look),
        done: (later) => receiptOf(later, messageId) === undefined,
      };
    });
  }

  /** Finds the message and applies what `stepOf` returns for it, until that works. Undefined means that all is done. */
  private async change(
    action: QueueAction,
    ref: string,
    messageId: string,
    stepOf: (found: Found) => Promise<Step | undefined>,
  ): Promise<AgentRecord> {
    const agent = await this.find(ref);
    let step: Step | undefined;
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const look = await this.town.messages.at(agent.id);
      if (step?.done(look)) return agent;
      step = await stepOf({ agent, look, ...findWaiting(action, look, messageId) });
      if (!step || (await this.town.delivery.apply(step.plan))) return agent;
    }
    throw new TinytownError('wrongState', 'The inbox keeps changing. Refresh, then try again.');
  }

  /** The current record of an assignment's task. @throws TinytownError `taskOver`, `taskGone` */
  private async taskOf({ message }: WaitingMessage): Promise<TaskRecord | undefined> {
    if (message.type !== 'task_assign') return undefined;
    const task = await this.town.tasks.get(message.taskId);
    if (!task) throw new TinytownError('taskGone', 'This task no longer exists.');
    if (isTaskOver(task.state)) throw new TinytownError('taskOver', say('This task is already {0}.', task.state));
    return task;
  }

  private place(agent: AgentRecord): { keys: Town['keys']; agentId: string } {
    return { keys: this.town.keys, agentId: agent.id };
  }
}

/** The message, if `action` can be done with it. @throws TinytownError `cannotNow`, `messageTaken`, `messageGone` */
function findWaiting(action: QueueAction, look: MessageSnapshot, messageId: string): Pick<Found, 'waiting' | 'order'> {
  const order = inOrder(look.urgent, look.inbox);
  const waiting = order.find(({ message }) => message.id === messageId);
  if (!waiting) throw notWaiting(look, messageId);
  const reason = whyNotQueued(action, waiting, order);
  if (reason !== undefined) throw new TinytownError('cannotNow', reason);
  return { waiting, order };
}

function receiptOf(look: MessageSnapshot, messageId: string): Receipt | undefined {
  return receiptsOf(look, () => undefined).find((one) => one.messageId === messageId);
}

function notWaiting(look: MessageSnapshot, messageId: string): TinytownError {
  switch (receiptOf(look, messageId)?.state) {
    case 'sent':
    case 'delivered':
    case 'uncertain':
      return new TinytownError('messageTaken', 'It was sent to the agent a moment ago.', {
        hint: 'Steer the agent to tell it something else.',
      });
    case 'settled':
      return new TinytownError('messageTaken', 'It was sent to the agent, and that turn is over.');
    case 'held':
      return new TinytownError(
        'messageTaken',
        'It was sent to the agent. It is held because its turn was interrupted.',
      );
    case 'dead':
      return new TinytownError('messageTaken', 'It failed. Retry or discard it.');
    case 'queued':
    case undefined:
      return new TinytownError('messageGone', 'This message is no longer waiting.');
  }
}
