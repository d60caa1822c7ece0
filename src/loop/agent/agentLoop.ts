/**
 * One agent's life in the window that owns it. The loop looks at the agent, asks {@link decide} what to do, does it, and looks
 * again. All steps run in one queue. Only an interrupt bypasses it.
 */
import type { RequestAnswer } from '../../runtime/agentRequest.ts';
import type { InterruptResult, RuntimeEvent, RuntimeMode } from '../../runtime/codingAgent.ts';
import type { TurnRecord } from '../../town/records/batch.ts';
import type { Peek, WaitingMessage } from '../../town/stores/delivery.ts';
import { drainedPlan, quietPlan, stoppedPlan, undelayedPlan } from '../../town/plans/plans.ts';
import type { AgentRecord, AgentState } from '../../town/records/records.ts';
import { isPassing } from '../../town/redis/errors.ts';
import { roleOf } from '../../town/records/roles.ts';
import { Deadline } from '../../util/deadline.ts';
import { describeError } from '../../util/errors.ts';
import { Emitter, type Event } from '../../util/event.ts';
import { SerialQueue } from '../../util/serialQueue.ts';
import { oneLine } from '../../util/text.ts';
import { OFFER_AGAIN_MS } from '../backlogOffers.ts';
import { type BacklogFacts, type LoopAction, type LoopFacts, decide, inOrder } from './decide.ts';
import type { LoopParts } from './loopParts.ts';
import { OpenRequests } from './openRequests.ts';
import { OwnedAgent } from './ownedAgent.ts';
import { Pace } from './pace.ts';
import { RemoteRequests } from './remoteRequests.ts';
import { type Retry, longestDelay, retryOf } from './restartPolicy.ts';
import { RuntimeSlot } from './runtimeSlot.ts';
import { Settlement } from './settlement.ts';
import { TurnEventPublisher } from './turnEventPublisher.ts';
import { Turns } from './turns.ts';

/**
 * Why a loop ended. `closed`: the window closes. `lost`: another window owns the agent. `released`: another window asked for the
 * agent. `gone`: the agent was removed. `dormant`: it has nothing to do for now.
 */
export type LoopEnd = 'closed' | 'lost' | 'released' | 'gone' | 'dormant';

/** How often to check whether the town's folder is back, in milliseconds. */
const FOLDER_AGAIN_MS = 5_000;
/** Pause after a failure to read or write, in milliseconds. */
const LOOK_AGAIN_MS = 1_000;
/** How often a waiting loop checks the clocks, in milliseconds: timers stop while the machine sleeps, and people set the clock. */
const TICK_MS = 15_000;

export class AgentLoop {
  private readonly parts: LoopParts;
  private readonly agent: OwnedAgent;
  private readonly slot: RuntimeSlot;
  private readonly settlement: Settlement;
  private readonly turns: Turns;
  private readonly echo: TurnEventPublisher;
  private readonly requests: OpenRequests;
  private readonly remote: RemoteRequests;
  private readonly queue = new SerialQueue();
  private idleSince: number;
  /** The current wait after a failure. */
  private delay: Deadline | undefined;
  /** The backlog is not offered before this time (`performance.now()`), because another agent was asked first. */
  private offerNotBefore = 0;
  /** The last owner may have left something undone. */
  private disorderly: boolean;
  private stepping = false;
  /** Something has changed since the last look began. */
  private unseen = false;
  private lastRetry: Retry | undefined;
  private readonly retries = new Emitter<void>();
  /** {@link retry} has changed. */
  readonly onRetry = this.retries.event;
  private readonly pace = new Pace();
  /** No pass begins before this time (`performance.now()`). */
  private restUntil = 0;
  /** The error of the last pass. The same error is reported once. */
  private lastFailure = '';
  private timer: NodeJS.Timeout | undefined;
  /** Set when the runtime went away by itself, until that is settled. */
  private loss: Extract<RuntimeEvent, { type: 'exited' }> | undefined;
  private end: LoopEnd | undefined;
  private leaving: Promise<void> | undefined;
  private readonly ended = new Emitter<LoopEnd>();
  /** Fires once, after the process has ended. The agent must then be given back, except after `closed`. */
  readonly onEnd = this.ended.event;

