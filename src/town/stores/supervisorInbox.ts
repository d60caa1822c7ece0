/** Messages from agents and `tt` to the person (the supervisor): read, answered and dismissed one by one. */
import type { Delivery, UnreadableMessage, WaitingMessage } from './delivery.ts';
import { pushCommand } from './inbox.ts';
import { SUPERVISOR_ID, type TownKeys } from '../keys.ts';
import { type MessageBody, byCreation, encodeMessage, newMessage } from '../records/messages.ts';
import { Plan } from '../plans/plan.ts';
import { removalPlan, setAsidePlan } from '../plans/plans.ts';

/** `gone`: somebody answered or dismissed it meanwhile. `senderGone`: the sender no longer exists. */
export type SettleResult = 'done' | 'gone' | 'senderGone';

/** More than anybody reads. The rest shows up once some of these are answered. */
const MOST_LISTED = 2_000;

export class SupervisorInbox {
  private readonly delivery: Delivery;
  private readonly keys: TownKeys;

  constructor(delivery: Delivery, keys: TownKeys) {
    this.delivery = delivery;
    this.keys = keys;
  }

  /** Waiting messages, oldest first. Sets aside other elements. @throws TinytownError with a `RedisErrorReason` */
  async list(): Promise<WaitingMessage[]> {
    const { waiting, unreadable } = await this.read();
    if (unreadable.length > 0) await this.delivery.apply(setAsidePlan(this.context(), unreadable));
    return waiting.toSorted((a, b) => byCreation(a.message, b.message));
  }

  /** The first messages of each list, and all later ones that ask for something. */
  private async read(): Promise<{ waiting: WaitingMessage[]; unreadable: UnreadableMessage[] }> {
    const peek = await this.delivery.peek(SUPERVISOR_ID);
    const waiting = [...peek.urgent, ...peek.inbox];
    const unreadable = [...peek.unreadable];
    for (const list of ['urgent', 'inbox'] as const) {
      const read = peek[list].length + peek.unreadable.filter((one) => one.list === list).length;
      let place: number | undefined = peek.lengths[list] > read ? read : undefined;
      while (place !== undefined && waiting.length < MOST_LISTED) {
        const { atEnd, looked, ...found } = await this.delivery.find(SUPERVISOR_ID, list, place);
        waiting.push(...found.waiting);
        unreadable.push(...found.unreadable);
        place = atEnd ? undefined : looked.place;
      }
    }
    return { waiting, unreadable };
  }

  /** Sends `body` to the message's sender as the answer, and takes the message off the list, atomically. */
  async reply(messageId: string, body: MessageBody): Promise<SettleResult> {
    const waiting = await this.find(messageId);
    if (!waiting) return 'gone';
    const { from } = waiting.message;
    if (from === SUPERVISOR_ID) return 'senderGone';
    const answer = newMessage({ ...body, from: SUPERVISOR_ID, to: from, correlationId: messageId });
    const key = this.keys[waiting.list](SUPERVISOR_ID);
    const plan = new Plan(this.keys, from)
      .whileListed(key, waiting.raw)
      .command('LREM', key, 1, waiting.raw)
      .command(pushCommand(answer, false), this.keys.inbox(from), encodeMessage(answer));
    if (await this.delivery.apply(plan)) return 'done';
    return (await this.find(messageId)) ? 'senderGone' : 'gone';
  }

  /** Drops one message. */
  async dismiss(messageId: string): Promise<SettleResult> {
    const waiting = await this.find(messageId);
    return waiting && (await this.delivery.apply(removalPlan(this.context(), [waiting]))) ? 'done' : 'gone';
  }

  private async find(messageId: string): Promise<WaitingMessage | undefined> {
    return (await this.read()).waiting.find(({ message }) => message.id === messageId);
  }

  private context() {
    return { keys: this.keys, agentId: SUPERVISOR_ID, agentName: 'supervisor', threadId: null, now: Date.now() };
  }
}
