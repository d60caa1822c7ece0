/** Names of agents in rows. */
import assert from 'node:assert/strict';
import { shownName } from '../../../src/ui/shownName.ts';

describe('the name of an agent in a row', () => {
  const table: [name: string, shown: string][] = [
    ['builder', 'builder'],
    ['exactly-twenty-chars', 'exactly-twenty-chars'],
    ['payments-service-backend-1', 'payments-s…backend-1'],
    ['payments-service-backend-2', 'payments-s…backend-2'],
    ['👩‍👩‍👧'.repeat(21), `${'👩‍👩‍👧'.repeat(10)}…${'👩‍👩‍👧'.repeat(9)}`],
  ];
  for (const [name, shown] of table) {
    it(`shows ${name} as ${shown}`, () => assert.equal(shownName(name), shown));
  }
});
