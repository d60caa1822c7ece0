/** What becomes of a batch, as tables: at the end of its turn, and when its owner or process went away. */
import assert from 'node:assert/strict';
import { fateAfterRestart, fateAtTurnEnd } from '../../../src/loop/agent/fates.ts';
import { RestartPolicy, retryDelay } from '../../../src/loop/agent/restartPolicy.ts';
import type { TurnTrouble } from '../../../src/codex/turnErrors.ts';
import type { InputFate } from '../../../src/runtime/codingAgent.ts';
import type { Batch } from '../../../src/town/records/batch.ts';

function batch(kind: Batch['kind'], delivered: boolean): Batch {
  return { id: 'b', kind, at: 1, threadId: 't', delivered, messages: [] };
}

const completed = { status: 'completed' } as const;
const interrupted = { status: 'interrupted' } as const;
const failed = { status: 'failed', message: 'no model', trouble: 'retry' } as const;
const busy = { ...failed, trouble: 'busy' } as const;
const signedOut = { status: 'failed', message: 'who are you?', trouble: 'signedOut' } as const;

type Ended = 'completed' | 'interrupted' | 'failed' | 'running';

function found(turn: Ended): { found: true; turnId: string; turn: Ended } {
  return { found: true, turnId: 't', turn };
}

function refused(trouble: TurnTrouble): InputFate {
  return { ...found('failed'), refusal: { trouble, message: 'no' } };
}

describe('the fate of a batch', () => {
  const ends = [
    ['a round that went well is done', batch('round', true), completed, undefined, 'done'],
    ['a round without an echo that went well is done', batch('round', false), completed, undefined, 'done'],
    ['a steer with its echo is done', batch('steer', true), completed, undefined, 'done'],
    ['a steer without an echo did not happen', batch('steer', false), completed, undefined, 'requeue'],
    ['a round that failed is an attempt', batch('round', true), failed, undefined, 'requeue failed'],
    ['a steer in a failed turn shares its fate', batch('steer', true), failed, undefined, 'requeue failed'],
    ['a steer that a failed turn never saw is no attempt', batch('steer', false), failed, undefined, 'requeue'],
    ['an overloaded service is no attempt, and is given time', batch('round', true), busy, undefined, 'requeue wait'],
    ['being signed out is no attempt', batch('round', true), signedOut, undefined, 'requeue'],
    ['a used-up limit is no attempt', batch('round', true), { ...failed, trouble: 'usedUp' }, undefined, 'requeue'],
    ['a refusal that would repeat holds', batch('round', true), { ...failed, trouble: 'needsYou' }, undefined, 'hold'],
    ['a full context holds', batch('round', true), { ...failed, trouble: 'contextFull' }, undefined, 'hold'],
    [
      'a refused look at the backlog is not held',
      batch('offer', true),
      { ...failed, trouble: 'needsYou' },
      undefined,
      'done',
    ],
    ['an interrupt holds', batch('round', true), interrupted, 'interrupt', 'hold'],
    ['a stop holds', batch('round', true), interrupted, 'stop', 'hold'],
    ['an interrupt by somebody else holds', batch('round', true), interrupted, undefined, 'hold'],
    ['a pause puts back', batch('round', true), interrupted, 'pause', 'requeue'],
    ['the end of a turn that Redis was away for puts back', batch('round', true), interrupted, 'redisAway', 'requeue'],
    ['a look at the backlog is not repeated', batch('offer', true), interrupted, 'pause', 'done'],
  ] as const;
  for (const [name, one, outcome, intent, expected] of ends) {
    it(`at the end of a turn: ${name}`, () => assert.equal(said(fateAtTurnEnd(one, outcome, intent)), expected));
  }

  const reload = { crashed: false, reason: 'reload' };
  const crash = { crashed: true, reason: 'crash' };
  const restarts = [
    ['found in a completed turn: settled', batch('round', false), found('completed'), crash, 'done', true],
    [
      'found in a cut-off turn after a reload: goes on',
      batch('round', false),
      found('interrupted'),
      reload,
      'requeue',
      true,
    ],
    [
      'found in a cut-off turn after a crash: an attempt',
      batch('round', true),
      found('interrupted'),
      crash,
      'requeue failed',
      true,
    ],
    ['found in a failed turn: goes on', batch('round', true), found('failed'), reload, 'requeue', true],
    ['refused for a used-up limit: no attempt', batch('round', false), refused('usedUp'), crash, 'requeue', true],
    [
      'refused for a service that is busy: given time',
      batch('steer', false),
      refused('busy'),
      crash,
      'requeue wait',
      true,
    ],
    [
      'refused as the conversation is full: no attempt',
      batch('round', true),
      refused('contextFull'),
      crash,
      'requeue',
      true,
    ],
    ['refused for good: held', batch('round', true), refused('needsYou'), reload, 'hold', true],
    [
      'failed by itself before a crash: an attempt',
      batch('round', true),
      refused('retry'),
      crash,
      'requeue failed',
      true,
    ],
    ['not found: sent again', batch('round', false), { found: false, complete: true }, crash, 'requeue', false],
    [
      'not found in a part of the history: the user decides',
      batch('round', true),
      { found: false, complete: false },
      crash,
      'hold',
      true,
    ],
    ['a runtime without history: sent again', batch('round', true), undefined, reload, 'requeue', false],
    [
      'a look at the backlog that was cut off: not repeated',
      batch('offer', true),
      found('interrupted'),
      crash,
      'done',
      true,
    ],
  ] as const;
  for (const [name, one, fate, end, expected, delivered] of restarts) {
    it(`after a restart: ${name}`, () => {
      const result = fateAfterRestart(one, fate, end);
      assert.deepEqual([said(result.fate), result.delivered], [expected, delivered]);
    });
  }
});

describe('waiting before the next try', () => {
  it('gives a process four chances in a row, later ones later, and all again once it went well', () => {
    const policy = new RestartPolicy();
    const delays = (): (number | undefined)[] => [1, 2, 3, 4].map(() => policy.next());
    assert.deepEqual(delays(), [500, 2_000, 8_000, undefined]);
    policy.reset();
    assert.equal(policy.next(), 500);
  });

  it('waits longer after each failed attempt, but never very long', () => {
    assert.deepEqual(
      [1, 2, 3, 20].map((attempts) => retryDelay(attempts)),
      [2_000, 8_000, 32_000, 300_000],
    );
  });
});

function said(fate: ReturnType<typeof fateAtTurnEnd>): string {
  if (fate.fate !== 'requeue') return fate.fate;
  return ['requeue', fate.failed !== undefined && 'failed', fate.wait && 'wait'].filter(Boolean).join(' ');
}
