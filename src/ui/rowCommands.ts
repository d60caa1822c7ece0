/** The commands of every row: open its file or full text, and copy its text. */
import * as vscode from 'vscode';
import { type Disposable, DisposableStore } from '../util/disposable.ts';
import { TinytownError } from '../util/errors.ts';
import { spellHidden } from '../util/hidden.ts';
import { oneLine, stripControls } from '../util/text.ts';
import { fileInside } from './agentFiles.ts';
import type { EditorLog } from './editorLog.ts';
import { Command, type CommandId } from './ids.ts';
import { Row } from './itemTree.ts';
import { inform } from './notify.ts';
import { registerCommand } from './registerCommand.ts';
import type { TownHost } from './town/townHost.ts';
import type { WholeTexts } from './wholeTexts.ts';

const { t } = vscode.l10n;

export function registerRowCommands({
  host,
  texts,
  log,
}: {
  host: TownHost;
  texts: WholeTexts;
  log: EditorLog;
}): Disposable {
  const store = new DisposableStore();
  const add = (id: CommandId, run: (rows: readonly Row[]) => Promise<unknown>): void => {
    store.add(registerCommand(id, { read: readRows, run: ({ rows }) => run(rows), log }));
  };
  add(Command.openRow, ([row]) => (row ? openRow(row, host, texts) : Promise.resolve()));
  add(Command.copyText, async (rows) => vscode.env.clipboard.writeText(rows.map(textOfRow).join('\n')));
  return store;
}

/** The clicked row, or all selected rows if it is one of them. */
function readRows([first, selected]: readonly unknown[]): { interactive: boolean; rows: readonly Row[] } {
  if (!(first instanceof Row))
    throw new TinytownError('badArguments', t('Run this command on a row of a Tinytown view.'));
  const several = Array.isArray(selected) ? selected.filter((one): one is Row => one instanceof Row) : [];
  return { interactive: true, rows: several.includes(first) ? several : [first] };
}

function textOfRow({ item }: Row): string {
  return stripControls(item.copies?.() ?? item.text?.().text ?? item.label).trim();
}

async function openRow({ item }: Row, host: TownHost, texts: WholeTexts): Promise<void> {
  const { folder } = await host.session();
  if (item.opens !== undefined) return openFile(item.opens, folder);
  const whole = item.text?.();
  if (whole) await texts.show(item.id, item.label, whole);
}

/** Opens a file that an agent named, if it is in the folder. */
async function openFile(name: string, folder: string): Promise<void> {
  const file = await fileInside(name, folder);
  if (file === undefined) {
    const shown = oneLine(spellHidden(name), 300);
    void inform(t('{0} could not be opened. There is no such file in the agent’s folder.', shown));
    return;
  }
  await vscode.commands.executeCommand('vscode.open', vscode.Uri.file(file), { preview: true });
}
