/** Which folder of a window with several is the town's. */
import assert from 'node:assert/strict';
import { folderToName, townFolderOf } from '../../../src/ui/town/townFolder.ts';

const folders = ['/a', '/b', '/c'];
const cases: [string, string | undefined, string[], string | undefined][] = [
  ['the first', undefined, [], '/a'],
  ['the first town', undefined, ['/b', '/c'], '/b'],
  ['the chosen one, town or not', '/c', ['/b'], '/c'],
  ['the first town where the chosen one is gone', '/gone', ['/b'], '/b'],
];

describe('the town’s folder', () => {
  for (const [what, chosen, towns, expected] of cases) {
    it(`is ${what}`, async () => {
      assert.equal(await townFolderOf(folders, chosen, async (folder) => towns.includes(folder)), expected);
    });
  }

  it('is none in an empty window', async () => {
    assert.equal(await townFolderOf([], '/a', async () => true), undefined);
  });

  it('is named only where there are several', () => {
    assert.equal(folderToName({ kind: 'noTown', folder: '/a/b' }, 2), 'b');
    assert.equal(folderToName({ kind: 'noTown', folder: '/a/b' }, 1), undefined);
    assert.equal(folderToName({ kind: 'noFolder' }, 2), undefined);
  });
});
