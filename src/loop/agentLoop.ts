/**
 * One agent's life in the window that owns it: looks, asks {@link decide} what to do, does it, and looks again. Everything
 * happens in one queue; only an interrupt passes it by. All that must survive is in Redis before anything is sent.
 */
import { randomUUID } from 'node:crypto';
import type { CodingAgent, RuntimeEvent, TurnOutcome } from '../runtime/codingAgent.ts';
import type { Batch, TurnRecord } from '../town/batch.ts';
import type { Peek, WaitingMessage } from '../town/delivery.ts';
import { Plan } from '../town/plan.ts';
import {
  type PlanContext,
  deliveredPlan,
  drainedPlan,
  quietPlan,
  setAsidePlan,
  statePlan,
  stoppedPlan,
  takePlan,
} from '../town/plans.ts';
import type { AgentRecord, AgentState } from '../town/records.ts';
import { roleOf } from '../town/roles.ts';
import { describeError, TinytownError } from '../util/errors.ts';
import { Emitter } from '../util/event.ts';
import { SerialQueue } from '../util/serialQueue.ts';
import { oneLine } from '../util/text.ts';
import { type LoopAction, type LoopFacts, decide, inOrder } from './decide.ts';
import type { EndIntent } from './fates.ts';
import type { LoopParts } from './loopParts.ts';
import { roundPrompt, steerPrompt } from './prompt.ts';
import { RestartPolicy } from './restartPolicy.ts';
import { Settlement } from './settlement.ts';

/** Why a loop ended: the window closes, another owner has the agent, it is gone, or it has nothing to do for now. */
export type LoopEnd = 'closed' | 'lost' | 'gone' | 'dormant';

export class AgentLoop {
  readonly agentId: string;
  private readonly parts: LoopParts;
  private readonly epoch: string;
  private readonly queue = new SerialQueue();
  private readonly restarts = new RestartPolicy();
  private readonly settlement: Settlement;

  private record: AgentRecord | undefined;
  private turnRecord: TurnRecord = { notBefore: 0, seen: {}, leftWaiting: new Set() };
  private runtime: CodingAgent | undefined;
  private threadId: string | null = null;
  private turn: LoopFacts['turn'] = 'none';
  private intent: EndIntent | undefined;
  private lastAgentText = '';
  /** Batches of the running turn, by id. */
  private readonly sent = new Map<string, Batch>();
  private lastWaiting = { inbox: 0, urgent: 0 };
  private restartAt = 0;
  private idleSince: number;
  private offeredBacklog = '';
  private stepQueued = false;
  private timer: NodeJS.Timeout | undefined;
  private end: LoopEnd | undefined;

  private readonly events = new Emitter<RuntimeEvent>();
  /** What the runtime tells, as it happens. */
  readonly onRuntimeEvent = this.events.event;
  private readonly steered = new Emitter<{ clientId: string; text: string }>();
  /** A steer was accepted by the runtime. */
  readonly onSteered = this.steered.event;
  private readonly problems = new Emitter<unknown>();
  readonly onProblem = this.problems.event;
  private readonly ended = new Emitter<LoopEnd>();
  /** Fires once. Except after `dormant` and `closed` the agent is not ours any more. */
  readonly onEnd = this.ended.event;

  /** @param disorderly The last owner did not give the agent back: what it had in flight was cut off by a crash. */
  constructor(agentId: string, epoch: string, disorderly: boolean, parts: LoopParts) {
    this.agentId = agentId;
    this.epoch = epoch;
    this.parts = parts;
    this.idleSince = parts.now();
    this.settlement = new Settlement(parts, (plan) => this.commit(plan), {
      crashed: disorderly,
      reason: 'The editor went down during the turn.',
    });
  }

  get mode(): CodingAgent['mode'] | 'none' {
    return this.runtime?.mode ?? 'none';
  }

  /** How many messages wait in the inbox and the urgent list, as of the last look. */
  get waiting(): { inbox: number; urgent: number } {
    return this.lastWaiting;
  }

  get pid(): number | undefined {
    return this.runtime?.pid;
  }

  /** Something about the agent has changed: look again, soon. Any number of calls make one look. */
  wake(): void {
    if (this.stepQueued || this.end) return;
    this.stepQueued = true;
    void this.queue.run(() => this.steps());
  }

  /** The record was written. Most of that is our own doing: only what others ask for by it is looked into. */
  recordChanged(record: AgentRecord): void {
    const { state, persistent } = this.record ?? {};
    if (record.state !== state || record.persistent !== persistent) this.wake();
  }

