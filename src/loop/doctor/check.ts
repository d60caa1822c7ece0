/** The result of one of the doctor's checks. */
import type { Said } from '../../util/sentence.ts';

export type CheckState = 'ok' | 'warning' | 'failed';

export interface Check {
  /** A stable name for programs. */
  name: CheckName;
  state: CheckState;
  found: Said;
  /** How to fix it, with commands by their palette titles. Undefined if there is nothing to fix. */
  mend?: Said;
}

export type CheckName =
  | 'trust'
  | 'folder'
  | 'town'
  | 'codex'
  | 'account'
  | 'redis'
  | 'redisSpeed'
  | 'redisPersistence'
  | 'redisMemory'
  | 'redisNotifications'
  | 'privacy'
  | 'processes'
  | 'tools'
  | 'clis'
  | 'records'
  | 'messages'
  | 'agents';

export function ok(name: CheckName, found: Said): Check {
  return { name, state: 'ok', found };
}
