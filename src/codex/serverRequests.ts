/**
 * Requests of the app-server to us. Every request of the protocol must be answered, because an open one would block the turn
 * forever. The answers here decline. `askPeople` keeps the requests that a person can answer.
 */
import { ErrorCodes, ResponseError } from 'vscode-jsonrpc/node';
import * as z from 'zod/mini';
import { catch as orElse } from 'zod/mini';
import type { ApplyPatchApprovalResponse } from './protocol/ApplyPatchApprovalResponse';
import type { ExecCommandApprovalResponse } from './protocol/ExecCommandApprovalResponse';
import type { ServerRequest } from './protocol/ServerRequest';
import type { AttestationGenerateResponse } from './protocol/v2/AttestationGenerateResponse';
import type { ChatgptAuthTokensRefreshResponse } from './protocol/v2/ChatgptAuthTokensRefreshResponse';
import type { CommandExecutionRequestApprovalResponse } from './protocol/v2/CommandExecutionRequestApprovalResponse';
import type { DynamicToolCallResponse } from './protocol/v2/DynamicToolCallResponse';
import type { FileChangeRequestApprovalResponse } from './protocol/v2/FileChangeRequestApprovalResponse';
import type { McpServerElicitationRequestResponse } from './protocol/v2/McpServerElicitationRequestResponse';
import type { PermissionsRequestApprovalResponse } from './protocol/v2/PermissionsRequestApprovalResponse';
import type { ToolRequestUserInputResponse } from './protocol/v2/ToolRequestUserInputResponse';

/** Only versions before 0.171 send `currentTime/read`. The generated types no longer have it. */
export type ServerRequestMethod = ServerRequest['method'] | 'currentTime/read';

/** The type of each request's answer, by method. A new method of a later protocol fails to compile until it is added here. */
export interface Answers {
  'item/commandExecution/requestApproval': CommandExecutionRequestApprovalResponse;
  'item/fileChange/requestApproval': FileChangeRequestApprovalResponse;
  'item/permissions/requestApproval': PermissionsRequestApprovalResponse;
  'item/tool/requestUserInput': ToolRequestUserInputResponse;
  'mcpServer/elicitation/request': McpServerElicitationRequestResponse;
  'item/tool/call': DynamicToolCallResponse;
  'account/chatgptAuthTokens/refresh': ChatgptAuthTokensRefreshResponse;
  'attestation/generate': AttestationGenerateResponse;
  /** In seconds since 1970. */
  'currentTime/read': { currentTimeAt: number };
  applyPatchApproval: ApplyPatchApprovalResponse;
  execCommandApproval: ExecCommandApprovalResponse;
}

/** The fields that we read from any request's parameters. Null if the request has no such field. */
export interface IncomingRequest {
  /** The server's own id. */
  id: number | string | null;
  method: ServerRequestMethod;
  threadId: string | null;
  turnId: string | null;
  itemId: string | null;
  /** What is requested, as one text: a command, a reason, a question. */
  detail: string;
  params: unknown;
}

/** Answers one method. A thrown `ResponseError` is sent back as it is. */
export type ServerRequestHandlers = {
  readonly [M in ServerRequestMethod]: (request: IncomingRequest) => Answers[M] | Promise<Answers[M]>;
};

const nobody = 'Nobody can answer this here.';

/** These two are only sent to clients that offered to answer them, which we do not. Only an error can decline them. */
function notOffered(): never {
  throw new ResponseError(ErrorCodes.InvalidRequest, 'This client does not offer that.');
}

export const declineAll: {
  readonly [M in ServerRequestMethod]: (request: IncomingRequest) => Answers[M];
} = {
  'item/commandExecution/requestApproval': () => ({ decision: 'decline' }),
  'item/fileChange/requestApproval': () => ({ decision: 'decline' }),
  'item/permissions/requestApproval': () => ({ permissions: {}, scope: 'turn' }),
  'item/tool/requestUserInput': () => ({ answers: {} }),
  'mcpServer/elicitation/request': () => ({ action: 'decline', content: null, _meta: null }),
  'item/tool/call': () => ({ success: false, contentItems: [{ type: 'inputText', text: nobody }] }),
  'account/chatgptAuthTokens/refresh': notOffered,
  'attestation/generate': notOffered,
  'currentTime/read': () => ({ currentTimeAt: Math.floor(Date.now() / 1000) }),
  applyPatchApproval: () => ({ decision: { denied: { rejection: nobody } } }),
  execCommandApproval: () => ({ decision: { denied: { rejection: nobody } } }),
};

export function isServerRequest(method: string): method is ServerRequestMethod {
  return Object.hasOwn(declineAll, method);
}

const text = orElse(z.nullish(z.string()), null);
const knownParams = orElse(
  z.object({
    threadId: text,
    conversationId: text,
    turnId: text,
    itemId: text,
    callId: text,
    command: orElse(z.nullish(z.union([z.string(), z.array(z.string())])), null),
    reason: text,
    message: text,
    tool: text,
    questions: orElse(z.nullish(z.array(z.looseObject({ question: z.optional(z.string()) }))), null),
  }),
  {},
);

export function readRequest(id: IncomingRequest['id'], method: ServerRequestMethod, params: unknown): IncomingRequest {
  const known = knownParams.parse(params);
  const command = Array.isArray(known.command) ? known.command.join(' ') : known.command;
  const questions = known.questions?.map(({ question }) => question ?? '').join(' ');
  return {
    id,
    method,
    threadId: known.threadId ?? known.conversationId ?? null,
    turnId: known.turnId ?? null,
    itemId: known.itemId ?? known.callId ?? null,
    detail: [command, questions, known.message, known.tool, known.reason].filter(Boolean).join(': '),
    params,
  };
}
