/** Shows an agent's changes: one file as a diff, a turn or a session in the multi-file diff editor. */
import * as vscode from 'vscode';
import type { TownSession } from '../../loop/townSession.ts';
import type { FileChange } from '../../runtime/turnItem.ts';
import type { AgentRecord } from '../../town/records/records.ts';
import type { Disposable } from '../../util/disposable.ts';
import { TinytownError } from '../../util/errors.ts';
import { oneLine } from '../../util/text.ts';
import { isElsewhere, readAgentFile } from '../agentFiles.ts';
import { type ChangedFile, changedFiles, diffText, namedFiles } from './changes.ts';
import { clock } from '../turnWords.ts';
import { VirtualTexts } from '../virtualTexts.ts';
import type { ChangeTarget } from '../changeTarget.ts';
import { wantedChanges } from './wantedChanges.ts';

const { t } = vscode.l10n;

/** The two sides of a file's diff. A missing side means that the file did not exist. */
interface Sides {
  file: vscode.Uri;
  before: vscode.Uri | undefined;
  after: vscode.Uri | undefined;
}

export class ChangeDocuments implements Disposable {
  private readonly texts = new VirtualTexts('tinytown-change');
  private shown = 0;

  /**
   * Resolves with the number of files shown.
   * @throws TinytownError `unknownTurn`, or `noChanges` if no file was changed
   */
  async show(session: TownSession, agent: AgentRecord, target: ChangeTarget): Promise<number> {
    const { folder, runner } = session;
    const wanted = await wantedChanges(target, {
      view: runner.view(agent.id),
      threadId: agent.runtimeSessionId,
      history: session.historyOf(agent.id),
      folder,
    });
    const name = oneLine(agent.name, 64);
    if (!wanted) throw new TinytownError('unknownTurn', t('{0} has no such turn.', name));
    const files = changedFiles(wanted.changes, await contentsOf(namedFiles(wanted.changes), folder));
    const sides = [
      ...(await Promise.all(files.map((file) => this.sidesOf(file, folder)))),
      ...wanted.unmade.map((change) => this.unmade(change, folder)),
    ];
    const [first] = sides;
    if (!first) throw new TinytownError('noChanges', nothing(name, target));
    const startedAt = wanted.turn?.startedAt;
    const title =
      startedAt === undefined ? t('{0}: all changes', name) : t('{0}: changes of {1}', name, clock(startedAt));
    if (target.item !== undefined && sides.length === 1) {
      const left = first.before ?? this.put('empty', first.file.path, '');
      const right = first.after ?? this.put('gone', first.file.path, '');
      await vscode.commands.executeCommand('vscode.diff', left, right, title, { preview: true });
    } else {
      const resources = sides.map(({ file, before, after }) => [file, before, after]);
      await vscode.commands.executeCommand('vscode.changes', title, resources);
    }
    return sides.length;
  }

  dispose(): void {
    this.texts.dispose();
  }

  private async sidesOf(file: ChangedFile, folder: string): Promise<Sides> {
    if ('diffs' in file) {
      const why = t('Others have changed this file since. This is the agent’s diff:');
      return this.diffOnly(this.uriOf(file.path, folder), t('changed since'), `${why}\n\n${file.diffs.join('\n')}`);
    }
    const { before, after, from } = file;
    const uri = this.uriOf(file.path, folder);
    // If the file is unchanged since, show the file itself, so it can be edited right there.
    const asItIs = after !== null && (await readAgentFile(file.path, folder)) === after;
    return {
      file: uri,
      before: before === null ? undefined : this.put('before', from, before),
      after: after === null ? undefined : asItIs ? uri : this.put('after', file.path, after),
    };
  }

  private unmade(change: FileChange, folder: string): Sides {
    const why = t('This change was not made. This is the diff that the agent wanted:');
    return this.diffOnly(this.uriOf(change.path, folder), t('not made'), `${why}\n\n${diffText(change)}`);
  }

  private diffOnly(file: vscode.Uri, word: string, text: string): Sides {
    return { file, before: undefined, after: this.put('diff', `${file.fsPath} (${word}).diff`, text) };
  }

  /** A file on another machine gets a URI that shows its name and leads nowhere. */
  private uriOf(file: string, folder: string): vscode.Uri {
    return isElsewhere(file, folder) ? this.texts.put('elsewhere', file, '') : vscode.Uri.file(file);
  }

  private put(side: string, file: string, text: string): vscode.Uri {
    this.shown += 1;
    return this.texts.stateOf(vscode.Uri.file(withoutHost(file)), `${side}${this.shown}`, text);
  }
}

/** The path without the prefix that names another machine. The texts are ours, wherever the file is. */
function withoutHost(file: string): string {
  return file.replace(/^[/\\]+/, '/');
}

function nothing(name: string, target: ChangeTarget): string {
  return target.turn === 'session'
    ? t('{0} has changed no files.', name)
    : t('{0} has changed no files in this turn.', name);
}

async function contentsOf(files: ReadonlySet<string>, folder: string): Promise<Map<string, string | null>> {
  return new Map(await Promise.all([...files].map(async (file) => [file, await readAgentFile(file, folder)] as const)));
}
