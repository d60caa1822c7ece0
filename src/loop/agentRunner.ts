/**
 * Runs the loops of one window's agents. It takes an agent that has something to do and no living owner, lets go of it when there
 * is nothing to do, and keeps the facts about each agent that screens show.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { RequestAnswer } from '../runtime/agentRequest.ts';
import { requestGone } from '../runtime/asking.ts';
import type { InterruptResult, RuntimeEvent } from '../runtime/codingAgent.ts';
import { type Leases, type OwnResult, RUNTIME_HOST } from '../town/stores/leases.ts';
import { awayBecause, homeOf, keepsConversation } from '../town/records/home.ts';
import type { TownMirror } from '../town/live/mirror.ts';
import type { AgentRecord } from '../town/records/records.ts';
import type { WakeSource } from '../town/live/wake.ts';
import { within } from '../util/boundedWait.ts';
import { DisposableStore } from '../util/disposable.ts';
import { describeError } from '../util/errors.ts';
import { Emitter } from '../util/event.ts';
import { scopedLogger } from '../util/logger.ts';
import type { ProcessUse } from '../process/processTable.ts';
import { say } from '../util/sentence.ts';
import { AgentLoop, type LoopEnd } from './agent/agentLoop.ts';
import { type AgentView, type Away, emptyView, withLeftBehind, withProblem, withSteer } from './state/agentView.ts';
import { AgentViews } from './state/agentViews.ts';
import { AskedElsewhere } from './state/askedElsewhere.ts';
import { RunnerProblems } from './runnerProblems.ts';
import type { AgentProgram, AgentRunnerParts } from './agent/loopParts.ts';
import { OwnerDirectory } from './ownerDirectory.ts';
import { ProcessLooks } from './state/processLooks.ts';
import { ProcessRoom } from './agent/processRoom.ts';
import { RoundLog } from './agent/roundLog.ts';
import { AccountHold, type HeldAgent } from './agent/accountHold.ts';
import { GIVE_WAY_MS, AcquirePolicy } from './acquirePolicy.ts';

/** How long all processes may take to end when the window closes, in milliseconds. Whatever is left is reaped later. */
const CLOSE_MS = 4_000;
/** How long giving the agents back in Redis may take, in milliseconds. If it takes longer, the leases run out by themselves. */
const GIVE_BACK_MS = 1_500;
/** How often to try for an agent that is being taken over, in milliseconds. */
const TAKE_AGAIN_MS = 50;

interface Running {
  loop: AgentLoop;
  store: DisposableStore;
}

export class AgentRunner {
  /** Whether Codex takes this window's work. */
  readonly account: AccountHold;
  private readonly room: ProcessRoom;
  private readonly parts: AgentRunnerParts;
  private readonly mirror: TownMirror;
  private readonly wake: WakeSource;
  private readonly leases: Leases;
  private readonly running = new Map<string, Running>();
  private readonly taking = new Map<string, Promise<void>>();
  private readonly others: OwnerDirectory;
  private readonly rules: AcquirePolicy;
  private readonly views: AgentViews;
  private readonly processes: ProcessLooks;
  private readonly askedElsewhere: AskedElsewhere;
  private readonly store = new DisposableStore();
  private closing: Promise<void> | undefined;

  private readonly runtimeEvents = new Emitter<{ agentId: string; event: RuntimeEvent }>();
  readonly onRuntimeEvent = this.runtimeEvents.event;
  private readonly problems = new RunnerProblems();
  readonly onProblem = this.problems.onProblem;

  constructor(parts: AgentRunnerParts, mirror: TownMirror, wake: WakeSource, leases: Leases) {
    this.parts = parts;
    this.account = new AccountHold(parts.limits);
    this.room = new ProcessRoom(() => parts.maxAgents(), parts.places);
    this.others = new OwnerDirectory(leases, parts.logger);
    this.rules = new AcquirePolicy(() => performance.now());
    this.views = new AgentViews(parts.now);
    this.processes = new ProcessLooks(
      () => this.pids(),
      (agentIds) => agentIds.forEach((id) => this.views.touch(id)),
      () => performance.now(),
    );
    this.mirror = mirror;
    this.askedElsewhere = new AskedElsewhere(mirror);
    this.wake = wake;
    this.leases = leases;
  }

  /** An agent's view has changed. Fires with its id, up to thousands of times a second. */
  get onDidChangeView(): AgentViews['onDidChange'] {
    return this.views.onDidChange;
  }

