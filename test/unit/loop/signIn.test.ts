import assert from 'node:assert/strict';
import { SignIn } from '../../../src/loop/agent/signIn.ts';

describe('whether Codex takes a window’s work', () => {
  let signIn: SignIn;
  let told: (boolean | 'found')[];

  /** Nobody is signed in, and processes of agents have been started before that was known. */
  beforeEach(() => {
    signIn = new SignIn();
    told = [];
    signIn.onDidChange((out) => told.push(out));
    signIn.onFound(() => told.push('found'));
    signIn.stamp();
    signIn.refused('a');
    signIn.refused('b');
  });

  function mayBegin(): string {
    return ['a', 'b'].filter((agentId) => signIn.mayBegin(agentId)).join('');
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
    beforeEach(() => {
      signIn.signedInElsewhere();
      assert.equal(mayBegin(), 'ab');
      assert.ok(signIn.isOutdated(1));
      assert.ok(signIn.begins('b'));
      assert.ok(!signIn.begins('a'), 'the other one has come first');
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
