/** Offers an agent's help with problems that the editor shows, in the light bulb and in the menu of the Problems view. */
import * as vscode from 'vscode';
import type { Disposable } from '../../util/disposable.ts';
import type { EditorProblem } from './editorTexts.ts';
import { Command } from '../ids.ts';
import type { TownHost } from '../town/townHost.ts';

const { t } = vscode.l10n;

/** Some of a file's problems. */
export class FileProblems {
  readonly file: vscode.Uri;
  readonly problems: readonly EditorProblem[];

  constructor(file: vscode.Uri, diagnostics: readonly vscode.Diagnostic[]) {
    this.file = file;
    this.problems = diagnostics.map(plainProblem);
  }
}

/** All problems of a file. None if there is no file. */
export function inFile(file: vscode.Uri | undefined): { problems: readonly EditorProblem[] } {
  return file ? new FileProblems(file, vscode.languages.getDiagnostics(file)) : { problems: [] };
}

/** Offers nothing if there is no town, because there are no agents to ask. */
export function offerProblemFixes(host: TownHost): Disposable {
  return vscode.languages.registerCodeActionsProvider(
    { scheme: 'file' },
    {
      provideCodeActions({ uri }, _range, { diagnostics }) {
        if (diagnostics.length === 0 || !host.ready) return [];
        const title = t('Ask Agent to Fix…');
        const action = new vscode.CodeAction(title, vscode.CodeActionKind.QuickFix);
        action.diagnostics = [...diagnostics];
        action.command = { command: Command.sendDiagnostics, title, arguments: [new FileProblems(uri, diagnostics)] };
        return [action];
      },
    },
    { providedCodeActionKinds: [vscode.CodeActionKind.QuickFix] },
  );
}

const severities = ['error', 'warning', 'information', 'hint'] as const;

function plainProblem({ severity, range, message, source, code }: vscode.Diagnostic): EditorProblem {
  const id = typeof code === 'object' ? code.value : code;
  return {
    severity: severities[severity],
    firstLine: range.start.line + 1,
    firstColumn: range.start.character + 1,
    lastLine: range.end.line + 1,
    message,
    source,
    code: id === undefined ? undefined : String(id),
  };
}
