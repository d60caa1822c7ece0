/**
 * What is allowed in one town: the user's settings, narrowed by the workspace's and by `tinytown.toml`. Anything wider counts
 * only if the user has confirmed it. Everything is looked up when needed, because settings and answers change.
 */
import { type CliOverride, commandOf, holdsSession, runsCodex } from '../../runtime/clis.ts';
import type { RuntimeSettings } from '../../runtime/runtimes.ts';
import type { TownConfig } from '../../town/config.ts';
import { DEFAULT_CLI } from '../actions/newAgent.ts';
import type { TownSettings } from '../settings.ts';
import type { Claim, Confirmations, NarrowedSetting, ProgramClaim } from './confirmations.ts';
import {
  type PermissionMode,
  type Permissions,
  isStricterPolicy,
  isStricterSandbox,
  permissionsOf,
} from './permissionModes.ts';
import { type Answer, type Ruled, isLowerLimit, workspaceValue } from './workspaceValue.ts';

const DEFAULT_MAX_AGENTS = 10;

export class TownTrust {
  readonly confirmations: Confirmations;
  private readonly settings: TownSettings;
  private readonly config: TownConfig;

  constructor(settings: TownSettings, config: TownConfig, confirmations: Confirmations) {
    this.settings = settings;
    this.config = config;
    this.confirmations = confirmations;
  }

  /** The settings that runtimes are created with. */
  runtimeSettings(): RuntimeSettings {
    return { ...this.settings, agentClis: this.agentClis() };
  }

  /** What an agent on Codex may do. @param chosen The user's choice for it, which overrides all settings. */
  permissions(chosen: PermissionMode | undefined): Permissions {
    if (chosen !== undefined) return permissionsOf[chosen];
    return { sandbox: this.sandbox().value, approvalPolicy: this.approvalPolicy().value };
  }

  /** How CLIs are run. Entries of the file that the user has declined are left out. */
  agentClis(): Readonly<Record<string, CliOverride>> {
    const ofFile = Object.entries(this.config.agentClis).filter(
      ([cli, { command, env }]) => this.confirmations.answer({ kind: 'program', cli, command, env }) !== 'declined',
    );
    return { ...Object.fromEntries(ofFile), ...this.settings.agentClis };
  }

  /** The program that agents of this CLI would run. Undefined if it is Codex by our own settings. */
  program(cli: string): ProgramClaim | undefined {
    const command = commandOf(cli, this.agentClis());
    return command && { kind: 'program', cli, command: command.command, env: command.env ?? {} };
  }

  /** The CLI of agents that have none of their own. */
  defaultCli(): string {
    return this.cli().value;
  }

  /** Whether agents of this CLI keep a session, if they have no choice of their own. */
  persistent(cli: string): boolean {
    return this.persistence(cli).value;
  }

  maxAgents(): number {
    return this.agentLimit().value;
  }

  /** 0 = no limit. */
  maxRounds(): number {
    return this.roundLimit().value;
  }

  /** Settings of the workspace, or of the file, that the user has not confirmed. */
  refused(): Claim[] {
    const claims: Claim[] = [];
    const add = (name: NarrowedSetting, ...ruled: Ruled<string | number | boolean>[]): void => {
      for (const { refused } of ruled) {
        if (refused !== undefined) claims.push({ kind: 'setting', name, value: String(refused) });
      }
    };
    add('codex.sandbox', this.sandbox());
    add('codex.approvalPolicy', this.approvalPolicy());
    add('agent.cli', this.cliOfWorkspace(), this.cli());
    add('agent.persistent', this.persistence('codex'), this.persistence('codex-mini'));
    add('agent.maxRounds', this.roundLimit());
    add('maxAgents', this.agentLimit());
    return claims;
  }

  private sandbox(): Ruled<TownSettings['sandbox']> {
    const { sandbox, workspace } = this.settings;
    return this.ruled('codex.sandbox', sandbox, workspace.sandbox, isStricterSandbox);
  }

  private approvalPolicy(): Ruled<TownSettings['approvalPolicy']> {
    const { approvalPolicy, workspace } = this.settings;
    return this.ruled('codex.approvalPolicy', approvalPolicy, workspace.approvalPolicy, isStricterPolicy);
  }

  private roundLimit(): Ruled<number> {
    const { maxRounds, workspace } = this.settings;
    return this.ruled('agent.maxRounds', maxRounds, workspace.maxRounds, isLowerLimit);
  }

  /** The file counts only if no setting has a value. */
  private agentLimit(): Ruled<number> {
    const { maxAgents, workspace } = this.settings;
    const wanted = workspace.maxAgents ?? (maxAgents === undefined ? this.config.maxAgents : undefined);
    return this.ruled('maxAgents', maxAgents ?? DEFAULT_MAX_AGENTS, wanted, isLowerLimit);
  }

  /** The file overrides the setting. */
  private cli(): Ruled<string> {
    return this.ruled('agent.cli', this.cliOfWorkspace().value, this.config.defaultCli, this.isOurCodex);
  }

  private cliOfWorkspace(): Ruled<string> {
    const { cli, workspace } = this.settings;
    return this.ruled('agent.cli', cli ?? DEFAULT_CLI, workspace.cli, this.isOurCodex);
  }

  /** The file overrides the setting. */
  private persistence(cli: string): Ruled<boolean> {
    const { persistent, workspace } = this.settings;
    const wanted = this.config.agent.persistent ?? workspace.persistent;
    // Without a session, another program may run.
    const narrows = (keep: boolean): boolean => keep || !holdsSession(cli) || this.isOurCodex(cli);
    return this.ruled('agent.persistent', persistent ?? true, wanted, narrows);
  }

  /** Whether its turns run on Codex, under the user's sandbox and approval policy. */
  private readonly isOurCodex = (cli: string): boolean => runsCodex(cli, this.agentClis());

  private ruled<T extends string | number | boolean>(
    name: NarrowedSetting,
    user: T,
    wanted: T | undefined,
    narrows: (wanted: T, user: T) => boolean,
  ): Ruled<T> {
    const answer = (value: T): Answer => this.confirmations.answer({ kind: 'setting', name, value: String(value) });
    return workspaceValue(user, wanted, narrows, answer);
  }
}
