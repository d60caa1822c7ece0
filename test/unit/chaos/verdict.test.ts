/** The judge of a chaos run sees what it is there to see. */
import assert from 'node:assert/strict';
import { Ledger } from '../../chaos/ledger.ts';
import { type Lane, disasterKinds, scheduleOf } from '../../chaos/schedule.ts';
import { type Evidence, violations } from '../../chaos/verdict.ts';

function ledger(...lanes: Lane[]): Ledger {
  const made = new Ledger();
  for (const [number, lane] of lanes.entries()) {
    const times = { from: 1_000 * number, until: 1_000 * number + 10 };
    const marker = `<<7.${number}>>`;
    const writer = { writer: 0, throughWindow: true };
    made.add({ marker, agent: 0, lane, kind: 'task', assigned: false, ...writer, certain: true, ...times });
  }
  return made;
}

/** Three messages, after the first of which Redis was put back to an older state. */
function wentBack(kept: number, over: number): Ledger {
  const written = ledger('normal', 'normal', 'normal');
  written.rollbacks.push({ kept, over });
  return written;
}

/** One agent whose thread is all that the model was shown. */
function thread(...userTexts: string[]): Evidence {
  return { histories: [userTexts], requests: [{ threadId: 't', userTexts }], oneShot: new Set(), settled: [] };
}

/** One agent that has a process, and a thread, for each turn. */
function ofItsOwn(...runs: string[][]): Evidence {
  const requests = runs.map((userTexts, number) => ({ threadId: `run ${number}`, userTexts }));
  return { histories: [[]], requests, oneShot: new Set([0]), settled: [] };
}

describe('the judge of a chaos run', () => {
  const table: [string, Ledger, Evidence, RegExp[]][] = [
    ['nothing to say', ledger('normal', 'normal'), thread('a <<7.0>> b <<7.1>>', 'c'), []],
    ['lost', ledger('normal', 'normal'), thread('<<7.0>>'), [/^lost: <<7\.1>>/, /^never shown to the model: <<7\.1>>/]],
    ['twice in a thread', ledger('normal'), thread('<<7.0>>', '<<7.0>>'), [/^delivered 2 times/]],
    ['twice in a message', ledger('normal'), thread('<<7.0>> <<7.0>>'), [/^delivered 2 times/]],
    [
      'in two threads',
      ledger('normal'),
      { ...thread('<<7.0>>'), requests: ['t', 'u'].map((threadId) => ({ threadId, userTexts: ['<<7.0>>'] })) },
      [/^shown to the model in 2 threads/],
    ],
    ['stored, and never sent', ledger('low'), { ...thread('<<7.0>>'), requests: [] }, [/^never shown/]],
    [
      'settled twice',
      ledger('low'),
      { ...thread('<<7.0>>'), settled: [['{"id":"a"}', '{"id":"b"}', '{"id":"a"}']] },
      [/^settled twice: message a of agent 0/],
    ],
    ['given to two processes', ledger('normal'), ofItsOwn(['<<7.0>>'], ['<<7.0>>']), []],
    ['given to no process', ledger('normal'), ofItsOwn(), [/^lost/, /^never shown/]],
    ['out of order', ledger('normal', 'low'), thread('<<7.1>>', '<<7.0>>'), [/^out of order: <<7\.1>>/]],
    ['of two priorities, in any order', ledger('normal', 'high'), thread('<<7.1>>', '<<7.0>>'), []],
    ['somebody else’s', ledger(), thread('<<7.0>>'), [/^somebody else/]],
  ];
  for (const [what, written, evidence, expected] of table) {
    it(`finds what is ${what}`, () => {
      const found = violations(written, evidence);
      assert.equal(found.length, expected.length, found.join('\n'));
      for (const [place, pattern] of expected.entries()) assert.match(found[place] ?? '', pattern);
    });
  }

  it('asks for no order by time among what was written by clocks that may differ', () => {
    const swapped = thread('<<7.1>>', '<<7.0>>');
    for (const [lane, since, expected] of [
      ['urgent', 2_000, 1],
      ['urgent', 1_000, 0],
      ['normal', 1_000, 1],
    ] as const) {
      const written = ledger(lane, lane);
      written.clocksDifferSince = since;
      assert.equal(violations(written, swapped).length, expected, `${lane}, clocks differ since ${since}`);
    }
  });

  it('allows for what got no answer, for news, and for what was set aside', () => {
    const written = ledger('normal', 'normal', 'normal');
    const [first, second] = written.messages;
    assert.ok(first && second);
    first.certain = false;
    second.kind = 'info';
    assert.deepEqual(violations(written, thread('<<7.2>>')), []);
    written.setAside.add('<<7.2>>');
    assert.deepEqual(violations(written, thread('<<7.2>>', '<<7.0>>')), []);
  });
});

describe('the judge of a run in which Redis went back', () => {
  it('lets come again what was there before, and be lost what was written since', () => {
    assert.deepEqual(violations(wentBack(500, 1_500), thread('<<7.0>>', '<<7.2>>', '<<7.0>>')), []);
  });

  it('asks for what was kept, and that nothing comes more often than it went back', () => {
    const found = violations(wentBack(500, 1_500), thread('<<7.1>>', '<<7.1>>', '<<7.1>>', '<<7.2>>'));
    assert.deepEqual(
      found.map((text) => text.replace(/>>.*/, '>>')),
      ['lost: <<7.0>>', 'never shown to the model: <<7.0>>', 'delivered 3 times: <<7.1>>'],
    );
  });

  it('asks for all of what was written afterwards', () => {
    const found = violations(wentBack(500, 1_500), thread('<<7.0>>', '<<7.1>>', '<<7.2>>', '<<7.2>>'));
    assert.deepEqual(found.length, 1);
  });
});

describe('the schedule of a chaos run', () => {
  it('is the same for the same seed, and another for another', () => {
    assert.deepEqual(scheduleOf(12), scheduleOf(12));
    assert.notDeepEqual(scheduleOf(12).writes, scheduleOf(13).writes);
  });

  it('has every kind of disaster among some hundred seeds, and at least three in each', () => {
    const all = Array.from({ length: 200 }, (_, seed) => scheduleOf(seed));
    const kinds = new Set(all.flatMap(({ disasters }) => disasters.map((disaster) => disaster.do)));
    assert.equal(kinds.size, disasterKinds.length);
    assert.ok(all.every(({ disasters, writes }) => disasters.length >= 3 && writes.length >= 40));
  });
});
