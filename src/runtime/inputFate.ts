/** Turns a search of a thread's history into what became of each input. */
import type { HistorySearch } from '../codex/history.ts';
import { troubleOf } from '../codex/turnErrors.ts';
import type { InputFate } from './codingAgent.ts';

export function toInputFates(clientIds: readonly string[], search: HistorySearch): Map<string, InputFate> {
  const { found, complete } = search;
  return new Map(
    clientIds.map((clientId): [string, InputFate] => {
      const hit = found.get(clientId);
      if (!hit) return [clientId, { found: false, complete }];
      const { turnId, turnStatus, error } = hit;
      const refusal = error && { trouble: troubleOf(error.codexErrorInfo), message: error.message };
      return [clientId, { found: true, turnId, turn: turnFate(turnStatus), ...(refusal && { refusal }) }];
    }),
  );
}

function turnFate(status: string): 'completed' | 'interrupted' | 'failed' | 'running' {
  if (status === 'completed' || status === 'failed') return status;
  return status === 'inProgress' ? 'running' : 'interrupted';
}
