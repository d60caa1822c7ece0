/** The editor's settings as plain data. `ui` reads them and hands them on. */

/** Values from the user's or the machine's settings, or the defaults. The workspace's values are kept apart. */
export interface TownSettings {
  /** `tinytown.redis.url`; empty if it is not set. */
  redisUrl: string;
  /** From the editor's secret storage. */
  redisPassword: string | undefined;
  redisServerPath: string;
  codexPath: string;
  codexEnv: Readonly<Record<string, string>>;
  agentClis: Readonly<Record<string, { command: string; env?: Readonly<Record<string, string>> | undefined }>>;
  model: string | undefined;
  reasoningEffort: string | undefined;
  approvalPolicy: 'untrusted' | 'on-request' | 'never';
  sandbox: 'read-only' | 'workspace-write' | 'danger-full-access';
  /** Undefined if the user has not set it: then `tinytown.toml` decides, then the default. */
  persistent: boolean | undefined;
  cli: string | undefined;
  /** Seconds; 0 = never. */
  idleTimeoutSeconds: number | undefined;
  /** 0 = no limit. */
  maxRounds: number;
  maxAttempts: number;
  maxAgents: number | undefined;
  workspace: WorkspaceSettings;
}

/** The workspace's values of settings that it may only narrow. Undefined if it has none. */
export interface WorkspaceSettings {
  approvalPolicy?: TownSettings['approvalPolicy'] | undefined;
  sandbox?: TownSettings['sandbox'] | undefined;
  persistent?: boolean | undefined;
  cli?: string | undefined;
  maxRounds?: number | undefined;
  maxAgents?: number | undefined;
}
