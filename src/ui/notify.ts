/** Notifications, only for what needs the person. Each is one sentence, with the possible actions as buttons. */
import * as vscode from 'vscode';
import { Command, Setting } from './ids.ts';
import { withoutIcons, withoutLinks } from './plainText.ts';
import { type ProblemKind, problemOf } from './problems.ts';

const { t } = vscode.l10n;

interface Button extends vscode.MessageItem {
  command: string;
  arguments: unknown[];
}

/** Reasons that only say there is nothing to show. */
const noFailures: ReadonlySet<string> = new Set(['noChanges', 'noTasks', 'nothingWaits']);

/** Shows an error, and runs the button that is pressed. Does not wait for that. */
export function showProblem(error: unknown, before = ''): void {
  const problem = problemOf(error, t);
  if (noFailures.has(problem.reason)) {
    void inform(problem.message);
    return;
  }
  void offer(`${before}${problem.message}`, buttonsFor(problem.kind, problem.reason));
}

async function offer(message: string, buttons: readonly Button[]): Promise<void> {
  const button = await vscode.window.showErrorMessage(withoutLinks(message), ...buttons);
  if (button) await vscode.commands.executeCommand(button.command, ...button.arguments);
}

function buttonsFor(kind: ProblemKind, reason: string): Button[] {
  const log = { title: t('Show Log'), command: Command.showLog, arguments: [] };
  const doctor = { title: t('Run Doctor'), command: Command.doctor, arguments: [] };
  const again = { title: t('Try Again'), command: Command.retry, arguments: [] };
  switch (kind) {
    case 'noCodex':
      return [settings(Setting.codexPath), doctor];
    case 'signedOut':
      return [{ title: t('Sign In…'), command: Command.signIn, arguments: [] }];
    case 'noRedis':
    case 'redisAway':
      return [again, settings('redis'), doctor];
    case 'redisUnconfirmed':
      return [{ title: t('Decide…'), command: Command.chooseRedis, arguments: [] }];
    case 'badConfig':
      return [{ title: t('Open tinytown.toml'), command: Command.openConfig, arguments: [] }];
    case 'other':
      return reason === 'unexpected' ? [log] : firstSteps(reason);
  }
}

/** Buttons for a missing first step. */
function firstSteps(reason: string): Button[] {
  switch (reason) {
    case 'folderGone':
    case 'noFolder':
      return [{ title: t('Open Folder…'), command: 'vscode.openFolder', arguments: [] }];
    case 'untrusted':
      return [{ title: t('Manage Workspace Trust'), command: 'workbench.trust.manage', arguments: [] }];
    case 'limitUsedUp':
      return [
        { title: t('Try Now'), command: Command.tryNow, arguments: [] },
        { title: t('Sign In…'), command: Command.signIn, arguments: [] },
      ];
    case 'noTown':
    case 'noAgents':
      return [{ title: t('New Agent…'), command: Command.spawnAgent, arguments: [] }];
    default:
      return [];
  }
}

function settings(id: string): Button {
  return { title: t('Open Settings'), command: Command.openSettings, arguments: [id] };
}

/** Shows a message, which may quote agents. Resolves with the pressed button. */
export function inform(message: string, ...buttons: string[]): Thenable<string | undefined> {
  return vscode.window.showInformationMessage(withoutLinks(message), ...buttons);
}

/** Like {@link inform}, but as a warning, for what needs the person. */
export function warn<T extends vscode.MessageItem>(message: string, ...buttons: T[]): Thenable<T | undefined> {
  return vscode.window.showWarningMessage(withoutLinks(message), ...buttons);
}

const PASSING_MS = 6_000;

/** Shows a message for a moment in the status bar, where it disturbs nobody. */
export function mention(message: string): void {
  vscode.window.setStatusBarMessage(withoutIcons(message), PASSING_MS);
}

/** Runs a job that takes a while. The status bar shows its title. */
export function inSight<T>(title: string, job: () => Promise<T>): Thenable<T> {
  return vscode.window.withProgress({ location: vscode.ProgressLocation.Window, title: withoutIcons(title) }, job);
}

/** Asks before something is lost. @param no The button that changes nothing. The default is Cancel. */
export async function confirm(question: string, detail: string, yes: string, no?: string): Promise<boolean> {
  const buttons = [{ title: yes }, ...(no === undefined ? [] : [{ title: no, isCloseAffordance: true }])];
  const pressed = await vscode.window.showWarningMessage(question, { modal: true, detail }, ...buttons);
  return pressed?.title === yes;
}

/** Asks a question with two answers. Undefined if the person gives neither. */
export async function decide(
  question: string,
  detail: string,
  { yes, no }: { yes: string; no: string },
): Promise<boolean | undefined> {
  const answer = await vscode.window.showWarningMessage(withoutLinks(question), { modal: true, detail }, yes, no);
  return answer === undefined ? undefined : answer === yes;
}
