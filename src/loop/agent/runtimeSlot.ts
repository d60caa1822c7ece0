/** Holds one agent's runtime. Starts it with its thread, takes it down, and says when to try again after a failure. */
import type { CodingAgent, ModelChoice, RuntimeEvent, RuntimeMode } from '../../runtime/codingAgent.ts';
import { isRedisError } from '../../town/redis/errors.ts';
import { roleOf } from '../../town/records/roles.ts';
import { TinytownError, describeError } from '../../util/errors.ts';
import { Emitter } from '../../util/event.ts';
import { say } from '../../util/sentence.ts';
import { storageRefuses } from '../../util/storing.ts';
import { oneLine } from '../../util/text.ts';
import { claimId } from '../trust/confirmations.ts';
import type { Permissions } from '../trust/permissionModes.ts';
import type { AgentProgram } from './loopParts.ts';
import type { OwnedAgent } from './ownedAgent.ts';
import { foreignThread } from './ownThreads.ts';
import { RestartPolicy } from './restartPolicy.ts';
import { type TownAccess, knownAtStart, standingInstructions } from './standing.ts';

/** Failures that may pass on their own. */
const passing = new Set(['startFailed', 'threadBusy', 'overloaded', 'unresponsive', 'notRunning']);

/** How often to retry a start that failed because the disk is full, in milliseconds. */
const STORAGE_AGAIN_MS = 5_000;

export class RuntimeSlot {
  /** No start before this time (`performance.now()`). */
  private restartAt = 0;
  private readonly agent: OwnedAgent;
  private readonly restarts: RestartPolicy;
  private runtime: CodingAgent | undefined;
  private stamp = 0;
  private madeFor: ModelChoice | undefined;
  private permissions: Permissions | undefined;
  /** The id of the program that the runtime runs for each turn: see {@link AgentProgram}. */
  private program: string | undefined;
  private closed = false;
  private toolless: CodingAgent | undefined;
  /** Whether the user was told that the disk is full since the last start. */
  private toldOfStorage = false;
  private readonly events = new Emitter<RuntimeEvent>();
  /** The runtime's events. From one that was taken down, only its exit and its withdrawn requests. */
  readonly onEvent = this.events.event;
  private readonly losses = new Emitter<Extract<RuntimeEvent, { type: 'exited' }>>();
  /** The runtime went away on its own. */
  readonly onLost = this.losses.event;

  constructor(agent: OwnedAgent) {
    this.agent = agent;
    this.restarts = new RestartPolicy(agent.parts.retryMs);
  }

  get current(): CodingAgent | undefined {
    return this.runtime;
  }

  get mode(): RuntimeMode | 'none' {
    return this.runtime?.mode ?? 'none';
  }

  /**
   * Whether the runtime was started with permissions or a sign-in that have changed since. For a one-shot runtime also: a model
   * or a program.
   */
  get outdated(): boolean {
    const { parts, record } = this.agent;
    if (this.mode === 'none') return false;
    if (parts.usesCodex(record) && !isSamePermissions(parts.permissions(record), this.permissions)) return true;
    if (this.mode === 'one-shot') {
      return !isSameModel(parts.modelOf(record), this.madeFor) || this.program !== programId(parts.program(record));
    }
    return parts.account.isOutdated(this.stamp);
  }

  /** Whether the user has not confirmed the program that turns would run now. */
  get unconfirmed(): boolean {
    const program = this.agent.parts.program(this.agent.record);
    return program !== undefined && program.answer !== 'confirmed';
  }

  /**
   * Starts the runtime if there is room. The agent is then idle, still starting with a later try, or in error.
   * @throws TinytownError with a `RedisErrorReason`; call again.
   */
  async start(): Promise<void> {
    const { agent } = this;
    try {
      if (!(await agent.parts.room.take(agent.id))) return;
    } catch (error) {
      if (!storageRefuses(error)) throw error;
      return await this.failed(error);
    }
    const { state } = agent.record;
    if (state !== 'starting') await agent.setState(state, 'starting', '… Starting');
    const { mode } = agent.parts.choose(agent.record);
    let runtime: CodingAgent | undefined;
    this.stamp = agent.parts.account.stamp();
    this.madeFor = agent.parts.modelOf(agent.record);
    this.permissions = agent.parts.permissions(agent.record);
    this.program = programId(agent.parts.program(agent.record));
    try {
      runtime = await agent.parts.createRuntime(agent.record, mode);
      if (this.closed) return agent.parts.room.release(agent.id);
      this.follow(runtime);
      agent.opened((await this.openThread(runtime)).threadId);
    } catch (error) {
      if (this.runtime === runtime) this.runtime = undefined;
      await runtime?.stop();
      agent.parts.room.release(agent.id);
      // Not the runtime's fault: it starts when Redis is back.
      if (isRedisError(error)) throw error;
      if (!this.closed) await this.failed(error);
      return;
    }
    this.toldOfStorage = false;
    await agent.setState('starting', 'idle', mode === 'persistent' ? '● Session ready' : '● Ready');
  }

  /** How the agent reaches the town in its running session. */
  access(mode: RuntimeMode): TownAccess {
    const { parts, record } = this.agent;
    return this.runtime !== undefined && this.toolless === this.runtime ? 'none' : parts.access(record, mode);
  }

  /** Takes the runtime down, if there is one. A new one may follow. */
  async stop(): Promise<void> {
    const { runtime } = this;
    this.runtime = undefined;
    await runtime?.stop();
    this.agent.parts.room.release(this.agent.id);
  }

  /** Takes the runtime down for good. */
  async close(): Promise<void> {
    this.closed = true;
    await this.stop();
  }

