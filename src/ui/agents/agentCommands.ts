/** The commands that act on one agent: find the agent, ask for what is missing, and call the town's actions. */
import * as vscode from 'vscode';
import * as z from 'zod/mini';
import { permissionModes } from '../../loop/trust/permissionModes.ts';
import type { TownSession } from '../../loop/townSession.ts';
import { isSupervisor, resolveAgent } from '../../town/records/names.ts';
import type { AgentRecord } from '../../town/records/records.ts';
import { TinytownError } from '../../util/errors.ts';
import { inWords } from '../../util/sentence.ts';
import { oneLine } from '../../util/text.ts';
import { actionLabel } from './actionLabels.ts';
import { type AgentAction, factsOf, whyNot } from './agentActions.ts';
import type { AgentOutputs } from './agentOutput.ts';
import { awayWords } from './agentRows.ts';
import { askNewName, askText } from '../ask.ts';
import { pickAgent } from './pickAgent.ts';
import type { Call, Target } from '../calls.ts';
import { View } from '../ids.ts';
import { reach } from '../milestones.ts';
import { pickModel } from './modelPicks.ts';
import { pickPermissions } from './permissionPicks.ts';
import { confirm, inform, warn } from '../notify.ts';
import { problemOf } from '../problems.ts';
import { type Records, exportTranscript, openChanges } from '../history/recordCommands.ts';
import { tellIfQueued } from './steerNotice.ts';
import type { TownHost } from '../town/townHost.ts';
import { pictureOf } from '../town/townPicture.ts';
import type { TownViews } from '../townViews.ts';

const { t } = vscode.l10n;

/**
 * Runs `action`. Actions on held or given-up messages apply to the row's message or round, or to the one whose id is passed as
 * the text, or else to all of the agent's. Resolves with what a program can use: the agent's id, the task's id for `assignTask`,
 * mode and reason for `togglePersistent`, the choice for `chooseModel`, the mode for `changePermissions`, the file for
 * `exportTranscript`, the number of files for `openChanges`. Undefined if the person canceled.
 */
export async function actOnAgent(
  action: AgentAction,
  call: Call,
  town: { host: TownHost; outputs: AgentOutputs; views: TownViews; records: Records },
): Promise<unknown> {
  if (call.targets && !shows.has(action)) return actOnMany(action, { ...call, targets: call.targets }, town);
  const session = await town.host.session();
  // A program's last change may not be in the mirror yet. A person acts on what is shown.
  if (!call.interactive && !shows.has(action)) await session.mirror.refresh();
  const agent = call.agent === undefined ? await pickAgent(session, action) : findAgent(session, call.agent);
  if (!agent) return undefined;
  const picture = pictureOf(session);
  const reason = whyNot(action, factsOf(agent, picture.view(agent.id), picture.waiting(agent.id)), t);
  if (reason !== undefined) throw new TinytownError('cannotNow', reason);
  // A person who gives an agent work wants to watch it.
  if (call.interactive && startsWork.has(action)) town.views.watch(agent.id);
  if (call.interactive && shows.has(action)) town.views.looked(agent.id);
  return takeAction(action, { call, session, agent, outputs: town.outputs, records: town.records });
}

/** Runs the action on each agent; asks for a text once. Agents that refuse do not stop the others and are named at the end. */
async function actOnMany(
  action: AgentAction,
  { targets, interactive }: Pick<Call, 'interactive'> & { targets: readonly Target[] },
  town: Parameters<typeof actOnAgent>[2],
): Promise<unknown> {
  const placeHolder = t('This goes to all {0} selected agents.', targets.length);
  const text = withText.has(action) ? await askText(actionLabel(action, t), placeHolder) : undefined;
  if (withText.has(action) && text === undefined) return undefined;
  const reasons: string[] = [];
  for (const target of targets) {
    const one = { interactive, ...target, ...(text === undefined ? {} : { text }) };
    await actOnAgent(action, one, town).catch((error: unknown) => reasons.push(problemOf(error, t).message));
  }
  if (reasons.length > 0) throw new TinytownError('cannotNow', reasons.join(' '));
  return targets.map(({ agent }) => agent);
}

/** Actions that only show something, for one agent. */
const shows: ReadonlySet<AgentAction> = new Set(['showOutput', 'openTranscript', 'exportTranscript', 'openChanges']);
const withText: ReadonlySet<AgentAction> = new Set(['assignTask', 'sendMessage', 'steer']);
const startsWork: ReadonlySet<AgentAction> = new Set(['assignTask', 'steer', 'sendMessage', 'runAgain']);

