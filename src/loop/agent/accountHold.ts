/**
 * Whether Codex accepts this window's work. A refusal because of the account affects all agents that share it. Instead of
 * failing one after the other, they start no turn until somebody signs in or the used-up limit resets.
 */
import type { Disposable } from '../../util/disposable.ts';
import { Emitter } from '../../util/event.ts';
import type { LimitHolds } from './limitHolds.ts';
import type { RefusedLimit } from './limitRules.ts';

/** An agent that wants to begin a turn on Codex. */
export interface HeldAgent {
  id: string;
  /** Empty for the model in Codex's configuration. */
  model: string;
}

/** A limit of the account that is used up. */
export interface UsedUp {
  /** When it resets, in Unix milliseconds. Undefined if the account does not say. */
  until: number | undefined;
}

export class AccountHold implements Disposable {
  private out = false;
  /** The agent that may try anyway, because somebody may have signed in. No id: the agent whose turn begins first. */
  private trial: { agentId: string | undefined; told: boolean } | undefined;
  private stamps = 0;
  /** Processes with an older stamp started before the last sign-in. Codex keeps refusing them (seen on 0.169.0). */
  private since = 0;
  private readonly changes = new Emitter<boolean>();
  /** Fires `true` when Codex first refuses the account, and `false` each time that agents may go on. */
  readonly onDidChange = this.changes.event;
  private readonly finds = new Emitter<void>();
  /** This window found out on its own that somebody has signed in. The town's other windows must be told. */
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

  /** Call before a turn on Codex starts. False if another agent got to try first. */
  async begins({ id, model }: HeldAgent): Promise<boolean> {
    if (this.trial && this.isOpen) this.trial.agentId = id;
    return !this.holds(id) && (await this.limits.begins(id, model));
  }

  /** The used-up limit that an agent waits for; undefined if it waits for none. */
  usedUpFor({ id, model }: HeldAgent): UsedUp | undefined {
    const hold = this.limits.mayBegin(id, model) ? undefined : this.limits.holdOf(model);
    return hold && { until: hold.known ? hold.until : undefined };
  }

  /** A stamp for a process that is about to start. */
  stamp(): number {
    this.stamps += 1;
    return this.stamps;
  }

  /** Whether a process with this stamp started before the last sign-in. */
  isOutdated(stamp: number): boolean {
    return stamp < this.since;
  }

  /** An agent's turn was refused as unauthorized. */
  refused(agentId: string): void {
    if (this.trial?.agentId === agentId) this.trial = undefined;
    if (this.out) return;
    this.out = true;
    this.changes.fire(true);
  }

  /** An agent's turn was refused because a limit of the account is used up. */
  async usedUp({ id, model }: HeldAgent, limit: RefusedLimit): Promise<void> {
    if (this.trial?.agentId === id) this.allow(this.since);
    await this.limits.usedUp(id, model, limit);
  }

  /** Lets one agent try: the person who restarts it may have signed in. Call before its new process starts. */
  letTry(agentId: string): void {
    if (this.out) this.trial = { agentId, told: false };
    this.limits.letTry(agentId);
  }

  /** The model works for an agent. If that agent was the one trying, somebody signed in before its process started. */
  accepted(agentId: string, stamp: number): void {
    this.limits.accepted(agentId);
    if (this.trial?.agentId !== agentId) return;
    const { told } = this.trial;
    this.allow(told ? this.since : stamp);
    if (!told) this.finds.fire();
  }

  /** An agent's turn ended, or never began, without showing whether the account is still refused. */
  inconclusive(agentId: string): void {
    this.limits.inconclusive(agentId);
    // Nobody would start another try, so all agents may.
    if (this.trial?.agentId === agentId && this.trial.told) this.allow(this.since);
  }

  /** Somebody has signed in. Agents that wait for this continue in new processes. */
  signedIn(): void {
    this.allow(this.stamp());
    void this.limits.releaseAll();
    this.finds.fire();
  }

  /** A person asks to try again. One waiting agent does. */
  async tryNow(): Promise<void> {
    if (this.out) this.trial = { agentId: undefined, told: true };
    await this.limits.tryNow();
  }

  /** Another window reports a sign-in. It may use another Codex, so one waiting agent tries first. */
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
