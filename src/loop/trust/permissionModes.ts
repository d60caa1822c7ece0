/** What an agent on Codex may do, as the few combinations of sandbox and approval policy that people choose from. */
import type { ApprovalPolicy, SandboxMode } from '../../runtime/persistentAgent.ts';
import { isStricter } from './workspaceValue.ts';

export const permissionModes = ['read-only', 'ask', 'workspace', 'full'] as const;

export type PermissionMode = (typeof permissionModes)[number];

export interface Permissions {
  sandbox: SandboxMode;
  approvalPolicy: ApprovalPolicy;
}

/** `ask`: like `workspace`, but nearly every command and change needs approval. */
export const permissionsOf: Readonly<Record<PermissionMode, Permissions>> = {
  'read-only': { sandbox: 'read-only', approvalPolicy: 'on-request' },
  ask: { sandbox: 'workspace-write', approvalPolicy: 'untrusted' },
  workspace: { sandbox: 'workspace-write', approvalPolicy: 'on-request' },
  full: { sandbox: 'danger-full-access', approvalPolicy: 'never' },
};

export const isStricterSandbox = isStricter<SandboxMode>(['read-only', 'workspace-write', 'danger-full-access']);
export const isStricterPolicy = isStricter<ApprovalPolicy>(['untrusted', 'on-request', 'never']);

/** Whether `other` allows everything that `one` allows, without more approvals. */
export function isWithin(one: Permissions, other: Permissions): boolean {
  const sandbox = one.sandbox === other.sandbox || isStricterSandbox(one.sandbox, other.sandbox);
  return (
    sandbox &&
    (one.approvalPolicy === other.approvalPolicy || isStricterPolicy(one.approvalPolicy, other.approvalPolicy))
  );
}
