/** What commands ask people for: a name, a text. Each answer is undefined where the person thought better of it. */
import { AsyncLocalStorage } from 'node:async_hooks';
import * as vscode from 'vscode';
import { townNameProblem } from '../town/keys.ts';
import { validateAgentName } from '../town/names.ts';
import type { PermissionMode } from '../loop/trust/permissionModes.ts';
import type { AgentRecord } from '../town/records.ts';
import { type Sentence, inWords } from '../util/sentence.ts';
import { pickPermissions } from './agents/permissionPicks.ts';
import { permissionLabel } from './agents/permissionWords.ts';
import { withoutMarks } from './plainText.ts';

const { t } = vscode.l10n;

/** Texts that were typed and not used, by the question: a command failed, or Escape was pressed. They are offered again. */
const drafts = new Map<string, string>();
/** What is typed for the command that runs. */
const typing = new AsyncLocalStorage<Map<string, string>>();

/** Does a command's work. What is typed for it is kept until it has been of use: nobody has to type it twice. */
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
  /** Closes the question; what was typed is there when it is asked again. */
  button?: { look: vscode.QuickInputButton; press: () => void };
  /** What is typed is not shown, and kept nowhere. */
  secret?: boolean;
}

/** Asks for a text. Undefined after Escape; what was typed until then is there when the same is asked again. */
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
  // Taken here: the listeners below run in a context of their own.
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

/** An input box has one line: the ends of others are shown by this sign. */
const LINE_BREAK = '⏎';

/** Another text in the place of `before`, which may have several lines. */
export async function askNewText(title: string, before: string): Promise<string | undefined> {
  const lines = before.includes('\n');
  const typed = await ask({
    title,
    value: before.replaceAll(/\r?\n/g, LINE_BREAK),
    ...(lines && { prompt: t('{0} stands for a line break.', LINE_BREAK) }),
    validateInput: emptyProblem,
  });
  return lines ? typed?.replaceAll(LINE_BREAK, '\n') : typed;
}

function emptyProblem(text: string): string | undefined {
  return text.trim() === '' ? t('Type some text, or press Escape to cancel.') : undefined;
}

/** Words to go with something; may stay empty. @param what Says what they go with. */
export function askWords(title: string, placeHolder: string, what?: string): Promise<string | undefined> {
  return ask({ title, placeHolder, ...(what !== undefined && { prompt: withoutMarks(what) }) });
}

/** A first task for a new agent; empty for none. */
export function askFirstTask(agentName: string): Promise<string | undefined> {
  return ask({
    title: t('First task for {0}', agentName),
    placeHolder: t('What should it do? Leave this empty to give it work later.'),
  });
}

/** The name of a new agent; a button offers to choose what it may do, which else the settings say. */
export async function askNewAgent(
  agents: readonly AgentRecord[],
): Promise<{ name: string; permissions: PermissionMode | undefined } | undefined> {
  let permissions: PermissionMode | undefined;
  for (;;) {
    let pressed = false;
    const now = permissions === undefined ? t('Default') : permissionLabel(permissions, t).label;
    const name = await ask({
      title: t('New Agent'),
      prompt: t('A name like “frontend”, “reviewer” or “docs” is also the agent’s role: it gets the tasks that match.'),
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

/** Another name for an agent. @param others The agents whose names are taken. */
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
