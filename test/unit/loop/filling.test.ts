/** How much of what waits goes into one input: in order, without a loss, never too much. */
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { fill } from '../../../src/loop/agent/filling.ts';
import { Pace } from '../../../src/loop/agent/pace.ts';
import { bodyText, roundPrompt, steerPrompt } from '../../../src/loop/agent/prompt.ts';
import { knownAtStart } from '../../../src/loop/agent/standing.ts';
import type { WaitingMessage } from '../../../src/town/stores/delivery.ts';
import { SUPERVISOR_ID } from '../../../src/town/keys.ts';
import { isActionable } from '../../../src/town/records/messageClass.ts';
import { type MessageBody, encodeMessage, newMessage } from '../../../src/town/records/messages.ts';
import { MAX_SENT, isTooLong } from '../../../src/town/records/sendable.ts';
import { testAgent } from '../../support/redisTown.ts';

const agent = testAgent('web');

function waiting(body: MessageBody, list: 'urgent' | 'inbox' = 'inbox'): WaitingMessage {
  const message = newMessage({ ...body, from: SUPERVISOR_ID, to: agent.id });
  return { message, list, raw: Buffer.from(encodeMessage(message)) };
}

const task = (description: string): WaitingMessage => waiting({ type: 'task', description });
const news = (summary: string): WaitingMessage => waiting({ type: 'informational', summary });
const facts = {
  task: () => undefined,
  nameOf: () => 'anna',
  access: 'tools',
  continued: new Set<string>(),
  town: 'town',
  agent,
  role: 'general',
  known: undefined,
  persons: new Set<WaitingMessage>(),
  backlog: { total: 0, matching: [], isNew: false },
  round: 1,
  maxRounds: 0,
} as const;
const prompt = (messages: readonly WaitingMessage[]): string => roundPrompt({ ...facts, messages });
const steer = (messages: readonly WaitingMessage[]): string => steerPrompt({ ...facts, messages });
/** In a thread that knows all, where everything is in the person's own words. */
const inThread = (messages: readonly WaitingMessage[]) => {
  const known = knownAtStart({ town: 'town', name: agent.name, role: 'general', access: 'tools' });
  return { ...facts, known, messages, persons: new Set(messages) };
};
const sizeOf = ({ message }: WaitingMessage): number =>
  isActionable(message) ? bodyText(() => undefined, message).length : 0;

const body = fc.string({ unit: fc.constantFrom('`', 'x', '\n', '\u{1f600}'), maxLength: 1_500 });
const anyMessages = fc.array(
  fc.oneof(
    body.map((text) => task(text)),
    body.map((text) => news(text)),
    body.map((question) => waiting({ type: 'query', question }, 'urgent')),
    fc.constant(0).map(() => waiting({ type: 'confirmation', ackType: { type: 'thanks' } })),
  ),
  { maxLength: 12 },
);

describe('an input that is filled', () => {
  const renders = [
    ['a round', prompt],
    ['a steer', steer],
    ['a round of a thread that knows all', (messages: readonly WaitingMessage[]) => roundPrompt(inThread(messages))],
    ['a steer of a thread that knows all', (messages: readonly WaitingMessage[]) => steerPrompt(inThread(messages))],
  ] as const;
  for (const [name, render] of renders) {
    it(`${name}: round after round takes all, in order, nothing twice, and never exceeds the budget`, () => {
      fc.assert(
        fc.property(anyMessages, fc.integer({ min: 2_500, max: 8_000 }), (messages, limit) => {
          let left = messages;
          const taken: WaitingMessage[] = [];
          const aside: WaitingMessage[] = [];
          while (left.length > 0) {
            const filling = fill(left, sizeOf, render, limit);
            assert.ok(filling.text.length <= limit);
            assert.equal(filling.text, render(filling.taken));
            assert.ok(filling.taken.length + filling.tooLong.length > 0, 'it goes on');
            for (const one of filling.tooLong) assert.ok(render([one]).length > limit);
            assert.deepEqual(
              filling.taken,
              left.filter((one) => filling.taken.includes(one)),
            );
            taken.push(...filling.taken);
            aside.push(...filling.tooLong);
            left = left.filter((one) => !filling.taken.includes(one) && !filling.tooLong.includes(one));
          }
          assert.equal(taken.length + aside.length, messages.length);
          assert.equal(new Set([...taken, ...aside]).size, messages.length);
          for (const kind of [isActionable, (one: MessageBody) => !isActionable(one)]) {
            const inOrder = messages.filter((one) => kind(one.message) && !aside.includes(one));
            assert.deepEqual(
              taken.filter(({ message }) => kind(message)),
              inOrder,
            );
          }
        }),
        { numRuns: 300 },
      );
    });
  }

  it('takes what asks for something from behind any number of news, and some of the news', () => {
    const messages = [...Array.from({ length: 300 }, (_, index) => news(`note ${index}`)), task('the work')];
    const { taken } = fill(messages, sizeOf, prompt);
    assert.deepEqual(taken, [...messages.slice(0, 199), messages.at(-1)]);
  });

  it('does not put together what cannot fit', () => {
    const messages = Array.from({ length: 30 }, () => task('x'.repeat(1_000_000)));
    let rendered = 0;
    const { taken } = fill(messages, sizeOf, (some) => {
      rendered += some.length;
      return prompt(some);
    });
    assert.equal(taken.length, 1);
    assert.ok(rendered <= 10, `${rendered} messages were put together`);
  });

  it('holds every text that may be sent', () => {
    for (const text of [
      'x'.repeat(MAX_SENT - 10),
      '`'.repeat(MAX_SENT / 3 - 10),
      '\u{1f600}'.repeat(MAX_SENT / 2 - 10),
    ]) {
      assert.equal(isTooLong(text), false);
      assert.deepEqual(fill([task(text)], sizeOf, prompt).tooLong, []);
    }
    assert.ok(isTooLong('x'.repeat(MAX_SENT + 1)) && isTooLong('`'.repeat(MAX_SENT / 2)));
  });
});

describe('the pace of a loop', () => {
  it('is free at first, then slower and slower, and free again after a wait', () => {
    const pace = new Pace();
    const rests = Array.from({ length: 40 }, () => pace.next());
    assert.deepEqual(
      rests.slice(0, 20),
      Array.from({ length: 20 }, () => 0),
    );
    assert.ok(rests.slice(20).every((rest, index, all) => rest > 0 && rest >= (all[index - 1] ?? 0) && rest <= 2_000));
    pace.reset();
    assert.equal(pace.next(), 0);
  });
});
