/** Problems of a window's agents. A problem that affects all agents is reported once, without an agent. */
import { TinytownError } from '../util/errors.ts';
import { Emitter } from '../util/event.ts';
import { say } from '../util/sentence.ts';
import { storageRefuses } from '../util/storing.ts';
import type { LimitHold } from './agent/limitFiles.ts';

export interface RunnerProblem {
  /** Absent if it affects all agents. */
  agentId?: string;
  error: unknown;
}

export class RunnerProblems {
  private readonly problems = new Emitter<RunnerProblem>();
  readonly onProblem = this.problems.event;
  private redisAwayTold = false;
  private folderGoneTold = false;
  private storageRefusesTold = false;

  of(agentId: string, error: unknown): void {
    if (error instanceof TinytownError && error.reason === 'turnCutOff') this.turnCutOff(error);
    else if (error instanceof TinytownError && error.reason === 'folderGone') this.folderGone(error);
    else if (storageRefuses(error)) this.storageRefuses(error);
    else this.problems.fire({ agentId, error });
  }

  notSignedIn(): void {
    const hint =
      'Sign in to Codex, and the agents continue on their own. Or run "codex login" and restart one of them.';
    this.problems.fire({
      error: new TinytownError('unauthorized', 'Codex is not signed in. Its agents wait.', { hint }),
    });
  }

  /** Only the window whose agent has found out reports this. The others just show it. */
  limitUsedUp({ until, known }: LimitHold): void {
    const time = new Date(until).toLocaleString(undefined, { weekday: 'short', hour: '2-digit', minute: '2-digit' });
    const message = known
      ? say('Your Codex account has reached its limit until {0}. Its agents wait.', time)
      : say('Your Codex account has reached its limit. Its agents wait.');
    const hint =
      'They continue on their own after that. To continue sooner, use Try Now or sign in to another account.';
    this.problems.fire({ error: new TinytownError('limitUsedUp', message, { hint }) });
  }

  /** The user is told again the next time that Redis is away. */
  redisIsBack(): void {
    this.redisAwayTold = false;
  }

  /** The user is told again the next time that the disk is full. */
  storageWorks(): void {
    this.storageRefusesTold = false;
  }

  private storageRefuses(error: unknown): void {
    if (this.storageRefusesTold) return;
    this.storageRefusesTold = true;
    this.problems.fire({ error });
  }

  /** Reported once, because every agent keeps checking. */
  private folderGone(error: TinytownError): void {
    if (this.folderGoneTold) return;
    this.folderGoneTold = true;
    this.problems.fire({ error });
  }

  private turnCutOff(error: TinytownError): void {
    if (this.redisAwayTold) return;
    this.redisAwayTold = true;
    this.problems.fire({ error });
  }
}
