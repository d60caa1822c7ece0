/**
 * Cleans up after an interrupted turn. Sub-agents that it started keep running their own turns, and its commands keep running as
 * background terminals. Ends both, and reports what may still run.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { within } from '../util/boundedWait.ts';
import { describeError } from '../util/errors.ts';
import type { Logger } from '../util/logger.ts';
import { oneLine } from '../util/text.ts';
import type { CodexConnection } from './connection.ts';
import { CodexError } from './errors.ts';
import { terminalsClean, terminalsList, turnInterrupt } from './methods.ts';
import type { OtherThreads, RunningTurn } from './otherThreads.ts';

/** How long commands may take to end, and the pause between checks, in milliseconds. */
const COMMANDS_MS = 2_000;
const LOOK_AGAIN_MS = 50;

/** How many times to end running turns, because a turn that ends may start another one. */
const ROUNDS = 3;

export class InterruptCleanup {
  private readonly connection: CodexConnection;
  private readonly others: OtherThreads;
  private readonly limitMs: number;
  private readonly logger: Logger;

  /** @param limitMs How long each step may take. */
  constructor(connection: CodexConnection, others: OtherThreads, limitMs: number, logger: Logger) {
    this.connection = connection;
    this.others = others;
    this.limitMs = limitMs;
    this.logger = logger;
  }

  /** Resolves with what may still run, a line each. */
  async end(threadId: string): Promise<string[]> {
    for (let round = 0; round < ROUNDS && this.others.turns.length > 0; round += 1) {
      await Promise.all(this.others.turns.map((turn) => this.endTurn(turn)));
    }
    const agents = this.others.turns.map((turn) => `the sub-agent "${oneLine(this.others.nameOf(turn.threadId), 80)}"`);
    const threads = [threadId, ...this.others.threadIds];
    const commands = await Promise.all(threads.map((id) => this.endCommands(id)));
    return [...agents, ...commands.flat()];
  }

  private async endTurn({ threadId, turnId }: RunningTurn): Promise<void> {
    const over = this.others.whenOver(turnId);
    try {
      await this.connection.request(turnInterrupt, { threadId, turnId }, this.limitMs);
      await within(over, this.limitMs, 'turn/interrupt of a sub-agent');
    } catch (error) {
      // Codex refuses to interrupt a turn that is over. The `turn/completed` notification tells whether it is.
      this.logger.warn(`A sub-agent's turn: ${describeError(error)}`);
    }
  }

  private async endCommands(threadId: string): Promise<string[]> {
    try {
      const end = performance.now() + COMMANDS_MS;
      for (;;) {
        await this.connection.request(terminalsClean, { threadId }, this.limitMs);
        const { data } = await this.connection.request(terminalsList, { threadId }, this.limitMs);
        if (data.length === 0 || performance.now() >= end)
          return data.map(({ command }) => `the command ${oneLine(command, 120)}`);
        await pause(LOOK_AGAIN_MS);
      }
    } catch (error) {
      this.logger.warn(`Commands of the interrupted turn: ${describeError(error)}`);
      // A thread that the server has unloaded has no commands.
      if (error instanceof CodexError && error.reason === 'refused' && this.others.forget(threadId)) return [];
      return [`possibly its commands (${oneLine(describeError(error), 120)})`];
    }
  }
}
