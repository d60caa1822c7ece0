/** One thing that the doctor has looked at. */
import type { Said } from '../../util/sentence.ts';

export type CheckState = 'ok' | 'warning' | 'failed';

export interface Check {
  /** For programs; does not change. */
  name: CheckName;
  state: CheckState;
  found: Said;
  /** What to do about it; commands by their titles in the palette. Undefined where nothing is to be done. */
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
