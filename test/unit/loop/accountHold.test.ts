import assert from 'node:assert/strict';
import { AccountHold } from '../../../src/loop/agent/accountHold.ts';
import { LimitFiles } from '../../../src/loop/agent/limitFiles.ts';
import { LimitHolds } from '../../../src/loop/agent/limitHolds.ts';
import { silentLogger } from '../../../src/util/logger.ts';
import { tempDir } from '../../support/tempDir.ts';

describe('whether Codex takes a window’s work', () => {
  let folder: Awaited<ReturnType<typeof tempDir>>;
  let signIn: AccountHold;
  let told: (boolean | 'found')[];

  /** Nobody is signed in, and processes of agents have been started before that was known. */
  before(async () => {
    folder = await tempDir('account');
  });

  after(() => folder.remove());

  beforeEach(() => {
    signIn = new AccountHold(
      new LimitHolds({ files: new LimitFiles(folder.path, 'account'), retryMs: 1, logger: silentLogger }),
    );
    told = [];
    signIn.onDidChange((out) => told.push(out));
    signIn.onFound(() => told.push('found'));
    signIn.stamp();
    signIn.refused('a');
    signIn.refused('b');
  });

  function mayBegin(): string {
    return ['a', 'b'].filter((id) => signIn.mayBegin({ id, model: '' })).join('');
  }

  it('is told once of all refusals', () => {
    assert.deepEqual(told, [true]);
    assert.equal(mayBegin(), '');
  });

  it('lets all begin in new processes after a sign-in, and says that it was found here', () => {
    signIn.signedIn();
    assert.deepEqual(told, [true, false, 'found']);
    assert.equal(mayBegin(), 'ab');
    assert.ok(signIn.isOutdated(1));
    assert.ok(!signIn.isOutdated(signIn.stamp()));
  });

  it('lets a restarted agent try, and all when the model works for it, which others are told', () => {
    signIn.letTry('b');
    assert.equal(mayBegin(), 'b');
    signIn.accepted('a', 1);
    assert.equal(mayBegin(), 'b');
    signIn.accepted('b', signIn.stamp());
    assert.deepEqual(told, [true, false, 'found']);
  });

  describe('when another window has told of a sign-in', () => {
    beforeEach(async () => {
      signIn.signedInElsewhere();
      assert.equal(mayBegin(), 'ab');
      assert.ok(signIn.isOutdated(1));
      assert.ok(await signIn.begins({ id: 'b', model: '' }));
      assert.ok(!(await signIn.begins({ id: 'a', model: '' })), 'the other one has come first');
      assert.equal(mayBegin(), 'b');
    });

    it('lets all begin when the model works for the first, and tells nobody', () => {
      const stamp = signIn.stamp();
      signIn.accepted('b', signIn.stamp());
      assert.deepEqual(told, [true, false]);
      assert.ok(!signIn.isOutdated(stamp), 'who has started since then knows of it');
    });

    it('holds all again without a word when the first is refused', () => {
      signIn.refused('b');
      assert.deepEqual(told, [true]);
      assert.equal(mayBegin(), '');
    });

    it('lets all try when the first ends without telling', () => {
      signIn.inconclusive('a');
      assert.equal(mayBegin(), 'b');
      signIn.inconclusive('b');
      assert.equal(mayBegin(), 'ab');
      assert.deepEqual(told, [true, false]);
    });
  });

  it('keeps who was signed in all the time, in new processes', () => {
    signIn.signedIn();
    const stamp = signIn.stamp();
    signIn.signedInElsewhere();
    assert.equal(mayBegin(), 'ab');
    assert.ok(signIn.isOutdated(stamp));
    assert.deepEqual(told, [true, false, 'found']);
  });
});
