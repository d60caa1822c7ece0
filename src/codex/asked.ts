/**
 * The requests of the app-server that a person can answer, decoded once. Decoding is tolerant and reads only the fields we use,
 * because Codex versions other than the pinned one ask, too. The compiler checks below that the schemas match the protocol.
 */
import * as z from 'zod/mini';
import { catch as orElse } from 'zod/mini';
import type { CommandExecutionApprovalDecision } from './protocol/v2/CommandExecutionApprovalDecision';
import type { CommandExecutionRequestApprovalParams } from './protocol/v2/CommandExecutionRequestApprovalParams';
import type { FileChangeRequestApprovalParams } from './protocol/v2/FileChangeRequestApprovalParams';
import type { GrantedPermissionProfile } from './protocol/v2/GrantedPermissionProfile';
import type { McpServerElicitationRequestParams } from './protocol/v2/McpServerElicitationRequestParams';
import type { PermissionsRequestApprovalParams } from './protocol/v2/PermissionsRequestApprovalParams';
import type { ToolRequestUserInputParams } from './protocol/v2/ToolRequestUserInputParams';

const optionalText = z.nullish(z.string());
const flag = orElse(z.boolean(), false);
const ofItem = { itemId: optionalText, reason: optionalText };

const networkAmendment = z.object({ host: z.string(), action: z.enum(['allow', 'deny']) });

const decision = z.union([
  z.enum(['accept', 'acceptForSession', 'decline', 'cancel']),
  z.object({ acceptWithExecpolicyAmendment: z.object({ execpolicy_amendment: z.array(z.string()) }) }),
  z.object({ applyNetworkPolicyAmendment: z.object({ network_policy_amendment: networkAmendment }) }),
]);

/** Unknown decisions are dropped. */
const decisions = z.pipe(
  z.nullish(z.array(z.unknown())),
  z.transform((raw) =>
    raw?.flatMap((one): CommandDecision[] => {
      const known = decision.safeParse(one);
      return known.success ? [known.data] : [];
    }),
  ),
);

const texts = z.array(z.string());
const special = z.union([
  z.strictObject({ kind: z.enum(['root', 'minimal', 'tmpdir', 'slash_tmp']) }),
  z.strictObject({ kind: z.literal('project_roots'), subpath: z.nullable(z.string()) }),
  z.strictObject({ kind: z.literal('unknown'), path: z.string(), subpath: z.nullable(z.string()) }),
]);
const place = z.union([
  z.strictObject({ type: z.literal('path'), path: z.string() }),
  z.strictObject({ type: z.literal('glob_pattern'), pattern: z.string() }),
  z.strictObject({ type: z.literal('special'), value: special }),
]);
/** Strict: an unknown permission would be granted without being shown. */
const permissions = z.strictObject({
  network: z.nullish(z.strictObject({ enabled: z.nullable(z.boolean()) })),
  fileSystem: z.nullish(
    z.strictObject({
      read: z.nullable(texts),
      write: z.nullable(texts),
      globScanMaxDepth: z.optional(z.number()),
      entries: z.optional(z.array(z.strictObject({ path: place, access: z.enum(['read', 'write', 'deny']) }))),
    }),
  ),
});

const option = z.object({ label: z.string(), description: orElse(z.string(), '') });
const question = z.object({
  id: z.string(),
  header: orElse(z.string(), ''),
  question: z.string(),
  isOther: flag,
  isSecret: flag,
  options: z.nullish(z.array(option)),
});

const askedSchemas = {
  'item/commandExecution/requestApproval': z.object({
    ...ofItem,
    kind: optionalText,
    command: optionalText,
    cwd: optionalText,
    networkApprovalContext: z.nullish(z.object({ host: z.string(), protocol: z.string() })),
    additionalPermissions: z.nullish(permissions),
    availableDecisions: decisions,
  }),
  'item/fileChange/requestApproval': z.object({ ...ofItem, grantRoot: optionalText }),
  'item/permissions/requestApproval': z.object({ ...ofItem, permissions }),
  'item/tool/requestUserInput': z.object({
    itemId: optionalText,
    questions: z.array(question),
    isBlocking: flag,
  }),
  'mcpServer/elicitation/request': z.object({
    serverName: z.string(),
    mode: z.string(),
    message: optionalText,
    requestedSchema: z.optional(z.unknown()),
    url: optionalText,
    _meta: z.optional(z.unknown()),
  }),
} as const;

type Schemas = typeof askedSchemas;
export type AskedMethod = keyof Schemas;
export type CommandDecision = z.output<typeof decision>;
export type AskedPermissions = z.output<typeof permissions>;
export type AskedQuestion = z.output<typeof question>;

/** A request, discriminated by `method`. */
export type Asked = { [M in AskedMethod]: { method: M; params: z.output<Schemas[M]> } }[AskedMethod];
export type AskedAs<M extends AskedMethod> = Extract<Asked, { method: M }>;

interface WireAsked {
  'item/commandExecution/requestApproval': CommandExecutionRequestApprovalParams;
  'item/fileChange/requestApproval': FileChangeRequestApprovalParams;
  'item/permissions/requestApproval': PermissionsRequestApprovalParams;
  'item/tool/requestUserInput': ToolRequestUserInputParams;
  'mcpServer/elicitation/request': McpServerElicitationRequestParams;
}
type AllTrue<T extends Record<keyof T, true>> = T;

/**
 * Compiles only if our schemas accept the generated types, and our decisions are among theirs.
 * @public Only the compiler needs it.
 */
export type AskedAgrees = [
  AllTrue<{ [M in AskedMethod]: WireAsked[M] extends z.input<Schemas[M]> ? true : false }>,
  AllTrue<{ decision: CommandDecision extends CommandExecutionApprovalDecision ? true : false }>,
];

/** Decodes a request that a person can answer. Undefined for any other request, and for one that cannot be read. */
export function decodeAsked(method: string, params: unknown): Asked | undefined {
  if (!isAsked(method)) return undefined;
  const decoded = askedSchemas[method].safeParse(params);
  // The schema of `method` produced the data, so they match. The compiler cannot follow that through the table.
  return decoded.success ? ({ method, params: decoded.data } as Asked) : undefined;
}

/** The grant for exactly the permissions that were asked for. */
export function grantOf({ network, fileSystem }: AskedPermissions): GrantedPermissionProfile {
  const { globScanMaxDepth, entries, ...lists } = fileSystem ?? { read: null, write: null };
  return {
    ...(network && { network }),
    ...(fileSystem && {
      fileSystem: {
        ...lists,
        ...(globScanMaxDepth !== undefined && { globScanMaxDepth }),
        ...(entries !== undefined && { entries }),
      },
    }),
  };
}

function isAsked(method: string): method is AskedMethod {
  return Object.hasOwn(askedSchemas, method);
}
