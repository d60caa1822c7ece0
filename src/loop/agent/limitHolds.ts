/**
 * The limits of this window's Codex account that are used up, shared with the other windows of the machine. Nobody starts a
 * turn under such a limit before its reset; then one agent tries, and the others follow when the model works for it.
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
  /** The first wait before something that failed is tried again, in milliseconds. */
  retryMs: number;
  /** How often the clock and the files are looked at, in milliseconds. */
  tickMs?: number | undefined;
  logger: Logger;
  clock?: Clock;
}

interface Known {
  hold: LimitHold;
  deadline: Deadline;
  /** Somebody tries just now. */
  tried: boolean;
}

const TICK_MS = 5_000;

export class LimitHolds implements Disposable {
  private readonly parts: LimitParts;
  private readonly clock: Clock;
  private known: ReadonlyMap<string, Known> = new Map();
  /** The limits that agents of this window try just now, by agent. */
  private readonly trials = new Map<string, string>();
  /** Agents that a person lets try. */
  private readonly forced = new Set<string>();
  /** What could not be written down. */
  private readonly unwritten = new Map<string, LimitHold>();
  private readonly queue = new SerialQueue();
  private told = '';
  private readonly changes = new Emitter<void>();
  /** Somebody may begin who could not, or the other way round. */
  readonly onDidChange = this.changes.event;
  private readonly refusals = new Emitter<LimitHold>();
  /** A limit was found to be used up by an agent of this window that nobody knew of. */
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

  /** The hold that an agent on this model waits for; undefined where it need not. */
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

  /** To be called before a turn is started; false where another one has come first to try. */
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
      // Not before: a trial's claim is renewed, and until now it could be that of a window that was killed.
      this.trials.set(agentId, hold.limitId);
      return true;
    }
    await this.look();
    return false;
  }

  /** An agent's turn was refused because the limit is used up. */
  async usedUp(agentId: string, model: string, limit: RefusedLimit): Promise<void> {
    const limitId = limit.limitId ?? DEFAULT_LIMIT;
    // Agents are often refused at the same moment: each builds on what the one before has written.
    const { before, hold } = await this.queue.run(() => this.hold(agentId, model, { ...limit, limitId }));
    const trial = this.trials.get(agentId);
    // The limit that was tried is not the one that refuses now.
    if (trial !== undefined && trial !== limitId) await this.remove(trial);
    await this.endTrial(agentId);
    await this.look();
    if (!before) this.refusals.fire(hold);
  }

  /** The model works for an agent: where it was the one that tries, all that wait for that limit go on. */
  accepted(agentId: string): void {
    const limitId = this.trials.get(agentId);
    if (limitId === undefined) return;
    this.trials.delete(agentId);
    void this.remove(limitId)
      .then(() => this.parts.files.unclaim(limitId).catch(() => undefined))
      .then(() => this.look());
  }

  /** An agent's turn has ended, or never begun, without telling whether it is refused: another one tries. */
  inconclusive(agentId: string): void {
    if (this.trials.has(agentId)) void this.endTrial(agentId).then(() => this.look());
  }

  /** Lets one agent try now, whatever the account says. To be called before its turn begins. */
  letTry(agentId: string): void {
    this.forced.add(agentId);
  }

  /** One of those that wait tries now, whatever the account says. */
  async tryNow(): Promise<void> {
    await this.look();
    for (const { hold } of this.known.values()) {
      // A wait of no length, on everybody's clock.
      const due = { ...hold, until: hold.refusedAt };
      if (this.unwritten.has(hold.limitId)) this.unwritten.set(hold.limitId, due);
      else await this.parts.files.write(due);
    }
    await this.look();
  }

  /** Somebody has signed in: nobody waits any more. */
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

  /** Reads the files, and says so if that changes who may begin. */
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

  /** Long timers stand still while the machine sleeps: the tick looks at the clock as well. */
  private armTimer(): void {
    clearTimeout(this.wakeUp);
    const waits = [...this.known.values()].map(({ deadline }) => deadline.remainingMs).filter((ms) => ms > 0);
    if (waits.length === 0 || this.ended) return;
    this.wakeUp = setTimeout(() => void this.look(), Math.min(...waits, this.parts.tickMs ?? TICK_MS) + 1);
    this.wakeUp.unref();
  }

  /** What decides who may begin, and what is shown of it. */
  private signature(): string {
    const parts = [...this.known.values()].map(({ hold, deadline, tried }) =>
      JSON.stringify([hold.limitId, hold.until, hold.models, deadline.remainingMs === 0, tried]),
    );
    return parts.join();
  }
}
