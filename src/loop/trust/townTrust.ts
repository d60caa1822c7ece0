/**
 * What goes in one town: the user's settings, narrowed by the workspace's, and by `tinytown.toml` where the user has
 * confirmed what it asks for. Everything is looked up when it is needed, as settings and answers change under way.
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

  /** What runtimes are made of. */
  runtimeSettings(): RuntimeSettings {
    return { ...this.settings, agentClis: this.agentClis() };
  }

  /** What an agent on Codex may do. @param chosen What the user has chosen for it, which beats all settings. */
  permissions(chosen: PermissionMode | undefined): Permissions {
    if (chosen !== undefined) return permissionsOf[chosen];
    return { sandbox: this.sandbox().value, approvalPolicy: this.approvalPolicy().value };
  }

  /** Descriptions of CLIs. Of those in the file, the ones that the user has declined do not count. */
  agentClis(): Readonly<Record<string, CliOverride>> {
    const ofFile = Object.entries(this.config.agentClis).filter(
      ([cli, { command, env }]) => this.confirmations.answer({ kind: 'program', cli, command, env }) !== 'declined',
    );
    return { ...Object.fromEntries(ofFile), ...this.settings.agentClis };
  }

  /** What agents of this CLI would run, where that is not Codex by our own settings. */
  program(cli: string): ProgramClaim | undefined {
    const command = commandOf(cli, this.agentClis());
    return command && { kind: 'program', cli, command: command.command, env: command.env ?? {} };
  }

  /** The CLI of agents that have none of their own. */
  defaultCli(): string {
    return this.cli().value;
  }

  /** Whether agents of this CLI that have not chosen are to keep a session. */
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

  /** The file counts where no setting says anything. */
  private agentLimit(): Ruled<number> {
    const { maxAgents, workspace } = this.settings;
    const wanted = workspace.maxAgents ?? (maxAgents === undefined ? this.config.maxAgents : undefined);
    return this.ruled('maxAgents', maxAgents ?? DEFAULT_MAX_AGENTS, wanted, isLowerLimit);
  }

  /** The file comes before the setting. */
  private cli(): Ruled<string> {
    return this.ruled('agent.cli', this.cliOfWorkspace().value, this.config.defaultCli, this.isOurCodex);
  }

  private cliOfWorkspace(): Ruled<string> {
    const { cli, workspace } = this.settings;
    return this.ruled('agent.cli', cli ?? DEFAULT_CLI, workspace.cli, this.isOurCodex);
  }

  /** The file comes before the setting. */
  private persistence(cli: string): Ruled<boolean> {
    const { persistent, workspace } = this.settings;
    const wanted = this.config.agent.persistent ?? workspace.persistent;
    // Without a session it may be another program.
    const narrows = (keep: boolean): boolean => keep || !holdsSession(cli) || this.isOurCodex(cli);
    return this.ruled('agent.persistent', persistent ?? true, wanted, narrows);
  }

  /** A turn of it is one of Codex, under the user's sandbox and approval policy. */
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