  /** Ends the running turn; what it carried is held. Resolves with whether there was one. */
  async interrupt(): Promise<boolean> {
    return this.endTurn('interrupt');
  }

  /** Ends the process and brings up another one, which goes on with the turn that was cut off. */
  async restart(): Promise<void> {
    await this.queue.run(async () => {
      await this.stopRuntime();
      this.turn = 'none';
      this.sent.clear();
      this.settlement.lastEnd = { crashed: false, reason: 'The agent was restarted.' };
    });
    this.wake();
  }

  /** Ends the process and leaves everything as it is in Redis, for the next owner. */
  async close(): Promise<void> {
    await this.leave('closed');
    await this.queue.idle();
  }

  private async steps(): Promise<void> {
    this.stepQueued = false;
    clearTimeout(this.timer);
    try {
      while (!this.end) {
        const peek = await this.parts.delivery.peek(this.agentId);
        const action = await this.next(peek);
        if (!action) continue;
        if (action.do === 'wait') return this.wait(action.until);
        await this.perform(action, peek);
      }
    } catch (error) {
      if (this.end) return;
      this.parts.logger.warn(describeError(error));
      this.problems.fire(error);
      this.wait(this.parts.now() + LOOK_AGAIN_MS);
    }
  }

  /** The next action, or undefined where something had to be put in order first. */
  private async next(peek: Peek): Promise<LoopAction | undefined> {
    if (!peek.agent) {
      await this.leave('gone');
      return undefined;
    }
    for (const problem of peek.problems) this.problems.fire(new TinytownError('badRecord', `Cannot read ${problem}`));
    if (!peek.agent.ok) {
      const text = `The record of agent ${this.agentId} cannot be used: ${peek.agent.reason}.`;
      throw new TinytownError('badRecord', text, { hint: 'Repair the field in Redis, or remove the agent.' });
    }
    this.record = peek.agent.value;
    this.turnRecord = peek.turn;
    this.lastWaiting = { inbox: peek.inbox.length, urgent: peek.urgent.length };
    if (peek.unreadable.length > 0) {
      await this.commit(setAsidePlan(this.context(), peek.unreadable));
      return undefined;
    }
    for (const request of peek.control) {
      await this.obey(request.entry, request.action);
      if (this.end) return undefined;
    }
    const leftOver = peek.inflight.filter((id) => !this.sent.has(id));
    if (leftOver.length > 0 && this.runtime && this.turn === 'none') {
      const { maxAttempts } = this.parts.policy(this.record);
      await this.settlement.afterRestart(this.runtime, this.context(), peek.turn, maxAttempts);
      return undefined;
    }
    const action = decide(this.facts(this.record, peek, leftOver.length > 0));
    const dormant = this.record.state !== 'idle' && this.record.state !== 'starting' && this.record.state !== 'working';
    if (action.do === 'wait' && action.until === undefined && !this.runtime && dormant) await this.leave('dormant');
    return action;
  }

  private facts(record: AgentRecord, peek: Peek, leftOver: boolean): LoopFacts {
    const policy = this.parts.policy(record);
    return {
      state: record.state,
      stopRequested: peek.stopRequested,
      runtime: this.mode,
      wantedMode: this.parts.choose(record).mode,
      turn: this.turn,
      waiting: inOrder(peek.urgent, peek.inbox),
      leftWaiting: peek.turn.leftWaiting,
      unfinished: leftOver,
      backlogOffer: this.backlogOffer(record) !== undefined,
      notBefore: Math.max(peek.turn.notBefore, this.restartAt),
      now: this.parts.now(),
      idleSince: this.idleSince,
      idleTimeoutMs: policy.idleTimeoutMs,
      rounds: record.roundsCompleted,
      maxRounds: policy.maxRounds,
    };
  }

  /** The backlog as it is now, where an idle agent should look at it and has not yet. */
  private backlogOffer(record: AgentRecord): string | undefined {
    const { ids, matching } = this.parts.picture.backlog(roleOf(record));
    const now = ids.join();
    return this.parts.access !== 'none' && matching.length > 0 && now !== this.offeredBacklog ? now : undefined;
  }

