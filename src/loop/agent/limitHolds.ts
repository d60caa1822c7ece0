/**
 * The used-up limits of this window's Codex account, shared with the machine's other windows. No agent starts a turn under such
 * a limit before its reset. Then one agent tries, and the others follow when the model works for it.
 */
import type { FSWatcher } from 'node:fs';
import { type Clock, Deadline, systemClock } from '../../util/deadline.ts';
import type { Disposable } from '../../util/disposable.ts';
import { describeError } from '../../util/errors.ts';
import { Emitter } from '../../util/event.ts';
import type { Logger } from '../../util/logger.ts';
import { SerialQueue } from '../../util/serialQueue.ts';
import type { LimitFiles, LimitHold } from './limitFiles.ts';
import { DEFAULT_LIMIT, type RefusedLimit, holdOf, refusedAgain } from './limitRules.ts';

export interface LimitParts {
  files: LimitFiles;
  /** The wait before the first retry, in milliseconds. */
  retryMs: number;
  /** How often to check the clock and the files, in milliseconds. */
  tickMs?: number | undefined;
  logger: Logger;
  clock?: Clock;
}

interface Known {
  hold: LimitHold;
  deadline: Deadline;
  /** Somebody is trying it now. */
  tried: boolean;
}

const TICK_MS = 5_000;

export class LimitHolds implements Disposable {
  private readonly parts: LimitParts;
  private readonly clock: Clock;
  private known: ReadonlyMap<string, Known> = new Map();
  /** The limit that each agent of this window is trying now, by agent. */
  private readonly trials = new Map<string, string>();
  /** Agents that may try because a person said so. */
  private readonly forced = new Set<string>();
  /** Holds that could not be written to files. */
  private readonly unwritten = new Map<string, LimitHold>();
  private readonly queue = new SerialQueue();
  private told = '';
  private readonly changes = new Emitter<void>();
  /** Which agents may begin has changed. */
  readonly onDidChange = this.changes.event;
  private readonly refusals = new Emitter<LimitHold>();
  /** An agent of this window ran into a used-up limit that was not known yet. */
  readonly onUsedUp = this.refusals.event;
  private watcher: FSWatcher | undefined;
  private ticks: NodeJS.Timeout | undefined;
  private wakeUp: NodeJS.Timeout | undefined;
  private ended = false;

  constructor(parts: LimitParts) {
    this.parts = parts;
    this.clock = parts.clock ?? systemClock;
  }

  /** Reads what is held. Never rejects. */
  async start(): Promise<void> {
    await this.look();
    this.watcher = await this.parts.files.watch(() => void this.look()).catch(() => undefined);
    this.ticks = setInterval(() => void this.tick(), this.parts.tickMs ?? TICK_MS);
    this.ticks.unref();
    if (this.ended) this.dispose();
  }

  /** The hold that an agent on this model waits for. Undefined if it need not wait. */
  holdOf(model: string): LimitHold | undefined {
    return holdOf(
      [...this.known.values()].map(({ hold }) => hold),
      model,
    );
  }

  /** Whether an agent on this model may start a turn now, as far as is known. */
  mayBegin(agentId: string, model: string): boolean {
    const hold = this.holdOf(model);
    const known = hold && this.known.get(hold.limitId);
    if (!known || this.trials.get(agentId) === hold.limitId) return true;
    return (known.deadline.remainingMs === 0 || this.forced.has(agentId)) && !known.tried;
  }

  /** Call before a turn starts. False if another agent got to try first. */
  async begins(agentId: string, model: string): Promise<boolean> {
    await this.look();
    const hold = this.holdOf(model);
    if (!hold) {
      this.forced.delete(agentId);
      return true;
    }
    if (!this.mayBegin(agentId, model)) return false;
    if (this.trials.get(agentId) === hold.limitId) return true;
    this.forced.delete(agentId);
    if (await this.parts.files.claim(hold.limitId)) {
      // Set only now: trials renew their claim, and until now it could be the claim of a window that was killed.
      this.trials.set(agentId, hold.limitId);
      return true;
    }
    await this.look();
    return false;
  }

  /** An agent's turn was refused because the limit is used up. */
  async usedUp(agentId: string, model: string, limit: RefusedLimit): Promise<void> {
    const limitId = limit.limitId ?? DEFAULT_LIMIT;
    // Agents are often refused at the same moment. The queue lets each build on what the last one wrote.
    const { before, hold } = await this.queue.run(() => this.hold(agentId, model, { ...limit, limitId }));
    const trial = this.trials.get(agentId);
    // Another limit refuses now, so the one that was tried works again.
    if (trial !== undefined && trial !== limitId) await this.remove(trial);
    await this.endTrial(agentId);
    await this.look();
    if (!before) this.refusals.fire(hold);
  }

