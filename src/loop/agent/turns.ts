/**
 * The turns of one agent. Sends rounds and steers, follows what happens to them, and settles each turn when it is over.
 * Everything that must survive is in Redis before anything is sent.
 */
import { randomUUID } from 'node:crypto';
import type { InterruptResult, RuntimeEvent, RuntimeMode, TurnOutcome } from '../../runtime/codingAgent.ts';
import type { Batch } from '../../town/records/batch.ts';
import type { WaitingMessage } from '../../town/stores/delivery.ts';
import { isActionable } from '../../town/records/messageClass.ts';
import { adriftPlan, deliveredPlan, takePlan, toldPlan } from '../../town/plans/plans.ts';
import { isTaskOver } from '../../town/records/records.ts';
import { TinytownError, describeError } from '../../util/errors.ts';
import { Emitter } from '../../util/event.ts';
import { say } from '../../util/sentence.ts';
import type { SerialQueue } from '../../util/serialQueue.ts';
import type { LoopFacts } from './decide.ts';
import type { EndIntent } from './fates.ts';
import type { RefusedLimit } from './limitRules.ts';
import type { OwnedAgent } from './ownedAgent.ts';
import type { RuntimeSlot } from './runtimeSlot.ts';
import type { Settlement } from './settlement.ts';
import { encodeTold } from './standing.ts';
import { type RoundInput, TurnInputs } from './turnInputs.ts';

const noLimit: RefusedLimit = { limitId: null, windows: [] };

export class Turns {
  private turnPhase: LoopFacts['turn'] = 'none';
  private takesSteers = true;
  private readonly agent: OwnedAgent;
  private readonly slot: RuntimeSlot;
  private readonly settlement: Settlement;
  private readonly inputs: TurnInputs;
  private readonly queue: SerialQueue;
  private intent: EndIntent | undefined;
  /** The last limit that the running turn reported as used up. */
  private limit: RefusedLimit = noLimit;
  /** The start in progress. Its messages are taken first, and from then on everybody sees the agent as working. */
  private starting: Promise<void> | undefined;
  /** The conversation was compacted, and no turn has succeeded since. */
  private compacted = false;
  /** The running turn compacts the conversation. It carries no messages. */
  private compacting = false;
  /** Counts the turns, so that queued events of an earlier turn are not applied to the running one. */
  private turn = 0;
  /** Batches of the running turn, by id. */
  private readonly sent = new Map<string, Batch>();
  private readonly steered = new Emitter<{ clientId: string; text: string }>();
  /** A steer was accepted by the runtime. */
  readonly onSteered = this.steered.event;
  private readonly settled = new Emitter<void>();
  /** A turn is over and in order. */
  readonly onSettled = this.settled.event;

  /** @param queue The loop's queue. Everything but an interrupt runs in it, one step after the other. */
  constructor(agent: OwnedAgent, slot: RuntimeSlot, settlement: Settlement, queue: SerialQueue) {
    this.agent = agent;
    this.slot = slot;
    this.settlement = settlement;
    this.inputs = new TurnInputs(agent, slot, settlement);
    this.queue = queue;
    agent.onGaveUp((milliseconds) => this.cutOff(milliseconds));
  }

  get phase(): LoopFacts['turn'] {
    return this.turnPhase;
  }

  /** False once the running turn has refused a steer: it is over, or it cannot be steered. */
  get steerable(): boolean {
    return this.takesSteers;
  }

  /** Whether a batch belongs to the running turn. */
  carries(batchId: string): boolean {
    return this.sent.has(batchId);
  }

  /** Starts a turn with messages, or with the backlog if no message asks for a turn. */
  async startRound(messages: readonly WaitingMessage[], kind: 'round' | 'offer'): Promise<void> {
    this.starting = this.start(messages, kind);
    await this.starting.finally(() => (this.starting = undefined));
  }

