/** The window's one town: opened once, by whoever needs it first, and closed once. */
import assert from 'node:assert/strict';
import { TownHost, type TownHostParts } from '../../../src/ui/town/townHost.ts';
import { TinytownError } from '../../../src/util/errors.ts';
import { eventually } from '../../support/eventually.ts';
import { english } from './support.ts';

interface FakeSession {
  number: number;
  closed: boolean;
  close(): Promise<void>;
}

/** A world whose facts a test changes; `opened` counts. */
function world(facts: Partial<{ folder: string | undefined; trusted: boolean; town: boolean; failure: unknown }> = {}) {
  const state = {
    folder: '/w' as string | undefined,
    trusted: true,
    town: true,
    failure: undefined as unknown,
    ...facts,
  };
  const sessions: FakeSession[] = [];
  const errors: unknown[] = [];
  const parts: TownHostParts<FakeSession> = {
    folder: async () => state.folder,
    trusted: () => state.trusted,
    hasTown: async () => state.town,
    create: async () => {
      state.town = true;
    },
    open: async () => {
      if (state.failure) throw state.failure;
      const session: FakeSession = {
        number: sessions.length + 1,
        closed: false,
        close: async () => {
          session.closed = true;
        },
      };
      sessions.push(session);
      return session;
    },
    onError: (_what, error) => errors.push(error),
  };
  return { state, sessions, errors, host: new TownHost(parts, english, 2) };
}

async function reasonOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof TinytownError) return error.reason;
    throw error;
  }
  return 'nothing was thrown';
}

describe('the town of a window', () => {
  it('is opened once, however many ask for it at the same time', async () => {
    const { host, sessions } = world();
    const [one, two] = await Promise.all([host.session(), host.sessionOrNew(), host.look()]);
    assert.equal(sessions.length, 1);
    assert.equal(one, two);
  });

  it('says why there is none', async () => {
    assert.equal(await reasonOf(world({ folder: undefined }).host.session()), 'noFolder');
    assert.equal(await reasonOf(world({ trusted: false }).host.session()), 'untrusted');
    assert.equal(await reasonOf(world({ town: false }).host.session()), 'noTown');
    const failure = new TinytownError('redisMissing', 'No Redis.');
    assert.equal(await reasonOf(world({ failure }).host.session()), 'redisMissing');
  });

  it('touches nothing of an untrusted folder, not even to make a town', async () => {
    const { host, state, sessions } = world({ trusted: false, town: false });
    assert.equal(await reasonOf(host.sessionOrNew()), 'untrusted');
    assert.equal(state.town, false);
    assert.equal(sessions.length, 0);
  });

  it('makes a town where one is asked for, once', async () => {
    const { host, state, sessions } = world({ town: false });
    await Promise.all([host.sessionOrNew(), host.sessionOrNew()]);
    assert.equal(state.town, true);
    assert.equal(sessions.length, 1);
  });

  it('shows what went wrong, and tries again when it is looked at', async () => {
    const { host, state, errors } = world({
      failure: new TinytownError('redisMissing', 'No Redis.', { hint: 'Get one.' }),
    });
    const failed = await host.look();
    assert.equal(failed.kind, 'failed');
    assert.deepEqual(failed.kind === 'failed' && failed.problem, {
      kind: 'noRedis',
      reason: 'redisMissing',
      message: 'No Redis. Get one.',
    });
    assert.equal(errors.length, 1);
    state.failure = undefined;
    assert.equal((await host.look()).kind, 'ready');
  });

  it('opens by itself when a Redis that was away is there, and only then', async () => {
    const wrong = world({ failure: new TinytownError('redisRefused', 'no') });
    await wrong.host.look();
    const { host, state, errors } = world({ failure: new TinytownError('redisUnavailable', 'away') });
    assert.equal((await host.look()).kind, 'failed');
    await eventually(() => errors.length > 2, { what: 'more attempts' });
    state.failure = undefined;
    await eventually(() => host.state.kind === 'ready', { what: 'an open town' });
    await host.close();
    assert.equal(wrong.errors.length, 1);
  });

  it('gives each session a lifetime, and tells it to those that come late', async () => {
    const { host } = world();
    const seen: string[] = [];
    const watch = (who: string) =>
      host.whileReady((session, store) => {
        seen.push(`${who} +${session.number}`);
        store.add({ dispose: () => seen.push(`${who} -${session.number}`) });
      });
    watch('early');
    await host.look();
    watch('late');
    await host.reopen();
    assert.deepEqual(seen, ['early +1', 'late +1', 'late -1', 'early -1', 'early +2', 'late +2']);
  });

  it('follows the folder', async () => {
    const { host, state, sessions } = world();
    await host.look();
    state.folder = '/other';
    const next = await host.look();
    assert.equal(sessions[0]?.closed, true);
    assert.equal(next.kind === 'ready' && next.folder, '/other');
  });

  it('stays closed', async () => {
    const { host, sessions } = world();
    const opening = host.look();
    await Promise.all([opening, host.close()]);
    assert.equal(sessions[0]?.closed, true);
    assert.equal(await reasonOf(host.session()), 'closed');
    assert.equal((await host.look()).kind, 'closed');
    assert.equal(sessions.length, 1);
  });
});
