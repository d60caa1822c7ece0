import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { classify, isActionable, type MessageClass } from '../../../src/town/records/messageClass.ts';
import {
  byCreation,
  decodeMessage,
  encodeMessage,
  newMessage,
  type MessageBody,
} from '../../../src/town/records/messages.ts';
import { MAX_TEXT } from '../../../src/town/records/records.ts';

const from = '00000000-0000-0000-0000-000000000001';
const to = '1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed';
const taskId = '7c9e6679-7425-40de-944b-e07fc1f90ae7';

const at = (createdAt: string) => ({ ...newMessage({ type: 'ping', from, to }), createdAt });

const custom = (kind: string, payload = ''): MessageBody => ({ type: 'custom', kind, payload });

/** Every type with its wire form, its class, and whether it starts or steers a turn. */
const types: [MessageBody, Record<string, unknown>, MessageClass, boolean][] = [
  [{ type: 'task', description: 'd' }, { type: 'task', description: 'd' }, 'task', true],
  [{ type: 'query', question: 'q' }, { type: 'query', question: 'q' }, 'query', true],
  [{ type: 'informational', summary: 's' }, { type: 'informational', summary: 's' }, 'informational', false],
  [
    { type: 'confirmation', ackType: { type: 'thanks' } },
    { type: 'confirmation', ack_type: { type: 'thanks' } },
    'confirmation',
    false,
  ],
  [
    { type: 'confirmation', ackType: { type: 'rejected', reason: 'no' } },
    { type: 'confirmation', ack_type: { type: 'rejected', reason: 'no' } },
    'confirmation',
    false,
  ],
  [{ type: 'task_assign', taskId }, { type: 'task_assign', task_id: taskId }, 'task', true],
  [
    { type: 'task_done', taskId, result: 'r' },
    { type: 'task_done', task_id: taskId, result: 'r' },
    'informational',
    false,
  ],
  [
    { type: 'task_failed', taskId, error: 'e' },
    { type: 'task_failed', task_id: taskId, error: 'e' },
    'informational',
    false,
  ],
  [{ type: 'status_request' }, { type: 'status_request' }, 'query', true],
  [
    { type: 'status_response', state: 'idle', currentTask: null },
    { type: 'status_response', state: 'idle', current_task: null },
    'informational',
    false,
  ],
  [{ type: 'ping' }, { type: 'ping' }, 'informational', false],
  [{ type: 'pong' }, { type: 'pong' }, 'informational', false],
  [{ type: 'shutdown' }, { type: 'shutdown' }, 'otherActionable', true],
  [custom('k', 'p'), { type: 'custom', kind: 'k', payload: 'p' }, 'task', true],
];

