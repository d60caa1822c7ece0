import assert from 'node:assert/strict';
import { Settlement } from '../../../src/loop/agent/settlement.ts';
import type { LoopParts } from '../../../src/loop/agent/loopParts.ts';
import type { CodingAgent } from '../../../src/runtime/codingAgent.ts';
import type { Batch } from '../../../src/town/records/batch.ts';
import { TownKeys } from '../../../src/town/keys.ts';
import type { Plan } from '../../../src/town/plans/plan.ts';
import { silentLogger } from '../../../src/util/logger.ts';

const batch: Batch = { id: 'b', kind: 'round', at: 1, threadId: 't', delivered: true, messages: [] };
const keys = new TownKeys('hill');
const context = { keys, agentId: 'a', agentName: 'web', threadId: 't', now: 1 };
const turn = { notBefore: 0, seen: {}, leftWaiting: new Set<string>(), requests: undefined };

describe('the settlement of an interrupted turn', () => {
  it('is remembered while Redis takes no changes, and held then, whatever the history says', async () => {
    let refuses = true;
    const plans: Plan[] = [];
    const delivery = { inflight: () => Promise.resolve({ batches: [batch], unreadable: [] }) };
    const unwrittenHolds = { read: () => Promise.resolve(new Map()), keep: () => Promise.resolve() };
    const parts = { delivery, unwrittenHolds, logger: silentLogger, retryMs: 1 } as unknown as LoopParts;
    const commit = (plan: Plan): Promise<'done'> => {
      if (refuses) return Promise.reject(new Error('OOM'));
      plans.push(plan);
      return Promise.resolve('done');
    };
    const settlement = new Settlement(parts, commit, { crashed: false, reason: '' });
    const end = { outcome: { status: 'interrupted' }, intent: 'interrupt', maxAttempts: 3 } as const;
    await assert.rejects(settlement.atTurnEnd(context, turn, [batch], end));
    refuses = false;
    const found = new Map([['b', { found: true, turnId: 'u', turn: 'interrupted' }]]);
    const runtime = { mode: 'persistent', findInputs: () => Promise.resolve(found) } as unknown as CodingAgent;
    await settlement.afterRestart(runtime, context, turn, 3);
    const written = plans.flatMap(({ commands }) => commands.map(([name, key]) => `${String(name)} ${String(key)}`));
    assert.ok(written.includes(`RPUSH ${keys.held('a')}`), written.join('; '));
  });
});