  private async perform(action: Exclude<LoopAction, { do: 'wait' }>, peek: Peek): Promise<void> {
    const record = this.known();
    switch (action.do) {
      case 'start':
        return this.startRuntime(record);
      case 'settleQuietly':
        await this.commit(quietPlan(this.context(), record, action.messages));
        return;
      case 'round':
      case 'offerBacklog':
        return this.startRound(record, peek, action.messages, action.do === 'round' ? 'round' : 'offer');
      case 'steer':
        return this.steer(record, peek, action.messages);
      case 'endTurnForPause':
        this.endTurnInBackground('pause');
        return;
      case 'endTurnForStop':
        this.endTurnInBackground('stop');
        return;
      case 'switchMode':
        return this.stopRuntime();
      case 'coolDown':
        await this.stopRuntime();
        if (action.state === 'cold') await this.setState(record.state, 'cold', '❄ Went cold: nothing to do');
        return;
      case 'finishDrain': {
        await this.stopRuntime();
        const left = [...peek.urgent, ...peek.inbox].map(({ message }) => message.id);
        await this.commit(drainedPlan(this.context(), left));
        return;
      }
      case 'finishStop':
        await this.stopRuntime();
        await this.commit(stoppedPlan(this.context(), record.state, '⏹ Stopped'));
        return;
      case 'stopAtMaxRounds':
        await this.stopRuntime();
        await this.commit(
          stoppedPlan(this.context(), record.state, `⏹ Stopped after ${record.roundsCompleted} rounds`),
        );
        return;
    }
  }

  private async startRuntime(record: AgentRecord): Promise<void> {
    if (record.state !== 'starting') await this.setState(record.state, 'starting', '… Starting');
    const choice = this.parts.choose(record);
    let runtime: CodingAgent | undefined;
    try {
      runtime = await this.parts.createRuntime(record, choice.mode);
      if (this.end) return;
      this.runtime = runtime;
      const made = runtime;
      runtime.onEvent((event) => this.handle(made, event));
      this.threadId = (await this.openThread(runtime, record)).threadId;
    } catch (error) {
      this.runtime = undefined;
      await runtime?.stop();
      if (!this.end) await this.startFailed(error);
      return;
    }
    this.idleSince = this.parts.now();
    await this.setState('starting', 'idle', choice.mode === 'persistent' ? '● Session ready' : '● Ready', undefined);
  }

  private async openThread(runtime: CodingAgent, record: AgentRecord): Promise<{ threadId: string | null }> {
    const stored = record.runtimeSessionId ?? null;
    try {
      return await runtime.start(stored);
    } catch (error) {
      const lost = error instanceof TinytownError && error.reason === 'threadLost';
      if (!lost || record.roundsCompleted > 0) throw error;
      // Nothing was ever said in it: nothing is lost.
      this.parts.logger.info(`The thread ${stored} was never stored; a new one is opened.`);
      return runtime.start(null);
    }
  }

  private async startFailed(error: unknown): Promise<void> {
    const reason = error instanceof TinytownError ? error.reason : '';
    const again = ['startFailed', 'threadBusy', 'overloaded', 'unresponsive', 'notRunning'].includes(reason)
      ? this.restarts.next()
      : undefined;
    const text = describeError(error);
    this.parts.logger.warn(`The runtime did not start: ${text}`);
    if (again !== undefined) {
      this.restartAt = this.parts.now() + again;
      return;
    }
    this.problems.fire(error);
    await this.setState('starting', 'error', `✗ ${oneLine(text, 200)}`, text);
  }

  private async stopRuntime(): Promise<void> {
    const { runtime } = this;
    this.runtime = undefined;
    await runtime?.stop();
  }

  private async startRound(
    record: AgentRecord,
    peek: Peek,
    messages: readonly WaitingMessage[],
    kind: 'round' | 'offer',
  ): Promise<void> {
    const { runtime } = this;
    if (!runtime) return;
    const offer = this.backlogOffer(record);
    const batch = await this.take(record, kind, messages);
    if (!batch) return;
    this.offeredBacklog = offer ?? this.offeredBacklog;
    const continued = new Set(
      Object.entries(peek.turn.seen)
        .filter(([, { threadId }]) => threadId !== null && threadId === this.threadId)
        .map(([id]) => id),
    );
    const { picture, access, townName } = this.parts;
    const role = roleOf(record);
    const { ids, matching } = picture.backlog(role);
    const text = roundPrompt({
      town: townName,
      agent: record,
      role,
      access,
      messages,
      continued,
      task: (id) => picture.task(id),
      nameOf: (id) => picture.nameOf(id),
      backlog: { total: ids.length, matching },
      round: record.roundsCompleted + 1,
      maxRounds: this.parts.policy(record).maxRounds,
    });
    this.turn = 'running';
    this.lastAgentText = '';
    try {
      await runtime.startTurn({ text, clientId: batch.id });
    } catch (error) {
      await this.roundRefused(error);
    }
  }

