/** Tells the person if a steer has to wait for the next turn. */
import * as vscode from 'vscode';
import type { Receipt } from '../../loop/state/receipt.ts';
import type { TownSession } from '../../loop/townSession.ts';
import type { AgentRecord } from '../../town/records/records.ts';
import { oneLine } from '../../util/text.ts';
import { inform } from '../notify.ts';

const { t } = vscode.l10n;

/** How long to wait for a steer, in milliseconds. A turn that has just refused one is not asked again. Others decide sooner. */
export const STEER_MS = 5_000;

/** Follows a steer that was just sent into a running turn. Never rejects, because the receipt shows the same. */
export async function tellIfQueued(session: TownSession, agent: AgentRecord, messageId: string): Promise<void> {
  const name = oneLine(agent.name, 64);
  const runs = (): boolean => session.mirror.agents.get(agent.id)?.state === 'working';
  const view = session.runner.view(agent.id);
  if (view.owner === 'external' || !runs()) return;
  if (view.mode === 'one-shot') {
    void inform(t('{0} runs one-shot and can’t be steered. Your message waits for the next turn.', name));
    return;
  }
  try {
    const receipt = await session.receipts.until({ agentId: agent.id, messageId }, isDecided, STEER_MS);
    if (receipt?.state !== 'queued' || !runs()) return;
    void inform(t('The running turn of {0} can’t be steered now. Your message waits for the next turn.', name));
  } catch {
    // Redis is away. Other places report that.
  }
}

/** Whether a steer has left its list, or was put back because the turn refused it. A refused steer has a count of attempts. */
export function isOnItsWay(receipt: Receipt | undefined): boolean {
  return receipt?.state !== 'queued' || receipt.attempts !== undefined;
}

/** Whether the turn has taken or refused a steer. */
function isDecided(receipt: Receipt | undefined): boolean {
  return receipt?.state !== 'sent' && isOnItsWay(receipt);
}
