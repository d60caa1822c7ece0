/** What the editor has of the extension before anybody uses it. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import * as vscode from 'vscode';
import { Command, EXTENSION_ID, SETTINGS_SECTION, Setting, machineSettings } from '../../src/ui/ids.ts';
import { configFile, extensionApi, refused } from './town.ts';

describe('the extension', () => {
  it('activates by itself and hands out its API', async () => {
    const api = await extensionApi();
    const extension = vscode.extensions.getExtension(EXTENSION_ID);
    assert.equal(extension?.isActive, true);
    assert.equal(api.version, extension.packageJSON.version);
  });

  it('leaves a folder alone that nobody made a town', async () => {
    const api = await extensionApi();
    await assert.rejects(api.listAgents(), { reason: 'noTown' });
    await refused('noTown', 'assignTask', 'scout', 'go');
    assert.equal(existsSync(configFile()), false);
  });

  it('registers every command', async () => {
    await extensionApi();
    const known = await vscode.commands.getCommands(true);
    for (const id of Object.values(Command)) assert.ok(known.includes(id), id);
  });

  it('offers its settings with their defaults', () => {
    const settings = vscode.workspace.getConfiguration(SETTINGS_SECTION);
    const defaults = Object.fromEntries(Object.values(Setting).map((id) => [id, settings.inspect(id)?.defaultValue]));
    assert.deepEqual(defaults, {
      [Setting.redisUrl]: '',
      [Setting.redisServerPath]: '',
      [Setting.codexPath]: '',
      [Setting.codexEnv]: {},
      [Setting.agentClis]: {},
      [Setting.model]: '',
      [Setting.reasoningEffort]: '',
      [Setting.approvalPolicy]: 'on-request',
      [Setting.sandbox]: 'workspace-write',
      [Setting.persistent]: true,
      [Setting.cli]: 'codex',
      [Setting.idleTimeoutSeconds]: 300,
      [Setting.maxRounds]: 0,
      [Setting.maxAttempts]: 3,
      [Setting.maxAgents]: 10,
      [Setting.notifications]: 'needsYou',
    });
  });

  it('lets no workspace choose programs, their environment, or a Redis', async () => {
    const settings = vscode.workspace.getConfiguration(SETTINGS_SECTION);
    for (const id of machineSettings) {
      await assert.rejects(
        async () => settings.update(id, 'x', vscode.ConfigurationTarget.Workspace),
        /workspace|Workspace/,
        id,
      );
    }
  });
});
