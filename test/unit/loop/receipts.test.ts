/** What one look at an agent's lists says of its messages, and what may be done with those that wait. */
import assert from 'node:assert/strict';
import { type Receipt, elementId, receiptsOf } from '../../../src/loop/state/receipt.ts';
import { neighbourOf, whyNotQueued } from '../../../src/loop/state/queueRules.ts';
import { inOrder } from '../../../src/loop/agent/decide.ts';
import type { Batch, SettledMessage } from '../../../src/town/records/batch.ts';
import type { WaitingMessage } from '../../../src/town/stores/delivery.ts';
import { SUPERVISOR_ID } from '../../../src/town/keys.ts';
import type { MessageSnapshot } from '../../../src/town/stores/messageSnapshot.ts';
import { type MessageBody, type Priority, encodeMessage, newMessage } from '../../../src/town/records/messages.ts';
import { agentStates } from '../../../src/town/records/records.ts';
import { inEnglish } from '../../../src/util/sentence.ts';

const agent = '11111111-1111-4111-8111-111111111111';
const peer = '22222222-2222-4222-8222-222222222222';

interface Options {
  list?: 'urgent' | 'inbox';
  priority?: Priority;
  from?: string;
}

function waiting(body: MessageBody | string, options: Options = {}): WaitingMessage {
  const { list = 'inbox', priority = 'normal', from = SUPERVISOR_ID } = options;
  const said = typeof body === 'string' ? ({ type: 'task', description: body } as const) : body;
  const message = newMessage({ ...said, from, to: agent, priority });
  return { message, list, raw: Buffer.from(encodeMessage(message)) };
}

function batchOf(messages: readonly WaitingMessage[], fields: Partial<Batch> = {}): Batch {
  return {
    id: 'batch-1',
    kind: 'round',
    at: 1_000,
    threadId: null,
    delivered: false,
    messages: messages.map(({ message, list, raw }) => ({ id: message.id, list, raw: raw.toString() })),
    ...fields,
  };
}

function look(parts: Partial<MessageSnapshot>): MessageSnapshot {
  return {
    state: 'working',
    currentTask: undefined,
    urgent: [],
    inbox: [],
    unreadable: [],
    inflight: [],
    held: [],
    dead: [],
    settled: [],
    seen: {},
    seenText: undefined,
    owner: 'window',
    ownerLives: true,
    ...parts,
  };
}

function over({ raw, list }: WaitingMessage, at: number): SettledMessage {
  return { raw: raw.toString(), list, batchId: 'b0', at };
}

function why(...words: Parameters<typeof whyNotQueued>): string {
  return inEnglish(whyNotQueued(...words) ?? '');
}

const noTask = (): undefined => undefined;

/** `state text` of each. */
function said(receipts: readonly Receipt[]): string[] {
  return receipts.map(({ state, text }) => `${state} ${text}`);
}

