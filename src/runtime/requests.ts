/** Turns the app-server's requests into what people see, and people's answers into what the app-server expects. */
import * as z from 'zod/mini';
import { type AskedAs, type AskedQuestion, grantOf } from '../codex/asked.ts';
import type { AskedAnswer, PendingRequest } from '../codex/pendingRequests.ts';
import { say } from '../util/sentence.ts';
import type { AgentRequest, RequestAnswer, RequestChoice, RequestQuestion } from './agentRequest.ts';
import type { FileChange } from './turnItem.ts';
import { formFields, formProblem } from './elicitationForm.ts';
import { asText } from './items.ts';
import { withoutShell } from './shownCommand.ts';
import {
  approve,
  approveAlways,
  approveForSession,
  cancel,
  commandChoices,
  decline,
  permissionLines,
} from './requestChoices.ts';

export interface RequestFacts {
  /** The changes of a file change item. */
  changes: FileChange[];
  subAgent: string | null;
  /** Unix milliseconds. */
  now: number;
}

export function toAgentRequest(pending: PendingRequest, { changes, subAgent, now }: RequestFacts): AgentRequest {
  const { id, turnId, itemId, asked } = pending;
  const head = { id, turnId, itemId, askedAt: now, subAgent };
  switch (asked.method) {
    case 'item/commandExecution/requestApproval': {
      const { command, cwd, reason, kind, networkApprovalContext: network, additionalPermissions } = asked.params;
      const permissions = additionalPermissions ? permissionLines(additionalPermissions) : [];
      if (network) permissions.unshift(say('Reach {0} ({1})', network.host, network.protocol));
      return {
        ...head,
        kind: 'command',
        command: withoutShell(command ?? ''),
        cwd: cwd ?? '',
        reason: reason ?? null,
        input: kind === 'writeStdin',
        permissions,
        choices: commandChoices(asked.params).map(({ choice }) => choice),
      };
    }
    case 'item/fileChange/requestApproval': {
      const { reason, grantRoot } = asked.params;
      const root = grantRoot ? `Write below ${grantRoot} from now on.` : null;
      // What is allowed comes first, because the agent's own words may be long.
      const why = [root, reason].filter(Boolean).join(' ');
      const choices = [approve, approveForSession, decline, cancel];
      return { ...head, kind: 'fileChange', reason: why === '' ? null : why, changes, choices };
    }
    case 'item/permissions/requestApproval': {
      const summary = permissionLines(asked.params.permissions);
      const choices = [approve, approveForSession, decline];
      return { ...head, kind: 'permissions', reason: asked.params.reason ?? null, summary, choices };
    }
    case 'item/tool/requestUserInput': {
      const questions = asked.params.questions.map(toQuestion);
      return { ...head, kind: 'question', blocking: asked.params.isBlocking, questions, choices: [decline] };
    }
    case 'mcpServer/elicitation/request': {
      const { serverName, message, url } = asked.params;
      const fields = asked.params.mode === 'url' ? undefined : formFields(asked.params.requestedSchema);
      return {
        ...head,
        kind: 'elicitation',
        server: serverName,
        message: message ?? '',
        arguments: metaOf(asked.params).toolParams,
        form: fields && fields.length > 0 ? fields : null,
        url: asked.params.mode === 'url' ? (url ?? null) : null,
        choices: elicitationChoices(asked.params, fields?.length),
      };
    }
  }
}

/** Why an answer does not fit the request, in one sentence. Undefined if it does. */
export function answerProblem(request: AgentRequest, answer: RequestAnswer): string | undefined {
  if ('choice' in answer) {
    return request.choices.some(({ id }) => id === answer.choice) ? undefined : 'This cannot be chosen here.';
  }
  if ('form' in answer) {
    if (request.kind !== 'elicitation' || request.form === null) return 'There is no form to fill in.';
    return formProblem(request.form, answer.form);
  }
  if (request.kind !== 'question') return 'There is no question to answer.';
  const { questions } = request;
  const strange = Object.keys(answer.answers).find((id) => !questions.some((question) => question.id === id));
  if (strange !== undefined) return `There is no question "${strange}".`;
  return questions.map((question) => questionProblem(question, answer.answers[question.id])).find(Boolean);
}

