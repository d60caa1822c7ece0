/** What the editor's settings say, as plain data: `ui` reads them, everything behind it is handed this. */

/** Values of the user's, of the machine, or the defaults; what the workspace says stands apart. */
export interface TownSettings {
  /** `tinytown.redis.url`; empty where it is not set. */
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
  /** Undefined where the user has not set it: then `tinytown.toml` decides, then the default. */
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

/** What the workspace's own settings say of that which they may only narrow; undefined where they say nothing. */
export interface WorkspaceSettings {
  approvalPolicy?: TownSettings['approvalPolicy'] | undefined;
  sandbox?: TownSettings['sandbox'] | undefined;
  persistent?: boolean | undefined;
  cli?: string | undefined;
  maxRounds?: number | undefined;
  maxAgents?: number | undefined;
}
