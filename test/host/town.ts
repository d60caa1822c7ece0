/** A town for host tests: the real codex with a scripted model, the extension's settings, and its folder. */
import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import type { AgentSummary, TinytownApi } from '../../src/ui/api.ts';
import { EXTENSION_ID, SETTINGS_SECTION, Setting } from '../../src/ui/ids.ts';
import { type CodexHome, codexHome, codexPath } from '../support/codexHome.ts';
import { eventually } from '../support/eventually.ts';
import { type TestRedis, startTestRedis } from '../support/redis.ts';
import { type ScriptedModel, startScriptedModel } from '../support/scriptedModel.ts';
import { completeTask } from '../support/testTown.ts';

const changed = new Set<string>();

/** Sets a user setting; {@link HostTown.end} takes all of them back. */
export async function setSetting(id: string, value: unknown): Promise<void> {
  changed.add(id);
  await vscode.workspace.getConfiguration(SETTINGS_SECTION).update(id, value, vscode.ConfigurationTarget.Global);
}

/** Runs a command of ours by the name behind `tinytown.`. */
export async function run(command: string, ...args: unknown[]): Promise<unknown> {
  return vscode.commands.executeCommand(`tinytown.${command}`, ...args);
}

/** The command is refused for `reason`, with a sentence for people. */
export async function refused(reason: string, command: string, ...args: unknown[]): Promise<string> {
  try {
    await run(command, ...args);
  } catch (error) {
    assert.ok(error instanceof Error, String(error));
    assert.equal('reason' in error && error.reason, reason, error.message);
    assert.match(error.message, /[.”]$/);
    return error.message;
  }
  assert.fail(`${command} was not refused.`);
}

/** The exports of the extension, which is active from then on. */
export async function extensionApi(): Promise<TinytownApi> {
  const extension = vscode.extensions.getExtension<TinytownApi>(EXTENSION_ID);
  assert.ok(extension, 'the extension is not there');
  return extension.activate();
}

export class HostTown {
  readonly api: TinytownApi;
  readonly model: ScriptedModel;
  readonly redis: TestRedis;
  private readonly home: CodexHome;

  private constructor(api: TinytownApi, model: ScriptedModel, redis: TestRedis, home: CodexHome) {
    this.api = api;
    this.model = model;
    this.redis = redis;
    this.home = home;
  }

  /** Settings for a town that is not there yet; its folder is empty. */
  static async prepare(): Promise<HostTown> {
    const api = await extensionApi();
    const model = await startScriptedModel({ script: completeTask });
    const home = await codexHome(model.url);
    const redis = await startTestRedis();
    const town = new HostTown(api, model, redis, home);
    await setSetting(Setting.redisUrl, redis.url);
    await setSetting(Setting.codexPath, codexPath);
    await setSetting(Setting.codexEnv, home.own);
    return town;
  }

  /** Takes the town away: closes it in the editor, then ends what it stood on. */
  async end(): Promise<void> {
    await rm(configFile(), { force: true });
    await reopen();
    for (const id of changed) await setSetting(id, undefined);
    changed.clear();
    await this.redis.stop();
    await this.model.close();
    await this.home.remove();
  }

  /** The agent, once `fits` says so. */
  agent(name: string, fits: (agent: AgentSummary) => boolean): Promise<AgentSummary> {
    return eventually(
      async () => {
        const agent = (await this.api.listAgents()).find((one) => one.name === name);
        if (agent && fits(agent)) return agent;
        throw new Error(`${name} is ${JSON.stringify(agent)}`);
      },
      { interval: 50 },
    );
  }
}

/** Closes the town and opens it anew, if it is one: what a new password does. */
export async function reopen(): Promise<void> {
  await run('setRedisPassword', '');
}

export function folder(): string {
  const [first] = vscode.workspace.workspaceFolders ?? [];
  assert.ok(first, 'no folder is open');
  return first.uri.fsPath;
}

export function configFile(): string {
  return path.join(folder(), 'tinytown.toml');
}

export function writeConfig(text: string): Promise<void> {
  return writeFile(configFile(), text);
}
