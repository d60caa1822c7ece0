/** Names of agents in rows. */
import assert from 'node:assert/strict';
import { shownName } from '../../../src/ui/shownName.ts';

describe('the name of an agent in a row', () => {
  const table: [name: string, shown: string][] = [
    ['builder', 'builder'],
    ['just-sixteen-chr', 'just-sixteen-chr'],
    ['payments-service-backend-1', 'payments…ckend-1'],
    ['payments-service-backend-2', 'payments…ckend-2'],
    ['👩‍👩‍👧'.repeat(17), `${'👩‍👩‍👧'.repeat(8)}…${'👩‍👩‍👧'.repeat(7)}`],
  ];
  for (const [name, shown] of table) {
    it(`shows ${name} as ${shown}`, () => assert.equal(shownName(name), shown));
  }
});