  /** A turn that did not start although its process lives has failed; one whose process went away is found again later. */
  private async roundRefused(error: unknown): Promise<void> {
    const reason = error instanceof TinytownError ? error.reason : '';
    if (!this.runtime || reason === 'unresponsive' || reason === 'notRunning') return;
    this.parts.logger.warn(`The turn was refused: ${describeError(error)}`);
    this.turn = 'ending';
    await this.settle({ status: 'failed', message: describeError(error), unauthorized: reason === 'unauthorized' });
  }

  private async steer(record: AgentRecord, peek: Peek, messages: readonly WaitingMessage[]): Promise<void> {
    const { runtime } = this;
    const batch = await this.take(record, 'steer', messages);
    if (!batch || !runtime) return;
    const { picture, access } = this.parts;
    const text = steerPrompt({
      messages,
      access,
      task: (id) => picture.task(id),
      nameOf: (id) => picture.nameOf(id),
    });
    const result = await runtime.steer({ text, clientId: batch.id });
    if (result.accepted) {
      this.steered.fire({
        clientId: batch.id,
        text: messages.map(({ message }) => picture.textOf(message)).join('\n'),
      });
      return;
    }
    this.parts.logger.info(`The steer was not taken (${result.reason}); it waits for the next round.`);
    this.sent.delete(batch.id);
    await this.settlement.putBack(this.context(), peek.turn, batch);
    // The end of the turn is on its way; without it the next look would steer again.
    if (this.turn === 'running' && result.reason === 'noActiveTurn') this.turn = 'ending';
  }

  /** Moves messages into a batch; undefined where the lists have changed since the look. */
  private async take(
    record: AgentRecord,
    kind: Batch['kind'],
    messages: readonly WaitingMessage[],
  ): Promise<Batch | undefined> {
    const batch: Batch = {
      id: randomUUID(),
      kind,
      at: this.parts.now(),
      threadId: this.threadId,
      delivered: false,
      messages: messages.map(({ message, list, raw }) => ({ id: message.id, list, raw: raw.toString() })),
    };
    const assigned = messages.flatMap(({ message }) => (message.type === 'task_assign' ? [message.taskId] : []));
    const tasks = await this.parts.picture.freshTasks(assigned);
    const starting = tasks.filter(({ state }) => state === 'pending' || state === 'assigned' || state === 'running');
    this.sent.set(batch.id, batch);
    const result = await this.commit(takePlan(this.context(), record.state, batch, messages, starting));
    if (result === 'done') {
      if (kind !== 'steer') this.note('working');
      return batch;
    }
    this.sent.delete(batch.id);
    return undefined;
  }

  private handle(from: CodingAgent, event: RuntimeEvent): void {
    // What an ended process still says is not about this session.
    if (this.end || (from !== this.runtime && event.type !== 'exited')) return;
    this.events.fire(event);
    switch (event.type) {
      case 'turnStarted':
        this.turn = 'running';
        if (event.adopted) void this.queue.run(() => this.adopt());
        return;
      case 'itemCompleted':
        if (event.item.kind === 'agentMessage') this.lastAgentText = event.item.text;
        return;
      case 'inputDelivered':
        void this.queue.run(() => this.delivered(event.clientId));
        return;
      case 'turnCompleted':
        this.turn = 'ending';
        void this.queue.run(() => this.settle(event.outcome));
        return;
      case 'exited':
        if (from === this.runtime) this.exited(event);
        return;
      default:
    }
  }

  private exited(event: Extract<RuntimeEvent, { type: 'exited' }>): void {
    this.runtime = undefined;
    const { intent } = this;
    if (this.turn !== 'none') this.turn = 'ending';
    void this.queue.run(async () => {
      // A turn that we ended by force is over; any other is looked up in the thread's history.
      if (intent && this.turn === 'ending') return this.settle({ status: 'interrupted' });
      this.turn = 'none';
      this.sent.clear();
      const text = event.stderrTail.trim().split('\n').at(-1) ?? '';
      this.settlement.lastEnd = { crashed: true, reason: `The agent’s process ended during the turn. ${text}`.trim() };
      const again = this.restarts.next();
      if (again !== undefined) {
        this.restartAt = this.parts.now() + again;
      } else {
        const message = 'The agent’s process keeps ending. Look at its output, then restart it.';
        await this.setState(this.known().state, 'error', `✗ ${message}`, message);
      }
      this.wake();
    });
  }

