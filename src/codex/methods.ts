/**
 * The app-server's methods, one constant each, with types that `codex app-server generate-ts --experimental` generated for the
 * pinned version (src/codex/protocol). The compiler checks here that our schemas match the protocol.
 */
import type * as z from 'zod/mini';
import type { ClientRequest } from './protocol/ClientRequest';
import type { InitializeResponse } from './protocol/InitializeResponse';
import type { ServerNotification } from './protocol/ServerNotification';
import type { CancelLoginAccountResponse } from './protocol/v2/CancelLoginAccountResponse';
import type { ConfigReadResponse } from './protocol/v2/ConfigReadResponse';
import type { GetAccountResponse } from './protocol/v2/GetAccountResponse';
import type { LoginAccountResponse } from './protocol/v2/LoginAccountResponse';
import type { LogoutAccountResponse } from './protocol/v2/LogoutAccountResponse';
import type { ModelListResponse } from './protocol/v2/ModelListResponse';
import type { ThreadBackgroundTerminalsCleanResponse } from './protocol/v2/ThreadBackgroundTerminalsCleanResponse';
import type { ThreadBackgroundTerminalsListResponse } from './protocol/v2/ThreadBackgroundTerminalsListResponse';
import type { ThreadItem } from './protocol/v2/ThreadItem';
import type { ThreadResumeResponse } from './protocol/v2/ThreadResumeResponse';
import type { ThreadStartResponse } from './protocol/v2/ThreadStartResponse';
import type { ThreadTurnsListResponse } from './protocol/v2/ThreadTurnsListResponse';
import type { TurnInterruptResponse } from './protocol/v2/TurnInterruptResponse';
import type { TurnStartResponse } from './protocol/v2/TurnStartResponse';
import type { TurnSteerResponse } from './protocol/v2/TurnSteerResponse';
import { type ItemInput, type KnownItemType, notificationSchemas, resultSchemas } from './wire.ts';

type RequestName = ClientRequest['method'];
type RequestParams<M extends RequestName> = Extract<ClientRequest, { method: M }>['params'];

/** A request that we send: its name, the type of its parameters, and the schema of its result. */
export interface ClientMethod<Params, Result> {
  readonly name: RequestName;
  readonly result: z.ZodMiniType<Result>;
  /** Never set. It only carries the type. */
  readonly params?: Params;
}

function clientMethod<M extends RequestName, R>(name: M, result: z.ZodMiniType<R>): ClientMethod<RequestParams<M>, R> {
  return { name, result };
}

export const initialize = clientMethod('initialize', resultSchemas.initialize);
export const accountRead = clientMethod('account/read', resultSchemas.account);
export const loginStart = clientMethod('account/login/start', resultSchemas.loginStarted);
export const loginCancel = clientMethod('account/login/cancel', resultSchemas.loginCancelled);
export const modelList = clientMethod('model/list', resultSchemas.modelList);
export const configRead = clientMethod('config/read', resultSchemas.config);
export const logout = clientMethod('account/logout', resultSchemas.done);
export const threadStart = clientMethod('thread/start', resultSchemas.threadOpened);
export const threadResume = clientMethod('thread/resume', resultSchemas.threadOpened);
export const threadTurnsList = clientMethod('thread/turns/list', resultSchemas.turnsList);
export const terminalsClean = clientMethod('thread/backgroundTerminals/clean', resultSchemas.done);
export const terminalsList = clientMethod('thread/backgroundTerminals/list', resultSchemas.terminalsList);
export const threadCompact = clientMethod('thread/compact/start', resultSchemas.done);
export const turnStart = clientMethod('turn/start', resultSchemas.turnStart);
export const turnSteer = clientMethod('turn/steer', resultSchemas.turnSteer);
export const turnInterrupt = clientMethod('turn/interrupt', resultSchemas.done);

/** The only notification that we send. */
export const initialized = 'initialized';

type Schemas = typeof notificationSchemas;
type Heard = keyof Schemas & ServerNotification['method'];

/** A notification we listen to, decoded. */
export type HeardNotification = { [M in Heard]: { method: M; params: z.output<Schemas[M]> } }[Heard];

type WireNotification<M> = Extract<ServerNotification, { method: M }>['params'];
type WireItemOf<T> = Extract<ThreadItem, { type: T }>;
interface WireResults {
  initialize: InitializeResponse;
  threadOpened: ThreadStartResponse & ThreadResumeResponse;
  turnStart: TurnStartResponse;
  turnSteer: TurnSteerResponse;
  done: TurnInterruptResponse | ThreadBackgroundTerminalsCleanResponse | LogoutAccountResponse;
  terminalsList: ThreadBackgroundTerminalsListResponse;
  turnsList: ThreadTurnsListResponse;
  account: GetAccountResponse;
  loginStarted: LoginAccountResponse;
  modelList: ModelListResponse;
  config: ConfigReadResponse;
  loginCancelled: CancelLoginAccountResponse;
}
type ResultSchemas = typeof resultSchemas;
type AllTrue<T extends Record<keyof T, true>> = T;

/**
 * Compiles only if each of our schemas accepts the generated type.
 * @public Only the compiler needs it.
 */
export type SchemasAgree = [
  AllTrue<{ [M in keyof Schemas]: WireNotification<M> extends z.input<Schemas[M]> ? true : false }>,
  AllTrue<{ [R in keyof ResultSchemas]: WireResults[R] extends z.input<ResultSchemas[R]> ? true : false }>,
  AllTrue<{ [T in KnownItemType]: WireItemOf<T> extends ItemInput<T> ? true : false }>,
];

function isHeard(method: string): method is Heard {
  return Object.hasOwn(notificationSchemas, method);
}

/** Decodes a notification. Undefined for one that we do not listen to or cannot read. */
export function decodeNotification(method: string, params: unknown): HeardNotification | undefined {
  if (!isHeard(method)) return undefined;
  const decoded = notificationSchemas[method].safeParse(params);
  // The schema of `method` produced the data, so they match. The compiler cannot follow that through the table.
  return decoded.success ? ({ method, params: decoded.data } as HeardNotification) : undefined;
}
