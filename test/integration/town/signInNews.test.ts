/** Windows of a town tell each other that somebody has signed in, whether Redis tells of changes or is asked for them. */
import assert from 'node:assert/strict';
import { SignInNews } from '../../../src/town/live/signInNews.ts';
import { WakeSource } from '../../../src/town/live/wake.ts';
import type { Disposable } from '../../../src/util/disposable.ts';
import { silentLogger } from '../../../src/util/logger.ts';
import { eventually } from '../../support/eventually.ts';
import { type TestTown, openTestTown } from '../../support/redisTown.ts';

describe('the news of a sign-in', () => {
  let town: TestTown;
  const opened: Disposable[] = [];

  afterEach(async () => {
    for (const one of opened.splice(0)) one.dispose();
    await town.close();
  });

  async function open(everyMs?: number): Promise<{ news: SignInNews; heard: () => number }> {
    const times = { shortestMs: 10, longestMs: 40, scanMs: 40 };
    const wake = new WakeSource(town.redis, town.keys, silentLogger, times);
    const news = new SignInNews(town.redis, town.keys, wake, silentLogger, everyMs);
    opened.push(news, wake);
    let heard = 0;
    news.onNews(() => (heard += 1));
    await wake.start();
    await news.start();
    return { news, heard: () => heard };
  }

  for (const flags of ['Kghl$tx', '']) {
    it(`comes once to every other window, and to later ones not at all (${flags === '' ? 'polling' : 'notified'})`, async () => {
      town = await openTestTown({ args: ['--notify-keyspace-events', flags] });
      const [mine, other] = [await open(), await open()];
      await mine.news.tell();
      await eventually(() => other.heard() === 1, { what: 'the news' });
      const late = await open();
      await other.news.tell();
      await eventually(() => mine.heard() === 1 && late.heard() === 1, { what: 'the answer' });
      assert.equal(other.heard(), 1);
    });
  }

  it('comes only so often, however often another client writes it, and is not lost', async () => {
    town = await openTestTown({ args: ['--notify-keyspace-events', 'Kghl$tx'] });
    const EVERY_MS = 300;
    const { heard } = await open(EVERY_MS);
    const raw = town.server.client();
    const start = performance.now();
    let written = 0;
    while (heard() < 4) {
      written += 1;
      await raw.set(town.keys.signIn, `somebody ${written}`);
    }
    assert.ok(performance.now() - start >= 3 * EVERY_MS, `4 times in ${performance.now() - start} ms`);
    assert.ok(written > 8, `written ${written} times`);
  });

  it('comes when Redis is back, where it was away', async () => {
    town = await openTestTown({ args: ['--appendonly', 'yes'] });
    const { heard } = await open();
    const raw = town.server.client();
    await raw.config('SET', 'notify-keyspace-events', '');
    await raw.set(town.keys.signIn, 'somebody');
    await town.server.kill();
    await town.server.restart();
    await eventually(() => heard() === 1, { what: 'the news' });
  });
});
