/** The inputs of one agent's turns: as many messages as fit, and everything that their prompt has to say. */
import type { RuntimeMode } from '../../runtime/codingAgent.ts';
import type { WaitingMessage } from '../../town/stores/delivery.ts';
import { isActionable } from '../../town/records/messageClass.ts';
import type { Message } from '../../town/records/messages.ts';
import { provenAmong } from '../../town/control/personsWords.ts';
import type { TaskRecord } from '../../town/records/records.ts';
import { roleOf } from '../../town/records/roles.ts';
import { type Filling, INPUT_LIMIT, fill } from './filling.ts';
import type { OwnedAgent } from './ownedAgent.ts';
import { bodyText, roundPrompt, standingFacts, steerPrompt } from './prompt.ts';
import type { RuntimeSlot } from './runtimeSlot.ts';
import type { Settlement } from './settlement.ts';
import { encodeTold, knownIn, whatDiffers } from './standing.ts';

/** The text of a round is empty if there is nothing to say. */
export interface RoundInput extends Filling {
  /** The digest of the backlog in the text, if there is one. */
  offered: string | undefined;
  /** What the record must say about the thread once the thread has the round. Undefined if it says so already. */
  told: string | undefined;
}

/** What a prompt needs, apart from its messages. */
type KnownFacts = Omit<Parameters<typeof steerPrompt>[0], 'messages' | 'persons'>;

type Render = (messages: readonly WaitingMessage[], persons: ReadonlySet<WaitingMessage>) => string;

export class TurnInputs {
  private readonly agent: OwnedAgent;
  private readonly slot: RuntimeSlot;
  private readonly settlement: Settlement;
  /** The tasks that the last messages assign, as read with them. The mirror may not have these tasks yet. */
  private fresh: ReadonlyMap<string, TaskRecord> = new Map();
  private readonly task = (id: string): TaskRecord | undefined =>
    this.fresh.get(id.toLowerCase()) ?? this.agent.parts.picture.task(id);

  constructor(agent: OwnedAgent, slot: RuntimeSlot, settlement: Settlement) {
    this.agent = agent;
    this.slot = slot;
    this.settlement = settlement;
  }

  /** As many messages as fit into one round. Messages that fit into no round are set aside. */
  async round(messages: readonly WaitingMessage[], mode: RuntimeMode): Promise<RoundInput> {
    const { parts, record } = this.agent;
    const known = this.facts(mode);
    const backlog = parts.offers.allowed ? parts.offers.of(roleOf(record)) : undefined;
    const facts = {
      ...known,
      backlog: backlog && { ...backlog, isNew: backlog.digest !== record.backlogOffered },
      round: record.roundsCompleted + 1,
      maxRounds: parts.policy(record).maxRounds,
    };
    const filling = await this.fill(messages, (some, persons) => roundPrompt({ ...facts, messages: some, persons }));
    return { ...filling, offered: backlog?.digest, told: this.toldAfter(known) };
  }

  /** As many messages as fit into one steer. Messages that fit into no steer are set aside. */
  steer(messages: readonly WaitingMessage[], mode: RuntimeMode): Promise<Filling> {
    const facts = this.facts(mode);
    return this.fill(messages, (some, persons) => steerPrompt({ ...facts, messages: some, persons }));
  }

  /** The whole text of a message. */
  wordsOf(message: Message): string {
    return bodyText(this.task, message);
  }

  /** The task that a message of the last input assigns. Undefined if its record cannot be read. */
  assigned(message: Message): TaskRecord | undefined {
    return message.type === 'task_assign' ? this.fresh.get(message.taskId.toLowerCase()) : undefined;
  }

  private async fill(messages: readonly WaitingMessage[], render: Render): Promise<Filling> {
    const { agent } = this;
    const { picture, keys, townKey } = agent.parts;
    const assigned = messages.flatMap(({ message }) => (message.type === 'task_assign' ? [message.taskId] : []));
    const tasks = await picture.freshTasks(assigned);
    this.fresh = new Map(tasks.map((task) => [task.id, task]));
    const persons = await provenAmong(messages, keys.town, townKey);
    const held = this.held();
    const sizeOf = ({ message }: WaitingMessage): number =>
      isActionable(message) && !held.has(message.id) ? this.wordsOf(message).length : 0;
    const filling = fill(messages, sizeOf, (some) => render(some, persons));
    if (filling.tooLong.length > 0) {
      const reason = `is longer than one turn can carry (${INPUT_LIMIT} characters together with the prompt)`;
      const aside = filling.tooLong.map(({ list, raw }) => ({ list, raw, reason }));
      await agent.setAside(aside);
      await this.settlement.failGivenUp(agent.id);
    }
    return filling;
  }

  private facts(mode: RuntimeMode): KnownFacts {
    const { agent } = this;
    const { parts, record } = agent;
    return {
      town: parts.townName,
      agent: record,
      role: roleOf(record),
      access: this.slot.access(mode),
      known: mode === 'persistent' ? knownIn(agent.told) : undefined,
      continued: this.held(),
      task: this.task,
      nameOf: (id) => parts.picture.nameOf(id),
    };
  }

  private toldAfter(facts: KnownFacts): string | undefined {
    if (!facts.known) return undefined;
    const { told, record } = this.agent;
    const differs = whatDiffers(facts.known, standingFacts(facts));
    const after = encodeTold({ ...told, since: { ...told.since, ...differs?.known } });
    return after === record.threadTold ? undefined : after;
  }

  /** Ids of messages that the thread has in full, because their turn was cut off or failed. */
  private held(): ReadonlySet<string> {
    const { turnRecord, threadId } = this.agent;
    const held = Object.entries(turnRecord.seen).filter(
      ([, seen]) => seen.threadId !== null && seen.threadId === threadId,
    );
    return new Set(held.map(([id]) => id));
  }
}