  /** The model works for an agent. If it was trying a limit, all agents that wait for that limit continue. */
  accepted(agentId: string): void {
    const limitId = this.trials.get(agentId);
    if (limitId === undefined) return;
    this.trials.delete(agentId);
    void this.remove(limitId)
      .then(() => this.parts.files.unclaim(limitId).catch(() => undefined))
      .then(() => this.look());
  }

  /** An agent's turn ended, or never began, without showing whether the limit is reset. Another agent tries. */
  inconclusive(agentId: string): void {
    if (this.trials.has(agentId)) void this.endTrial(agentId).then(() => this.look());
  }

  /** Lets one agent try now, whatever the account says. Call before its turn begins. */
  letTry(agentId: string): void {
    this.forced.add(agentId);
  }

  /** Lets one waiting agent try now, whatever the account says. */
  async tryNow(): Promise<void> {
    await this.look();
    for (const { hold } of this.known.values()) {
      // A wait of zero length, on every window's clock.
      const due = { ...hold, until: hold.refusedAt };
      if (this.unwritten.has(hold.limitId)) this.unwritten.set(hold.limitId, due);
      else await this.parts.files.write(due);
    }
    await this.look();
  }

  /** Somebody has signed in. All holds end. */
  async releaseAll(): Promise<void> {
    await this.look();
    for (const limitId of this.known.keys()) await this.remove(limitId);
    await this.look();
  }

  dispose(): void {
    this.ended = true;
    clearInterval(this.ticks);
    clearTimeout(this.wakeUp);
    this.watcher?.close();
    for (const agentId of this.trials.keys()) void this.endTrial(agentId);
    this.changes.dispose();
    this.refusals.dispose();
  }

  private async hold(
    agentId: string,
    model: string,
    limit: RefusedLimit & { limitId: string },
  ): Promise<{ before: LimitHold | undefined; hold: LimitHold }> {
    const { files, retryMs, logger } = this.parts;
    await this.read();
    const now = this.clock.wall();
    const known = this.known.get(limit.limitId);
    const before = known && { ...known.hold, until: now + known.deadline.remainingMs };
    const tried = this.trials.get(agentId) === limit.limitId;
    const hold = refusedAgain(before, limit, { model, tried, now, retryMs });
    this.unwritten.delete(limit.limitId);
    await files.write(hold).catch((error: unknown) => {
      logger.warn(`Other windows do not know that the limit is used up: ${describeError(error)}`);
      this.unwritten.set(limit.limitId, hold);
    });
    return { before, hold };
  }

  private async endTrial(agentId: string): Promise<void> {
    const limitId = this.trials.get(agentId);
    this.trials.delete(agentId);
    if (limitId !== undefined) await this.parts.files.unclaim(limitId).catch(() => undefined);
  }

  private async remove(limitId: string): Promise<void> {
    this.unwritten.delete(limitId);
    await this.parts.files
      .remove(limitId)
      .catch((error: unknown) => this.parts.logger.warn(`The limit is still held: ${describeError(error)}`));
  }

  private async tick(): Promise<void> {
    for (const limitId of this.trials.values()) await this.parts.files.renew(limitId);
    if (this.known.size > 0) await this.look();
  }

  /** Reads the files, and fires if that changes who may begin. */
  private look(): Promise<void> {
    return this.queue.run(async () => {
      await this.read();
      // Somebody has signed in, or another window has found that the limit is reset.
      for (const [agentId, limitId] of this.trials) if (!this.known.has(limitId)) await this.endTrial(agentId);
      this.armTimer();
      const signature = this.signature();
      if (this.ended || signature === this.told) return;
      this.told = signature;
      this.changes.fire();
    });
  }

  private async read(): Promise<void> {
    const holds = [...(await this.parts.files.read()), ...this.unwritten.values()];
    const known = new Map<string, Known>();
    for (const hold of holds) {
      const last = this.known.get(hold.limitId);
      const isSame = last?.hold.until === hold.until && last.hold.refusedAt === hold.refusedAt;
      const deadline = isSame ? last.deadline : new Deadline(hold.until, hold.until - hold.refusedAt, this.clock);
      known.set(hold.limitId, { hold, deadline, tried: await this.parts.files.isClaimed(hold.limitId) });
    }
    this.known = known;
  }

  /** Timers stop while the machine sleeps, so none runs longer than a tick. */
  private armTimer(): void {
    clearTimeout(this.wakeUp);
    const waits = [...this.known.values()].map(({ deadline }) => deadline.remainingMs).filter((ms) => ms > 0);
    if (waits.length === 0 || this.ended) return;
    this.wakeUp = setTimeout(() => void this.look(), Math.min(...waits, this.parts.tickMs ?? TICK_MS) + 1);
    this.wakeUp.unref();
  }

  /** Everything that decides who may begin, or that screens show. */
  private signature(): string {
    const parts = [...this.known.values()].map(({ hold, deadline, tried }) =>
      JSON.stringify([hold.limitId, hold.until, hold.models, deadline.remainingMs === 0, tried]),
    );
    return parts.join();
  }
}