interface Step {
  call: Call;
  session: TownSession;
  agent: AgentRecord;
  outputs: AgentOutputs;
  records: Records;
}

async function takeAction(action: AgentAction, step: Step): Promise<unknown> {
  const { session, agent, call, outputs, records } = step;
  const { actions } = session;
  const { id } = agent;
  switch (action) {
    case 'assignTask': {
      const text = await textOf(call, t('Task for {0}', agent.name), t('What should it do?'));
      if (text === undefined) return undefined;
      const task = await actions.assignTask(id, text);
      reach('task');
      return task.id;
    }
    case 'sendMessage': {
      const text = await textOf(call, t('Message to {0}', agent.name), t('The agent reads it after the running turn.'));
      if (text === undefined) return undefined;
      await actions.sendMessage(id, text, messageOptions(call.extra));
      return id;
    }
    case 'steer': {
      const { turn } = factsOf(agent, session.runner.view(agent.id), session.mirror.waiting(agent.id));
      const effect = turn ? t('Goes into the running turn immediately.') : t('Starts a turn.');
      const text = await textOf(call, t('Steer {0}', agent.name), effect);
      if (text === undefined) return undefined;
      const messageId = await actions.steer(id, text);
      reach('steer');
      if (call.interactive) void tellIfQueued(session, agent, messageId);
      return id;
    }
    case 'interrupt': {
      const { survivors } = await actions.interrupt(id);
      const left = survivors.map((line) => oneLine(line, 160)).join('; ');
      if (left !== '')
        void warn(t('{0} was interrupted, but these processes are still running: {1}', oneLine(agent.name, 64), left));
      return id;
    }
    case 'pauseAgent':
      await actions.pauseAgent(id);
      return id;
    case 'resumeAgent':
      await actions.resumeAgent(id);
      return id;
    case 'runAgain':
      await actions.leftovers.runAgain(id, call.about ?? call.text);
      return id;
    case 'dismissHeld':
      await actions.leftovers.dismissHeld(id, call.about ?? call.text);
      return id;
    case 'retryDead':
      await actions.leftovers.retryDead(id, call.about ?? call.text);
      return id;
    case 'dismissDead':
      await actions.leftovers.dismissDead(id, call.about ?? call.text);
      return id;
    case 'closeAgent':
      await actions.closeAgent(id);
      return id;
    case 'stopAgent':
      await actions.stopAgent(id);
      return id;
    case 'restartAgent':
      await actions.restartAgent(id);
      return id;
    case 'newConversation':
      await actions.newConversation(id);
      return id;
    case 'adoptAgent':
      return adoptAgent(step);
    case 'takeOver':
      await vscode.window.withProgress({ location: { viewId: View.agents } }, () => actions.takeOver(id));
      return id;
    case 'removeAgent':
      return removeAgent(step);
    case 'togglePersistent': {
      const chosen = await actions.setPersistent(id, 'toggle');
      const reason = chosen.reason && inWords(chosen.reason, t);
      if (call.interactive && reason) void inform(reason);
      return { mode: chosen.mode, reason };
    }
    case 'chooseModel':
      return chooseModel(step);
    case 'changePermissions':
      return changePermissions(step);
    case 'renameAgent':
      return renameAgent(step);
    case 'showOutput':
      outputs.show(id, agent.name);
      return id;
    case 'openTranscript':
      await records.transcripts.open(agent);
      return id;
    case 'exportTranscript':
      return exportTranscript({ session, agent, call, ...records });
    case 'openChanges':
      return openChanges({ session, agent, call, ...records });
  }
}

const modelOptions = z.object({ effort: z.optional(z.string()) });

/**
 * `chooseModel(agent?, model?, {effort}?)`: a missing or empty model means the configured one. Resolves with the choice, and
 * whether Codex lists it.
 */
async function chooseModel({ call, session, agent }: Step): Promise<unknown> {
  const options = modelOptions.safeParse(call.extra ?? {});
  if (!options.success) throw new TinytownError('badArguments', t('The only option is effort, a string.'));
  const wanted = { model: call.text?.trim() || undefined, reasoningEffort: options.data.effort?.trim() || undefined };
  await session.actions.mayChooseModel(agent.id);
  const models = await session.codex.models();
  const asked = call.text === undefined && call.extra === undefined;
  const now = session.runner.view(agent.id).model ?? agent.model;
  const choice = asked && call.interactive ? await pickModel(agent, models, now) : wanted;
  if (!choice) return undefined;
  await session.actions.chooseModel(agent.id, choice);
  const info = models.find(({ model }) => model === choice.model);
  const knowsEffort = info?.efforts.some(({ effort }) => effort === choice.reasoningEffort) ?? false;
  const listed = (choice.model === undefined || info !== undefined) && (!choice.reasoningEffort || knowsEffort);
  if (call.interactive && choice.model !== undefined && !info) {
    void inform(t('Codex doesn’t list the model {0}. It will be used anyway.', oneLine(choice.model, 64)));
  }
  return { model: choice.model, effort: choice.reasoningEffort, listed };
}