  private async adopt(): Promise<void> {
    if (this.record?.state === 'idle') await this.setState('idle', 'working', '▶ A turn started by itself');
  }

  private async delivered(clientId: string): Promise<void> {
    const batch = this.sent.get(clientId);
    if (!batch || batch.delivered || this.end) return;
    this.sent.set(clientId, { ...batch, delivered: true, threadId: this.threadId });
    await this.guarded(() => this.commit(deliveredPlan(this.context(), batch)));
  }

  private async settle(outcome: TurnOutcome): Promise<void> {
    if (this.end) return;
    const { intent } = this;
    const batches = [...this.sent.values()];
    await this.guarded(async () => {
      const { maxAttempts } = this.parts.policy(this.known());
      const end = { outcome, intent, maxAttempts, result: this.lastAgentText };
      await this.settlement.atTurnEnd(this.context(), this.turnRecord, batches, end);
      this.note('idle');
      if (outcome.status === 'completed') this.restarts.reset();
      if (outcome.status === 'failed' && outcome.unauthorized) {
        const text = 'Codex is not signed in. Sign in to Codex, then restart the agent.';
        await this.setState('idle', 'error', `✗ ${text}`, text);
      }
    });
    for (const { id } of batches) this.sent.delete(id);
    this.intent = undefined;
    this.turn = 'none';
    this.idleSince = this.parts.now();
    this.wake();
  }

  private async endTurn(intent: EndIntent): Promise<boolean> {
    const { runtime } = this;
    if (!runtime || this.turn !== 'running') return false;
    this.intent = intent;
    const result = await runtime.interrupt();
    if (!result.stopped && this.intent === intent) this.intent = undefined;
    return result.stopped;
  }

  private endTurnInBackground(intent: EndIntent): void {
    const ending = this.endTurn(intent);
    this.turn = 'ending';
    ending.catch((error: unknown) => this.problems.fire(error));
  }

  /** Requests of other windows: `interrupt`, `restart`, and `release` for Take Over. */
  private async obey(entry: string, action: string): Promise<void> {
    await this.commit(
      new Plan(this.parts.keys, this.agentId).command('XDEL', this.parts.keys.control(this.agentId), entry),
    );
    if (action === 'interrupt') this.endTurnInBackground('interrupt');
    else if (action === 'restart') void this.restart();
    else if (action === 'release') await this.leave('lost');
    else this.parts.logger.warn(`An unknown request "${oneLine(action, 40)}" of another window was ignored.`);
  }

  private async setState(from: AgentState, to: AgentState, message: string, lastError?: string): Promise<void> {
    await this.commit(statePlan(this.context(), { from, to, message, lastError }));
    this.note(to);
  }

  /** Keeps the state that we wrote, until the next look tells what it is. */
  private note(state: AgentState): void {
    if (this.record) this.record = { ...this.record, state };
  }

  private async commit(plan: Plan): Promise<'done' | 'changed'> {
    const result = await this.parts.delivery.commit(plan, this.epoch);
    if (result !== 'fenced') return result;
    await this.leave('lost');
    return 'changed';
  }

  /** Runs what must not stop the queue: a failure is shown, and the next look puts things right. */
  private async guarded(job: () => Promise<unknown>): Promise<void> {
    try {
      await job();
    } catch (error) {
      this.parts.logger.warn(describeError(error));
      this.problems.fire(error);
    }
  }

  /** Ends the loop, its process first: whoever has the agent next may resume its thread at once. */
  private async leave(end: LoopEnd): Promise<void> {
    if (this.end) return;
    this.end = end;
    clearTimeout(this.timer);
    await this.stopRuntime();
    this.ended.fire(end);
  }

  private wait(until: number | undefined): void {
    if (until === undefined || this.end) return;
    this.timer = setTimeout(() => this.wake(), Math.min(Math.max(until - this.parts.now(), 0), LONGEST_TIMER_MS));
  }

  private known(): AgentRecord {
    if (!this.record) throw new TinytownError('badRecord', `Agent ${this.agentId} was not read yet.`);
    return this.record;
  }

  private context(): PlanContext {
    const name = this.record?.name ?? this.agentId;
    const { keys } = this.parts;
    return { keys, agentId: this.agentId, agentName: name, threadId: this.threadId, now: this.parts.now() };
  }
}

/** After a failure to read or write, in milliseconds. */
const LOOK_AGAIN_MS = 1_000;
const LONGEST_TIMER_MS = 2_000_000_000;
