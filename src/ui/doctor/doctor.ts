/** The doctor: lists in a document what is wrong and how to fix it, whether a town is open or not. */
import * as vscode from 'vscode';
import * as z from 'zod/mini';
import type { Check, CheckName, CheckState } from '../../loop/doctor/check.ts';
import { type Disposable, DisposableStore } from '../../util/disposable.ts';
import { inWords } from '../../util/sentence.ts';
import { doctorText } from './doctorText.ts';
import type { EditorLog } from '../editorLog.ts';
import { Command } from '../ids.ts';
import { type Milestone, reach } from '../milestones.ts';
import { inSight } from '../notify.ts';
import { registerCommand } from '../registerCommand.ts';

const { t } = vscode.l10n;

const SCHEME = 'tinytown-doctor';

const quiet = z.object({ quiet: z.literal(true) });

/** Steps of the walkthrough that the doctor checks off. */
const milestones: Partial<Record<CheckName, Milestone>> = { codex: 'codex', account: 'signedIn', redis: 'redis' };

/** The result of `tinytown.doctor`, for programs. */
export interface DoctorReport {
  checks: { name: CheckName; state: CheckState; found: string; mend: string | undefined }[];
}

export interface DoctorParts {
  readonly examine: () => Promise<Check[]>;
  /** The extension's version. */
  version: string;
  log: EditorLog;
}

export function registerDoctor(parts: DoctorParts): Disposable {
  const store = new DisposableStore();
  const { log } = parts;
  const uri = vscode.Uri.from({ scheme: SCHEME, path: `/${t('Tinytown Doctor')}.txt` });
  const changed = store.add(new vscode.EventEmitter<vscode.Uri>());
  let text = '';
  store.add(
    vscode.workspace.registerTextDocumentContentProvider(SCHEME, {
      onDidChange: changed.event,
      provideTextDocumentContent: () => text,
    }),
  );

  /** `doctor({quiet: true}?)`: `quiet` is for programs that want only the report. */
  async function doctor(interactive: boolean): Promise<DoctorReport> {
    const checks = interactive ? await inSight(t('Running the doctor'), parts.examine) : await parts.examine();
    for (const { name, state } of checks) {
      const milestone = milestones[name];
      if (state === 'ok' && milestone) reach(milestone);
    }
    if (interactive) {
      text = log.redacted(doctorText(checks, versions(parts.version), t));
      changed.fire(uri);
      await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri), { preview: false });
    }
    return {
      checks: checks.map(({ name, state, found, mend }) => ({
        name,
        state,
        found: log.redacted(inWords(found, t)),
        mend: mend && log.redacted(inWords(mend, t)),
      })),
    };
  }

  store.add(
    registerCommand(Command.doctor, {
      read: ([options]) => ({ interactive: !quiet.safeParse(options).success }),
      run: ({ interactive }) => doctor(interactive),
      log,
    }),
  );
  return store;
}

function versions(extension: string): string {
  const editor = `${vscode.env.appName} ${vscode.version}`;
  const machine = `${process.platform} ${process.arch}, Node.js ${process.versions.node}`;
  return [`Tinytown ${extension}`, editor, machine].join(', ');
}
