/** Registers the general commands: each reads how it was called, runs, and reports errors to its caller. */
import path from 'node:path';
import * as vscode from 'vscode';
import * as z from 'zod/mini';
import { TOWN_FILE, suggestTownName } from '../town/config.ts';
import { townNameProblem } from '../town/keys.ts';
import { validateAgentName } from '../town/records/names.ts';
import { type Disposable, DisposableStore } from '../util/disposable.ts';
import { TinytownError } from '../util/errors.ts';
import { permissionModes } from '../loop/trust/permissionModes.ts';
import { agentActions } from './agents/agentActions.ts';
import { actOnAgent } from './agents/agentCommands.ts';
import type { AgentOutputs } from './agents/agentOutput.ts';
import { askFirstTask, askNewAgent, askText, askTownName } from './ask.ts';
import { pickAgentAndAction } from './agents/pickAgent.ts';
import { type Call, type Target, isByKey, readCall } from './calls.ts';
import type { EditorLog } from './editorLog.ts';
import {
  Command,
  type CommandId,
  EXTENSION_ID,
  SETTINGS_SECTION,
  SecretKey,
  View,
  WALKTHROUGH,
  machineSettings,
} from './ids.ts';
import { Row, withoutRow } from './itemTree.ts';
import { reach, tickReached } from './milestones.ts';
import { inform, mention, showProblem } from './notify.ts';
import type { Records } from './history/recordCommands.ts';
import { registerCommand } from './registerCommand.ts';
import type { TownHost } from './town/townHost.ts';
import { copyTownKey, enterTownKey } from './town/townKeyCommands.ts';
import { pictureOf, sortedAgents } from './town/townPicture.ts';
import type { TownViews } from './townViews.ts';

const { t } = vscode.l10n;

export interface CommandParts {
  host: TownHost;
  outputs: AgentOutputs;
  views: TownViews;
  records: Records;
  log: EditorLog;
  secrets: vscode.SecretStorage;
  /** Looks for Codex again, for the welcome text. */
  readonly checkCodex: () => Promise<void>;
  /** Checks whether a new agent could work. @throws TinytownError `programUnusable`, `unauthorized` */
  readonly checkNewAgent: (cli: string | undefined, options: { first: boolean }) => Promise<void>;
  /** Asks for the town's folder, in a window with several folders. */
  readonly chooseFolder: () => Promise<string | undefined>;
}

export function registerCommands(parts: CommandParts): Disposable {
  const store = new DisposableStore();
  const add = (id: CommandId, run: (call: Call) => Promise<unknown>): void => {
    const { log, views } = parts;
    store.add(
      registerCommand(id, {
        read: (args) => (isByKey(args) ? { ...read([]), byKey: true } : { ...read(args), byKey: false }),
        run: async ({ byKey, ...call }) => run(byKey ? read(await views.atKeyboard()) : call),
        log,
      }),
    );
  };
  /** Adds a command that is about the town, never about a row. */
  const addForTown = (id: CommandId, run: (call: Call) => Promise<unknown>): void => {
    store.add(registerCommand(id, { read: (args) => read(withoutRow(args)), run, log: parts.log }));
  };
  for (const action of agentActions) add(Command[action], (call) => actOnAgent(action, call, parts));
  addForTown(Command.initTown, (call) => initTown(call, parts));
  addForTown(Command.spawnAgent, (call) => spawnAgent(call, parts));
  addForTown(Command.showAgents, () => showAgents(parts));
  addForTown(Command.broadcast, (call) => broadcast(call, parts));
  addForTown(Command.setRedisPassword, (call) => setRedisPassword(call, parts));
  addForTown(Command.copyTownKey, (call) => copyTownKey(call, parts.host));
  addForTown(Command.enterTownKey, (call) => enterTownKey(call, parts.host));
  addForTown(Command.chooseFolder, () => parts.chooseFolder());
  addForTown(Command.openConfig, () => openConfig(parts));
  addForTown(Command.openSettings, openSettings);
  addForTown(Command.retry, () => retry(parts));
  addForTown(Command.tryNow, () => tryNow(parts));
  addForTown(Command.help, help);
  addForTown(Command.showLog, async () => parts.log.show());
  return store;
}

function read(args: readonly unknown[]): Call {
  return { ...readCall(args, targetOfRow, t), ...changesOf(args[0]) };
}

