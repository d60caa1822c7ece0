/** Creates an agent's runtime from the settings and the programs on the machine. */
import { CodexLocator } from '../codex/locate.ts';
import { type WorkspaceExtras, realFolders } from '../codex/permissions.ts';
import { TinytownError } from '../util/errors.ts';
import type { Logger } from '../util/logger.ts';
import type { ProcessRegistry } from '../process/processRegistry.ts';
import { agentEnvironment } from './agentEnvironment.ts';
import { type CliOverride, type CliSettings, type ThreadConfig, oneShotCommand, modelOf } from './clis.ts';
import type { CodingAgent, RuntimeMode } from './codingAgent.ts';
import { OneShotAgent } from './oneShotAgent.ts';
import { type ApprovalPolicy, PersistentAgent, type SandboxMode } from './persistentAgent.ts';

/** The settings about programs. Read again for each runtime. */
export interface RuntimeSettings {
  codexPath: string;
  codexEnv: Readonly<Record<string, string>>;
  agentClis: Readonly<Record<string, CliOverride>>;
  model: string | undefined;
  reasoningEffort: string | undefined;
}

export interface CodexProgram {
  path: string;
  /** The whole environment of its process. */
  env: Readonly<Record<string, string | undefined>> & { PATH: string };
}

/** The agent that the runtime is for, and its choices. */
export interface RuntimeSpec {
  mode: RuntimeMode;
  /** The agent's id. Its processes are recorded under it. */
  agentId: string;
  cli: string;
  cwd: string;
  /** The agent's own choices override the CLI's, which override the settings. */
  model: string | undefined;
  reasoningEffort: string | undefined;
  /** For Codex, in either mode. */
  sandbox: SandboxMode;
  approvalPolicy: ApprovalPolicy;
  /** Added to the environment of its process. */
  env: Readonly<Record<string, string>>;
  /** For Codex, in either mode. */
  threadConfig: ThreadConfig;
  /** Folders that commands of Codex must neither read nor write, nor connect to sockets in. */
  deniedFolders: readonly string[];
  /** What the user's Codex configuration adds to the sandbox. Only for one-shot agents: a session reads it on its own. */
  workspaceExtras: () => Promise<WorkspaceExtras>;
  /** A folder of commands for one-shot processes, at the front of their PATH. */
  commandFolder: string;
  logger: Logger;
}

export class Runtimes {
  private readonly locator = new CodexLocator();
  private readonly registry: ProcessRegistry;
  private readonly clientVersion: string;
  private readonly settings: () => RuntimeSettings;
  private readonly replyMs: number | undefined;

  /** @param replyMs How long a session's process may take to answer anything, in milliseconds. Defaults to its own limits. */
  constructor(registry: ProcessRegistry, clientVersion: string, settings: () => RuntimeSettings, replyMs?: number) {
    this.registry = registry;
    this.clientVersion = clientVersion;
    this.settings = settings;
    this.replyMs = replyMs;
  }

  /** @throws TinytownError `programUnusable` with what to do about it */
  async create(spec: RuntimeSpec): Promise<CodingAgent> {
    const settings = this.settings();
    const { cwd, logger } = spec;
    const { clientVersion, replyMs } = this;
    const registry = this.registry.of(spec.agentId);
    if (spec.mode === 'persistent') {
      const codex = await this.codexProgram();
      return new PersistentAgent({
        codexPath: codex.path,
        cwd,
        env: { ...codex.env, ...spec.env, PATH: codex.env.PATH },
        ...modelOf(spec.cli, settings, spec),
        approvalPolicy: spec.approvalPolicy,
        sandbox: spec.sandbox,
        deniedFolders: spec.deniedFolders,
        ...(replyMs !== undefined && { limits: { startMs: replyMs, steerMs: replyMs, interruptMs: replyMs } }),
        threadConfig: spec.threadConfig,
        clientVersion,
        logger,
        registry,
      });
    }
    const env = agentEnvironment(process.env, { ...settings.codexEnv, ...spec.env });
    const { agentClis: overrides } = settings;
    const { sandbox, approvalPolicy, threadConfig } = spec;
    const cliSettings: CliSettings = { ...settings, own: spec, overrides, sandbox, approvalPolicy, threadConfig };
    let cli = oneShotCommand(spec.cli, cliSettings);
    if (cli.output === 'codexJson')
      cli = oneShotCommand(spec.cli, {
        ...cliSettings,
        codexPath: (await this.findCodex()).path,
        deniedFolders: await realFolders(spec.deniedFolders),
        extras: await spec.workspaceExtras(),
      });
    return new OneShotAgent({ cli, cwd, env, searchFirst: spec.commandFolder, logger, registry });
  }

  /** The Codex that would run, with its whole environment. @throws TinytownError `programUnusable` */
  async codexProgram(): Promise<CodexProgram> {
    const { path, searchPath } = await this.findCodex();
    return { path, env: { ...agentEnvironment(process.env, this.settings().codexEnv), PATH: searchPath } };
  }

  /** The Codex that would run. @throws TinytownError `programUnusable` */
  async findCodex(): Promise<{ path: string; version: string; searchPath: string }> {
    const { codexPath, codexEnv } = this.settings();
    const found = await this.locator.locate(codexPath, agentEnvironment(process.env, codexEnv));
    if (found.ok) return found;
    throw new TinytownError('programUnusable', found.message, { hint: found.hint });
  }
}
