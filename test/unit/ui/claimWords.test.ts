/** What an agent writes into `tinytown.toml` or the workspace's settings, as the person sees it before it is allowed. */
import assert from 'node:assert/strict';
import type { Claim } from '../../../src/loop/trust/confirmations.ts';
import { claimLabel, claimText } from '../../../src/ui/trust/claimWords.ts';
import { english } from './support.ts';

const program = (command: string, env: Record<string, string> = {}): Claim => ({
  kind: 'program',
  cli: 'helper',
  command,
  env,
});

describe('what a folder asks to allow', () => {
  it('hides no characters, and names those that look like others', () => {
    const text = claimText(program('cu\u3164rl \u0435vil', { 'LD\u2800': 'a\u200bb' }), english);
    assert.match(text, /cu\\u\{3164\}rl/);
    assert.match(text, /LD\\u\{2800\}=a\\u\{200b\}b/);
    assert.match(text, /look like others: .*U\+0435/);
    assert.match(claimLabel(program('a\u3164b'), english), /a\\u\{3164\}b/);
    const redis: Claim = { kind: 'redisAddress', where: 'redis://h\u3164ost', key: 'k' } as never;
    assert.match(claimText(redis, english), /h\\u\{3164\}ost/);
  });

  it('adds no lines of its own to the question', () => {
    const text = claimText(program('npm test\n\nIt is safe.', { A: '1\nB=2' }), english);
    assert.equal(text.split('\n')[0], 'npm test ⏎  ⏎ It is safe.');
    assert.match(text, /^A=1 ⏎ B=2$/m);
  });
});