  /** Looks at all agents now, and from then on at each one that changes. */
  start(): void {
    this.store.add(
      this.wake.onChange(({ kind, id }) => {
        // Owners wait for these, so they take the shortest way. Everything else goes through the mirror.
        if (id !== undefined && (kind === 'inbox' || kind === 'urgent' || kind === 'stop' || kind === 'control')) {
          this.running.get(id)?.loop.wake();
        }
        if (kind === 'lease' && id !== undefined && this.others.doubt(id)) this.consider(id);
        if (kind === 'windowLease' && id !== this.leases.windowId) {
          for (const agentId of this.others.doubtAll()) this.consider(agentId);
        }
      }),
    );
    this.store.add(
      this.mirror.onDidChange(({ agents, backlog, everything }) => {
        if (this.mirror.connected) this.problems.redisIsBack();
        for (const id of agents) if (!this.mirror.agents.has(id)) this.removed(id);
        for (const id of everything || backlog ? this.mirror.agents.keys() : agents) {
          const record = this.mirror.agents.get(id);
          const loop = this.running.get(id)?.loop;
          if (loop && record && !everything && !backlog) loop.recordChanged(record);
          else this.consider(id);
        }
      }),
    );
    this.store.add(
      this.parts.offers.onDidChange(() => {
        for (const { loop } of this.running.values()) loop.wake();
      }),
    );
    this.store.add(this.account);
    this.store.add(this.account.onDidChange((out) => this.signInChanged(out)));
    this.store.add(this.account.limits.onDidChange(() => this.accountChanged()));
    this.store.add(this.account.limits.onUsedUp((hold) => this.problems.limitUsedUp(hold)));
    this.store.add(
      this.room.onWaits(() => {
        for (const { loop } of this.running.values()) loop.wake();
        for (const id of this.mirror.agents.keys()) if (this.room.waitsFor(id)) this.views.touch(id);
      }),
    );
    this.store.add(
      this.room.onFree((agentIds) => {
        for (const id of agentIds) {
          this.poke(id);
          this.views.touch(id);
        }
      }),
    );
    this.store.add(this.leases.onLost((id) => void this.drop(id)));
    this.store.add(this.views.watchStalls());
    for (const id of this.mirror.agents.keys()) this.consider(id);
  }

  /** What is known of an agent beyond its record. For an agent that nobody runs: what to expect. */
  view(agentId: string): AgentView {
    const record = this.mirror.agents.get(agentId);
    const known = this.views.get(agentId);
    if (!record) return known ?? emptyView('persistent');
    const { mode, reason } = this.parts.choose(record);
    const loop = this.running.get(agentId)?.loop;
    const runs = loop && loop.mode !== 'none' ? loop.mode : mode;
    const owner = this.ownerOf(record);
    return {
      ...(known ?? emptyView(mode)),
      owner,
      away: this.awayOf(record),
      requests:
        owner === 'here' ? (known?.requests ?? []) : owner === 'elsewhere' ? this.askedElsewhere.of(agentId) : [],
      mode: runs,
      modeReason: runs === mode ? reason : say('The other mode starts with the next turn.'),
      pid: loop?.pid,
      silentMs: owner === 'external' ? this.parts.silence(agentId) : undefined,
      waitsForSignIn: this.account.holds(agentId) && this.parts.usesCodex(record),
      usedUp: this.parts.usesCodex(record) ? this.account.usedUpFor(this.heldAs(record)) : undefined,
      retry: loop?.retry,
      waitsForRoom: this.room.waitsFor(agentId),
      permissions: this.parts.usesCodex(record) ? this.parts.permissionMode(agentId) : undefined,
      program: owner === 'here' || owner === 'none' ? this.unconfirmedProgram(record) : undefined,
    };
  }

  /** What the agent's processes use, as last seen. Asking starts a new look at the processes of all agents. */
  processUse(agentId: string): ProcessUse | undefined {
    return this.processes.last(agentId);
  }

  /** The same for all agents that this window runs, read now. */
  processUses(): Promise<ReadonlyMap<string, ProcessUse>> {
    return this.processes.look();
  }

  /** Signs of life of agents that `tt` runs have changed. */
  signsChanged(): void {
    for (const { id } of this.mirror.agents.values()) if (this.view(id).owner === 'external') this.views.touch(id);
  }

  /** Settings have changed, or the user has confirmed or declined something. Agents that wait for this look again. */
  rulesChanged(): void {
    this.room.free();
    for (const id of this.mirror.agents.keys()) {
      this.poke(id);
      this.views.touch(id);
    }
  }

  /** The other window that runs the agent, if one does. */
  windowOf(agentId: string): string | undefined {
    return this.others.of(agentId);
  }

  /** Whether this window runs the agent. */
  owns(agentId: string): boolean {
    return this.running.has(agentId);
  }

