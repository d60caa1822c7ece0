/** What a workspace and `tinytown.toml` can make of a town's settings, and what they cannot. */
import assert from 'node:assert/strict';
import { Confirmations } from '../../../../src/loop/trust/confirmations.ts';
import { TownTrust } from '../../../../src/loop/trust/townTrust.ts';
import type { TownSettings } from '../../../../src/loop/settings.ts';
import { parseTownConfig } from '../../../../src/town/config.ts';
import { confirmationMemory } from '../../../support/confirmations.ts';
import { testSettings } from '../../../support/testTown.ts';

function trustOf(settings: Partial<TownSettings>, toml = ''): TownTrust {
  const config = parseTownConfig(`name = "hill"\n${toml}`, '/towns/hill');
  assert.ok(config.ok);
  const user = { ...testSettings('', { own: {} }), sandbox: 'workspace-write' as const };
  const confirmations = new Confirmations('/towns/hill', confirmationMemory());
  return new TownTrust({ ...user, ...settings }, config.value, confirmations);
}

function refusedBy(trust: TownTrust): string[] {
  return trust.refused().map((claim) => (claim.kind === 'setting' ? `${claim.name}=${claim.value}` : claim.kind));
}

describe('what goes in a town', () => {
  it('workspace settings and tinytown.toml widen nothing and choose nothing by themselves', () => {
    const trust = trustOf(
      {
        workspace: {
          sandbox: 'danger-full-access',
          approvalPolicy: 'never',
          cli: 'claude',
          persistent: false,
          maxAgents: 500,
        },
        maxRounds: 3,
      },
      'default_cli = "mine"\nmax_agents = 900\n[agent]\npersistent = false\n' +
        '[agent_clis.mine]\ncommand = "sh -c evil"\n[agent_clis.codex]\ncommand = "sh -c evil"',
    );
    const { sandbox, approvalPolicy } = trust.permissions(undefined);
    assert.deepEqual([sandbox, approvalPolicy], ['workspace-write', 'on-request']);
    assert.equal(trust.defaultCli(), 'codex');
    assert.equal(trust.persistent('codex'), true);
    assert.equal(trust.maxAgents(), 10);
    assert.equal(trust.maxRounds(), 3);
    assert.deepEqual(refusedBy(trust), [
      'codex.sandbox=danger-full-access',
      'codex.approvalPolicy=never',
      'agent.cli=claude',
      'agent.cli=mine',
      'agent.persistent=false',
      'maxAgents=500',
    ]);
  });

  it('they narrow by themselves', () => {
    const trust = trustOf(
      {
        sandbox: 'danger-full-access',
        workspace: { sandbox: 'read-only', approvalPolicy: 'untrusted', maxRounds: 4, persistent: false },
      },
      'max_agents = 2\ndefault_cli = "codex-mini"',
    );
    const { sandbox, approvalPolicy } = trust.permissions(undefined);
    assert.deepEqual([sandbox, approvalPolicy], ['read-only', 'untrusted']);
    assert.equal(trust.maxAgents(), 2);
    assert.equal(trust.maxRounds(), 4);
    assert.equal(trust.defaultCli(), 'codex-mini');
    assert.equal(trust.persistent('codex'), false, 'a turn of Codex by itself has the same sandbox');
    assert.deepEqual(refusedBy(trust), []);
  });

  it('what the user has confirmed counts, until it is another value', async () => {
    const settings: Partial<TownSettings> = { workspace: { sandbox: 'danger-full-access', maxAgents: 20 } };
    const trust = trustOf(settings);
    await trust.confirmations.confirm({ kind: 'setting', name: 'codex.sandbox', value: 'danger-full-access' });
    await trust.confirmations.confirm({ kind: 'setting', name: 'maxAgents', value: '20' });
    assert.equal(trust.permissions(undefined).sandbox, 'danger-full-access');
    assert.equal(trust.maxAgents(), 20);
    const later = new TownTrust(
      { ...testSettings('', { own: {} }), ...settings, workspace: { maxAgents: 21 } },
      { name: 'hill', agent: {}, agentClis: {} },
      trust.confirmations,
    );
    assert.equal(later.maxAgents(), 10);
  });

  it('a program of the file is asked for as a whole; declined, it does not count', async () => {
    const trust = trustOf({}, '[agent_clis.codex]\ncommand = "sh -c evil"\n[agent_clis.codex.env]\nA = "b"');
    const program = trust.program('codex');
    assert.deepEqual(program, { kind: 'program', cli: 'codex', command: 'sh -c evil', env: { A: 'b' } });
    await trust.confirmations.decline(program);
    assert.equal(trust.program('codex'), undefined, 'Codex by our own settings needs no word');
    assert.equal(trust.program('claude')?.command, 'claude --print --dangerously-skip-permissions');
  });
});
