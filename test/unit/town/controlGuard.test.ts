import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { ControlGuard, type Refusal } from '../../../src/town/control/controlGuard.ts';
import { TownKey } from '../../../src/town/control/townKey.ts';
import { tempDir } from '../../support/tempDir.ts';

const place = { town: 'hill', agentId: 'a1' };
const answer = { request: 'r1', answer: '{"choice":"decline"}', epoch: 'now', nonce: 'n1', reply: 'token' };

describe('a command to the owner of an agent', () => {
  let temporary: Awaited<ReturnType<typeof tempDir>>;
  let key: TownKey;
  let proven: Record<string, string>;
  beforeEach(async () => {
    temporary = await tempDir('key');
    key = new TownKey(temporary.path, 'hill');
    proven = { action: 'answer', ...answer, ...(await key.prove({ ...place, action: 'answer', fields: answer })) };
  });
  afterEach(() => temporary.remove());

  function refusal(fields: Record<string, string>, where = place, epoch = 'now'): Promise<Refusal | undefined> {
    const guard = new ControlGuard(key, where, epoch);
    return guard.refusal({ entry: '1-0', action: fields.action ?? '', fields });
  }

  it('is obeyed where it is proven', async () => assert.equal(await refusal(proven), undefined));

  it('is refused without a proof, and where anything in it was changed', async () => {
    const { proof: _proof, ...unsigned } = proven;
    const forged: Record<string, string>[] = [
      unsigned,
      { ...proven, proof: '' },
      { ...proven, answer: '{"choice":"approve"}' },
      { ...proven, request: 'r2' },
      { ...proven, action: 'interrupt' },
      { ...proven, epoch: 'later' },
      { ...proven, nonce: 'n2' },
      { ...proven, reply: 'elsewhere' },
      { ...proven, more: 'x' },
    ];
    for (const fields of forged) assert.equal(await refusal(fields), 'unproven', JSON.stringify(fields));
    assert.equal(await refusal(proven, { ...place, agentId: 'a2' }), 'unproven');
    assert.equal(await refusal(proven, { ...place, town: 'dale' }), 'unproven');
  });

  it('is obeyed once, and by the owner that it was meant for', async () => {
    const guard = new ControlGuard(key, place, 'now');
    const request = { entry: '1-0', action: 'answer', fields: proven };
    assert.equal(await guard.refusal(request), undefined);
    assert.equal(await guard.refusal({ ...request, entry: '2-0' }), 'repeated');
    assert.equal(await refusal(proven, place, 'of the next owner'), 'ownerChanged');
  });

  it('of a machine with another key is told apart, until that machine is given the key', async () => {
    const elsewhere = new TownKey(path.join(temporary.path, 'elsewhere'), 'hill');
    const sign = async (): Promise<Record<string, string>> => ({
      action: 'answer',
      ...answer,
      ...(await elsewhere.prove({ ...place, action: 'answer', fields: answer })),
    });
    assert.equal(await refusal(await sign()), 'otherTownKey');
    await assert.rejects(elsewhere.replace('no key'), { reason: 'badTownKey' });
    await elsewhere.replace(` ${await key.read()}\n`);
    assert.equal(await refusal(await sign()), undefined);
  });

  it('is proven with a key that is one for all windows, private, and another for each town', async () => {
    const keys = await Promise.all([1, 2, 3].map(() => new TownKey(temporary.path, 'hill').read()));
    assert.deepEqual(new Set(keys), new Set([await key.read()]));
    assert.notEqual(await new TownKey(temporary.path, 'dale').read(), await key.read());
    const folder = path.join(temporary.path, 'keys');
    for (const name of await readdir(folder)) {
      assert.equal((await stat(path.join(folder, name))).mode & 0o777, 0o600);
    }
    assert.equal((await stat(folder)).mode & 0o777, 0o700);
    await assert.rejects(key.replace(randomBytes(8).toString('base64url')), { reason: 'badTownKey' });
  });
});
