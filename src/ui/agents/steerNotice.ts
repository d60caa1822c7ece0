/** Tells the person when what they wanted to steer a turn with has to wait for the next one. */
import * as vscode from 'vscode';
import type { Receipt } from '../../loop/state/receipt.ts';
import type { TownSession } from '../../loop/townSession.ts';
import type { AgentRecord } from '../../town/records.ts';
import { oneLine } from '../../util/text.ts';
import { inform } from '../notify.ts';

const { t } = vscode.l10n;

/** Milliseconds. A turn takes or refuses a steer in less. One that has just refused another steer is not asked again. */
export const STEER_MS = 5_000;

/** Follows a steer that was just sent into a turn that runs. Never rejects: its receipt shows the same. */
export async function tellIfQueued(session: TownSession, agent: AgentRecord, messageId: string): Promise<void> {
  const name = oneLine(agent.name, 64);
  const runs = (): boolean => session.mirror.agents.get(agent.id)?.state === 'working';
  const view = session.runner.view(agent.id);
  if (view.owner === 'external' || !runs()) return;
  if (view.mode === 'one-shot') {
    void inform(t('Your message waits for the next turn: {0} runs one-shot and cannot be steered.', name));
    return;
  }
  try {
    const receipt = await session.receipts.until({ agentId: agent.id, messageId }, isDecided, STEER_MS);
    if (receipt?.state !== 'queued' || !runs()) return;
    void inform(t('Your message waits for the next turn: the running turn of {0} could not be steered.', name));
  } catch {
    // Redis is away, which is said elsewhere.
  }
}

/** Whether a steer has left its list, or was put back after the turn refused it, which leaves a count of attempts. */
export function isOnItsWay(receipt: Receipt | undefined): boolean {
  return receipt?.state !== 'queued' || receipt.attempts !== undefined;
}

/** Whether the turn has taken or refused a steer. */
function isDecided(receipt: Receipt | undefined): boolean {
  return receipt?.state !== 'sent' && isOnItsWay(receipt);
}
