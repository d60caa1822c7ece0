/** What waits for an agent, by commands with arguments and by the API that other extensions use. */
import assert from 'node:assert/strict';
import type { ReceiptSummary } from '../../src/ui/api.ts';
import { eventually } from '../support/eventually.ts';
import { HostTown, refused, run } from './town.ts';

describe('an inbox', () => {
  let town: HostTown;

  before(async () => {
    town = await HostTown.prepare();
    await run('spawnAgent', 'scout');
    await town.agent('scout', ({ state }) => state === 'idle');
    await run('pauseAgent', 'scout');
  });
  after(() => town.end());

  const texts = async (): Promise<string[]> => (await town.api.listReceipts('scout')).map(({ text }) => text);

  it('is changed by commands that name the agent and the message', async () => {
    const changed: string[] = [];
    const listening = town.api.onDidChangeReceipts((ids) => changed.push(...ids));
    const ids: string[] = [];
    for (const text of ['one', 'two', 'three', 'four']) ids.push(await town.api.send('scout', text));
    const [one, two, three, four] = ids;
    assert.equal(await run('editQueued', 'scout', two, 'two, revised'), two);
    assert.equal(await run('moveQueuedUp', 'SCOUT', three), three);
    assert.equal(await run('moveQueuedDown', 'scout', one), one);
    assert.equal(await run('promoteQueued', 'scout', four), four);
    assert.deepEqual(await texts(), ['four', 'three', 'one', 'two, revised']);
    assert.equal(await run('removeQueued', 'scout', one), one);
    const [first] = await town.api.listReceipts('scout');
    const expected: Partial<ReceiptSummary> = { messageId: four ?? '', list: 'urgent', state: 'queued', attempts: 0 };
    assert.deepEqual({ ...first, ...expected }, first);
    const { id } = await town.agent('scout', () => true);
    await eventually(() => changed.includes(id));
    listening.dispose();
  });

  it('says why a message cannot be changed', async () => {
    const [four, three] = await town.api.listReceipts('scout');
    assert.match(await refused('cannotNow', 'moveQueuedUp', 'scout', four?.messageId), /ordered by time/);
    assert.match(await refused('cannotNow', 'moveQueuedUp', 'scout', three?.messageId), /the first/);
    await refused('cannotNow', 'promoteQueued', 'scout', four?.messageId);
    await refused('emptyText', 'editQueued', 'scout', three?.messageId, ' ');
    await refused('messageGone', 'removeQueued', 'scout', 'no such message');
    await refused('badArguments', 'editQueued', 'scout');
    await refused('unknownAgent', 'editQueued', 'nobody', three?.messageId, 'x');
  });

  it('is passed on, and then each message is settled and can be changed no more', async () => {
    await run('resumeAgent', 'scout');
    const { lastUserText } = await town.model.waitForRequest(() => true);
    assert.match(lastUserText, /four[^]*three[^]*two, revised/);
    const settled = await eventually(async () => {
      const receipts = await town.api.listReceipts('scout');
      return receipts.every(({ state }) => state === 'settled') ? receipts : undefined;
    });
    assert.equal(settled.length, 3);
    await refused('messageTaken', 'editQueued', 'scout', settled[0]?.messageId, 'too late');
  });
});
