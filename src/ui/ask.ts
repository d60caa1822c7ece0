/** Asks people for names and texts for commands. Each answer is undefined if the person canceled. */
import { AsyncLocalStorage } from 'node:async_hooks';
import * as vscode from 'vscode';
import { townNameProblem } from '../town/keys.ts';
import { validateAgentName } from '../town/records/names.ts';
import type { PermissionMode } from '../loop/trust/permissionModes.ts';
import type { AgentRecord } from '../town/records/records.ts';
import { type Sentence, inWords } from '../util/sentence.ts';
import { pickPermissions } from './agents/permissionPicks.ts';
import { permissionLabel } from './agents/permissionWords.ts';
import { withoutMarks } from './plainText.ts';

const { t } = vscode.l10n;

/** Typed texts by question. If the command failed or Escape was pressed, the text is offered again. */
const drafts = new Map<string, string>();
/** The texts that were typed for the running command. */
const typing = new AsyncLocalStorage<Map<string, string>>();

/** Runs a command. Keeps the typed text until the command succeeds, so nobody has to type it twice. */
export async function keepingTyped<T>(work: () => Promise<T>): Promise<T> {
  const typed = new Map<string, string>();
  try {
    const result = await typing.run(typed, work);
    for (const question of typed.keys()) drafts.delete(question);
    return result;
  } catch (error) {
    for (const [question, text] of typed) drafts.set(question, text);
    throw error;
  }
}

interface Question {
  title: string;
  placeHolder?: string;
  prompt?: string;
  value?: string;
  validateInput?: (text: string) => string | undefined;
  /** Pressing it closes the question. The typed text is offered when the question is asked again. */
  button?: { look: vscode.QuickInputButton; press: () => void };
  /** The typed text is not shown, and not kept. */
  secret?: boolean;
}

/** Asks for a text. Undefined after Escape; the typed text is offered when the same question is asked again. */
export function ask({
  title,
  placeHolder = '',
  prompt,
  value = '',
  validateInput,
  button,
  secret = false,
}: Question): Promise<string | undefined> {
  const question = `${title}\n${value}`;
  const box = vscode.window.createInputBox();
  const draft = drafts.get(question);
  Object.assign(box, { title, placeholder: placeHolder, prompt, ignoreFocusOut: true, value: draft ?? value });
  box.password = secret;
  if (button) box.buttons = [button.look];
  const validate = (): string | undefined => validateInput?.(box.value);
  // Read here, because the listeners below run in another async context.
  const typed = typing.getStore();
  let accepted = false;
  return new Promise<string | undefined>((resolve) => {
    box.onDidChangeValue(() => (box.validationMessage = validate()));
    box.onDidAccept(() => {
      box.validationMessage = validate();
      if (box.validationMessage !== undefined) return;
      accepted = true;
      if (!secret) typed?.set(question, box.value);
      resolve(box.value);
      box.hide();
    });
    box.onDidTriggerButton(() => {
      button?.press();
      box.hide();
    });
    box.onDidHide(() => {
      if (!accepted && !secret && box.value.trim() !== '' && box.value !== value) drafts.set(question, box.value);
      resolve(undefined);
      box.dispose();
    });
    box.show();
  });
}

export function askText(title: string, placeHolder: string): Promise<string | undefined> {
  return ask({ title, placeHolder, validateInput: emptyProblem });
}

/** Stands for a line break, because an input box has only one line. */
const LINE_BREAK = '⏎';

/** Asks for a text to replace `before`, which may have several lines. */
export async function askNewText(title: string, before: string): Promise<string | undefined> {
  const lines = before.includes('\n');
  const typed = await ask({
    title,
    value: before.replaceAll(/\r?\n/g, LINE_BREAK),
    ...(lines && { prompt: t('{0} means a line break.', LINE_BREAK) }),
    validateInput: emptyProblem,
  });
  return lines ? typed?.replaceAll(LINE_BREAK, '\n') : typed;
}

function emptyProblem(text: string): string | undefined {
  return text.trim() === '' ? t('Type some text, or press Escape to cancel.') : undefined;
}

/** Asks for a text that accompanies something. It may stay empty. @param what Says what the text accompanies. */
export function askWords(title: string, placeHolder: string, what?: string): Promise<string | undefined> {
  return ask({ title, placeHolder, ...(what !== undefined && { prompt: withoutMarks(what) }) });
}

/** Asks for a new agent's first task. Empty means none. */
export function askFirstTask(agentName: string): Promise<string | undefined> {
  return ask({
    title: t('First task for {0}', agentName),
    placeHolder: t('What should it do? Leave this empty to give it work later.'),
  });
}

/** Asks for a new agent's name. A button offers to choose its permissions; otherwise the settings decide. */
export async function askNewAgent(
  agents: readonly AgentRecord[],
): Promise<{ name: string; permissions: PermissionMode | undefined } | undefined> {
  let permissions: PermissionMode | undefined;
  for (;;) {
    let pressed = false;
    const now = permissions === undefined ? t('Default') : permissionLabel(permissions, t).label;
    const name = await ask({
      title: t('New Agent'),
      prompt: t(
        'A name like “frontend”, “reviewer” or “docs” is also the agent’s role. The agent gets matching tasks.',
      ),
      value: suggestName(agents),
      validateInput: (value) => said(validateAgentName(value, agents)),
      button: {
        look: { iconPath: new vscode.ThemeIcon('shield'), tooltip: t('Permissions: {0}', now) },
        press: () => (pressed = true),
      },
    });
    if (name !== undefined) return { name, permissions };
    if (!pressed) return undefined;
    const picked = await pickPermissions(t('the new agent'), permissions);
    if (picked) permissions = picked.mode;
  }
}

/** Asks for an agent's new name. @param others The agents whose names are taken. */
export function askNewName(before: string, others: readonly AgentRecord[]): Promise<string | undefined> {
  return ask({
    title: t('Rename Agent'),
    value: before,
    validateInput: (value) => said(validateAgentName(value, others)),
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

export function askTownName(suggestion: string): Promise<string | undefined> {
  return ask({
    title: t('Initialize Town'),
    prompt: t('Windows and terminals that use the same Redis and the same town name share one town.'),
    value: suggestion,
    validateInput: (value) => said(townNameProblem(value)),
  });
}
