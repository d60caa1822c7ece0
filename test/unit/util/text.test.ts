/** One line of what agents and others write. */
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { TextRing } from '../../../src/util/textRing.ts';
import { endOf, oneLine, startOf, wellFormedJson } from '../../../src/util/text.ts';

describe('one line of a text', () => {
  const table: [string, string, number, string][] = [
    ['leaves a short one alone', 'a word', 10, 'a word'],
    ['joins lines', '  a\n\tword ', 10, 'a word'],
    ['removes what steers terminals and hides direction', '\u001b[31ma\u202e word\u0007', 10, 'a word'],
    ['cuts a long one', 'a long sentence', 10, 'a long se…'],
    ['finds the words behind much space', `${' '.repeat(10_000)}a word`, 10, 'a word'],
    ['says that there is more, however little of it can be seen', `a${' '.repeat(10_000)}word`, 10, 'a…'],
  ];
  for (const [what, text, limit, expected] of table) it(what, () => assert.equal(oneLine(text, limit), expected));

  it('looks at the beginning of a huge one alone', () => {
    const text = 'a word '.repeat(100_000);
    const before = process.cpuUsage();
    for (let round = 0; round < 1_000; round += 1) oneLine(text);
    const { user } = process.cpuUsage(before);
    assert.ok(user < 2_000_000, `took ${user / 1_000} ms of processor time`);
  });
});

describe('a text that is cut', () => {
  const family = '\u{1f468}\u200d\u{1f469}\u200d\u{1f467}';
  const any = fc.string({ unit: 'grapheme' });

  it('keeps characters whole', () => {
    assert.equal(startOf('a\u{1f600}b', 2), 'a');
    assert.equal(endOf('a\u{1f600}b', 2), 'b');
    assert.equal(startOf(`ab${family}`, 5), 'ab');
    assert.equal(endOf(`${family}ab`, 5), 'ab');
    assert.equal(oneLine(`${'x'.repeat(8)}\u{1f600}${'y'.repeat(9)}`, 10), `${'x'.repeat(8)}…`);
  });

  it('is well-formed and within its limit, wherever it is cut', () => {
    fc.assert(
      fc.property(any, fc.nat(80), (text, limit) => {
        for (const [cut, is] of [
          [startOf(text, limit), text.startsWith(startOf(text, limit))],
          [endOf(text, limit), text.endsWith(endOf(text, limit))],
        ] as const) {
          assert.ok(is && cut.isWellFormed() && cut.length <= limit, JSON.stringify({ text, limit, cut }));
          assert.ok(text.length > limit || cut === text);
        }
        assert.ok(oneLine(text, limit + 1).isWellFormed());
      }),
      { numRuns: 500 },
    );
  });

  it('stays well-formed in a ring', () => {
    fc.assert(
      fc.property(fc.array(any), fc.integer({ min: 1, max: 30 }), (chunks, limit) => {
        const ring = new TextRing(limit);
        for (const chunk of chunks) ring.push(chunk);
        assert.ok(String(ring).isWellFormed() && String(ring).length <= limit);
      }),
    );
  });

  it('loses at most one character to a cut', () => {
    const text = '\u{1f600}'.repeat(2_000);
    for (let limit = 1_000; limit < 1_010; limit += 1) {
      assert.ok(startOf(text, limit).length >= limit - 1);
      assert.ok(endOf(text, limit).length >= limit - 1);
    }
  });

  it('is cut within a character that is longer than any', () => {
    const text = `a${'\u0301'.repeat(1_000)}`;
    assert.equal(startOf(text, 500).length, 500);
    assert.ok(endOf(text, 500).length <= 500);
  });
});

describe('JSON for other programs', () => {
  it('holds no half of a surrogate pair, and everything else as it was', () => {
    const half = fc.string({
      unit: fc.oneof(fc.constantFrom('\ud83d', '\ude00', '\\', 'u', 'd83d', '"'), fc.string()),
    });
    fc.assert(
      fc.property(fc.array(fc.array(half)), (value) => {
        const json = wellFormedJson(value);
        assert.ok(!/(?<!\\)(?:\\\\)*\\ud[89a-f]/.test(json), json);
        const texts = value.map((each) => each.map((text) => text.toWellFormed()));
        assert.deepEqual(JSON.parse(json), texts);
      }),
      { numRuns: 500 },
    );
  });
});
