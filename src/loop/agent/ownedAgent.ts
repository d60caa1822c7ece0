/** An agent as its owner sees and writes it: the record as of the last look, and changes that only the owner can make. */
import type { TurnRecord } from '../../town/records/batch.ts';
import { type ControlReply, replyPlan } from '../../town/control/control.ts';
import { type ControlRequest, type Peek, type UnreadableMessage, WrongTypeError } from '../../town/stores/delivery.ts';
import type { Plan } from '../../town/plans/plan.ts';
import { type PlanContext, setAsidePlan, statePlan } from '../../town/plans/plans.ts';
import type { AgentRecord, AgentState } from '../../town/records/records.ts';
import { isPassing } from '../../town/redis/errors.ts';
import { TinytownError, describeError } from '../../util/errors.ts';
import { Emitter } from '../../util/event.ts';
import { say } from '../../util/sentence.ts';
import type { HeldAgent } from './accountHold.ts';
import { HiddenMessages } from './hiddenMessages.ts';
import type { LoopParts } from './loopParts.ts';
import { type ThreadTold, decodeTold } from './standing.ts';

/** The kinds of an agent's keys that a look reads, besides its record. */
const listedKeys = ['urgent', 'inbox', 'inflight', 'turn', 'stop', 'control'] as const;

/** The reply to another window whose request failed. */
export function failedReply(error: unknown): ControlReply {
  const reason = error instanceof TinytownError ? error.reason : 'refused';
  return { ok: false, reason, message: describeError(error) };
}

export class OwnedAgent {
  readonly id: string;
  readonly parts: LoopParts;
  private openThread: string | null = null;
  /** The thread that was made last, and what it was given. The record says so only after the first turn. */
  private made: ThreadTold | undefined;
  /** The owner's epoch: see `leases.ts`. */
  readonly epoch: string;
  private last: { record: AgentRecord; turn: TurnRecord; waiting: { inbox: number; urgent: number } } | undefined;
  private readonly hidden: HiddenMessages;
  private toldProblems: ReadonlySet<string> = new Set();
  private readonly fenced = new Emitter<void>();
  /** Another window has taken the agent. This window can write nothing anymore. */
  readonly onFenced = this.fenced.event;
  private readonly givenUp = new Emitter<number>();
  /** A write was given up after this many milliseconds, because Redis accepted no change. */
  readonly onGaveUp = this.givenUp.event;
  private readonly problems = new Emitter<unknown>();
  /** Something went wrong that the user should see. */
  readonly onProblem = this.problems.event;

  constructor(id: string, epoch: string, parts: LoopParts) {
    this.id = id;
    this.epoch = epoch;
    this.parts = parts;
    this.hidden = new HiddenMessages(id, parts.delivery);
  }

  /** The thread that the runtime has open; null for none. */
  get threadId(): string | null {
    return this.openThread;
  }

  /** The runtime has opened a thread, or none. */
  opened(threadId: string | null): void {
    this.openThread = threadId;
  }

  /** A new thread was made, and was told this at its start. */
  madeThread(told: ThreadTold): void {
    this.made = told;
  }

  /** The record as last seen or written. @throws TinytownError before the first look */
  get record(): AgentRecord {
    return this.seen.record;
  }

  /** What the open thread knows about who the agent is and how to work. Empty if the record does not say. */
  get told(): ThreadTold {
    const { threadId, made } = this;
    const told = decodeTold(this.record.threadTold, threadId);
    if (told) return told;
    return made && made.thread === threadId ? made : { thread: threadId ?? '', given: {}, since: {} };
  }

  /** What earlier turns left behind, as of the last look. */
  get turnRecord(): TurnRecord {
    return this.seen.turn;
  }

  /** The agent in the form that `AccountHold` takes. */
  get held(): HeldAgent {
    return { id: this.id, model: this.parts.modelOf(this.record).model ?? '' };
  }

  /** How many messages waited at the last look. */
  get waiting(): { inbox: number; urgent: number } {
    return this.last?.waiting ?? { inbox: 0, urgent: 0 };
  }