describe('receipts', () => {
  it('stand in the order in which the messages will be handled', () => {
    const [low, high, later, urgent] = [
      waiting('low'),
      waiting('high', { priority: 'high' }),
      waiting('later'),
      waiting('urgent', { list: 'urgent' }),
    ];
    const [flying, held, dead, done, before] = ['flying', 'held', 'dead', 'done', 'done before'].map((text) =>
      waiting(text),
    );
    assert.ok(flying && held && dead && done && before);
    const receipts = receiptsOf(
      look({
        urgent: [urgent],
        inbox: [high, low, later],
        inflight: [batchOf([flying])],
        held: [
          {
            raw: Buffer.alloc(0),
            value: { batch: batchOf([held], { id: 'b2' }), heldAt: 7, reason: 'It was interrupted.' },
          },
        ],
        dead: [
          {
            raw: Buffer.alloc(0),
            value: { raw: dead.raw.toString(), list: 'urgent', at: 8, reason: 'no', attempts: 3 },
          },
        ],
        settled: [over(done, 6), over(before, 5)],
      }),
      noTask,
    );
    assert.deepEqual(said(receipts), [
      'sent flying',
      'queued urgent',
      'queued high',
      'queued low',
      'queued later',
      'held held',
      'dead dead',
      'settled done',
      'settled done before',
    ]);
    const [, , , , , heldOne, deadOne, doneOne] = receipts;
    assert.deepEqual([heldOne?.batchId, heldOne?.since, heldOne?.reason], ['b2', 7, 'It was interrupted.']);
    assert.deepEqual([deadOne?.list, deadOne?.since, deadOne?.reason, deadOne?.attempts], ['urgent', 8, 'no', 3]);
    assert.deepEqual([doneOne?.batchId, doneOne?.since], ['b0', 6]);
  });

  const one = waiting('go');
  const flights: [
    name: string,
    batch: Partial<Batch>,
    parts: Partial<MessageSnapshot>,
    state: string,
    since: number,
  ][] = [
    ['sent', {}, {}, 'sent', 1_000],
    ['echoed', { delivered: true, deliveredAt: 2_000 }, {}, 'delivered', 2_000],
    ['echoed, as an older version wrote it', { delivered: true }, {}, 'delivered', 1_000],
    ['under an owner that is gone', {}, { ownerLives: false }, 'uncertain', 1_000],
    [
      'echoed, under an owner that is gone',
      { delivered: true, deliveredAt: 2_000 },
      { ownerLives: false },
      'uncertain',
      2_000,
    ],
    ['sent to a process that is gone', { adrift: true }, {}, 'uncertain', 1_000],
    ['of an agent without a record', {}, { state: undefined }, 'uncertain', 1_000],
  ];
  for (const [name, batch, parts, state, since] of flights) {
    it(`in flight, ${name}: ${state}`, () => {
      const [receipt] = receiptsOf(look({ ...parts, inflight: [batchOf([one], batch)] }), noTask);
      assert.deepEqual([receipt?.state, receipt?.since, receipt?.batchId], [state, since, 'batch-1']);
    });
  }

  it('in flight are uncertain in the states that have no turn', () => {
    const uncertain = agentStates.filter((state) => {
      const [receipt] = receiptsOf(look({ state, inflight: [batchOf([one])] }), noTask);
      return receipt?.state === 'uncertain';
    });
    assert.deepEqual(uncertain, ['cold', 'starting', 'idle', 'error']);
  });

  it('tell how often a message was tried, and that one was put back', () => {
    const [tried, back, fresh] = [waiting('tried'), waiting('back', { list: 'urgent' }), waiting('fresh')];
    const seen = {
      [tried.message.id]: { attempts: 2, threadId: 't' },
      [back.message.id]: { attempts: 0, threadId: null },
    };
    const receipts = receiptsOf(look({ urgent: [back], inbox: [tried, fresh], seen }), noTask);
    assert.deepEqual(
      receipts.map(({ text, attempts }) => [text, attempts]),
      [
        ['back', 0],
        ['tried', 2],
        ['fresh', undefined],
      ],
    );
  });

  it('of assignments say what the task is, and of what is no message its bytes', () => {
    const assigned = waiting({ type: 'task_assign', taskId: 't1' });
    const raw = Buffer.from('no message');
    const unreadable = [{ list: 'inbox' as const, raw, reason: 'is not JSON' }];
    const task = { id: 't1', description: 'paint', state: 'assigned', createdAt: '', updatedAt: '', tags: [] } as const;
    const receipts = receiptsOf(look({ inbox: [assigned], unreadable }), () => ({ ...task, tags: [] }));
    assert.deepEqual(said(receipts), ['queued paint', 'queued no message']);
    assert.deepEqual(
      receipts.map(({ messageId, type, can }) => [messageId, type, can.length > 1]),
      [
        [assigned.message.id, 'task_assign', true],
        [elementId(raw), 'unreadable', false],
      ],
    );
  });
});

describe('what may be done with a waiting message', () => {
  const first = waiting('first');
  const second = waiting('second');
  const third = waiting('third', { from: peer });
  const high = waiting('high', { priority: 'high' });
  const urgent = waiting('urgent', { list: 'urgent' });
  const thanks = waiting({ type: 'confirmation', ackType: { type: 'thanks' } });
  const order = inOrder([urgent], [high, first, second, third, thanks]);

  const rows: [name: string, message: WaitingMessage, can: string[]][] = [
    ['the first', first, ['editQueued', 'moveQueuedDown', 'promoteQueued', 'removeQueued']],
    ['one amid', second, ['editQueued', 'moveQueuedUp', 'moveQueuedDown', 'promoteQueued', 'removeQueued']],
    ['one of another agent', third, ['moveQueuedUp', 'moveQueuedDown', 'promoteQueued', 'removeQueued']],
    ['one without a text, at the end', thanks, ['moveQueuedUp', 'promoteQueued', 'removeQueued']],
    ['one that goes by time', high, ['editQueued', 'promoteQueued', 'removeQueued']],
    ['an urgent one', urgent, ['editQueued', 'removeQueued']],
  ];
  for (const [name, message, can] of rows) {
    it(`${name}: ${can.join(', ')}`, () => {
      const [receipt] = receiptsOf(
        look({ urgent: [urgent], inbox: [high, first, second, third, thanks] }),
        noTask,
      ).filter(({ messageId }) => messageId === message.message.id);
      assert.deepEqual(receipt?.can, can);
    });
  }

  it('is said why not', () => {
    assert.match(why('moveQueuedUp', first, order), /the first/);
    assert.match(why('moveQueuedDown', thanks, order), /the last/);
    assert.match(why('moveQueuedUp', high, order), /ordered by time/);
    assert.match(why('editQueued', third, order), /Another agent wrote/);
    assert.match(why('editQueued', thanks, order), /no text/);
    assert.match(why('promoteQueued', urgent, order), /already/);
  });

  it('moves past its neighbour among those that can be moved', () => {
    assert.equal(neighbourOf('moveQueuedUp', second, order), first);
    assert.equal(neighbourOf('moveQueuedDown', second, order), third);
    assert.equal(neighbourOf('moveQueuedUp', first, order), undefined);
    assert.equal(neighbourOf('moveQueuedUp', high, order), undefined);
  });
});
