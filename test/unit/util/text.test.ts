/** One line of what agents and others write. */
import assert from 'node:assert/strict';
import { oneLine } from '../../../src/util/text.ts';

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