function targetOfRow(value: unknown): Target | null | undefined {
  if (!(value instanceof Row)) return undefined;
  const { agentId: agent, about } = value.item;
  return agent === undefined ? null : { agent, ...(about === undefined ? {} : { about }) };
}

/** The changes that a row stands for. */
function changesOf(value: unknown): Pick<Call, 'extra'> {
  const changes = value instanceof Row ? value.item.changes : undefined;
  return changes ? { extra: changes } : {};
}

/** `tryNow()`: one of the agents that wait for the Codex account tries. The others follow if it works. */
async function tryNow({ host }: CommandParts): Promise<void> {
  await (await host.session()).actions.tryNow();
}

/** `initTown(name?)`: makes the folder a town, unless it is one. Resolves with the town's name. */
async function initTown(call: Call, { host }: CommandParts): Promise<string | undefined> {
  const state = await host.look();
  if (state.kind !== 'noTown') {
    const { name } = await host.session();
    if (call.agent !== undefined && call.agent !== name) {
      throw new TinytownError('townExists', t('This folder is already the town “{0}”. See {1}.', name, TOWN_FILE));
    }
    if (call.interactive) void inform(t('This folder is already the town “{0}”.', name));
    return name;
  }
  const name = call.agent ?? (await askTownName(suggestTownName(state.folder)));
  if (name === undefined) return undefined;
  const problem = townNameProblem(name);
  if (problem !== undefined) throw new TinytownError('townNameInvalid', problem);
  return (await host.sessionOrNew(name)).name;
}

const spawnOptions = z.object({
  role: z.optional(z.string()),
  cli: z.optional(z.string()),
  model: z.optional(z.string()),
  nickname: z.optional(z.string()),
  parent: z.optional(z.string()),
  task: z.optional(z.string()),
  permissions: z.optional(z.enum(permissionModes)),
});

/**
 * `spawnAgent(name?, {role, cli, model, nickname, parent, task, permissions}?)`: adds an agent, and first makes the folder a
 * town if it is not one. Resolves with the agent's id. A task may also be the second argument.
 * Given permissions may only be narrower than those of the settings.
 */
async function spawnAgent(call: Call, { host, views, checkNewAgent }: CommandParts): Promise<string | undefined> {
  const options = spawnOptions.safeParse(call.extra ?? {});
  if (!options.success) {
    throw new TinytownError(
      'badArguments',
      t(
        'Options of a new agent must be strings: role, cli, model, nickname, parent, task, permissions ({0}).',
        permissionModes.join(', '),
      ),
    );
  }
  const { role, task = call.text, ...rest } = options.data;
  const state = await host.look();
  // The folder becomes a town only after all questions, so canceling leaves no trace in it.
  const agents = state.kind === 'noTown' ? [] : [...(await host.session()).mirror.agents.values()];
  const first = call.interactive && !agents.some(({ roundsCompleted }) => roundsCompleted > 0);
  await checkNewAgent(rest.cli, { first });
  const asked = call.agent === undefined ? await askNewAgent(agents) : { name: call.agent, permissions: undefined };
  if (!asked) return undefined;
  const { name } = asked;
  const problem = validateAgentName(name, agents);
  if (problem !== undefined) throw new TinytownError('nameInvalid', problem);
  const firstTask = task ?? (call.interactive ? await askFirstTask(name) : undefined);
  if (call.interactive && firstTask === undefined) return undefined;
  const session = await host.sessionOrNew();
  const wanted = {
    name,
    ...rest,
    ...(role === undefined ? {} : { roleId: role }),
    ...(firstTask?.trim() ? { task: firstTask } : {}),
  };
  const agent =
    asked.permissions === undefined
      ? await session.actions.spawnAgent(wanted)
      : await session.actions.spawnAgent({ ...wanted, permissions: asked.permissions }, { mayWiden: true });
  reach('agent');
  if (firstTask?.trim()) reach('task');
  if (call.interactive) await revealAgents(views, agent.id);
  return agent.id;
}

/** Shows the agents view and selects the new agent's row, wherever the command was called from. */
async function revealAgents(views: TownViews, agentId: string): Promise<void> {
  await vscode.commands.executeCommand(`${View.agents}.focus`);
  views.reveal(agentId);
}

