/** Settles what a turn, or an owner that went away, has left in flight. Each batch is settled once, whatever gets lost. */
import type { CodingAgent, TurnOutcome } from '../../runtime/codingAgent.ts';
import type { Batch, DeadMessage, TurnRecord } from '../../town/records/batch.ts';
import { assignedTaskIds } from '../../town/records/messages.ts';
import type { Plan } from '../../town/plans/plan.ts';
import {
  type BatchFate,
  type PlanContext,
  type SettleFacts,
  setBatchesAsidePlan,
  settlePlan,
} from '../../town/plans/plans.ts';
import { describeError } from '../../util/errors.ts';
import { oneLine } from '../../util/text.ts';
import { type EndIntent, type LastEnd, fateAfterRestart, fateAtTurnEnd } from './fates.ts';
import type { LoopParts } from './loopParts.ts';
import { retryDelay } from './restartPolicy.ts';
import type { HoldFate, Holds } from './unwrittenHolds.ts';

type Commit = (plan: Plan) => Promise<'done' | 'changed'>;

interface Fated {
  batch: Batch;
  fate: BatchFate;
}

export class Settlement {
  private lastEnd: LastEnd;
  /**
   * Batches to be held that could not be written yet. They stay held, whatever is found out later. Undefined until somebody asks
   * what the last window has left.
   */
  private unwritten: Holds | undefined;
  private readonly parts: LoopParts;
  private readonly commit: Commit;

  constructor(parts: LoopParts, commit: Commit, lastEnd: LastEnd) {
    this.parts = parts;
    this.commit = commit;
    this.lastEnd = lastEnd;
  }

  /** Says how the process or the owner ended. This decides whether the turns that it left count as attempts. */
  turnsEnd(end: LastEnd): void {
    this.lastEnd = end;
  }

  /** Ends a turn and everything that it carried. */
  async atTurnEnd(
    context: PlanContext,
    turn: TurnRecord,
    batches: readonly Batch[],
    end: {
      outcome: TurnOutcome;
      intent: EndIntent | undefined;
      maxAttempts: number;
      /** The conversation was full, and there is room again. */
      again?: boolean;
    },
  ): Promise<void> {
    const { outcome, intent, maxAttempts, again = false } = end;
    const fated = batches.map((batch) => ({ batch, fate: fateAtTurnEnd(batch, outcome, intent, again) }));
    const held = fated.flatMap(({ batch, fate }) => (fate.fate === 'hold' ? [[batch.id, fate] as const] : []));
    if (held.length > 0) await this.remember(context.agentId, [...(await this.holdsOf(context.agentId)), ...held]);
    await this.settle(context, fated, {
      turn,
      maxAttempts,
      round: countsAsRound(outcome),
      outcome: outcome.status,
      lastError: outcome.status === 'failed' ? outcome.message : undefined,
    });
  }

  /** Looks up batches that were in flight in the thread's history, and settles each by what it finds. */
  async afterRestart(runtime: CodingAgent, context: PlanContext, turn: TurnRecord, maxAttempts: number): Promise<void> {
    const { batches, unreadable } = await this.parts.delivery.inflight(context.agentId);
    if (unreadable.length > 0) {
      for (const { id, reason } of unreadable) {
        this.parts.logger.error(`The batch ${oneLine(id.toString(), 64)} in flight was set aside: it ${reason}.`);
      }
      await this.commit(setBatchesAsidePlan(context, unreadable));
    }
    const ids = batches.map(({ id }) => id);
    const holds = await this.holdsOf(context.agentId);
    // A batch that is no longer in flight was settled by another window, or by a write whose reply was lost.
    if ([...holds.keys()].some((id) => !ids.includes(id)))
      await this.remember(
        context.agentId,
        [...holds].filter(([id]) => ids.includes(id)),
      );
    if (batches.length === 0) return;
    const fates = runtime.mode === 'persistent' ? await runtime.findInputs(ids) : new Map<string, never>();
    const fated = batches.map((batch) => {
      const { fate, delivered } = fateAfterRestart(batch, fates.get(batch.id), this.lastEnd);
      const threadId = delivered ? context.threadId : batch.threadId;
      this.parts.logger.info(`Batch ${batch.id} was in flight: ${fate.fate}${delivered ? ', delivered' : ''}.`);
      const held = fate.fate === 'done' ? undefined : holds.get(batch.id);
      return { batch: { ...batch, delivered, threadId }, fate: held ?? fate };
    });
    const wentWell = fated.some(({ fate }) => fate.fate === 'done');
    await this.settle(context, fated, {
      turn,
      maxAttempts,
      round: wentWell,
      outcome: 'found again after a restart',
      ...(wentWell && { lastError: undefined }),
    });
  }