  /** Something succeeded. Earlier failures no longer count. */
  wentWell(): void {
    this.restarts.reset();
    this.accepted();
  }

  /** The model works for the agent. */
  accepted(): void {
    this.agent.parts.account.accepted(this.agent.id, this.stamp);
  }

  /** Codex has refused a turn as unauthorized. */
  refused(): void {
    const { id, parts } = this.agent;
    parts.account.limits.inconclusive(id);
    // A process from before the last sign-in is refused for that reason alone. The next one may be accepted.
    if (this.mode !== 'persistent' || !this.outdated) parts.account.refused(id);
  }

  private follow(runtime: CodingAgent): void {
    this.runtime = runtime;
    runtime.onEvent((event) => {
      const lost = this.runtime === runtime && event.type === 'exited';
      if (this.runtime !== runtime && !this.outlives(event)) return;
      if (lost) this.runtime = undefined;
      if (event.type === 'toolsFailed') this.toolsFailed(runtime, event.message);
      this.events.fire(event);
      if (!lost) return;
      this.agent.parts.room.release(this.agent.id);
      this.losses.fire(event);
    });
  }

  private toolsFailed(runtime: CodingAgent, why: string): void {
    this.toolless = runtime;
    const message = say('The town’s tools did not start for {0}: {1}', this.agent.record.name, why);
    const hint = say(
      'Restart the agent to try again. Until then it can work, but cannot send messages or complete tasks.',
    );
    this.agent.report(new TinytownError('toolsFailed', message, { hint }));
  }

  /**
   * Whether an event still counts after its runtime was taken down. Screens must learn that it ended, and that nobody can
   * answer its requests anymore. After `close`, the next owner reports these requests.
   */
  private outlives({ type }: RuntimeEvent): boolean {
    return type === 'exited' || (type === 'requestWithdrawn' && !this.closed);
  }

  /** Puts the next start off by `milliseconds`. */
  restartIn(milliseconds: number): void {
    this.restartAt = performance.now() + milliseconds;
  }

  /** How long the next start is put off, in milliseconds; not positive if it may be now. */
  get restartsInMs(): number {
    return this.restartAt - performance.now();
  }

  private async openThread(runtime: CodingAgent): Promise<{ threadId: string | null }> {
    const { id, record, parts } = this.agent;
    const { runtimeSessionId, roundsCompleted } = record;
    const { batches } = await parts.delivery.inflight(id);
    // The last input may be in a thread that the record does not name yet.
    const untold = batches.flatMap(({ delivered, threadId }) => (delivered || threadId === null ? [] : [threadId]));
    for (const threadId of new Set([...untold.toReversed(), ...(runtimeSessionId ? [runtimeSessionId] : [])])) {
      if (runtime.mode === 'persistent' && !(await parts.ownThreads.has(id, threadId))) {
        if (threadId === runtimeSessionId) throw foreignThread();
        parts.logger.warn(`A round in flight names a thread that ${record.name} did not begin: ${threadId}`);
        continue;
      }
      try {
        return await runtime.start(threadId);
      } catch (error) {
        if (error instanceof TinytownError && error.reason === 'refused') throw conversationDamaged(record.name, error);
        if (!(error instanceof TinytownError) || error.reason !== 'threadLost') throw error;
        // If no round was completed in it, nothing is lost. A restart by a person resets the count, too.
        if (threadId === runtimeSessionId && roundsCompleted > 0) throw conversationLost(record.name, error);
        parts.logger.info(`The thread ${threadId} is not stored.`);
      }
    }
    const access = parts.access(record, runtime.mode);
    const facts = { town: parts.townName, name: record.name, role: roleOf(record), access };
    const opened = await runtime.start(null, standingInstructions(facts));
    if (opened.threadId !== null) {
      await parts.ownThreads.add(id, opened.threadId);
      this.agent.madeThread({ thread: opened.threadId, given: knownAtStart(facts), since: {} });
    }
    return opened;
  }

  private async failed(error: unknown): Promise<void> {
    if (storageRefuses(error)) {
      if (!this.toldOfStorage) this.agent.report(error);
      this.toldOfStorage = true;
      this.restartIn(STORAGE_AGAIN_MS);
      return;
    }
    const text = describeError(error);
    this.agent.parts.logger.warn(`The runtime did not start: ${text}`);
    if (error instanceof TinytownError && passing.has(error.reason) && this.tryAgain()) return;
    this.agent.report(error);
    await this.agent.setState('starting', 'error', `✗ ${oneLine(text, 200)}`, text);
  }

  /** Schedules the next try. False if it has failed too often. */
  tryAgain(): boolean {
    const delay = this.restarts.next();
    if (delay === undefined) return false;
    this.restartIn(delay);
    return true;
  }
}

function conversationDamaged(name: string, cause: TinytownError): TinytownError {
  const hint = 'Begin a new conversation, which keeps waiting messages, or restart it to try again.';
  const message = say('The conversation of {0} cannot be opened. {1}', name, cause.message);
  return new TinytownError('threadDamaged', message, { hint, cause });
}

function conversationLost(name: string, cause: TinytownError): TinytownError {
  const hint = 'Begin a new conversation. Waiting messages are kept.';
  return new TinytownError('threadLost', say('The conversation of {0} is lost.', name), { hint, cause });
}

function programId(program: AgentProgram | undefined): string {
  return program ? claimId(program.claim) : '';
}

function isSamePermissions(a: Permissions, b: Permissions | undefined): boolean {
  return a.sandbox === b?.sandbox && a.approvalPolicy === b.approvalPolicy;
}

function isSameModel(a: ModelChoice, b: ModelChoice | undefined): boolean {
  return a.model === b?.model && a.reasoningEffort === b?.reasoningEffort;
}
