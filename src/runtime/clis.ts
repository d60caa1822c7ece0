/** The command-line agents that we know, how each runs one turn, and which of them can hold a session. */
import splitCommand from 'string-argv';
import { type WorkspaceExtras, noExtras, permissionProfile } from '../codex/permissions.ts';
import { TinytownError } from '../util/errors.ts';
import { type Sentence, say } from '../util/sentence.ts';
import type { RuntimeMode } from './codingAgent.ts';

/** One CLI's entry in the setting `agentClis`, or in `agent_clis` of `tinytown.toml`. */
export interface CliOverride {
  /** Program and arguments, quoted as in a shell. No other shell syntax works. */
  command: string;
  env?: Readonly<Record<string, string>> | undefined;
}

export interface CliCommand {
  name: string;
  program: string;
  args: readonly string[];
  /** Added to the environment of the agent. */
  env: Readonly<Record<string, string>>;
  /** `file`: the prompt's file is appended to the arguments. */
  prompt: 'stdin' | 'file';
  /** `codexJson`: the events of `codex exec --json`. `text`: whatever it prints is its answer. */
  output: 'codexJson' | 'text';
}

/** Codex configuration for one thread, or one run, alone. */
export type ThreadConfig = Record<string, ConfigValue>;
export type ConfigValue = string | number | boolean | ConfigValue[] | { [name: string]: ConfigValue };

export interface CliSettings {
  overrides: Readonly<Record<string, CliOverride>>;
  codexPath: string;
  model?: string | undefined;
  reasoningEffort?: string | undefined;
  /** The agent's own choices. */
  own?: Chosen;
  sandbox: 'read-only' | 'workspace-write' | 'danger-full-access';
  /** For Codex only: folders that its commands must not reach, and what the user's Codex configuration allows them. */
  deniedFolders?: readonly string[];
  extras?: WorkspaceExtras;
  approvalPolicy: 'untrusted' | 'on-request' | 'never';
  /** For Codex only. */
  threadConfig?: ThreadConfig | undefined;
}

/** Model and effort of CLIs that are Codex with a preset. They override the settings. */
const presets: Readonly<Record<string, { model?: string; reasoningEffort?: string }>> = {
  codex: {},
  'codex-mini': { model: 'gpt-5.4-mini', reasoningEffort: 'medium' },
};

/** As `tt` runs them. */
const commands: Readonly<Record<string, string>> = {
  claude: 'claude --print --dangerously-skip-permissions',
  auggie: 'auggie --print --instruction-file',
  gemini: 'gemini',
  copilot: 'gh copilot',
  aider: 'aider --yes --no-auto-commits --message',
  cursor: 'cursor',
};

/** Names of the CLIs that can be chosen, including those from the settings. */
export function cliNames(overrides: Readonly<Record<string, CliOverride>>): string[] {
  return [...new Set([...Object.keys(presets), ...Object.keys(commands), ...Object.keys(overrides)])];
}

/** Which runtime an agent gets; `reason` says why it is not the wanted one. */
export function chooseRuntime({ cli, persistentWanted }: { cli: string; persistentWanted: boolean }): {
  mode: RuntimeMode;
  reason: Sentence | undefined;
} {
  if (!persistentWanted) return { mode: 'one-shot', reason: undefined };
  if (holdsSession(cli)) return { mode: 'persistent', reason: undefined };
  return { mode: 'one-shot', reason: say('{0} cannot hold a session; only codex and codex-mini can.', cli) };
}

/** Whether a CLI can hold a session. Only Codex can. */
export function holdsSession(cli: string): boolean {
  return Object.hasOwn(presets, cli);
}

/** Whether a turn of this CLI runs our own `codex exec`, not a command that somebody configured. */
export function runsCodex(cli: string, overrides: CliSettings['overrides']): boolean {
  return Object.hasOwn(presets, cli) && !Object.hasOwn(overrides, cli);
}

/**
 * The command of a turn of this CLI, and its extra environment variables. Undefined if it is our own Codex, or if the CLI is
 * unknown.
 */
