/** Asks which agent a command is for. Each answer is undefined if the person canceled. */
import * as vscode from 'vscode';
import type { TownSession } from '../../loop/townSession.ts';
import type { AgentRecord } from '../../town/records/records.ts';
import { TinytownError } from '../../util/errors.ts';
import { oneLine } from '../../util/text.ts';
import { type AgentAction, agentActions, factsOf, whyNot } from './agentActions.ts';
import { agentItem } from './agentItems.ts';
import { actionLabel } from './actionLabels.ts';
import { withoutIcons } from '../plainText.ts';
import { offeredFirst, pictureOf, sortedAgents } from '../town/townPicture.ts';

const { t } = vscode.l10n;

/** Asks for an agent for which `action` is possible. Does not ask if the town has only one agent. */
export async function pickAgent(session: TownSession, action: AgentAction): Promise<AgentRecord | undefined> {
  const picture = pictureOf(session);
  const all = agentsOf(session);
  const reasons = all.map((agent) =>
    whyNot(action, factsOf(agent, picture.view(agent.id), picture.waiting(agent.id)), t),
  );
  const possible = all.filter((_agent, index) => reasons[index] === undefined);
  if (possible.length === 0) {
    const [only] = reasons;
    const message = all.length === 1 && only ? only : t('No agent can do this now.');
    throw new TinytownError('cannotNow', message);
  }
  return all.length === 1 ? possible[0] : chooseAgent(session, possible, actionLabel(action, t));
}

/** Asks for any agent of the town, even if there is only one. */
export async function pickAgentOf(session: TownSession, title: string): Promise<AgentRecord | undefined> {
  return chooseAgent(session, agentsOf(session), title);
}

/** Asks who gets a message from the editor, unless there is only one agent. @param last The id of the agent that last got work. */
export async function pickRecipient(
  session: TownSession,
  title: string,
  last: string | undefined,
): Promise<AgentRecord | undefined> {
  const all = offeredFirst(agentsOf(session), last);
  return all.length === 1 ? all[0] : chooseAgent(session, all, title);
}

/** @throws TinytownError `noAgents` */
function agentsOf(session: TownSession): AgentRecord[] {
  const all = sortedAgents(pictureOf(session));
  if (all.length === 0) throw new TinytownError('noAgents', t('There are no agents yet. Add one first.'));
  return all;
}

async function chooseAgent(
  session: TownSession,
  agents: readonly AgentRecord[],
  title: string,
): Promise<AgentRecord | undefined> {
  const picked = await vscode.window.showQuickPick(agentPicks(session, agents), {
    title,
    placeHolder: t('Which agent?'),
  });
  return picked?.agent;
}

interface AgentPick extends vscode.QuickPickItem {
  agent?: AgentRecord;
}

function agentPicks(session: TownSession, agents: readonly AgentRecord[]): (AgentPick & { agent: AgentRecord })[] {
  const picture = pictureOf(session);
  return agents.map((agent) => {
    const item = agentItem(agent, picture, t);
    return {
      label: `$(${item.icon.id}) ${withoutIcons(item.label)}`,
      description: withoutIcons(item.description),
      agent,
    };
  });
}

/** The status bar's quick pick: asks for an agent, then for an action. */
export async function pickAgentAndAction(
  session: TownSession,
): Promise<'spawn' | { agent: AgentRecord; action: AgentAction } | undefined> {
  const picture = pictureOf(session);
  const spawn: AgentPick = { label: `$(add) ${t('New Agent…')}`, alwaysShow: true };
  const picked = await vscode.window.showQuickPick<AgentPick>([...agentPicks(session, sortedAgents(picture)), spawn], {
    title: t('Agents of {0}', session.name),
    placeHolder: t('Which agent?'),
  });
  if (!picked) return undefined;
  if (!picked.agent) return 'spawn';
  const agent = picture.agents.get(picked.agent.id) ?? picked.agent;
  const facts = factsOf(agent, picture.view(agent.id), picture.waiting(agent.id));
  const actions = agentActions.filter((action) => whyNot(action, facts, t) === undefined);
  const chosen = await vscode.window.showQuickPick(
    actions.map((action) => ({ label: actionLabel(action, t), action })),
    { title: oneLine(agent.name, 64), placeHolder: t('What do you want to do?') },
  );
  return chosen && { agent, action: chosen.action };
}
