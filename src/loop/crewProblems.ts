/** What went wrong with the agents of a window, for people: what concerns all of them alike is said once, and of none of them. */
import { TinytownError } from '../util/errors.ts';
import { Emitter } from '../util/event.ts';

export interface CrewProblem {
  /** Absent where it concerns them all. */
  agentId?: string;
  error: unknown;
}

export class CrewProblems {
  private readonly problems = new Emitter<CrewProblem>();
  readonly onProblem = this.problems.event;
  private redisAwayTold = false;

  of(agentId: string, error: unknown): void {
    if (error instanceof TinytownError && error.reason === 'turnCutOff') this.turnCutOff(error);
    else this.problems.fire({ agentId, error });
  }

  notSignedIn(): void {
    const hint = 'Sign in to Codex: the agents go on by themselves then. Or run "codex login" and restart one of them.';
    this.problems.fire({
      error: new TinytownError('unauthorized', 'Codex is not signed in: its agents wait.', { hint }),
    });
  }

  /** The next time that Redis is away is told of again. */
  redisIsBack(): void {
    this.redisAwayTold = false;
  }

  private turnCutOff(error: TinytownError): void {
    if (this.redisAwayTold) return;
    this.redisAwayTold = true;
    this.problems.fire({ error });
  }
}
