/** A used-up limit over two windows of one machine, with clocks that jump: who may begin, and who tries. */
import assert from 'node:assert/strict';
import { LimitFiles } from '../../../src/loop/agent/limitFiles.ts';
import { LimitHolds } from '../../../src/loop/agent/limitHolds.ts';
import { LONGEST_MS, LONGEST_RETRY_MS } from '../../../src/loop/agent/limitRules.ts';
import { type Clock, Deadline } from '../../../src/util/deadline.ts';
import { silentLogger } from '../../../src/util/logger.ts';
import { eventually } from '../../support/eventually.ts';
import { tempDir } from '../../support/tempDir.ts';

const HOUR = 3_600_000;

describe('a limit that is used up', () => {
  let folder: Awaited<ReturnType<typeof tempDir>>;
  let clock: { wallMs: number; steadyMs: number; wall(): number; steady(): number };
  let windows: LimitHolds[];

  beforeEach(async () => {
    folder = await tempDir('limits');
    windows = [];
    clock = { wallMs: 1_000_000_000_000, steadyMs: 0, wall: () => clock.wallMs, steady: () => clock.steadyMs };
  });

  afterEach(async () => {
    for (const window of windows) window.dispose();
    await folder.remove();
  });

  /** @param aheadMs How far the window's wall clock is ahead of the real one. */
  async function open(account = 'home', aheadMs = 0): Promise<LimitHolds> {
    const own: Clock = { wall: () => clock.wallMs + aheadMs, steady: () => clock.steadyMs };
    const files = new LimitFiles(folder.path, account, own);
    const window = new LimitHolds({ files, retryMs: 500, tickMs: 10, logger: silentLogger, clock: own });
    windows.push(window);
    await window.start();
    return window;
  }

  function pass(ms: number): void {
    clock.wallMs += ms;
    clock.steadyMs += ms;
  }

  /** Used up for an hour; the shorter window is not what counts. */
  function usedUp(limitId: string | null = 'codex', afterMs = HOUR): Parameters<LimitHolds['usedUp']>[2] {
    const resetsAt = (clock.wallMs + afterMs) / 1_000;
    const shorter = { usedPercent: 100, windowMinutes: 60, resetsAt: resetsAt - 600 };
    const other = { usedPercent: 40, windowMinutes: 10_080, resetsAt: resetsAt + 86_400 };
    return { limitId, windows: [shorter, { usedPercent: 100, windowMinutes: 300, resetsAt }, other] };
  }

  it('holds every window until the latest reset, then lets one agent try, and all when that goes well', async () => {
    const [one, two] = [await open(), await open()];
    const told: string[] = [];
    one.onUsedUp(() => told.push('one'));
    two.onUsedUp(() => told.push('two'));
    await one.usedUp('a', '', usedUp());
    await eventually(() => !two.mayBegin('c', ''), { what: 'the other window holds' });
    assert.equal(two.holdOf('')?.until, clock.wallMs + HOUR);
    assert.equal(await two.begins('c', ''), false);
    pass(HOUR - 1);
    assert.equal(await one.begins('a', ''), false);
    pass(1);
    const tries = [await one.begins('a', ''), await two.begins('c', ''), await one.begins('b', '')];
    assert.deepEqual(tries, [true, false, false]);
    assert.equal(one.mayBegin('b', ''), false);
    one.accepted('b');
    assert.equal(one.mayBegin('b', ''), false, 'it was not the one that tries');
    one.accepted('a');
    await eventually(() => two.mayBegin('c', '') && one.mayBegin('b', ''), { what: 'all go on' });
    assert.deepEqual([await two.begins('c', ''), await two.begins('d', '')], [true, true]);
    assert.deepEqual(told, ['one'], 'one window says it, once');
  });

  it('holds on, without another word, where the one that tries is refused; and longer each time', async () => {
    const one = await open();
    let told = 0;
    one.onUsedUp(() => (told += 1));
    const past = { limitId: null, windows: [{ usedPercent: 100, windowMinutes: 300, resetsAt: 1 }] };
    const waits: number[] = [];
    for (let round = 0; round < 3; round += 1) {
      assert.equal(await one.begins('a', ''), true);
      await one.usedUp('a', '', past);
      const wait = (one.holdOf('')?.until ?? 0) - clock.wallMs;
      waits.push(wait);
      pass(wait);
    }
    assert.deepEqual([waits, told], [[2_000, 8_000, 32_000], 1]);
  });

  it('is another one’s for another account, and for a model of another limit', async () => {
    const [one, other] = [await open(), await open('another home')];
    await one.usedUp('a', 'big', usedUp('codex_big'));
    const may = [
      one.mayBegin('b', 'big'),
      one.mayBegin('c', 'small'),
      one.mayBegin('d', ''),
      other.mayBegin('e', 'big'),
    ];
    assert.deepEqual(may, [false, true, true, true]);
    await one.usedUp('d', '', usedUp('codex'));
    assert.equal(one.mayBegin('c', 'small'), false, 'of whose limit nothing else is known');
  });

  it('lets the next one try where the first ends without telling, or its window is closed', async () => {
    const [one, two] = [await open(), await open()];
    await one.usedUp('a', '', usedUp());
    pass(HOUR);
    assert.equal(await one.begins('a', ''), true);
    one.inconclusive('a');
    await eventually(() => two.mayBegin('c', ''), { what: 'another may try' });
    assert.equal(await two.begins('c', ''), true);
    two.dispose();
    await eventually(() => one.mayBegin('a', ''), { what: 'the first may try again' });
  });

  it('is known after a reload, and forgotten by all windows when somebody has signed in', async () => {
    await (await open()).usedUp('a', '', usedUp());
    const [two, three] = [await open(), await open()];
    assert.equal(two.mayBegin('a', ''), false);
    await two.releaseAll();
    assert.equal(two.mayBegin('a', ''), true);
    await eventually(() => three.mayBegin('a', ''), { what: 'the other window, too' });
  });

  it('lets one try at once where a person wants that', async () => {
    const [one, two] = [await open(), await open()];
    await one.usedUp('a', '', usedUp());
    await two.tryNow();
    assert.deepEqual([await one.begins('a', ''), await two.begins('b', '')], [true, false]);
    await one.usedUp('a', '', usedUp());
    two.letTry('b');
    assert.deepEqual([await one.begins('a', ''), await two.begins('b', '')], [false, true]);
  });

  it('tells when it may be tried, also after the machine has slept through the reset', async () => {
    const one = await open();
    await one.usedUp('a', '', usedUp());
    let changes = 0;
    one.onDidChange(() => (changes += 1));
    // Timers and the steady clock stand still meanwhile.
    clock.wallMs += 2 * HOUR;
    await eventually(() => changes > 0, { what: 'told' });
    assert.equal(one.mayBegin('a', ''), true);
  });

  it('never holds longer than was said at first, however far the clock is set back', async () => {
    const one = await open();
    await one.usedUp('a', '', usedUp());
    clock.wallMs -= 1_000 * HOUR;
    clock.steadyMs += HOUR;
    assert.equal(one.mayBegin('a', ''), true);
    const reloaded = await open();
    assert.equal(reloaded.mayBegin('a', ''), false);
    clock.steadyMs += HOUR;
    assert.equal(reloaded.mayBegin('a', ''), true);
  });

  it('is tried soon if no reset is named, then less and less often', async () => {
    const one = await open();
    const waits: number[] = [];
    for (let round = 0; round < 7; round += 1) {
      assert.equal(await one.begins('a', ''), true);
      await one.usedUp('a', '', { limitId: null, windows: [] });
      const wait = (one.holdOf('')?.until ?? 0) - clock.wallMs;
      waits.push(wait / 1_000);
      pass(wait);
    }
    assert.deepEqual(waits, [2, 8, 32, 128, 512, 900, 900]);
    assert.equal(900_000, LONGEST_RETRY_MS);
  });

  it('keeps the reset that one agent was told if another is refused at the same moment without being told', async () => {
    const one = await open();
    const reset = clock.wallMs + HOUR;
    await Promise.all([
      one.usedUp('a', '', usedUp()),
      one.usedUp('b', '', { limitId: null, windows: [] }),
      one.usedUp('c', '', { limitId: null, windows: [] }),
    ]);
    assert.deepEqual([one.holdOf('')?.until, one.holdOf('')?.known], [reset, true]);
  });

  it('does not hold forever if the reset is absurd', async () => {
    const one = await open();
    await one.usedUp('b', '', usedUp(null, 1_000 * LONGEST_MS));
    assert.equal(one.holdOf('')?.until, clock.wallMs + LONGEST_MS);
  });

  describe('in windows whose wall clocks differ', () => {
    /** As `codex exec` is refused. */
    const unnamed = { limitId: null, windows: [] };

    for (const minutes of [-50, 50]) {
      const skew = minutes * 60_000;
      const how = `in a window whose clock is off by ${minutes} minutes`;

      it(`is held no longer than was meant if it was refused ${how}`, async () => {
        const [right, wrong] = [await open(), await open('home', skew)];
        await wrong.usedUp('a', '', unnamed);
        await eventually(() => right.holdOf('') !== undefined, { what: 'the other window knows' });
        pass(2_000);
        assert.deepEqual([right.mayBegin('b', ''), wrong.mayBegin('a', '')], [true, true]);
      });

      it(`is held no longer than was meant if it was refused ${how} and then in another one`, async () => {
        const [right, wrong] = [await open(), await open('home', skew)];
        await wrong.usedUp('a', '', {
          limitId: null,
          windows: [{ usedPercent: 100, windowMinutes: 300, resetsAt: 1 }],
        });
        await eventually(() => right.holdOf('') !== undefined, { what: 'the other window knows' });
        await right.usedUp('b', '', unnamed);
        pass(2_000);
        assert.equal(right.mayBegin('b', ''), true);
      });

      it(`is tried by one agent at a time if one tries ${how}`, async () => {
        const [right, wrong] = [await open(), await open('home', skew)];
        await wrong.usedUp('a', '', unnamed);
        pass(2_000);
        assert.equal(await wrong.begins('a', ''), true);
        await eventually(() => !right.mayBegin('b', ''), { what: 'the other window knows that it is tried' });
        assert.equal(await right.begins('b', ''), false);
      });

      it(`is tried at once by any window if a person wants that in a window whose clock is off by ${minutes} minutes`, async () => {
        const [right, wrong] = [await open(), await open('home', skew)];
        await right.usedUp('a', '', usedUp());
        await eventually(() => wrong.holdOf('') !== undefined, { what: 'the other window knows' });
        await wrong.tryNow();
        await eventually(() => right.mayBegin('a', ''), { what: 'the first may try' });
      });
    }

    it('ends once the clock is right again that was behind when it was refused', async () => {
      const one = await open();
      const limit = usedUp(null, 2_000);
      clock.wallMs -= HOUR;
      await one.usedUp('a', '', limit);
      assert.equal(one.mayBegin('a', ''), false);
      clock.steadyMs += 2_000;
      clock.wallMs += HOUR + 2_000;
      assert.equal(one.mayBegin('a', ''), true);
    });

    it('is tried less and less often, not without a pause, if the clock was set back after it was refused', async () => {
      const one = await open();
      const limit = usedUp();
      await one.usedUp('a', '', limit);
      clock.wallMs -= 2 * HOUR;
      clock.steadyMs += HOUR;
      assert.equal(await one.begins('a', ''), true);
      await one.usedUp('a', '', limit);
      assert.equal(one.mayBegin('a', ''), false);
    });
  });

  it('is not tried by an agent anymore once nobody waits for it', async () => {
    const [one, two] = [await open(), await open()];
    await one.usedUp('a', '', usedUp());
    pass(HOUR);
    assert.equal(await one.begins('a', ''), true);
    await two.releaseAll();
    await eventually(() => one.holdOf('') === undefined, { what: 'the first knows' });
    await two.usedUp('b', '', usedUp());
    await eventually(() => one.holdOf('') !== undefined, { what: 'it is used up again' });
    assert.equal(one.mayBegin('a', ''), false);
  });

  it('is tried by another one half a minute after the window of the one that tries was killed', async () => {
    const [one, killed] = [await open(), new LimitFiles(folder.path, 'home', clock)];
    await one.usedUp('a', '', usedUp());
    assert.equal(await killed.claim('codex'), true);
    pass(HOUR);
    await eventually(() => !one.mayBegin('a', ''), { what: 'it is seen to be tried' });
    pass(30_000);
    await eventually(() => one.mayBegin('a', ''), { what: 'another may try' });
    assert.equal(await one.begins('a', ''), true);
  });
});

describe('a deadline', () => {
  it('passes by the wall clock, and at the latest after its longest wait', () => {
    const clock = { wallMs: 0, steadyMs: 0, wall: () => clock.wallMs, steady: () => clock.steadyMs };
    const deadline = new Deadline(5_000, 1_000_000, clock);
    clock.wallMs = 4_000;
    assert.equal(deadline.remainingMs, 1_000);
    clock.wallMs = -1_000_000;
    assert.equal(deadline.remainingMs, 5_000);
    clock.steadyMs = 5_000;
    assert.equal(deadline.remainingMs, 0);
    assert.equal(new Deadline(10_000_000, 300, { ...clock }).remainingMs, 300, 'another clock has written it');
  });
});