const permissionChoice = z.enum([...permissionModes, 'default']);

/**
 * `changePermissions(agent?, mode?)`: without a mode, the person chooses. A given mode may only narrow the permissions, because
 * workspace files (tasks, launch configurations) can call commands. Resolves with the new choice.
 */
async function changePermissions({ call, session, agent }: Step): Promise<string | undefined> {
  const view = session.runner.view(agent.id);
  const given = permissionChoice.safeParse(call.text);
  if (call.text !== undefined && !given.success) {
    const modes = permissionChoice.options.join(', ');
    throw new TinytownError('badArguments', t('Permissions must be one of {0}.', modes));
  }
  const choice = given.success
    ? { mode: given.data === 'default' ? undefined : given.data }
    : await pickPermissions(agent.name, view.permissions);
  if (!choice) return undefined;
  await session.actions.changePermissions(agent.id, choice.mode, { mayWiden: call.text === undefined });
  if (call.text === undefined && session.runner.view(agent.id).turn) {
    const name = oneLine(agent.name, 64);
    void inform(t('{0} finishes this turn with its old permissions. The new ones apply from the next turn.', name));
  }
  return choice.mode ?? 'default';
}

async function adoptAgent({ session, agent, call }: Step): Promise<string | undefined> {
  const { away } = session.runner.view(agent.id);
  if (away && call.interactive) {
    const question = t('Move {0} here?', oneLine(agent.name, 64));
    const detail = [
      `${oneLine(awayWords(away, t), 300)}.`,
      away.keepsConversation
        ? t('Its conversation moves with it.')
        : t('Its conversation stays there. It starts a new one here with its waiting messages.'),
      t('Its file changes stay there. Unfinished work runs again here.'),
    ].join('\n');
    if (!(await confirm(question, detail, t('Move Here')))) return undefined;
  }
  await session.actions.adoptAgent(agent.id);
  return agent.id;
}

/** `renameAgent(agent?, name?)`. Resolves with the agent's id. */
async function renameAgent({ session, agent, call }: Step): Promise<string | undefined> {
  const others = [...session.mirror.agents.values()].filter(({ id }) => id !== agent.id);
  const name = call.text ?? (await askNewName(agent.name, others));
  if (name === undefined || name === agent.name) return undefined;
  await session.actions.renameAgent(agent.id, name);
  return agent.id;
}

async function removeAgent({ session, agent, call, outputs }: Step): Promise<string | undefined> {
  const detail = t('Its record and its waiting messages are deleted. Its tasks and its Codex conversation are kept.');
  const question = t('Delete agent {0}?', oneLine(agent.name, 64));
  if (call.interactive && !(await confirm(question, detail, t('Delete')))) return undefined;
  await session.actions.removeAgent(agent.id);
  outputs.remove(agent.id);
  return agent.id;
}

/** @throws TinytownError `unknownAgent` or `ambiguousAgent`, with a message that names the candidates. */
export function findAgent(session: TownSession, ref: string): AgentRecord {
  if (isSupervisor(ref)) throw new TinytownError('unknownAgent', t('“{0}” is you. Name an agent.', ref));
  const found = resolveAgent(ref, session.mirror.agents.values());
  if (found.ok) return found.agent;
  throw new TinytownError(found.reason === 'ambiguous' ? 'ambiguousAgent' : 'unknownAgent', found.message);
}

/** The call's text, or else what the person types. @throws TinytownError `emptyText`. */
async function textOf(call: Call, title: string, placeHolder: string): Promise<string | undefined> {
  const text = call.text ?? (await askText(title, placeHolder));
  if (text?.trim() === '') throw new TinytownError('emptyText', t('The text is empty. Type what to do.'));
  return text;
}

type MessageOptions = NonNullable<Parameters<TownSession['actions']['sendMessage']>[2]>;

const kinds: readonly unknown[] = ['task', 'query', 'info', 'ack'];

function isKind(value: unknown): value is NonNullable<MessageOptions['kind']> {
  return kinds.includes(value);
}

function messageOptions(extra: Call['extra']): MessageOptions {
  if (!extra) return {};
  const urgent = 'urgent' in extra && extra.urgent === true;
  return { urgent, ...('kind' in extra && isKind(extra.kind) ? { kind: extra.kind } : {}) };
}