  private async start(messages: readonly WaitingMessage[], kind: 'round' | 'offer'): Promise<void> {
    const runtime = this.slot.current;
    const { id, parts } = this.agent;
    if (parts.usesCodex(this.agent.record) && !(await parts.account.begins(this.agent.held))) return;
    let round: { text: string; batch: Batch } | undefined;
    try {
      round = runtime && (await this.takeRound(messages, kind, runtime.mode));
    } finally {
      // No turn will show whether the account works again, so others may try.
      if (!round) parts.account.inconclusive(id);
    }
    if (!round || !runtime) return;
    const { text, batch } = round;
    this.limit = noLimit;
    this.turnPhase = 'running';
    this.turn += 1;
    this.takesSteers = true;
    const { record } = this.agent;
    parts.roundLog.begin(parts.townName, record, record.roundsCompleted + 1, text);
    try {
      await runtime.startTurn({ text, clientId: batch.id }, parts.modelOf(record));
    } catch (error) {
      const reason = error instanceof TinytownError ? error.reason : '';
      // If the process went away, its history tells whether it has seen the input.
      if (!this.slot.current || reason === 'unresponsive' || reason === 'notRunning') return;
      this.agent.parts.logger.warn(`The turn was refused: ${describeError(error)}`);
      this.turnPhase = 'ending';
      const trouble = reason === 'unauthorized' ? 'signedOut' : reason === 'overloaded' ? 'busy' : 'retry';
      await this.settle({ status: 'failed', message: describeError(error), trouble });
    }
  }

  /** Puts messages into the running turn. If the turn refuses them, they wait for the next one. */
  async steer(messages: readonly WaitingMessage[]): Promise<void> {
    const { logger } = this.agent.parts;
    const runtime = this.slot.current;
    if (!runtime) return;
    const { taken, text } = await this.inputs.steer(messages, runtime.mode);
    const batch = taken.length > 0 && (await this.take('steer', taken));
    if (!batch) return;
    const result = await runtime.steer({ text, clientId: batch.id });
    if (result.accepted) {
      this.steered.fire({
        clientId: batch.id,
        text: taken.map(({ message }) => this.inputs.wordsOf(message)).join('\n'),
      });
      return;
    }
    logger.info(`The steer was not taken (${result.reason}); it waits for the next round.`);
    this.sent.delete(batch.id);
    await this.settlement.putBack(this.agent.context(), this.agent.turnRecord, batch);
    this.takesSteers = false;
  }

  /** Ends the running turn, if there is one. */
  async end(intent: EndIntent): Promise<InterruptResult> {
    const runtime = this.slot.current;
    if (this.turnPhase === 'none') await this.waitForStart();
    if (!runtime || this.turnPhase !== 'running') return { stopped: false, reason: 'noActiveTurn' };
    this.intent = intent;
    let result = await runtime.interrupt();
    if (!result.stopped && (await this.waitForStart())) result = await runtime.interrupt();
    if (!result.stopped && this.intent === intent) this.intent = undefined;
    return result;
  }

  /** Like {@link end}, for use inside the queue: the queue must not wait for events that run in it. Reports a failure. */
  endInBackground(intent: EndIntent): Promise<InterruptResult> {
    const ending = this.end(intent);
    if (this.turnPhase === 'running') this.turnPhase = 'ending';
    ending.catch((error: unknown) => this.agent.report(error));
    return ending;
  }

  handle(event: RuntimeEvent): void {
    switch (event.type) {
      case 'turnStarted':
        this.turnPhase = 'running';
        this.takesSteers = !this.compacting;
        if (event.adopted && !this.compacting) this.later(() => this.adopt());
        return;
      case 'itemStarted':
        if (event.item.kind !== 'userMessage' && event.item.kind !== 'other') this.slot.accepted();
        return;
      case 'inputDelivered':
        this.later(() => this.delivered(event.clientId));
        return;
      case 'rateLimitsUpdated':
        if (event.windows.some(({ usedPercent }) => usedPercent >= 100)) this.limit = event;
        return;
      case 'itemCompleted':
        if (event.item.kind === 'other' && event.item.type === 'contextCompaction') this.later(() => this.shortened());
        return;
      case 'turnCompleted': {
        const { turn } = this;
        this.turnPhase = 'ending';
        if (this.compacting) return;
        this.later(async () => {
          if (turn === this.turn) await this.settle(event.outcome);
        });
        return;
      }
      default:
    }
  }

