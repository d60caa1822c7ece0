import assert from 'node:assert/strict';
import { parse as parseToml } from 'smol-toml';
import { chooseRuntime, type CliSettings, cliNames, modelOf, oneShotCommand } from '../../../src/runtime/clis.ts';
import { type Sentence, say } from '../../../src/util/sentence.ts';

const settings: CliSettings = {
  overrides: {},
  codexPath: '/opt/codex',
  sandbox: 'workspace-write',
  approvalPolicy: 'on-request',
};

/** How `codex exec` is told its sandbox, with the random part of the profile's name left out. */
const profile =
  '-c default_permissions="PROFILE" -c permissions.PROFILE=' +
  '{"extends"=":workspace","filesystem"={},"network"={"enabled"=false}}';

describe('the agent CLIs', () => {
  for (const [cli, line, prompt] of [
    ['claude', 'claude --print --dangerously-skip-permissions', 'stdin'],
    ['auggie', 'auggie --print --instruction-file', 'file'],
    ['gemini', 'gemini', 'stdin'],
    ['copilot', 'gh copilot', 'stdin'],
    ['aider', 'aider --yes --no-auto-commits --message', 'stdin'],
    ['cursor', 'cursor', 'stdin'],
    ['codex', `/opt/codex exec --json --skip-git-repo-check ${profile} -`, 'stdin'],
    [
      'codex-mini',
      `/opt/codex exec --json --skip-git-repo-check ${profile} --model gpt-5.4-mini -c model_reasoning_effort="medium" -`,
      'stdin',
    ],
  ]) {
    it(`runs ${cli} once as ${line}`, () => {
      const command = oneShotCommand(cli ?? '', settings);
      const text = [command.program, ...command.args].join(' ');
      assert.equal(text.replaceAll(/tinytown-[0-9a-f]{16}/g, 'PROFILE'), line);
      assert.equal(command.prompt, prompt);
    });
  }

  it('hands model, effort and sandbox of the settings to codex exec', () => {
    const more = { ...settings, model: 'm', reasoningEffort: 'high', sandbox: 'danger-full-access' } as const;
    const { args } = oneShotCommand('codex', more);
    assert.deepEqual(args.slice(3, -1), [
      '--sandbox',
      'danger-full-access',
      '--model',
      'm',
      '-c',
      'model_reasoning_effort="high"',
    ]);
  });

  it('lets codex exec change nothing where everything would have to be asked', () => {
    const { args } = oneShotCommand('codex', {
      ...settings,
      approvalPolicy: 'untrusted',
      sandbox: 'danger-full-access',
    });
    assert.ok(!args.includes('--sandbox'));
    assert.match(args.join(' '), /\{"extends"=":read-only",/);
  });

  it('takes the command and the environment of the settings, split as a shell would', () => {
    const overrides = { mine: { command: `'/my tools/agent' --say "hello world" --x=$HOME`, env: { KEY: 'v' } } };
    assert.deepEqual(oneShotCommand('mine', { ...settings, overrides }), {
      name: 'mine',
      program: '/my tools/agent',
      args: ['--say', 'hello world', '--x=$HOME'],
      env: { KEY: 'v' },
      prompt: 'stdin',
      output: 'text',
    });
    assert.equal(
      oneShotCommand('codex', { ...settings, overrides: { codex: { command: 'my-codex' } } }).program,
      'my-codex',
    );
    assert.ok(cliNames(overrides).includes('mine'));
  });

  for (const cli of ['unheard', 'constructor', '__proto__']) {
    it(`says which CLIs there are when asked for ${cli}`, () => {
      assert.throws(() => oneShotCommand(cli, settings), {
        reason: 'programUnusable',
        hint: /codex, codex-mini, claude/,
      });
    });
  }

  it('hands configuration to codex exec, in TOML, and to nobody else', () => {
    const threadConfig = {
      mcp_servers: { town: { command: 'a "b"\\c', args: ['x', 1, true], env: { 'K-1': 'é\n' } } },
    };
    const { args } = oneShotCommand('codex', { ...settings, threadConfig });
    const line = args.find((each) => each.startsWith('mcp_servers')) ?? '';
    assert.deepEqual(JSON.parse(JSON.stringify(parseToml(line))), threadConfig);
    assert.equal(args.at(-1), '-');
    assert.ok(!oneShotCommand('claude', { ...settings, threadConfig }).args.includes('-c'));
  });

  it('refuses an empty command', () => {
    const overrides = { mine: { command: '  ' } };
    assert.throws(() => oneShotCommand('mine', { ...settings, overrides }), {
      reason: 'programUnusable',
      message: /empty/,
    });
  });

  for (const [cli, persistentWanted, mode, reason] of [
    ['codex', true, 'persistent', undefined],
    ['codex-mini', true, 'persistent', undefined],
    ['codex', false, 'one-shot', undefined],
    ['claude', true, 'one-shot', onlyCodex('claude')],
    ['claude', false, 'one-shot', undefined],
    ['toString', true, 'one-shot', onlyCodex('toString')],
  ] as const) {
    it(`runs ${cli} ${mode} when a session is ${persistentWanted ? '' : 'not '}wanted`, () => {
      assert.deepEqual(chooseRuntime({ cli, persistentWanted }), { mode, reason });
    });
  }

  it('gives a session of codex-mini its own model and effort', () => {
    const chosen = { model: 'big', reasoningEffort: 'high' };
    assert.deepEqual(modelOf('codex-mini', chosen), { model: 'gpt-5.4-mini', reasoningEffort: 'medium' });
    assert.deepEqual(modelOf('codex', chosen), chosen);
    assert.deepEqual(modelOf('codex', { model: '' }), { model: undefined, reasoningEffort: undefined });
  });
});

function onlyCodex(cli: string): Sentence {
  return say('{0} cannot hold a session; only codex and codex-mini can.', cli);
}