export function commandOf(cli: string, overrides: CliSettings['overrides']): CliOverride | undefined {
  if (cli === '' || runsCodex(cli, overrides)) return undefined;
  const override = Object.hasOwn(overrides, cli) ? overrides[cli] : undefined;
  const command = override?.command ?? (Object.hasOwn(commands, cli) ? commands[cli] : undefined);
  return command === undefined ? undefined : { command, env: override?.env ?? {} };
}

/** The program of a CLI, `codex` if it is our own Codex. Undefined if the CLI is unknown. */
export function cliProgram(cli: string, overrides: CliSettings['overrides']): string | undefined {
  if (cli === '' || runsCodex(cli, overrides)) return 'codex';
  return splitCommand(commandOf(cli, overrides)?.command ?? '')[0];
}

/** Whether an agent's turns run on Codex, in a session or through `codex exec`. */
export function usesCodex(cli: string, mode: RuntimeMode, overrides: CliSettings['overrides']): boolean {
  return mode === 'persistent' || runsCodex(cli, overrides);
}

interface Chosen {
  model?: string | undefined;
  reasoningEffort?: string | undefined;
}

/** Model and effort of an agent on Codex: its own choices override its CLI's, which override the settings. */
export function modelOf(
  cli: string,
  settings: Chosen,
  own: Chosen = {},
): { model: string | undefined; reasoningEffort: string | undefined } {
  const preset = Object.hasOwn(presets, cli) ? presets[cli] : undefined;
  return {
    model: own.model ?? preset?.model ?? (settings.model || undefined),
    reasoningEffort: own.reasoningEffort ?? preset?.reasoningEffort ?? (settings.reasoningEffort || undefined),
  };
}

/** @throws TinytownError `programUnusable` if the CLI is unknown, or its command is empty. */
export function oneShotCommand(cli: string, settings: CliSettings): CliCommand {
  if (runsCodex(cli, settings.overrides)) return codexExec(cli, settings);
  const found = commandOf(cli, settings.overrides);
  if (!found) {
    const known = cliNames(settings.overrides).join(', ');
    const hint = say('Choose one of {0}, or describe it in "tinytown.agentClis".', known);
    throw new TinytownError('programUnusable', say('There is no agent CLI "{0}".', cli), { hint });
  }
  const [program, ...args] = splitCommand(found.command);
  if (!program) {
    const hint = 'Correct it in "tinytown.agentClis".';
    throw new TinytownError('programUnusable', say('The command of the agent CLI "{0}" is empty.', cli), { hint });
  }
  const prompt = cli === 'auggie' ? 'file' : 'stdin';
  return { name: cli, program, args, env: found.env ?? {}, prompt, output: 'text' };
}

/**
 * `codex exec` never asks: it refuses whatever needs approval. Under `untrusted`, nearly everything would need approval, and
 * nobody can give it, so the sandbox is `read-only`.
 */
function codexExec(cli: string, settings: CliSettings): CliCommand {
  const { model, reasoningEffort } = modelOf(cli, settings, settings.own);
  const sandbox = settings.approvalPolicy === 'untrusted' ? 'read-only' : settings.sandbox;
  const args = ['exec', '--json', '--skip-git-repo-check'];
  const profile = permissionProfile(sandbox, settings.deniedFolders ?? [], settings.extras ?? noExtras);
  // Given as options, these override `sandbox_mode` in any configuration file.
  if (profile) {
    const { name, config } = profile;
    args.push('-c', `default_permissions=${toml(name)}`, '-c', `permissions.${name}=${toml(config)}`);
  } else {
    args.push('--sandbox', sandbox);
  }
  if (model) args.push('--model', model);
  if (reasoningEffort) args.push('-c', `model_reasoning_effort=${JSON.stringify(reasoningEffort)}`);
  for (const [name, value] of Object.entries(settings.threadConfig ?? {})) args.push('-c', `${name}=${toml(value)}`);
  args.push('-');
  return { name: cli, program: settings.codexPath, args, env: {}, prompt: 'stdin', output: 'codexJson' };
}

/** A value in one line of TOML. Strings are written as in JSON. */
function toml(value: ConfigValue): string {
  if (typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(toml).join(',')}]`;
  return `{${Object.entries(value)
    .map(([name, each]) => `${JSON.stringify(name)}=${toml(each)}`)
    .join(',')}}`;
}