describe('a message', () => {
  for (const [body, wire, itsClass, actionable] of types) {
    describe(JSON.stringify(wire), () => {
      const message = newMessage({ ...body, from, to, priority: 'high', correlationId: taskId });
      it('comes back as it was written', () => {
        const raw = encodeMessage(message);
        const { id, created_at, ...rest }: Record<string, unknown> = JSON.parse(raw);
        assert.deepEqual([id, created_at], [message.id, message.createdAt]);
        assert.deepEqual(rest, { from, to, ...wire, priority: 'high', correlation_id: taskId });
        assert.deepEqual(decodeMessage(raw), { ok: true, value: message });
      });
      it(`is ${itsClass}`, () => {
        assert.equal(classify(body), itsClass);
        assert.equal(isActionable(body), actionable);
      });
    });
  }

  const wire = {
    id: to,
    from,
    to,
    type: 'task',
    description: 'd',
    priority: 'normal',
    created_at: '2026-04-23T22:32:34.1Z',
  };
  it('may hold unknown fields and lack what has a default', () => {
    const { priority: _priority, ...bare } = wire;
    const decoded = decodeMessage(JSON.stringify({ ...bare, colour: 'red' }));
    assert.ok(decoded.ok);
    assert.equal(decoded.value.priority, 'normal');
    assert.equal(decoded.value.correlationId, null);
    assert.ok(!('colour' in decoded.value));
  });

  const bad: [string, string, RegExp][] = [
    ['text', 'hello', /^is not JSON$/],
    ['nothing', '', /^is not JSON$/],
    ['half of it', JSON.stringify(wire).slice(0, 40), /^is not JSON$/],
    ['a number', '7', /./],
    ['null', 'null', /./],
    ['a list', '[]', /./],
    ['an unknown type', JSON.stringify({ ...wire, type: 'song' }), /^has an unknown type$/],
    ['a type of every object', JSON.stringify({ ...wire, type: 'constructor' }), /^has an unknown type$/],
    ['no type', JSON.stringify({ ...wire, type: undefined }), /^type is missing$/],
    ['no payload', JSON.stringify({ ...wire, description: undefined }), /^description is not a text$/],
    ['a payload of another kind', JSON.stringify({ ...wire, description: 7 }), /^description is not a text$/],
    ['an id that is none', JSON.stringify({ ...wire, id: '7' }), /^id is not an id$/],
    ['a sender that is none', JSON.stringify({ ...wire, from: null }), /^from is not an id$/],
    ['an unknown priority', JSON.stringify({ ...wire, priority: 'now' }), /^priority is not/],
    ['a time that is none', JSON.stringify({ ...wire, created_at: '1' }), /^created_at is not a time$/],
    ['a huge text', JSON.stringify({ ...wire, description: 'x'.repeat(MAX_TEXT + 1) }), /^description is longer/],
    ['a huge whole', JSON.stringify({ ...wire, junk: 'x'.repeat(2 * MAX_TEXT) }), /^is longer/],
    [
      'an unknown confirmation',
      JSON.stringify({ ...wire, type: 'confirmation', ack_type: { type: 'maybe' } }),
      /^ack_type is not a known confirmation$/,
    ],
  ];
  for (const [what, raw, reason] of bad) {
    it(`is not ${what}`, () => {
      const decoded = decodeMessage(raw);
      assert.ok(!decoded.ok);
      assert.match(decoded.reason, reason);
      assert.ok(decoded.reason.length < 200);
    });
  }

  it('is decoded or refused, whatever stands there', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (raw) => typeof decodeMessage(raw).ok === 'boolean'));
  });

  it('is ordered by its time, whatever its zone and precision', () => {
    const early = at('2026-01-01T01:00:00.100001+02:00');
    const late = at('2026-01-01T00:00:00Z');
    assert.deepEqual([late, early].toSorted(byCreation), [early, late]);
  });

  it('is ordered by its microseconds too, in which tt writes', () => {
    const times = ['00.1234Z', '00.123456+00:00', '00.1235Z', '00.124Z', '01Z'];
    const ordered = times.map((time) => at(`2026-01-01T00:00:${time}`));
    assert.deepEqual(ordered.toReversed().toSorted(byCreation), ordered);
  });

  it('is later than any that this window wrote before', () => {
    const written = Array.from({ length: 100 }, () => newMessage({ type: 'ping', from, to }));
    assert.deepEqual(written.toReversed().toSorted(byCreation), written);
    assert.ok(written.every((message) => decodeMessage(encodeMessage(message)).ok));
  });
});

describe('a custom message', () => {
  const table: [string, string, MessageClass][] = [
    ['ack', '', 'confirmation'],
    ['note', 'Thank you!', 'confirmation'],
    ['THANKS', '', 'confirmation'],
    ['x', 'approved', 'confirmation'],
    ['received', 'status update?', 'confirmation'],
    ['fyi', 'the build is green', 'informational'],
    ['x', 'status question', 'informational'],
    ['update', '', 'informational'],
    ['question', 'why?', 'query'],
    ['query', '', 'query'],
    ['x', 'a QUESTION of taste', 'query'],
    ['needs_attention', '{}', 'task'],
    ['', '', 'task'],
  ];
  for (const [kind, payload, expected] of table) {
    it(`${JSON.stringify(kind)} ${JSON.stringify(payload)} is ${expected}`, () => {
      assert.equal(classify({ type: 'custom', kind, payload }), expected);
    });
  }
});
