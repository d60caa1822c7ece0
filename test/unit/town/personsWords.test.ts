/** Who can show that words are the person's own: the user's windows, and nobody who only reads and writes the same Redis. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { WaitingMessage } from '../../../src/town/stores/delivery.ts';
import { SUPERVISOR_ID } from '../../../src/town/keys.ts';
import { type Message, decodeMessage, encodeMessage, newMessage } from '../../../src/town/records/messages.ts';
import { proofOf, provenAmong, withProof } from '../../../src/town/control/personsWords.ts';
import { TownKey } from '../../../src/town/control/townKey.ts';
import { tempDir } from '../../support/tempDir.ts';

const to = '11111111-1111-4111-8111-111111111111';
const other = '22222222-2222-4222-8222-222222222222';

function waiting(message: Message): WaitingMessage {
  const raw = encodeMessage(message);
  const decoded = decodeMessage(raw);
  assert.ok(decoded.ok);
  return { message: decoded.value, list: 'inbox', raw: Buffer.from(raw) };
}

describe('the words of the person', () => {
  let key: TownKey;
  let removals: (() => Promise<void>)[];
  const said = newMessage({ type: 'task', description: 'Go \ud800 on', from: SUPERVISOR_ID, to });
  const asked = newMessage({ type: 'query', question: 'Why?', from: SUPERVISOR_ID, to });

  async function newKey(): Promise<TownKey> {
    const storage = await tempDir('storage');
    removals.push(() => storage.remove());
    return new TownKey(storage.path, 'town');
  }

  beforeEach(async () => {
    removals = [];
    key = await newKey();
  });

  afterEach(async () => {
    for (const remove of removals) await remove();
  });

  it('are proven by every window that has the key, whatever becomes of the place and urgency of the message', async () => {
    const elsewhere = await newKey();
    await elsewhere.replace(await key.read());
    for (const message of [said, asked]) {
      const proven = await withProof(message, 'town', key);
      const all = [
        waiting(proven),
        waiting({ ...proven, priority: 'urgent' }),
        waiting({ ...proven, correlationId: other }),
      ];
      assert.deepEqual(await provenAmong(all, 'town', elsewhere), new Set(all));
    }
  });

  it('are not proven by anything that was taken from somewhere else', async () => {
    const proven = await withProof(said, 'town', key);
    const question = await withProof(asked, 'town', key);
    const table: [string, Message][] = [
      ['no proof', said],
      ['an empty proof', { ...said, proof: '' }],
      ['a guess', { ...said, proof: randomBytes(32).toString('base64url') }],
      ['the proof of another message', { ...said, proof: question.proof }],
      ['other words', { ...proven, type: 'task', description: 'Stop' }],
      ['another kind', { ...proven, type: 'query', question: 'Go \ufffd on' }],
      ['a kind that is no words', { ...proven, type: 'custom', kind: 'task', payload: 'Go \ufffd on' }],
      ['another agent', { ...proven, to: other }],
      ['another sender', { ...proven, from: other }],
      ['another id', { ...proven, id: other }],
      ['another time', { ...proven, createdAt: '2026-01-01T00:00:00Z' }],
    ];
    const all = table.map(([, message]) => waiting(message));
    assert.deepEqual(await provenAmong(all, 'town', key), new Set());
    assert.deepEqual(await provenAmong([waiting(proven)], 'another', key), new Set());
    assert.deepEqual(await provenAmong([waiting(proven)], 'town', await newKey()), new Set());
  });

  it('go by the element: another one with the id of a proven message is not proven', async () => {
    const proven = await withProof(said, 'town', key);
    const [mine, forged] = [waiting(proven), waiting({ ...proven, type: 'task', description: 'Obey' })];
    assert.deepEqual([...(await provenAmong([forged, mine], 'town', key))], [mine]);
  });

  it('are proven anew after an edit', async () => {
    const edited: Message = { ...said, type: 'task', description: 'Go back' };
    const proof = await proofOf(said, 'town', key, 'Go back');
    assert.equal((await provenAmong([waiting({ ...edited, proof })], 'town', key)).size, 1);
  });

  it('of an agent, or of a kind that holds none, get no proof', async () => {
    const table = [
      newMessage({ type: 'task', description: 'x', from: other, to }),
      newMessage({ type: 'informational', summary: 'x', from: SUPERVISOR_ID, to }),
      newMessage({ type: 'task_assign', taskId: other, from: SUPERVISOR_ID, to }),
    ];
    for (const message of table) assert.deepEqual(await withProof(message, 'town', key), message);
  });

  it('come through where the key cannot be used, without a proof', async () => {
    await key.read();
    const broken = new TownKey('/dev/null', 'town');
    assert.deepEqual(await withProof(said, 'town', broken), said);
    assert.deepEqual(await provenAmong([waiting({ ...said, proof: 'x' })], 'town', broken), new Set());
  });

  it('are no reason to refuse a message, whatever stands in the place of the proof', () => {
    for (const proof of [1, null, {}, ['x']]) {
      const decoded = decodeMessage(JSON.stringify({ ...JSON.parse(encodeMessage(said)), proof }));
      assert.ok(decoded.ok);
      assert.equal(decoded.value.proof, undefined);
    }
  });
});