  /** Ends the running turn of an agent that this window runs, if there is one. */
  async interrupt(agentId: string): Promise<InterruptResult> {
    return (await this.running.get(agentId)?.loop.interrupt()) ?? { stopped: false, reason: 'noActiveTurn' };
  }

  /** Answers a request of an agent that this window runs. */
  async answer(agentId: string, requestId: string, answer: RequestAnswer): Promise<void> {
    const loop = this.running.get(agentId)?.loop;
    if (!loop) throw requestGone();
    await loop.answer(requestId, answer);
  }

  /** Ends an agent's process and continues with a new one. False if this window does not run the agent. */
  async restart(agentId: string): Promise<boolean> {
    const running = this.running.get(agentId);
    await running?.loop.restart();
    return running !== undefined;
  }

  /** Whether another window runs the agent, even if this window has not seen that yet. */
  async isElsewhere(agentId: string): Promise<boolean> {
    if (!this.running.has(agentId)) await this.learnOwner(agentId);
    return this.others.of(agentId) !== undefined;
  }

  /** Takes an agent as soon as its window lets go of it. Resolves with whether that happened within `limitMs`. */
  async takeOver(agentId: string, limitMs: number): Promise<boolean> {
    const end = performance.now() + limitMs;
    while (!this.running.has(agentId)) {
      if (this.closing || performance.now() > end) return false;
      const taking = this.taking.get(agentId) ?? this.take(agentId).finally(() => this.taking.delete(agentId));
      this.taking.set(agentId, taking);
      await taking;
      if (!this.running.has(agentId)) await pause(TAKE_AGAIN_MS);
    }
    return true;
  }

  /** Looks at an agent at once, for a command that has just changed it. */
  poke(agentId: string): void {
    this.rules.wake(agentId);
    this.consider(agentId);
  }

  /** Ends all processes and gives all agents back, leaving their state for whoever takes them next. */
  close(): Promise<void> {
    this.closing ??= this.closeOnce();
    return this.closing;
  }

  private async closeOnce(): Promise<void> {
    this.store.dispose();
    const ends = Promise.allSettled([...this.running.values()].map(({ loop }) => loop.close()));
    await within(ends, CLOSE_MS, 'Closing the agents').catch((error: unknown) =>
      this.parts.logger.warn(describeError(error)),
    );
    await within(this.room.close(), GIVE_BACK_MS, 'Giving places back').catch((error: unknown) =>
      this.parts.logger.debug(describeError(error)),
    );
    // An agent that is being taken now is given back by the code that takes it.
    const givenBack = Promise.allSettled(this.taking.values()).then(() => this.leases.close());
    await within(givenBack, GIVE_BACK_MS, 'Giving the agents back').catch((error: unknown) =>
      this.parts.logger.warn(describeError(error)),
    );
  }

  private signInChanged(out: boolean): void {
    if (out) this.problems.notSignedIn();
    for (const id of this.mirror.agents.keys()) {
      if (!out) this.poke(id);
      this.views.touch(id);
    }
  }

  /** Which agents may begin has changed. */
  private accountChanged(): void {
    for (const id of this.mirror.agents.keys()) {
      this.running.get(id)?.loop.wake();
      this.poke(id);
      this.views.touch(id);
    }
  }

  private heldAs(record: AgentRecord): HeldAgent {
    return { id: record.id, model: this.parts.modelOf(record).model ?? '' };
  }

  private pids(): Map<string, number> {
    const pids = new Map<string, number>();
    for (const [id, { loop }] of this.running) if (loop.pid !== undefined) pids.set(id, loop.pid);
    return pids;
  }

  private ownerOf(record: AgentRecord): AgentView['owner'] {
    if (this.running.has(record.id)) return 'here';
    if (record.runtimeHost !== RUNTIME_HOST) return 'external';
    return this.others.of(record.id) === undefined ? 'none' : 'elsewhere';
  }

  /** Where one of our agents lives, if not here. */
  private awayOf(record: AgentRecord): Away | undefined {
    if (record.runtimeHost !== RUNTIME_HOST) return undefined;
    const home = homeOf(record);
    const because = awayBecause(home, this.parts.home);
    return home && because && { because, home, keepsConversation: keepsConversation(home, this.parts.home) };
  }

  private unconfirmedProgram(record: AgentRecord): AgentProgram | undefined {
    if (record.state === 'stopped') return undefined;
    const program = this.parts.program(record);
    return program?.answer === 'confirmed' ? undefined : program;
  }

  /** The agent's record is gone. Everything that was kept for it here goes, too. */
  private removed(id: string): void {
    const running = this.running.get(id);
    if (running) return running.loop.wake();
    this.room.forget(id);
    this.views.forget(id);
    this.others.remove(id);
    this.rules.forget(id);
  }

