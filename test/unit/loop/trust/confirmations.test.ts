/** What the user has confirmed, per folder and value. */
import assert from 'node:assert/strict';
import { type Claim, Confirmations } from '../../../../src/loop/trust/confirmations.ts';
import { confirmationMemory } from '../../../support/confirmations.ts';

const program: Claim = { kind: 'program', cli: 'mine', command: 'mine --print', env: { A: '1' } };

describe('confirmations', () => {
  it('outlive the window, for this folder and this value alone', async () => {
    const memory = confirmationMemory();
    await new Confirmations('/work/a', memory).confirm(program);
    const later = new Confirmations('/work/a', memory);
    assert.equal(later.answer(program), 'confirmed');
    assert.equal(new Confirmations('/work/b', memory).answer(program), 'open');
    const others: Claim[] = [
      { ...program, command: 'mine --print --all' },
      { ...program, cli: 'other' },
      { ...program, env: { A: '2' } },
      { ...program, env: {} },
      { ...program, env: { A: '1', B: '' } },
      { kind: 'setting', name: 'agent.cli', value: 'mine' },
    ];
    for (const other of others) assert.equal(later.answer(other), 'open', JSON.stringify(other));
  });

  it('do not tell values apart by the order of their variables, or by where they were asked for', async () => {
    const confirmations = new Confirmations('/work/a', confirmationMemory());
    await confirmations.confirm({ ...program, env: { A: '1', B: '2' } });
    assert.equal(confirmations.answer({ ...program, env: { B: '2', A: '1' } }), 'confirmed');
  });

  it('a refusal lasts as long as the window, and takes a confirmation back', async () => {
    const memory = confirmationMemory();
    const confirmations = new Confirmations('/work/a', memory);
    await confirmations.confirm(program);
    await confirmations.decline(program);
    assert.equal(confirmations.answer(program), 'declined');
    assert.equal(new Confirmations('/work/a', memory).answer(program), 'open');
    await confirmations.confirm(program);
    assert.equal(confirmations.answer(program), 'confirmed');
  });

  it('can be forgotten for one folder', async () => {
    const memory = confirmationMemory();
    const [here, elsewhere] = ['/work/a', '/work/b'].map((folder) => new Confirmations(folder, memory));
    assert.ok(here && elsewhere);
    await here.confirm(program);
    await elsewhere.confirm(program);
    assert.equal(await here.forget(), 1);
    assert.equal(here.answer(program), 'open');
    assert.equal(elsewhere.answer(program), 'confirmed');
  });

  it('hold no value that may be a secret', async () => {
    const memory = confirmationMemory();
    const value = 'redis://:hush-4711@host:6379';
    await new Confirmations('/work/a', memory).confirm({ kind: 'redisVariable', where: 'redis://host:6379', value });
    assert.ok(!JSON.stringify(memory.keys()).includes('hush'));
  });
});