  /** @param disorderly The last owner crashed: it did not give the agent back, and its turn was cut off. */
  constructor(agentId: string, epoch: string, disorderly: boolean, parts: LoopParts) {
    this.parts = parts;
    this.disorderly = disorderly;
    this.idleSince = parts.now();
    this.agent = new OwnedAgent(agentId, epoch, parts);
    this.slot = new RuntimeSlot(this.agent);
    const lastEnd = { crashed: disorderly, reason: 'The editor went down during the turn.' };
    this.settlement = new Settlement(parts, (plan) => this.agent.commit(plan), lastEnd);
    this.turns = new Turns(this.agent, this.slot, this.settlement, this.queue);
    this.agent.onFenced(() => void this.leave('lost'));
    this.echo = new TurnEventPublisher(this.agent);
    this.requests = new OpenRequests(this.agent, () => this.slot.current);
    this.remote = new RemoteRequests(this.agent, this.queue, {
      interrupt: () => this.turns.endInBackground('interrupt'),
      restart: () => this.restart(),
      answer: (request) => this.requests.obey(request),
      release: () => this.leave('released'),
    });
    this.remote.onReplied(() => this.wake());
    this.slot.onEvent((event) => {
      if (this.end) return;
      this.turns.handle(event);
      this.requests.handle(event);
      this.echo.handle(event);
      this.parts.roundLog.handle(event);
    });
    this.slot.onLost((exit) => this.runtimeLost(exit));
    this.turns.onSettled(() => {
      this.idleSince = this.parts.now();
      this.parts.offers.end(agentId).catch((error: unknown) => this.parts.logger.debug(describeError(error)));
      this.wake();
    });
  }

  /** The retry that it waits for after a failure. */
  get retry(): Retry | undefined {
    return this.lastRetry;
  }

  /** The runtime's events, as they happen. */
  get onRuntimeEvent(): Event<RuntimeEvent> {
    return this.slot.onEvent;
  }

  get onSteered(): Turns['onSteered'] {
    return this.turns.onSteered;
  }

  get onLeftBehind(): OpenRequests['onLeftBehind'] {
    return this.requests.onLeftBehind;
  }

  get onProblem(): OwnedAgent['onProblem'] {
    return this.agent.onProblem;
  }

  get mode(): RuntimeMode | 'none' {
    return this.slot.mode;
  }

  get pid(): number | undefined {
    return this.slot.current?.pid;
  }

  /** How many messages waited at the last look. */
  get waiting(): OwnedAgent['waiting'] {
    return this.agent.waiting;
  }

  /** Something about the agent has changed: looks again soon. Many calls make one look. */
  wake(): void {
    this.unseen = true;
    if (this.stepping || this.end) return;
    this.stepping = true;
    void this.queue.run(() => this.steps());
  }

  /** The record was written. Looks again if it asks for something. */
  recordChanged(record: AgentRecord): void {
    if (this.agent.asksForMore(record)) this.wake();
  }

  /** Ends the running turn, if there is one; what it carried is held. */
  interrupt(): Promise<InterruptResult> {
    return this.turns.end('interrupt');
  }

  /** Answers what the agent asks. */
  answer(requestId: string, answer: RequestAnswer): Promise<void> {
    return this.requests.answer(requestId, answer);
  }

  /** Ends the process and starts another one, which continues the turn that was cut off. */
  async restart(): Promise<void> {
    this.pace.reset();
    this.restUntil = 0;
    await this.queue.run(async () => {
      await this.slot.stop();
      this.slot.restartIn(0);
      this.turns.forget();
      await this.agent.commit(undelayedPlan(this.agent.context()));
      this.settlement.turnsEnd({ crashed: false, reason: 'The agent was restarted.' });
      this.parts.account.letTry(this.agent.id);
    });
    this.wake();
  }

  /** Somebody else owns the agent. Ends the process, because this window can write nothing anymore. */
  lose(): Promise<void> {
    return this.leave('lost');
  }

  /** Ends the process and leaves everything as it is in Redis, for the next owner. */
  async close(): Promise<void> {
    await this.leave('closed');
    await this.queue.idle();
  }

  private async steps(): Promise<void> {
    clearTimeout(this.timer);
    try {
      if (this.isResting()) return;
      while (!this.end) {
        this.unseen = false;
        const peek = await this.agent.look();
        if (peek === 'gone') return await this.leave('gone');
        const action = peek && (await this.next(peek));
        if (action?.do === 'wait' || action?.do === 'waitForRoom') {
          this.pace.reset();
          this.lastFailure = '';
          return this.wait(action.do === 'wait' ? action.until : undefined);
        }
        if (action) await this.perform(action, peek);
        const rest = this.pace.next();
        if (rest > 0) return this.rest(rest);
      }
    } catch (error) {
      if (this.end) return;
      this.failed(error);
    } finally {
      this.stepping = false;
      // Runs after whatever else is queued by now.
      if (this.unseen) this.wake();
    }
  }

  private failed(error: unknown): void {
    const text = describeError(error);
    // Screens show what is wrong with Redis. The loop keeps looking until Redis is back.
    const away = isPassing(error);
    if (away || text === this.lastFailure) this.parts.logger.debug(text);
    else this.agent.report(error);
    if (!away) this.lastFailure = text;
    const rest = this.pace.next();
    if (rest > LOOK_AGAIN_MS) this.rest(rest);
    else this.wait(this.parts.now() + LOOK_AGAIN_MS);
  }