  private consider(id: string): void {
    const record = this.mirror.agents.get(id);
    const running = this.running.get(id);
    if (running) return running.loop.wake();
    if (!record || record.runtimeHost !== RUNTIME_HOST || this.taking.has(id) || this.closing) return;
    const decision = this.awayOf(record) ? 'leave' : this.rules.decide(record, this.mirror.waiting(id));
    if (decision === 'leave') void this.learnOwner(id);
    if (decision === 'idle' && this.others.forgetDoubted(id)) this.views.touch(id);
    if (decision !== 'take') return;
    const taken = this.take(id)
      .catch((error: unknown) => {
        this.parts.logger.warn(`${record.name} could not be taken: ${describeError(error)}`);
        this.problems.of(id, error);
      })
      .finally(() => this.taking.delete(id));
    this.taking.set(id, taken);
  }

  /** Finds out who owns an agent that this window does not try to take. */
  private async learnOwner(id: string): Promise<void> {
    if (!(await this.others.learn(id))) return;
    if (this.running.has(id)) {
      this.others.forget(id);
      return;
    }
    if (this.others.of(id) !== undefined) this.rules.settled(id);
    this.views.touch(id);
  }

  private async take(id: string): Promise<void> {
    const own = (): Promise<OwnResult> => this.leases.own(id, this.parts.home);
    const result = await this.others.fresh(id, own, ({ owned }) => owned);
    if (!result.owned) {
      if (result.reason === 'elsewhere') this.others.add(id, result.windowId);
      else this.others.forget(id);
      this.views.touch(id);
      return;
    }
    // The last owner may only sleep. What it started would go on in the thread that is ours now.
    await this.parts.endProcessesOf(id);
    if (this.closing) return this.leases.release([id]);
    this.others.forget(id);
    const name = this.mirror.agents.get(id)?.name ?? id;
    const logger = scopedLogger(this.parts.logger, name);
    const roundLog = new RoundLog(this.parts.logFolder, logger);
    const { account, room } = this;
    const loop = new AgentLoop(id, result.epoch, result.disorderly, { ...this.parts, logger, roundLog, account, room });
    const store = new DisposableStore();
    this.running.set(id, { loop, store });
    store.add(loop.onRuntimeEvent((event) => this.heard(id, event)));
    store.add(loop.onSteered((steer) => this.views.update(id, (view) => withSteer(view, steer))));
    store.add(
      loop.onLeftBehind((requests) => {
        this.views.update(id, (view) => withLeftBehind(view, requests, this.parts.now()));
      }),
    );
    store.add(loop.onRetry(() => this.views.touch(id)));
    store.add(loop.onProblem((error) => this.problem(id, error)));
    store.add(loop.onEnd((end) => this.ended(id, end)));
    this.views.touch(id);
    loop.wake();
  }

  private problem(id: string, error: unknown): void {
    this.views.update(id, (view) => withProblem(view, error));
    this.problems.of(id, error);
  }

  private heard(id: string, event: RuntimeEvent): void {
    this.views.heard(id, event);
    if (event.type === 'sessionReady') this.problems.storageWorks();
    this.runtimeEvents.fire({ agentId: id, event });
  }

  private ended(id: string, end: LoopEnd): void {
    const running = this.running.get(id);
    if (!running) return;
    running.store.dispose();
    this.running.delete(id);
    this.account.inconclusive(id);
    if (end !== 'dormant') this.room.forget(id);
    this.views.update(id, (view) => (view.requests.length === 0 ? view : { ...view, requests: [] }));
    if (end === 'gone') this.views.forget(id);
    this.views.touch(id);
    if (end === 'closed') return;
    this.leases
      .release([id])
      .catch((error: unknown) => this.parts.logger.debug(`Not given back: ${describeError(error)}`));
    if (end === 'released') {
      this.rules.gaveUp(id);
      // The window that asked may be gone by then.
      setTimeout(() => this.consider(id), GIVE_WAY_MS + 1).unref();
    }
    if (end === 'dormant') this.rules.wentDormant(id, running.loop.waiting);
    // Look for what came since its last look. If somebody else owns it, we must hear when they let go of it.
    if (end === 'dormant' || end === 'lost') this.consider(id);
  }

  /** Another window took the agent while this one slept. Nothing that we started for it may go on. */
  private async drop(id: string): Promise<void> {
    const running = this.running.get(id);
    if (!running) return;
    this.parts.logger.warn(`Another window has taken ${this.mirror.agents.get(id)?.name ?? id}.`);
    await running.loop.lose();
  }
}