/** @param answer An answer that {@link answerProblem} accepts. */
export function toServerAnswer({ asked }: PendingRequest, answer: RequestAnswer): AskedAnswer {
  const choice = 'choice' in answer ? answer.choice : undefined;
  switch (asked.method) {
    case 'item/commandExecution/requestApproval': {
      const chosen = commandChoices(asked.params).find((one) => one.choice.id === choice);
      return { decision: chosen?.decision ?? 'decline' };
    }
    case 'item/fileChange/requestApproval':
      return { decision: fileDecisions[choice ?? ''] ?? 'decline' };
    case 'item/permissions/requestApproval':
      if (choice === decline.id) return { permissions: {}, scope: 'turn' };
      return {
        permissions: grantOf(asked.params.permissions),
        scope: choice === approveForSession.id ? 'session' : 'turn',
      };
    case 'item/tool/requestUserInput': {
      const given = 'answers' in answer ? answer.answers : {};
      return {
        answers: Object.fromEntries(Object.entries(given).map(([id, answers]) => [id, { answers }])),
      };
    }
    case 'mcpServer/elicitation/request':
      if ('form' in answer) return { action: 'accept', content: jsonOf(answer.form), _meta: null };
      if (choice === decline.id) return { action: 'decline', content: null, _meta: null };
      if (choice === cancel.id) return { action: 'cancel', content: null, _meta: null };
      return {
        action: 'accept',
        content: asked.params.mode === 'url' ? null : {},
        _meta: choice !== undefined && choice in persisted ? { persist: persisted[choice] ?? null } : null,
      };
  }
}

/** Whether the answer must never be stored, or sent through anything that stores it. */
export function asksForSecret(request: AgentRequest): boolean {
  return request.kind === 'question' && request.questions.some(({ secret }) => secret);
}

const fileDecisions: Record<string, 'accept' | 'acceptForSession' | 'cancel' | undefined> = {
  [approve.id]: 'accept',
  [approveForSession.id]: 'acceptForSession',
  [cancel.id]: 'cancel',
};

type Elicitation = AskedAs<'mcpServer/elicitation/request'>['params'];

/** How a tool call's approval says how long it lasts (seen on 0.169.0: `_meta.persist`, both ways). */
const persisted: Record<string, 'session' | 'always' | undefined> = {
  [approveForSession.id]: 'session',
  [approveAlways.id]: 'always',
};

const elicitationMeta = z.object({
  persist: z.optional(z.union([z.string(), z.array(z.string())])),
  tool_params: z.optional(z.unknown()),
});

function metaOf({ _meta }: Elicitation): { persist: readonly string[]; toolParams: string | null } {
  const meta = elicitationMeta.safeParse(_meta);
  if (!meta.success) return { persist: [], toolParams: null };
  const { persist = [], tool_params: params } = meta.data;
  return { persist: typeof persist === 'string' ? [persist] : persist, toolParams: asText(params) };
}

/** @param fields How many fields the form has. Undefined if there is none, or it cannot be shown. */
function elicitationChoices(params: Elicitation, fields: number | undefined): RequestChoice[] {
  if (params.mode === 'url') return params.url ? [approve, decline, cancel] : [decline, cancel];
  if (fields !== 0) return [decline, cancel];
  const { persist } = metaOf(params);
  return [
    approve,
    ...(persist.includes('session') ? [approveForSession] : []),
    ...(persist.includes('always') ? [approveAlways] : []),
    decline,
    cancel,
  ];
}

function toQuestion({ id, header, question, isOther, isSecret, options }: AskedQuestion): RequestQuestion {
  const known = options ?? [];
  return { id, header, question, options: known, freeText: isOther || known.length === 0, secret: isSecret };
}

function questionProblem(question: RequestQuestion, answers: readonly string[] | undefined): string | undefined {
  const { options, freeText } = question;
  if (!answers?.some((answer) => answer.trim() !== '')) return `"${question.question}" has no answer.`;
  const known = answers.every((answer) => options.some(({ label }) => label === answer));
  return freeText || known ? undefined : `"${question.question}" takes one of its options only.`;
}

const json = z.json();

/** A checked form has only strings, numbers, booleans and lists of strings. */
function jsonOf(form: Record<string, unknown>): z.output<typeof json> {
  return json.parse(form);
}
