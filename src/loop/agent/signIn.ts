/**
 * Whether Codex takes this window's work. One refusal as unauthorised goes for all agents that run on Codex: they start no
 * further turn until somebody has signed in, instead of failing one after the other (trap 18 of `app-server.md`).
 */
import type { Disposable } from '../../util/disposable.ts';
import { Emitter } from '../../util/event.ts';

export class SignIn implements Disposable {
  private out = false;
  /** The agent that may try all the same: it was restarted, and whoever did that may have signed in. */
  private trying: string | undefined;
  private stamps = 0;
  /** A process with an older stamp was started before the last sign-in: it goes on being refused (seen on 0.169.0). */
  private since = 0;
  private readonly changes = new Emitter<boolean>();
  /** Whether nobody is signed in: when Codex refuses a first time, and each time that somebody signs in. */
  readonly onDidChange = this.changes.event;

  get signedOut(): boolean {
    return this.out;
  }

  /** Whether an agent that runs on Codex is to start no turn now. */
  holds(agentId: string): boolean {
    return this.out && this.trying !== agentId;
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
    if (this.trying === agentId) this.trying = undefined;
    if (this.out) return;
    this.out = true;
    this.changes.fire(true);
  }

  /** Lets one agent try. To be called before its new process is started. */
  letTry(agentId: string): void {
    if (this.out) this.trying = agentId;
  }

  /** An agent's turn went well: where it was the one that tries, somebody has signed in before its process was started. */
  wentWell(agentId: string, stamp: number): void {
    if (this.trying === agentId) this.allow(stamp);
  }

  /** Somebody has signed in: who waits for it goes on, in a new process. */
  signedIn(): void {
    this.allow(this.stamp());
  }

  dispose(): void {
    this.changes.dispose();
  }

  private allow(since: number): void {
    this.since = since;
    this.trying = undefined;
    this.out = false;
    this.changes.fire(false);
  }
}
