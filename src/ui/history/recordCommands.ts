/** The commands that read an agent's record: its transcript, as a document or a file, and its changes. */
import path from 'node:path';
import * as vscode from 'vscode';
import type { TownSession } from '../../loop/townSession.ts';
import type { AgentRecord } from '../../town/records/records.ts';
import { TinytownError } from '../../util/errors.ts';
import { oneLine } from '../../util/text.ts';
import { writeInside } from '../../util/writeInside.ts';
import type { Call } from '../calls.ts';
import type { ChangeDocuments } from './changeDocuments.ts';
import { inSight, inform } from '../notify.ts';
import type { TranscriptDocuments } from './transcriptDocuments.ts';
import { type ChangeTarget, changeTarget } from '../changeTarget.ts';

const { t } = vscode.l10n;

export interface Records {
  transcripts: TranscriptDocuments;
  changes: ChangeDocuments;
}

interface Step extends Records {
  session: TownSession;
  agent: AgentRecord;
  call: Call;
}

/**
 * `exportTranscript(agent?, path?)`: writes a Markdown file. Resolves with its path, or undefined if the person canceled. A
 * relative path is relative to the town's folder.
 */
export async function exportTranscript({ session, agent, call, transcripts }: Step): Promise<string | undefined> {
  const name = `${agent.name.replace(/[^\p{L}\p{N}._-]+/gu, '_')}-transcript.md`;
  const target =
    call.text === undefined
      ? await vscode.window.showSaveDialog({
          title: t('Export the Transcript of {0}', oneLine(agent.name, 64)),
          defaultUri: vscode.Uri.file(path.join(session.folder, name)),
          filters: { Markdown: ['md'] },
        })
      : vscode.Uri.file(path.resolve(session.folder, call.text));
  if (!target) return undefined;
  const title = t('Reading the transcript of {0}', oneLine(agent.name, 64));
  await inSight(title, async () => {
    await writeInside(session.folder, target.fsPath, await transcripts.text(session, agent));
  });
  if (call.interactive) void offerToOpen(target);
  return target.fsPath;
}

async function offerToOpen(file: vscode.Uri): Promise<void> {
  const open = t('Open File');
  const answer = await inform(t('The transcript is in {0}.', path.basename(file.fsPath)), open);
  if (answer === open) await vscode.window.showTextDocument(file);
}

/**
 * `openChanges(agent?, turn?, {item, change}?)`: `turn` is a turn's id or `session`. The default is the running turn, or else
 * the last one. Resolves with the number of files shown.
 */
export async function openChanges({ session, agent, call, changes }: Step): Promise<number | undefined> {
  const read = changeTarget.safeParse({ ...(call.text === undefined ? {} : { turn: call.text }), ...call.extra });
  if (!read.success) {
    throw new TinytownError(
      'badArguments',
      t('Changes are selected by a turn’s id or “session”, and optionally an item’s id and a number.'),
    );
  }
  const target = call.interactive && read.data.turn === undefined ? await askWhich(agent) : read.data;
  return target && changes.show(session, agent, target);
}

async function askWhich(agent: AgentRecord): Promise<ChangeTarget | undefined> {
  const picks: (vscode.QuickPickItem & { target: ChangeTarget })[] = [
    { label: t('Last Turn'), description: t('Current or last turn'), target: {} },
    { label: t('Whole Session'), description: t('all turns in its thread'), target: { turn: 'session' } },
  ];
  const picked = await vscode.window.showQuickPick(picks, {
    title: t('Changes of {0}', oneLine(agent.name, 64)),
    placeHolder: t('Which changes?'),
  });
  return picked?.target;
}