  /** Lets others use the queue, and looks again after `milliseconds`, whatever changes meanwhile. */
  private rest(milliseconds: number): void {
    if (this.end) return;
    this.parts.logger.debug(`The loop comes to no end: it rests for ${milliseconds} ms.`);
    this.restUntil = performance.now() + milliseconds;
    this.isResting();
  }

  /** Whether it is too early for another pass. If so, a timer starts one later. */
  private isResting(): boolean {
    const left = this.restUntil - performance.now();
    if (left <= 0) return false;
    this.unseen = false;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.wake(), left + 1);
    return true;
  }

  /** The next action. Undefined if something had to be put in order first; then look again. */
  private async next(peek: Peek): Promise<LoopAction | undefined> {
    const { record } = this.agent;
    await this.requests.look(peek.turn.requests);
    for (const request of peek.control) {
      await this.remote.obey(request);
      if (this.end) return undefined;
    }
    if (this.disorderly) {
      this.disorderly = false;
      await this.settlement.failGivenUp(record.id).catch((error: unknown) => this.agent.report(error));
    }
    if (this.loss) {
      await this.settleLoss(this.loss);
      return undefined;
    }
    const leftOver = peek.inflight.some((id) => !this.turns.carries(id));
    if (leftOver && this.slot.current && this.turns.phase === 'none') {
      const { maxAttempts } = this.parts.policy(record);
      await this.settlement.afterRestart(this.slot.current, this.agent.context(), peek.turn, maxAttempts);
      return undefined;
    }
    const facts = this.facts(record, peek, leftOver);
    this.noteRetry(retryOf(facts, peek.turn, this.parts.policy(record).maxAttempts));
    const action = decide(facts);
    if (action.do === 'waitForRoom') this.parts.room.wait(record.id);
    const waits = action.do === 'waitForRoom' || (action.do === 'wait' && action.until === undefined);
    if (waits && !this.slot.current && !isUp(record.state) && !this.remote.owesReply) await this.leave('dormant');
    return action;
  }

  private noteRetry(retry: Retry | undefined): void {
    // It is the same retry, seen a moment later.
    if (retry?.attempt === this.lastRetry?.attempt) return;
    this.lastRetry = retry;
    this.retries.fire();
  }

  private facts(record: AgentRecord, peek: Peek, unfinished: boolean): LoopFacts {
    const { idleTimeoutMs, maxRounds } = this.parts.policy(record);
    // The clock was set back.
    this.idleSince = Math.min(this.idleSince, this.parts.now());
    return {
      state: record.state,
      stopRequested: peek.stopRequested,
      runtime: this.slot.mode,
      outdated: this.slot.outdated,
      wantedMode: this.parts.choose(record).mode,
      turn: this.turns.phase,
      steerable: this.turns.steerable,
      waiting: inOrder(peek.urgent, peek.inbox),
      leftWaiting: peek.turn.leftWaiting,
      unfinished,
      backlog: this.backlogFacts(record),
      held: this.parts.usesCodex(record) && !this.parts.account.mayBegin(this.agent.held),
      notBefore: this.startsAt(peek.turn),
      unconfirmed: this.slot.unconfirmed,
      room: this.parts.room.isFor(record.id),
      // Agents that this one has started may ask when its own turn is over.
      roomWanted: this.parts.room.isWanted(record.id) && this.requests.count === 0,
      now: this.parts.now(),
      // Agents that this one has started may ask when its own turn is over.
      idleSince: this.requests.count > 0 ? this.parts.now() : this.idleSince,
      idleTimeoutMs,
      rounds: record.roundsCompleted,
      maxRounds,
    };
  }

  /** When a round may start, in Unix milliseconds. A clock that was set back does not make the wait longer. */
  private startsAt(turn: TurnRecord): number {
    if (this.delay?.at !== turn.notBefore) {
      this.delay = new Deadline(turn.notBefore, longestDelay(turn, this.parts.retryMs));
    }
    const waitMs = Math.max(this.delay.remainingMs, this.slot.restartsInMs);
    return waitMs <= 0 ? 0 : this.parts.now() + waitMs;
  }

  private backlogFacts(record: AgentRecord): BacklogFacts {
    const { offers } = this.parts;
    const { allowed, quietMs } = offers;
    const now = this.parts.now();
    const { matching, digest } = offers.of(roleOf(record));
    const isNew = matching.length > 0 && digest !== record.backlogOffered;
    const notBefore = now + Math.max(this.offerNotBefore - performance.now(), 0);
    return { allowed, isNew, changedAt: now - offers.unchangedMs, quietMs, notBefore };
  }

  /** Starts a turn that offers the backlog, unless another agent has an offer now. */
  private async offerBacklog(messages: readonly WaitingMessage[]): Promise<void> {
    if (!(await this.parts.offers.begin(this.agent.id))) {
      this.offerNotBefore = performance.now() + OFFER_AGAIN_MS;
      return;
    }
    await this.turns.startRound(messages, 'offer');
    if (this.turns.phase === 'none') await this.parts.offers.end(this.agent.id);
  }

  /** Whether the town's folder is gone. If so, nothing starts, and no attempt is counted. */
  private async waitsForFolder(): Promise<boolean> {
    const problem = await this.parts.folderProblem();
    if (!problem) return false;
    this.agent.report(problem);
    await this.slot.stop();
    this.slot.restartIn(FOLDER_AGAIN_MS);
    return true;
  }

  private async perform(action: Exclude<LoopAction, { do: 'wait' | 'waitForRoom' }>, peek: Peek): Promise<void> {
    const { agent, slot } = this;
    const { record } = agent;
    const works = action.do === 'start' || action.do === 'round' || action.do === 'offerBacklog';
    if (works && (await this.waitsForFolder())) return;
    switch (action.do) {
      case 'start':
        await slot.start();
        this.idleSince = this.parts.now();
        return;
      case 'settleQuietly':
        await agent.commit(quietPlan(agent.context(), record, action.messages));
        return;
      case 'round':
        return this.turns.startRound(action.messages, 'round');
      case 'offerBacklog':
        return this.offerBacklog(action.messages);
      case 'steer':
        return this.turns.steer(action.messages);
      case 'endTurnForPause':
        void this.turns.endInBackground('pause');
        return;
      case 'endTurnForStop':
        void this.turns.endInBackground('stop');
        return;
      case 'replaceRuntime':
        return slot.stop();
      case 'coolDown':
        await slot.stop();
        if (action.state === 'cold') await agent.setState(record.state, 'cold', '❄ Went cold: nothing to do');
        return;
      case 'finishDrain': {
        await slot.stop();
        const left = [...peek.urgent, ...peek.inbox].map(({ message }) => message.id);
        await agent.commit(drainedPlan(agent.context(), left));
        return;
      }
      case 'finishStop':
        await slot.stop();
        await agent.commit(stoppedPlan(agent.context(), record.state, '⏹ Stopped'));
        return;
      case 'stopAtMaxRounds':
        await slot.stop();
        await agent.commit(
          stoppedPlan(agent.context(), record.state, `⏹ Stopped after ${record.roundsCompleted} rounds`),
        );
        return;
    }
  }

  private runtimeLost(exit: Extract<RuntimeEvent, { type: 'exited' }>): void {
    if (this.end) return;
    this.turns.processEnded();
    this.loss = exit;
    this.wake();
  }

  /** Must run before a new runtime starts, or queued events of the lost one would be applied to the wrong turn. */
  private async settleLoss({ stderrTail }: Extract<RuntimeEvent, { type: 'exited' }>): Promise<void> {
    this.loss = undefined;
    const said = oneLine(stderrTail.trim().split('\n').at(-1) ?? '', 200);
    this.settlement.turnsEnd({ crashed: true, reason: `The agent’s process ended during the turn. ${said}`.trim() });
    await this.turns.runtimeGone();
    if (this.slot.tryAgain()) return;
    const message = 'The agent’s process keeps ending. Look at its output, then restart it.';
    await this.agent.setState(this.agent.record.state, 'error', `✗ ${message}`, message);
  }

  /** Ends the process, then the loop. The next owner may resume the thread at once. */
  private leave(end: LoopEnd): Promise<void> {
    this.leaving ??= this.leaveOnce(end);
    return this.leaving;
  }

  private async leaveOnce(end: LoopEnd): Promise<void> {
    this.end = end;
    clearTimeout(this.timer);
    this.echo.dispose();
    await this.slot.close();
    this.ended.fire(end);
  }

  /** Looks again at `until`. Before that it only checks the clocks: a look costs Redis a dozen commands. */
  private wait(until: number | undefined): void {
    if (until === undefined || this.end) return;
    const clock = { wall: () => this.parts.now(), steady: () => performance.now() };
    const deadline = new Deadline(until, Infinity, clock);
    const check = (): void => {
      const left = deadline.remainingMs;
      if (left <= 0) this.wake();
      else this.timer = setTimeout(check, Math.min(left, TICK_MS));
    };
    this.timer = setTimeout(check, Math.min(deadline.remainingMs, TICK_MS));
  }
}

/** Whether an agent in this state has a process, or gets one soon. */
function isUp(state: AgentState): boolean {
  return state === 'starting' || state === 'idle' || state === 'working';
}
