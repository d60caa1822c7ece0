/** What waits for the person, of all agents and windows, and what can be done about it. Does not depend on the editor. */
import type { AgentProgram } from '../../loop/agent/loopParts.ts';
import { requestDigest } from '../../loop/agent/requestCodec.ts';
import { type Claim, claimId } from '../../loop/trust/confirmations.ts';
import type { Answer } from '../../loop/trust/workspaceValue.ts';
import type { AgentView } from '../../loop/state/agentView.ts';
import type { SupervisorMessage } from '../../loop/actions/personInbox.ts';
import type { AgentRequest, ChoiceLabel, RequestChoice } from '../../runtime/agentRequest.ts';
import { SUPERVISOR_ID } from '../../town/keys.ts';
import type { AgentRecord } from '../../town/records/records.ts';
import type { Said } from '../../util/sentence.ts';
import { moment } from '../agents/usage.ts';
import { type TownPicture, sortedAgents } from '../town/townPicture.ts';

export type Need = {
  /** Stable while the need waits. Never reused. */
  key: string;
  /** Undefined if no existing agent is behind it. */
  agentId: string | undefined;
  /** The agent's name. */
  who: string;
  /** When the wait started, in Unix milliseconds. */
  at: number;
  /** True if something is blocked until the person acts. Otherwise the need only has to be read. */
  waits: boolean;
} & (
  | { kind: 'request'; agentId: string; request: AgentRequest }
  | { kind: 'message'; message: SupervisorMessage; /** Text of the task that it is about. */ task: string | undefined }
  | { kind: 'dead'; agentId: string; count: number; messages: readonly SetAside[] }
  /** `why`: the error that stopped it. Undefined if somebody has interrupted it. */
  | { kind: 'held'; agentId: string; count: number; why: string | undefined; messages: readonly SetAside[] }
  | { kind: 'error'; agentId: string; text: Said }
  /** Codex refuses to work, for `count` agents. */
  | { kind: 'signIn'; count: number }
  /** An account limit is used up. `count` agents wait until it resets at `time`, which is undefined if not known. */
  | { kind: 'limit'; count: number; time: string | undefined }
  /** Takes effect, or runs, only after the person has allowed it. */
  | { kind: 'claim'; claim: Claim; answer: Answer }
);

/** A message that is held or has failed. */
export interface SetAside {
  text: string;
  /** The sender's name. Undefined for the person. */
  from: string | undefined;
  reason: string;
}

export type RequestNeed = Extract<Need, { kind: 'request' }>;
export type ClaimNeed = Extract<Need, { kind: 'claim' }>;
export type MessageNeed = Extract<Need, { kind: 'message' }>;

export const needActions = [
  'approve',
  'approveForSession',
  'decline',
  'declineAndSay',
  'answer',
  'reply',
  'dismissMessage',
  'allowHere',
  'dontAllow',
  'openRequest',
] as const;

export type NeedAction = (typeof needActions)[number];

/** Blocking needs first, then needs that only have to be read. Each group is oldest first. */
export function needsOf(picture: TownPicture, messages: readonly SupervisorMessage[]): Need[] {
  const ofAgents = sortedAgents(picture).flatMap((agent): Need[] => {
    const { id: agentId, name: who } = agent;
    const view = picture.view(agentId);
    const { held, dead } = picture.waiting(agentId);
    const at = Date.parse(agent.lastActiveAt) || 0;
    const own = { agentId, who, waits: true };
    const needs: Need[] = requestsOf(agent, view);
    const why = agent.lastError;
    if (held > 0)
      needs.push({
        ...own,
        key: `held/${agentId}`,
        at,
        kind: 'held',
        count: held,
        why,
        messages: setAside(picture, agentId, 'held'),
      });
    if (dead > 0)
      needs.push({
        ...own,
        key: `dead/${agentId}`,
        at,
        kind: 'dead',
        count: dead,
        messages: setAside(picture, agentId, 'dead'),
      });
    const text = agent.lastError ?? view.lastError ?? '';
    if (agent.state === 'error') needs.push({ ...own, key: `error/${agentId}`, at, kind: 'error', text });
    return needs;
  });
  const account = [...signInNeeds(picture), ...limitNeeds(picture)];
  const written = messages.map((message): Need => {
    const agentId = picture.agents.has(message.from) ? message.from : undefined;
    const common = { key: `message/${message.id}`, who: message.fromName, at: message.at, waits: message.asks };
    const task = picture.tasks.get(message.taskId?.toLowerCase() ?? '')?.description;
    return { ...common, agentId, kind: 'message', message, task };
  });
  return [...account, ...claimNeeds(picture), ...ofAgents, ...written].toSorted(
    (a, b) => Number(b.waits) - Number(a.waits) || a.at - b.at,
  );
}

function claimNeed(claim: Claim, answer: Answer, agents: readonly AgentRecord[]): ClaimNeed {
  const common = { agentId: agents[0]?.id, who: agents.map(({ name }) => name).join(', '), at: 0 };
  return { key: `claim/${claimId(claim)}`, ...common, waits: answer === 'open', kind: 'claim', claim, answer };
}

