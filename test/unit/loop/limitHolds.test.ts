/** A used-up limit over two windows of one machine, with clocks that jump: who may begin, and who tries. */
import assert from 'node:assert/strict';
import { LimitFiles } from '../../../src/loop/agent/limitFiles.ts';
import { LimitHolds } from '../../../src/loop/agent/limitHolds.ts';
import { LONGEST_MS, UNKNOWN_RESET_MS } from '../../../src/loop/agent/limitRules.ts';
import { Deadline } from '../../../src/util/deadline.ts';
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

  async function open(account = 'home'): Promise<LimitHolds> {
    const files = new LimitFiles(folder.path, account);
    const window = new LimitHolds({ files, retryMs: 500, tickMs: 10, logger: silentLogger, clock });
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

  it('waits for a while where no reset is said, and not for ever where it is absurd', async () => {
    const one = await open();
    await one.usedUp('a', '', { limitId: null, windows: [] });
    assert.equal(one.holdOf('')?.until, clock.wallMs + UNKNOWN_RESET_MS);
    await one.usedUp('b', '', usedUp(null, 1_000 * LONGEST_MS));
    assert.equal(one.holdOf('')?.until, clock.wallMs + LONGEST_MS);
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