  /**
   * Reads everything that a decision is based on. Undefined if something unreadable was set aside: look again. `gone` if the
   * record no longer exists.
   * @throws TinytownError `badRecord`, or with a `RedisErrorReason`
   */
  async look(): Promise<Peek | 'gone' | undefined> {
    const peek = await this.parts.delivery.peek(this.id);
    if (!peek.agent) return 'gone';
    if (await this.setKeysAside(peek.problems)) return undefined;
    if (!peek.agent.ok) {
      const text = say('The record of agent {0} cannot be used: {1}.', this.id, peek.agent.reason);
      throw new TinytownError('badRecord', text, { hint: 'Repair the field in Redis, or remove the agent.' });
    }
    this.last = { record: peek.agent.value, turn: peek.turn, waiting: peek.lengths };
    // An agent that is about to close leaves all waiting messages. None of them may wake it later.
    const all = await this.hidden.addTo(peek, peek.agent.value.state === 'draining');
    if (all.unreadable.length === 0) return all;
    await this.setAside(all.unreadable);
    return undefined;
  }

  /** Moves entries that are no messages, or that cannot be sent, to where people see them and decide. */
  async setAside(unreadable: readonly UnreadableMessage[]): Promise<void> {
    for (const { list, reason } of unreadable)
      this.parts.logger.warn(`A message (${list}) was set aside: it ${reason}.`);
    await this.commit(setAsidePlan(this.context(), unreadable));
  }

  /** Moves this agent's keys that have the wrong type out of the way. True if any was moved. Reports each problem once. */
  private async setKeysAside(problems: readonly string[]): Promise<boolean> {
    const fresh = problems.filter((problem) => !this.toldProblems.has(problem));
    this.toldProblems = new Set(problems);
    let moved = false;
    for (const problem of problems) {
      const key = listedKeys
        .map((kind) => this.parts.keys[kind](this.id))
        .find((one) => problem.startsWith(`${one}: `));
      moved = (key !== undefined && (await this.setKeyAside(key))) || moved;
    }
    if (!moved) {
      for (const problem of fresh) this.report(new TinytownError('badRecord', say('Cannot read {0}', problem)));
    }
    return moved;
  }

  private async setKeyAside(key: string): Promise<boolean> {
    const { delivery, keys } = this.parts;
    const its = keys.parse(key);
    if (its?.id !== this.id) return false;
    const moved = await delivery.setKeyAside(key, its.kind);
    if (moved === undefined) return false;
    const text = say('{0} had the wrong type. It was set aside as {1}.', key, moved);
    this.report(
      new TinytownError('badRecord', text, { hint: 'Another program wrote it. Look at it, then delete it.' }),
    );
    return true;
  }

  /** Whether a changed record asks for something. Most changes are our own. */
  asksForMore(record: AgentRecord): boolean {
    const { state, persistent } = this.last?.record ?? {};
    return record.state !== state || record.persistent !== persistent;
  }

  /** Applies a plan. `changed` if it no longer fits, or if the agent is no longer ours. */
  async commit(plan: Plan): Promise<'done' | 'changed'> {
    const { delivery } = this.parts;
    const start = performance.now();
    try {
      const result = await delivery.commit(plan, this.epoch);
      if (result !== 'fenced') return result;
    } catch (error) {
      if (error instanceof WrongTypeError && (await this.setKeyAside(error.key))) return this.commit(plan);
      if (isPassing(error)) this.givenUp.fire(performance.now() - start);
      throw error;
    }
    this.fenced.fire();
    return 'changed';
  }

  /** Sends the result of a request to the window that asked, if it waits for one. */
  async reply(request: ControlRequest, answer: ControlReply): Promise<void> {
    const { keys, townKey } = this.parts;
    const plan = await replyPlan({ keys, agentId: this.id }, request, answer, townKey);
    if (plan) await this.commit(plan);
  }

  /** Moves the agent from one state to another, unless somebody has changed the state meanwhile. */
  async setState(from: AgentState, to: AgentState, message: string, lastError?: string): Promise<void> {
    await this.commit(statePlan(this.context(), { from, to, message, lastError }));
    this.note(to);
  }

  /** Remembers a state that we wrote, until the next look. */
  note(state: AgentState): void {
    if (this.last) this.last = { ...this.last, record: { ...this.last.record, state } };
  }

  report(error: unknown): void {
    this.parts.logger.warn(describeError(error));
    this.problems.fire(error);
  }

  context(): PlanContext {
    const { keys, now } = this.parts;
    const agentName = this.last?.record.name ?? this.id;
    return { keys, agentId: this.id, agentName, threadId: this.threadId, now: now() };
  }

  private get seen(): NonNullable<typeof this.last> {
    if (!this.last) throw new TinytownError('badRecord', say('Agent {0} has not been read yet.', this.id));
    return this.last;
  }
}