/** A declined claim does not wait anymore, but stays visible. A program has one claim for all agents that run it. */
function claimNeeds(picture: TownPicture): ClaimNeed[] {
  const programs = new Map<string, { program: AgentProgram; agents: AgentRecord[] }>();
  for (const agent of sortedAgents(picture)) {
    const { program } = picture.view(agent.id);
    if (!program) continue;
    const id = claimId(program.claim);
    const agents = programs.get(id)?.agents ?? [];
    programs.set(id, { program, agents: [...agents, agent] });
  }
  return [
    ...picture.claims.map(({ claim, answer }) => claimNeed(claim, answer, [])),
    ...[...programs.values()].map(({ program: { claim, answer }, agents }) => claimNeed(claim, answer, agents)),
  ];
}

/** The claim for the program that an agent would run, if that program is not allowed. */
export function programNeed(agentId: string, picture: TownPicture): ClaimNeed | undefined {
  const { program } = picture.view(agentId);
  return program && claimNeeds(picture).find(({ key }) => key === `claim/${claimId(program.claim)}`);
}

/** Messages that wait for a decision, as far as they were read. */
function setAside(picture: TownPicture, agentId: string, state: 'held' | 'dead'): SetAside[] {
  const receipts = picture.receipts(agentId) ?? [];
  return receipts
    .filter((receipt) => receipt.state === state)
    .map(({ text, from, reason = '' }) => ({
      text,
      from: from === SUPERVISOR_ID ? undefined : (picture.agents.get(from)?.name ?? from.slice(0, 8)),
      reason,
    }));
}

function signInNeeds(picture: TownPicture): Need[] {
  const agents = sortedAgents(picture).filter(({ id }) => picture.view(id).waitsForSignIn);
  if (agents.length === 0) return [];
  // None of these agents works anymore. The last one that worked was refused.
  const at = Math.max(...agents.map(({ lastActiveAt }) => Date.parse(lastActiveAt) || 0));
  const common = { key: 'signIn', agentId: undefined, who: 'Codex', waits: true };
  return [{ ...common, at, kind: 'signIn', count: agents.length }];
}

/** One need, however many agents wait. They continue on their own. */
function limitNeeds(picture: TownPicture): Need[] {
  const waiting = sortedAgents(picture).flatMap(({ id, state, lastActiveAt }) => {
    const { usedUp } = picture.view(id);
    const { inbox, urgent } = picture.waiting(id);
    const stands = state === 'stopped' || state === 'paused' || state === 'error';
    return usedUp === undefined || stands || inbox + urgent === 0 ? [] : [{ ...usedUp, lastActiveAt }];
  });
  if (waiting.length === 0) return [];
  const resets = waiting.flatMap(({ until }) => until ?? []);
  const time = resets.length === 0 ? undefined : moment(Math.max(...resets), picture.now);
  const at = Math.max(...waiting.map(({ lastActiveAt }) => Date.parse(lastActiveAt) || 0));
  const common = { key: 'limit', agentId: undefined, who: 'Codex', waits: true };
  return [{ ...common, at, kind: 'limit', count: waiting.length, time }];
}

/** An agent's open requests, oldest first. */
export function requestsOf({ id: agentId, name: who }: AgentRecord, { requests }: AgentView): RequestNeed[] {
  return requests.map((request) => ({
    // Another window's requests are in Redis, where others can change them. A changed request is a new need.
    key: `request/${agentId}/${request.id}/${requestDigest(request)}`,
    agentId,
    who,
    at: request.askedAt,
    waits: true,
    kind: 'request',
    request,
  }));
}

/** How many needs block something until the person acts. */
export function waitingCount(needs: readonly Need[]): number {
  return needs.filter(({ waits }) => waits).length;
}

/** The request's choice with this label, if the server allows it. */
export function choiceOf(request: AgentRequest, label: ChoiceLabel): RequestChoice | undefined {
  return request.choices.find((choice) => choice.label === label);
}

/** Whether the person must type or pick something, or open a page, to answer. */
export function asksForMore(request: AgentRequest): boolean {
  return request.kind === 'question' || (request.kind === 'elicitation' && (request.form ?? request.url) !== null);
}

/** The {@link needActions} that fit this need. Actions on agents (run again, restart, …) are not among them. */
export function actionsOf(need: Need): NeedAction[] {
  switch (need.kind) {
    case 'request': {
      const { request } = need;
      const plain = !asksForMore(request);
      return needActions.filter((action) => {
        switch (action) {
          case 'approve':
          case 'approveForSession':
            return plain && choiceOf(request, action) !== undefined;
          case 'decline':
          case 'declineAndSay':
            return choiceOf(request, 'decline') !== undefined;
          case 'answer':
          case 'openRequest':
            return true;
          case 'reply':
          case 'dismissMessage':
          case 'allowHere':
          case 'dontAllow':
            return false;
        }
      });
    }
    case 'message':
      return need.agentId === undefined
        ? ['dismissMessage', 'openRequest']
        : ['answer', 'reply', 'dismissMessage', 'openRequest'];
    case 'claim':
      return need.answer === 'open' ? ['allowHere', 'dontAllow', 'openRequest'] : ['allowHere', 'openRequest'];
    case 'held':
    case 'dead':
    case 'error':
    case 'signIn':
    case 'limit':
      return ['openRequest'];
  }
}