/** `broadcast(text?)`: sends a text to every agent without starting a turn. Resolves with the number of agents. */
async function broadcast(call: Call, { host }: CommandParts): Promise<number | undefined> {
  const session = await host.session();
  const text = call.agent ?? (await askText(t('Message to All Agents'), t('Agents read it at their next turn.')));
  if (text === undefined) return undefined;
  const told = await session.actions.broadcast(text);
  if (call.interactive) mention(told === 1 ? t('Sent to 1 agent.') : t('Sent to {0} agents.', told));
  return told;
}

async function showAgents(parts: CommandParts): Promise<void> {
  const state = await parts.host.look();
  if (state.kind === 'noTown') {
    // Looking does not make a town. The view explains what an agent is and how to add one.
    await vscode.commands.executeCommand(`${View.agents}.focus`);
    return;
  }
  const session = await parts.host.session();
  if (sortedAgents(pictureOf(session)).length === 0) {
    await spawnAgent({ interactive: true }, parts);
    return;
  }
  const picked = await pickAgentAndAction(session);
  if (picked === 'spawn') await spawnAgent({ interactive: true }, parts);
  else if (picked) await actOnAgent(picked.action, { interactive: true, agent: picked.agent.id }, parts);
}

async function setRedisPassword(call: Call, { host, secrets }: CommandParts): Promise<void> {
  const password = call.agent ?? (await askPassword());
  if (password === undefined) return;
  if (password === '') await secrets.delete(SecretKey.redisPassword);
  else await secrets.store(SecretKey.redisPassword, password);
  await host.reopen();
}

function askPassword(): Thenable<string | undefined> {
  return vscode.window.showInputBox({
    title: t('Redis Password'),
    prompt: t(
      'Stored in the editor’s secret storage and used with the setting tinytown.redis.url. Leave it empty to remove the password.',
    ),
    password: true,
    ignoreFocusOut: true,
  });
}

async function openConfig({ host }: CommandParts): Promise<void> {
  const { state } = host;
  if (!('folder' in state)) throw new TinytownError('noTown', t('There is no {0} in this window.', TOWN_FILE));
  await vscode.window.showTextDocument(vscode.Uri.file(path.join(state.folder, TOWN_FILE)));
  if (state.kind === 'failed') showProblem(state.error);
}

/** `openSettings(id?)`: opens the settings whose ids start with `id`, in the tab that this window uses; without `id`, all. */
async function openSettings({ agent: id }: Call): Promise<void> {
  const ofMachine = machineSettings.some((setting) => id !== undefined && setting.startsWith(id));
  // In a remote window, machine settings have their own tab. The user's tab does not show them.
  const where = ofMachine && vscode.env.remoteName !== undefined ? 'openRemoteSettings' : 'openSettings';
  const query = id === undefined ? `@ext:${EXTENSION_ID}` : `${SETTINGS_SECTION}.${id}`;
  await vscode.commands.executeCommand(`workbench.action.${where}`, { query });
}

async function help(): Promise<void> {
  const picks: (vscode.QuickPickItem & { open: () => Thenable<unknown> })[] = [
    {
      label: `$(book) ${t('Get Started')}`,
      detail: t('A walkthrough, from the first agent to the first answer.'),
      open: async () => {
        await vscode.commands.executeCommand(
          'workbench.action.openWalkthrough',
          `${EXTENSION_ID}#${WALKTHROUGH}`,
          false,
        );
        await tickReached();
      },
    },
    {
      label: `$(checklist) ${t('Run Doctor')}`,
      detail: t('Finds out what is wrong and how to fix it.'),
      open: () => vscode.commands.executeCommand(Command.doctor),
    },
    {
      label: `$(output) ${t('Show Log')}`,
      detail: t('What the extension did, line by line.'),
      open: () => vscode.commands.executeCommand(Command.showLog),
    },
  ];
  const picked = await vscode.window.showQuickPick(picks, { title: t('Help'), placeHolder: t('What do you need?') });
  await picked?.open();
}

async function retry({ host, checkCodex }: CommandParts): Promise<string> {
  const state = await host.look();
  if (state.kind === 'failed') throw state.error;
  await host.ready?.tryRedis();
  await checkCodex();
  await host.ready?.checkCodex();
  return state.kind;
}
