/** Which requests of the app-server go to a person, and which are declined at once. */
import { type AskedMethod, decodeAsked } from './asked.ts';
import type { PendingRequests } from './pendingRequests.ts';
import {
  type Answers,
  type IncomingRequest,
  type ServerRequestHandlers,
  type ServerRequestMethod,
  declineAll,
} from './serverRequests.ts';

/**
 * Handlers that keep the requests that a person can answer in `pending`. They decline all others and report them to `declined`.
 * The two legacy approvals are declined too: they belong to conversations of the old protocol, which we never open.
 */
export function askPeople(
  pending: PendingRequests,
  declined: (request: IncomingRequest) => void,
): ServerRequestHandlers {
  const decline =
    <M extends ServerRequestMethod>(method: M) =>
    (request: IncomingRequest): Answers[M] => {
      declined(request);
      return declineAll[method](request);
    };
  const ask =
    <M extends AskedMethod>(method: M) =>
    (request: IncomingRequest): Answers[M] | Promise<Answers[M]> => {
      const asked = decodeAsked(method, request.params);
      return asked ? pending.ask(request, asked, declineAll[method](request)) : decline(method)(request);
    };
  return {
    'item/commandExecution/requestApproval': ask('item/commandExecution/requestApproval'),
    'item/fileChange/requestApproval': ask('item/fileChange/requestApproval'),
    'item/permissions/requestApproval': ask('item/permissions/requestApproval'),
    'item/tool/requestUserInput': ask('item/tool/requestUserInput'),
    'mcpServer/elicitation/request': ask('mcpServer/elicitation/request'),
    'item/tool/call': decline('item/tool/call'),
    'account/chatgptAuthTokens/refresh': decline('account/chatgptAuthTokens/refresh'),
    'attestation/generate': decline('attestation/generate'),
    'currentTime/read': declineAll['currentTime/read'],
    applyPatchApproval: decline('applyPatchApproval'),
    execCommandApproval: decline('execCommandApproval'),
  };
}
