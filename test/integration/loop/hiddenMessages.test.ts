/** The attack of another client that puts news without number before a message, or has a loop read all of it again and again. */
import assert from 'node:assert/strict';
import { HiddenMessages } from '../../../src/loop/agent/hiddenMessages.ts';
import { Delivery, type Peek } from '../../../src/town/stores/delivery.ts';
import { SUPERVISOR_ID } from '../../../src/town/keys.ts';
import { type MessageBody, encodeMessage, newMessage } from '../../../src/town/records/messages.ts';
import { type TestTown, openTestTown, testAgent } from '../../support/redisTown.ts';
import { AgentStore } from '../../../src/town/stores/agents.ts';

describe('messages behind more news than one look reads', () => {
  let town: TestTown;
  let raw: ReturnType<TestTown['server']['client']>;
  let delivery: Delivery;
  let hidden: HiddenMessages;
  let inbox: string;
  const { id } = testAgent('anna');

  before(async () => {
    town = await openTestTown();
    raw = town.server.client();
    delivery = new Delivery(town.redis, town.keys);
    inbox = town.keys.inbox(id);
  });
  after(() => town.close());
  beforeEach(async () => {
    await raw.flushall();
    await new AgentStore(town.redis, town.keys).create({ ...testAgent('anna'), id });
    hidden = new HiddenMessages(id, delivery);
  });

  const written = (body: MessageBody): string => encodeMessage(newMessage({ ...body, from: SUPERVISOR_ID, to: id }));
  const notes = (count: number): string[] =>
    Array.from({ length: count }, (_, index) =>
      written(
        index % 2 === 0
          ? { type: 'informational', summary: `note ${index}` }
          : { type: 'custom', kind: 'fyi', payload: `note ${index}` },
      ),
    );
  const task = (description: string): string => written({ type: 'task', description });
  /** The tasks that a look finds, and how many pages of lists it had Redis read. */
  async function look(all = false, peek?: Peek): Promise<{ tasks: string[]; pages: number; peek: Peek }> {
    await raw.config('RESETSTAT');
    const found = await hidden.addTo(peek ?? (await delivery.peek(id)), all);
    const calls = /cmdstat_lrange:calls=(\d+)/.exec(await raw.info('commandstats'))?.[1];
    const tasks = [...found.urgent, ...found.inbox].flatMap(({ message }) =>
      message.type === 'task' ? [message.description] : [],
    );
    return { tasks, pages: Number(calls ?? 0), peek: found };
  }

  it('are found, and what only informs is not read again', async () => {
    await raw.rpush(inbox, ...notes(5_000));
    const first = await look();
    assert.deepEqual(first.tasks, []);
    assert.ok(first.peek.inbox.length <= 200, 'news behind the window is not kept');
    const again = await look();
    assert.deepEqual(again.tasks, []);
    assert.ok(first.pages > again.pages + 80, `${first.pages} and then ${again.pages}`);
    await raw.rpush(inbox, ...notes(3), task('new'));
    const third = await look();
    assert.deepEqual(third.tasks, ['new']);
    assert.ok(third.pages <= again.pages + 1, `${again.pages} and then ${third.pages}`);
  });

  it('are found where the list has changed before the place that was reached', async () => {
    await raw.rpush(inbox, ...notes(1_000));
    await look();
    await raw.lpop(inbox, 5);
    await raw.rpush(inbox, task('shifted'), ...notes(50));
    assert.deepEqual((await look()).tasks, ['shifted']);
    await raw.del(inbox);
    await raw.rpush(inbox, ...notes(300), task('in a new list'), ...notes(2_000));
    assert.deepEqual((await look()).tasks, ['in a new list']);
    await raw.lpush(inbox, ...notes(50));
    assert.deepEqual((await look()).tasks, ['in a new list'], 'it is found until it is taken');
  });

  it('are found later where they were left waiting', async () => {
    const [left, later] = [task('left'), task('later')];
    await raw.rpush(inbox, ...notes(500), left, ...notes(500), later);
    const { peek } = await look();
    const [message] = peek.inbox.filter(({ raw: bytes }) => bytes.equals(Buffer.from(left)));
    assert.ok(message);
    const fresh = await delivery.peek(id);
    const waits = { ...fresh, turn: { ...fresh.turn, leftWaiting: new Set([message.message.id]) } };
    assert.deepEqual((await look(false, waits)).tasks, ['later']);
    await raw.lrem(inbox, 1, later);
    assert.deepEqual((await look(false, { ...waits, lengths: { urgent: 0, inbox: 1_001 } })).tasks, []);
    assert.deepEqual((await look()).tasks, ['left']);
  });

  it('are all found where an agent closes, and so is what is no message', async () => {
    await raw.rpush(inbox, task('first'), ...notes(600), task('second'), ...notes(600), task('third'));
    assert.deepEqual((await look()).tasks, ['first']);
    assert.deepEqual((await look(true)).tasks, ['first', 'second', 'third']);
    await raw.rpush(inbox, 'no message');
    assert.deepEqual(
      (await look(true)).peek.unreadable.map(({ raw: bytes }) => bytes.toString()),
      ['no message'],
    );
  });
});
