import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { type TurnTrouble, namedTroubles, troubleOf, troublesWithStatus } from '../../../src/codex/turnErrors.ts';

const generated = path.resolve(import.meta.dirname, '../../../src/codex/protocol/v2/CodexErrorInfo.ts');

describe('what a failed turn means', () => {
  it('is said for every value of the generated type, and for no other', async () => {
    const source = await readFile(generated, 'utf8');
    const type = /export type CodexErrorInfo = (.*);/.exec(source)?.[1] ?? '';
    const names = [...type.matchAll(/"(\w+)"/g)].map(([, name]) => name);
    assert.ok(names.length > 15, 'the generated type was read');
    const known = [...Object.keys(namedTroubles), ...Object.keys(troublesWithStatus)];
    assert.deepEqual(known.toSorted(byName), names.toSorted(byName));
    const withStatus = [...type.matchAll(/"(\w+)": \{ httpStatusCode/g)].map(([, name]) => name);
    assert.deepEqual(Object.keys(troublesWithStatus).toSorted(byName), withStatus.toSorted(byName));
  });

  const rows: [unknown, TurnTrouble][] = [
    ['usageLimitExceeded', 'usedUp'],
    ['unauthorized', 'signedOut'],
    ['contextWindowExceeded', 'contextFull'],
    ['serverOverloaded', 'busy'],
    ['rateLimitExceeded', 'busy'],
    ['modelNotFound', 'needsYou'],
    ['badRequest', 'needsYou'],
    ['cyberPolicy', 'needsYou'],
    ['internalServerError', 'retry'],
    ['other', 'retry'],
    [{ httpConnectionFailed: { httpStatusCode: null } }, 'busy'],
    [{ httpConnectionFailed: { httpStatusCode: 401 } }, 'signedOut'],
    [{ httpConnectionFailed: { httpStatusCode: 503 } }, 'busy'],
    [{ httpConnectionFailed: { httpStatusCode: 400 } }, 'retry'],
    [{ responseStreamDisconnected: { httpStatusCode: null } }, 'retry'],
    [{ responseTooManyFailedAttempts: { httpStatusCode: 429 } }, 'busy'],
    [{ activeTurnNotSteerable: { turnKind: 'review' } }, 'retry'],
    [{ usageLimitExceeded: { plan: 'plus' } }, 'usedUp'],
    ['somethingNew', 'retry'],
    ['toString', 'retry'],
    [{ somethingNew: { httpStatusCode: 529 } }, 'busy'],
    [{ somethingNew: 'text' }, 'retry'],
    [{}, 'retry'],
    [null, 'retry'],
    [undefined, 'retry'],
    [7, 'retry'],
  ];
  for (const [info, trouble] of rows) {
    it(`${JSON.stringify(info)}: ${trouble}`, () => assert.equal(troubleOf(info), trouble));
  }
});

function byName(a = '', b = ''): number {
  return a.localeCompare(b);
}