  /** Puts a batch that was not taken back to the front of its lists. */
  async putBack(context: PlanContext, turn: TurnRecord, batch: Batch): Promise<void> {
    const fate: BatchFate = { fate: 'requeue', failed: undefined };
    const { plan } = settlePlan(context, {
      turn,
      batches: [{ batch, fate }],
      maxAttempts: Number.POSITIVE_INFINITY,
      backoffMs: (attempts) => retryDelay(attempts, this.parts.retryMs),
      round: false,
      state: undefined,
      outcome: 'not steered: queued for the next round',
    });
    await this.commit(plan);
  }

  private async settle(
    context: PlanContext,
    fated: readonly Fated[],
    facts: Pick<SettleFacts, 'turn' | 'maxAttempts' | 'round' | 'outcome' | 'lastError'>,
  ): Promise<void> {
    const { plan, dead } = settlePlan(context, {
      ...facts,
      batches: fated,
      backoffMs: (attempts) => retryDelay(attempts, this.parts.retryMs),
      state: { from: 'working', to: 'idle' },
    });
    const result = await this.commit(plan);
    if (result === 'done') {
      const holds = await this.holdsOf(context.agentId);
      const left = [...holds].filter(([id]) => !fated.some(({ batch }) => batch.id === id));
      if (left.length < holds.size) await this.remember(context.agentId, left);
      return this.failTasks(dead);
    }
    // A write whose reply was lost has settled a part. Settle the rest.
    const { batches } = await this.parts.delivery.inflight(context.agentId);
    const left = fated.filter(({ batch }) => batches.some(({ id }) => id === batch.id));
    if (left.length === fated.length) return;
    if (dead.length > 0) await this.failGivenUp(context.agentId);
    if (left.length > 0) await this.settle(context, left, facts);
  }

  private async holdsOf(agentId: string): Promise<Holds> {
    this.unwritten ??= await this.parts.unwrittenHolds.read(agentId);
    return this.unwritten;
  }

  private async remember(agentId: string, holds: Iterable<readonly [string, HoldFate]>): Promise<void> {
    this.unwritten = new Map(holds);
    await this.parts.unwrittenHolds.keep(agentId, this.unwritten);
  }

  /** Ends the tasks of everything that was given up. A lost reply or owner may have kept some from ending. */
  async failGivenUp(agentId: string): Promise<void> {
    for (const { value } of await this.parts.delivery.dead(agentId)) {
      // If one cannot be ended, the others still are.
      await this.failTasks([value]).catch((error: unknown) => this.parts.logger.warn(describeError(error)));
    }
  }

  private async failTasks(dead: readonly DeadMessage[]): Promise<void> {
    for (const message of dead) {
      for (const taskId of assignedTaskIds([message])) await this.parts.failTask(taskId, message.reason);
    }
  }
}

/** A turn that the service did not accept does not count. */
function countsAsRound(outcome: TurnOutcome): boolean {
  if (outcome.status !== 'failed') return outcome.status === 'completed';
  return (
    outcome.trouble !== 'contextFull' &&
    outcome.trouble !== 'usedUp' &&
    outcome.trouble !== 'signedOut' &&
    outcome.trouble !== 'busy'
  );
}
