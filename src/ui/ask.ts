/** What commands ask people for: a name, a text. Each answer is undefined where the person thought better of it. */
import * as vscode from 'vscode';
import { townNameProblem } from '../town/keys.ts';
import { validateAgentName } from '../town/names.ts';
import type { AgentRecord } from '../town/records.ts';
import { type Sentence, inWords } from '../util/sentence.ts';
import { withoutMarks } from './plainText.ts';

const { t } = vscode.l10n;

export function askText(title: string, placeHolder: string): Thenable<string | undefined> {
  return vscode.window.showInputBox({ title, placeHolder, ignoreFocusOut: true, validateInput: emptyProblem });
}

/** An input box has one line: the ends of others are shown by this sign. */
const LINE_BREAK = '⏎';

/** Another text in the place of `before`, which may have several lines. */
export async function askNewText(title: string, before: string): Promise<string | undefined> {
  const lines = before.includes('\n');
  const typed = await vscode.window.showInputBox({
    title,
    value: before.replaceAll(/\r?\n/g, LINE_BREAK),
    ...(lines && { prompt: t('{0} stands for a line break.', LINE_BREAK) }),
    ignoreFocusOut: true,
    validateInput: emptyProblem,
  });
  return lines ? typed?.replaceAll(LINE_BREAK, '\n') : typed;
}

function emptyProblem(text: string): string | undefined {
  return text.trim() === '' ? t('Type some text, or press Escape to leave.') : undefined;
}

/** Words to go with something; may stay empty. */
export function askWords(title: string, placeHolder: string): Thenable<string | undefined> {
  return vscode.window.showInputBox({ title, placeHolder, ignoreFocusOut: true });
}

/** A first task for a new agent; empty for none. */
export function askFirstTask(agentName: string): Thenable<string | undefined> {
  return vscode.window.showInputBox({
    title: t('First task for {0}', agentName),
    placeHolder: t('What should it do? Leave empty to give it work later.'),
    ignoreFocusOut: true,
  });
}

export function askAgentName(agents: readonly AgentRecord[]): Thenable<string | undefined> {
  return vscode.window.showInputBox({
    title: t('Spawn Agent'),
    prompt: t('Its name. One like “frontend”, “reviewer” or “docs” is its role, too: it takes tasks that fit.'),
    value: suggestName(agents),
    ignoreFocusOut: true,
    validateInput: (value) => said(validateAgentName(value, agents)),
  });
}

function suggestName(agents: readonly AgentRecord[]): string {
  for (let number = 1; ; number += 1) {
    const name = `agent-${number}`;
    if (validateAgentName(name, agents) === undefined) return name;
  }
}

function said(sentence: Sentence | undefined): string | undefined {
  return sentence && withoutMarks(inWords(sentence, t));
}

export function askTownName(suggestion: string): Thenable<string | undefined> {
  return vscode.window.showInputBox({
    title: t('Initialise Town'),
    prompt: t('Windows and terminals that use the same Redis and the same town name share one town.'),
    value: suggestion,
    ignoreFocusOut: true,
    validateInput: (value) => said(townNameProblem(value)),
  });
}
