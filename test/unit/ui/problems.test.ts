import assert from 'node:assert/strict';
import { problemOf } from '../../../src/ui/problems.ts';
import { TinytownError } from '../../../src/util/errors.ts';
import { english } from './support.ts';

describe('a problem', () => {
  it('is of a kind that is known, whatever reason another client has made up', () => {
    for (const reason of ['constructor', '__proto__', 'toString', 'made up'])
      assert.equal(problemOf(new TinytownError(reason, 'No.'), english).kind, 'other');
    assert.equal(problemOf(new TinytownError('unauthorized', 'No.'), english).kind, 'signedOut');
  });
});