  /** The process has ended, and with it the running turn. {@link runtimeGone} settles it later, in the queue. */
  processEnded(): void {
    if (this.turnPhase !== 'none') this.turnPhase = 'ending';
  }

  /** The runtime went away. A turn that we were ending is over. Any other turn is looked up in the thread's history later. */
  async runtimeGone(): Promise<void> {
    if (this.intent && this.turnPhase === 'ending' && this.sent.size > 0) return this.settle({ status: 'interrupted' });
    const { agent } = this;
    const batches = [...this.sent.values()];
    this.forget();
    if (batches.length === 0) return;
    await agent.commit(adriftPlan(agent.context(), batches)).catch((error: unknown) => agent.report(error));
  }

  /** Forgets the running turn. What it carried stays in flight, and is found again. */
  forget(): void {
    this.turnPhase = 'none';
    this.turn += 1;
    this.intent = undefined;
    this.sent.clear();
    this.agent.parts.account.inconclusive(this.agent.id);
  }

  /** Nothing can be written for the turn anymore. Ends it; what it carried continues when Redis is back. */
  private cutOff(milliseconds: number): void {
    // Ending it here is neither a crash nor a failed attempt.
    this.settlement.turnsEnd({ crashed: false, reason: 'Redis was away.' });
    if (this.turnPhase !== 'running') return;
    this.endInBackground('redisAway').then(
      ({ stopped }) => (stopped ? this.agent.report(turnCutOff(milliseconds)) : undefined),
      () => undefined,
    );
  }

  /** Takes as many messages as fit into one round. Undefined if none asks for a turn, or if the lists have changed. */
  private async takeRound(
    messages: readonly WaitingMessage[],
    kind: 'round' | 'offer',
    mode: RuntimeMode,
  ): Promise<{ text: string; batch: Batch } | undefined> {
    const input = await this.inputs.round(messages, mode);
    const { text, taken } = input;
    if (text === '' || (kind === 'round' && !taken.some(({ message }) => isActionable(message)))) return undefined;
    const batch = await this.take(kind, taken, input);
    return batch && { text, batch };
  }

  /** Moves messages into a batch. Undefined if the lists have changed since the look. */
  private async take(
    kind: Batch['kind'],
    messages: readonly WaitingMessage[],
    { offered, told }: Partial<Pick<RoundInput, 'offered' | 'told'>> = {},
  ): Promise<Batch | undefined> {
    const { agent } = this;
    const batch: Batch = {
      id: randomUUID(),
      kind,
      at: agent.parts.now(),
      threadId: agent.threadId,
      delivered: false,
      messages: messages.map(({ message, list, raw }) => ({ id: message.id, list, raw: raw.toString() })),
      ...(told !== undefined && { told }),
    };
    const tasks = messages.flatMap(({ message }) => this.inputs.assigned(message) ?? []);
    const open = tasks.filter(({ state }) => !isTaskOver(state));
    let taken = false;
    this.sent.set(batch.id, batch);
    try {
      const plan = takePlan(agent.context(), agent.record.state, batch, messages, open, offered);
      taken = (await agent.commit(plan)) === 'done';
    } finally {
      // If only the reply was lost, the batch is in flight. No turn carries it, so it will be looked up.
      if (!taken) this.sent.delete(batch.id);
    }
    if (taken && kind !== 'steer') agent.note('working');
    return taken ? batch : undefined;
  }

