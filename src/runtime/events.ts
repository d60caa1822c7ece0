/** Turns the app-server's notifications into runtime events. */
import type { HeardNotification } from '../codex/methods.ts';
import { troubleOf } from '../codex/turnErrors.ts';
import type { WireTurn } from '../codex/wire.ts';
import type { PlanStep, RateLimitWindow, RuntimeEvent, TurnOutcome } from './codingAgent.ts';
import { toTurnItem } from './items.ts';

/** @param adopted Whether the running turn was not started by this window. */
export function toRuntimeEvents({ method, params }: HeardNotification, adopted: boolean): RuntimeEvent[] {
  switch (method) {
    case 'turn/started':
      return [{ type: 'turnStarted', turnId: params.turn.id, adopted }];
    case 'turn/completed':
      return [{ type: 'turnCompleted', turnId: params.turn.id, outcome: toOutcome(params.turn) }];
    case 'item/started':
      return [{ type: 'itemStarted', turnId: params.turnId, item: toTurnItem(params.item, false) }];
    case 'item/completed': {
      const item = toTurnItem(params.item, true);
      const { turnId } = params;
      const events: RuntimeEvent[] = [{ type: 'itemCompleted', turnId, item }];
      if (item.kind === 'userMessage' && item.clientId !== null) {
        events.push({ type: 'inputDelivered', turnId, clientId: item.clientId });
      }
      return events;
    }
    case 'item/agentMessage/delta':
    case 'item/plan/delta':
      return [{ type: 'itemDelta', kind: 'text', ...deltaOf(params) }];
    case 'item/reasoning/summaryTextDelta':
    case 'item/reasoning/textDelta':
      return [{ type: 'itemDelta', kind: 'reasoning', ...deltaOf(params) }];
    case 'item/commandExecution/outputDelta':
      return [{ type: 'itemDelta', kind: 'output', ...deltaOf(params) }];
    case 'turn/plan/updated':
      return [{ type: 'planUpdated', turnId: params.turnId, steps: params.plan.map(toPlanStep) }];
    case 'turn/diff/updated':
      return [{ type: 'diffUpdated', turnId: params.turnId, diff: params.diff }];
    case 'thread/tokenUsage/updated': {
      const { total, last, modelContextWindow } = params.tokenUsage;
      const sizes = { totalTokens: total.totalTokens, contextTokens: last.totalTokens };
      return [{ type: 'tokensUpdated', usage: { ...sizes, contextWindow: modelContextWindow ?? null } }];
    }
    case 'account/rateLimits/updated': {
      const { limitId, primary, secondary } = params.rateLimits;
      const windows = [primary, secondary].filter((window) => window !== null && window !== undefined);
      if (windows.length === 0) return [];
      return [{ type: 'rateLimitsUpdated', limitId: limitId ?? null, windows: windows.map(toWindow) }];
    }
    case 'error':
      return [{ type: 'runtimeError', message: params.error.message, willRetry: params.willRetry }];
    default:
      return [];
  }
}

function deltaOf({ turnId, itemId, delta }: { turnId: string; itemId: string; delta: string }) {
  return { turnId, itemId, delta };
}

/** How a finished turn ended. */
export function toOutcome({ status, error }: Pick<WireTurn, 'status' | 'error'>): TurnOutcome {
  if (status === 'completed' || status === 'interrupted') return { status };
  const message = error?.message ?? `The turn ended as "${status}".`;
  return { status: 'failed', message, trouble: troubleOf(error?.codexErrorInfo) };
}

function toPlanStep({ step, status }: { step: string; status: string }): PlanStep {
  return { step, status: status === 'completed' || status === 'inProgress' ? status : 'pending' };
}

function toWindow(window: {
  usedPercent: number;
  windowDurationMins?: number | null | undefined;
  resetsAt?: number | null | undefined;
}): RateLimitWindow {
  const { usedPercent, windowDurationMins, resetsAt } = window;
  return { usedPercent, windowMinutes: windowDurationMins ?? null, resetsAt: resetsAt ?? null };
}
