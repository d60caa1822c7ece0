/** The editor's settings as a plain object for the other rooms. They are decoded, because people can write anything there. */
import * as vscode from 'vscode';
import * as z from 'zod/mini';
import type { TownSettings } from '../loop/settings.ts';
import { SETTINGS_SECTION, Setting } from './ids.ts';

/** Settings whose changes take effect only when the town is reopened. */
export const reopeningSettings = [Setting.redisUrl, Setting.redisServerPath].map((id) => `${SETTINGS_SECTION}.${id}`);

const text = z.string();
const texts = z.record(z.string(), z.string());
const clis = z.record(z.string(), z.object({ command: z.string(), env: z.optional(texts) }));
const approvalPolicy = z.enum(['untrusted', 'on-request', 'never']);
const sandbox = z.enum(['read-only', 'workspace-write', 'danger-full-access']);
const notifications = z.enum(['needsYou', 'all', 'none']);
const count = z.number().check(z.int(), z.gte(0));
const atLeastOne = z.number().check(z.int(), z.gte(1));

/** Reads all settings. A value of the wrong type counts as not set. */
export function readSettings(redisPassword: string | undefined): TownSettings {
  return {
    redisUrl: decoded(text, value(Setting.redisUrl), '').trim(),
    redisPassword,
    redisServerPath: decoded(text, value(Setting.redisServerPath), '').trim(),
    codexPath: decoded(text, value(Setting.codexPath), '').trim(),
    codexEnv: decoded(texts, value(Setting.codexEnv), {}),
    agentClis: decoded(clis, value(Setting.agentClis), {}),
    model: decoded(text, value(Setting.model), '').trim() || undefined,
    reasoningEffort: decoded(text, value(Setting.reasoningEffort), '').trim() || undefined,
    approvalPolicy: decoded(approvalPolicy, users(Setting.approvalPolicy), 'on-request'),
    sandbox: decoded(sandbox, users(Setting.sandbox), 'workspace-write'),
    persistent: decoded(z.boolean(), users(Setting.persistent), undefined),
    cli: decoded(text, users(Setting.cli), '').trim() || undefined,
    idleTimeoutSeconds: decoded(count, chosen(Setting.idleTimeoutSeconds), undefined),
    maxRounds: decoded(count, users(Setting.maxRounds), 0),
    maxAttempts: decoded(atLeastOne, value(Setting.maxAttempts), 3),
    maxAgents: decoded(atLeastOne, users(Setting.maxAgents), undefined),
    workspace: {
      approvalPolicy: decoded(approvalPolicy, workspaces(Setting.approvalPolicy), undefined),
      sandbox: decoded(sandbox, workspaces(Setting.sandbox), undefined),
      persistent: decoded(z.boolean(), workspaces(Setting.persistent), undefined),
      cli: decoded(text, workspaces(Setting.cli), '').trim() || undefined,
      maxRounds: decoded(count, workspaces(Setting.maxRounds), undefined),
      maxAgents: decoded(atLeastOne, workspaces(Setting.maxAgents), undefined),
    },
  };
}

export function readNotifications(): 'needsYou' | 'all' | 'none' {
  return decoded(notifications, value(Setting.notifications), 'needsYou');
}

function decoded<T, F>(schema: z.ZodMiniType<T>, raw: unknown, fallback: F): T | F {
  const result = schema.safeParse(raw);
  return result.success ? result.data : fallback;
}

function value(id: string): unknown {
  return vscode.workspace.getConfiguration(SETTINGS_SECTION).get(id);
}

/** The value only if somebody has set it, because a default must not override `tinytown.toml`. */
function chosen(id: string): unknown {
  return workspaces(id) ?? users(id);
}

/** The value of the user or of this machine. */
function users(id: string): unknown {
  return vscode.workspace.getConfiguration(SETTINGS_SECTION).inspect<unknown>(id)?.globalValue;
}

/** The value from the folder's `.vscode/settings.json` or the `.code-workspace` file. Agents may be able to write these. */
function workspaces(id: string): unknown {
  const found = vscode.workspace.getConfiguration(SETTINGS_SECTION).inspect<unknown>(id);
  return found?.workspaceFolderValue ?? found?.workspaceValue;
}
