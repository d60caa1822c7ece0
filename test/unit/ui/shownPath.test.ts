/** A path that an agent gives must not make the editor contact another machine. */
import assert from 'node:assert/strict';
import { isNetworkPath } from '../../../src/ui/shownPath.ts';

describe('a path on another machine', () => {
  for (const file of [
    '//host/share/a.png',
    '\\\\host\\share\\a',
    '/\\host/a',
    '\\/host\\a',
    '\\\\?\\UNC\\host\\a',
    '\\\\.\\pipe\\x',
  ]) {
    it(`is known: ${file}`, () => assert.ok(isNetworkPath(file)));
  }
  for (const file of ['/w/a//b', 'a/b', 'C:\\a', './/x', '/x', '\\x', '']) {
    it(`is not ${JSON.stringify(file)}`, () => assert.ok(!isNetworkPath(file)));
  }
});