  /** Waits for a start in progress. Resolves with whether there was one. */
  private async waitForStart(): Promise<boolean> {
    const { starting } = this;
    await starting?.catch(() => undefined);
    return starting !== undefined;
  }

  /** A turn that nobody here asked for. */
  private async adopt(): Promise<void> {
    if (this.agent.record.state === 'idle') await this.agent.setState('idle', 'working', '▶ A turn started by itself');
  }

  private async delivered(clientId: string): Promise<void> {
    const batch = this.sent.get(clientId);
    if (!batch || batch.delivered) return;
    const delivered = { ...batch, delivered: true, threadId: this.agent.threadId };
    this.sent.set(clientId, delivered);
    const written = await this.agent.commit(deliveredPlan(this.agent.context(), batch));
    if (written === 'done') this.sent.set(clientId, { ...delivered, told: undefined });
  }

  /** The conversation was compacted. The thread may have lost what earlier rounds told it. */
  private async shortened(): Promise<void> {
    const { told, record } = this.agent;
    const after = encodeTold({ ...told, since: {} });
    if (after !== record.threadTold) await this.agent.commit(toldPlan(this.agent.context(), after));
  }

  /** Compacts a full conversation, once. True if the same input may be tried again. */
  private async makeRoom(outcome: TurnOutcome): Promise<boolean> {
    const runtime = this.slot.current;
    if (outcome.status !== 'failed' || outcome.trouble !== 'contextFull' || !runtime || this.compacted) return false;
    this.agent.parts.logger.info('The conversation is too long for the model; compacting it.');
    this.compacting = true;
    try {
      const result = await runtime.compact();
      this.compacted = result === 'completed';
      return result !== 'failed';
    } finally {
      this.compacting = false;
      this.turnPhase = 'ending';
    }
  }

  private async settle(outcome: TurnOutcome): Promise<void> {
    const { agent, intent } = this;
    const batches = [...this.sent.values()];
    try {
      // This comes first, so that no other agent begins meanwhile.
      if (outcome.status === 'failed' && outcome.trouble === 'usedUp')
        await agent.parts.account.usedUp(agent.held, this.limit);
      const { maxAttempts } = agent.parts.policy(agent.record);
      const end = { outcome, intent, maxAttempts, again: await this.makeRoom(outcome) };
      await this.settlement.atTurnEnd(agent.context(), agent.turnRecord, batches, end);
      agent.note('idle');
      if (outcome.status === 'completed') {
        this.compacted = false;
        this.slot.wentWell();
      } else if (outcome.status === 'failed' && outcome.trouble === 'signedOut') this.slot.refused();
    } catch (error) {
      // Otherwise the batch would stay in flight and be sent again and again.
      if (error instanceof TinytownError && error.reason === 'badRecord')
        await agent.setState(agent.record.state, 'error', '✗ The turn could not be settled', describeError(error));
      throw error;
    } finally {
      for (const { id } of batches) this.sent.delete(id);
      if (outcome.status !== 'failed' || outcome.trouble !== 'signedOut') agent.parts.account.inconclusive(agent.id);
      this.intent = undefined;
      // Unless another turn has started by itself meanwhile.
      if (this.turnPhase === 'ending') this.turnPhase = 'none';
      this.settled.fire();
    }
  }

  /** A failure must not stop the queue. It is reported, and the next look puts things right. */
  private later(job: () => Promise<void>): void {
    void this.queue.run(() => job().catch((error: unknown) => this.agent.report(error)));
  }
}

/** A turn was ended because nothing could be written for `milliseconds`. */
function turnCutOff(milliseconds: number): TinytownError {
  const seconds = Math.max(1, Math.round(milliseconds / 1_000));
  const hint = 'It continues when Redis is back. Nothing is lost.';
  const message = say('Redis has accepted no changes for {0} s, so the running turn was ended.', seconds);
  return new TinytownError('turnCutOff', message, { hint });
}
