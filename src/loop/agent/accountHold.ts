/**
 * Whether Codex takes this window's work. One refusal because of the account concerns all agents that share it: they start no
 * further turn until somebody has signed in, or the limit that is used up is reset, instead of failing one after the other.
 */
import type { Disposable } from '../../util/disposable.ts';
import { Emitter } from '../../util/event.ts';
import type { LimitHolds } from './limitHolds.ts';
import type { RefusedLimit } from './limitRules.ts';

/** Whoever wants to begin a turn on Codex. */
export interface HeldAgent {
  id: string;
  /** What it runs on; empty for what Codex is configured for. */
  model: string;
}

/** A limit of the account that is used up. */
export interface UsedUp {
  /** Unix milliseconds of its reset, if the account says it. */
  until: number | undefined;
}

export class AccountHold implements Disposable {
  private out = false;
  /** Who may try all the same, where somebody may have signed in; without an id, whoever's turn begins first. */
  private trial: { agentId: string | undefined; told: boolean } | undefined;
  private stamps = 0;
  /** A process with an older stamp was started before the last sign-in: it goes on being refused (seen on 0.169.0). */
  private since = 0;
  private readonly changes = new Emitter<boolean>();
  /** Whether nobody is signed in: when Codex refuses a first time, and each time that somebody signs in. */
  readonly onDidChange = this.changes.event;
  private readonly finds = new Emitter<void>();
  /** This window has found out by itself that somebody has signed in: others of the town want to know. */
  readonly onFound = this.finds.event;

  /** The account's limits that are used up. */
  readonly limits: LimitHolds;

  constructor(limits: LimitHolds) {
    this.limits = limits;
  }

  get signedOut(): boolean {
    return this.out;
  }

  /** Whether an agent that runs on Codex waits for somebody to sign in. */
  holds(agentId: string): boolean {
    return this.out && this.trial?.agentId !== agentId;
  }

  /** Whether an agent that runs on Codex may start a turn now. */
  mayBegin({ id, model }: HeldAgent): boolean {
    return (!this.holds(id) || this.isOpen) && this.limits.mayBegin(id, model);
  }

  /** To be called before a turn on Codex is started; false where another one has come first to try. */
  async begins({ id, model }: HeldAgent): Promise<boolean> {
    if (this.trial && this.isOpen) this.trial.agentId = id;
    return !this.holds(id) && (await this.limits.begins(id, model));
  }

  /** The used-up limit that an agent waits for; undefined if it waits for none. */
  usedUpFor({ id, model }: HeldAgent): UsedUp | undefined {
    const hold = this.limits.mayBegin(id, model) ? undefined : this.limits.holdOf(model);
    return hold && { until: hold.known ? hold.until : undefined };
  }

  /** For a process that is about to be started. */
  stamp(): number {
    this.stamps += 1;
    return this.stamps;
  }

  /** Whether a process of this stamp knows nothing of the last sign-in. */
  isOutdated(stamp: number): boolean {
    return stamp < this.since;
  }

  /** An agent's turn was refused as unauthorised. */
  refused(agentId: string): void {
    if (this.trial?.agentId === agentId) this.trial = undefined;
    if (this.out) return;
    this.out = true;
    this.changes.fire(true);
  }

  /** An agent's turn was refused as a limit of the account is used up. */
  async usedUp({ id, model }: HeldAgent, limit: RefusedLimit): Promise<void> {
    if (this.trial?.agentId === id) this.allow(this.since);
    await this.limits.usedUp(id, model, limit);
  }

  /** Lets one agent try: it is restarted, and whoever does that may have signed in. To be called before its new process is started. */
  letTry(agentId: string): void {
    if (this.out) this.trial = { agentId, told: false };
    this.limits.letTry(agentId);
  }

  /** The model works for an agent: where it was the one that tries, somebody has signed in before its process was started. */
  accepted(agentId: string, stamp: number): void {
    this.limits.accepted(agentId);
    if (this.trial?.agentId !== agentId) return;
    const { told } = this.trial;
    this.allow(told ? this.since : stamp);
    if (!told) this.finds.fire();
  }

  /** An agent's turn has ended, or never begun, without telling whether it is refused. */
  inconclusive(agentId: string): void {
    this.limits.inconclusive(agentId);
    // Nobody is there to let it try again, so all do.
    if (this.trial?.agentId === agentId && this.trial.told) this.allow(this.since);
  }

  /** Somebody has signed in: who waits for it goes on, in a new process. */
  signedIn(): void {
    this.allow(this.stamp());
    void this.limits.releaseAll();
    this.finds.fire();
  }

  /** A person wants it tried again: one of those that wait does. */
  async tryNow(): Promise<void> {
    if (this.out) this.trial = { agentId: undefined, told: true };
    await this.limits.tryNow();
  }

  /** The same, as another window says. It may have another Codex, so one of who waits for it tries first. */
  signedInElsewhere(): void {
    this.since = this.stamp();
    if (this.out) this.trial = { agentId: undefined, told: true };
  }

  dispose(): void {
    this.limits.dispose();
    this.finds.dispose();
    this.changes.dispose();
  }

  private get isOpen(): boolean {
    return this.trial !== undefined && this.trial.agentId === undefined;
  }

  private allow(since: number): void {
    this.since = since;
    this.trial = undefined;
    this.out = false;
    this.changes.fire(false);
  }
}
