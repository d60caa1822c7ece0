/** Asks the person for an answer: by a list, a text, or a form field by field. Undefined wherever they leave without one. */
import * as vscode from 'vscode';
import type {
  AgentRequest,
  ElicitationField,
  RequestAnswer,
  RequestChoice,
  RequestQuestion,
} from '../../runtime/agentRequest.ts';
import { spellHidden } from '../../util/hidden.ts';
import { oneLine } from '../../util/text.ts';
import { type TypedField, fieldProblem, fieldValue, pickedProblem } from './formFields.ts';
import { choiceOf } from './needs.ts';
import { fits } from './seen.ts';
import { requestLabel } from './needsYouItems.ts';
import { confirm } from '../notify.ts';
import { withoutIcons, withoutMarks } from '../plainText.ts';

const { t } = vscode.l10n;

const DETAIL = 300;

/** @param who the agent's name, for titles. */
export async function askAnswer(request: AgentRequest, who: string): Promise<RequestAnswer | undefined> {
  switch (request.kind) {
    case 'question':
      return askQuestions(request.questions, who);
    case 'elicitation':
      if (request.form) return askForm(request.form, request.message, who);
      if (request.url !== null) return askLink(request, request.url, who);
      return askChoice(request, who);
    case 'command':
    case 'fileChange':
    case 'permissions':
      return askChoice(request, who);
  }
}

/** What a choice is called. */
function choiceLabel({ label, detail }: RequestChoice): string {
  const what = detail === null ? '' : oneLine(spellHidden(detail), DETAIL);
  switch (label) {
    case 'approve':
      return t('Approve');
    case 'approveForSession':
      return t('Approve for Session');
    case 'approveAlways':
      return what ? t('Always Approve {0}', what) : t('Always Approve');
    case 'allowHost':
      return t('Always Allow {0}', what);
    case 'blockHost':
      return t('Always Block {0}', what);
    case 'decline':
      return t('Decline');
    case 'cancel':
      return t('Decline and End the Turn');
  }
}

async function askChoice(request: AgentRequest, who: string): Promise<RequestAnswer | undefined> {
  const offered = request.choices.filter(({ detail }) => detail === null || fits(spellHidden(detail), DETAIL));
  const items = offered.map((choice) => ({ label: withoutIcons(choiceLabel(choice)), choice }));
  const picked = await vscode.window.showQuickPick(items, {
    title: t('Answer {0}', who),
    placeHolder: requestLabel(request, t),
    ignoreFocusOut: true,
  });
  return picked && { choice: picked.choice.id };
}

async function askQuestions(questions: readonly RequestQuestion[], who: string): Promise<RequestAnswer | undefined> {
  const answers: Record<string, string[]> = {};
  for (const [index, question] of questions.entries()) {
    const step = questions.length > 1 ? ` (${index + 1}/${questions.length})` : '';
    const answer = await askQuestion(question, `${oneLine(question.header, 64) || t('Answer {0}', who)}${step}`);
    if (answer === undefined) return undefined;
    answers[question.id] = [answer];
  }
  return { answers };
}

async function askQuestion(question: RequestQuestion, title: string): Promise<string | undefined> {
  const prompt = oneLine(question.question, 1000);
  if (question.options.length === 0) return askTyped({ title, prompt, secret: question.secret });
  const options = question.options.map(({ label, description }) => ({
    label: withoutIcons(oneLine(label, 200)),
    detail: withoutIcons(oneLine(description, DETAIL)),
    answer: label,
  }));
  const other = { label: t('Other…'), detail: '', answer: undefined, alwaysShow: true };
  const picked = await vscode.window.showQuickPick(question.freeText ? [...options, other] : options, {
    title,
    placeHolder: prompt,
    ignoreFocusOut: true,
  });
  if (!picked) return undefined;
  return picked.answer ?? askTyped({ title, prompt, secret: question.secret });
}

/** What is typed is kept nowhere; a secret is not even shown. */
function askTyped({
  title,
  prompt,
  secret,
}: {
  title: string;
  prompt: string;
  secret: boolean;
}): Thenable<string | undefined> {
  return vscode.window.showInputBox({
    title,
    prompt: withoutMarks(prompt),
    password: secret,
    ignoreFocusOut: true,
    validateInput: (value) => (value === '' ? t('Type an answer, or press Escape to cancel.') : undefined),
  });
}

async function askForm(
  fields: readonly ElicitationField[],
  message: string,
  who: string,
): Promise<RequestAnswer | undefined> {
  const form: Record<string, unknown> = {};
  for (const [index, field] of fields.entries()) {
    const about = oneLine(message, 60) || t('Answer {0}', who);
    const title = `${about} · ${oneLine(field.title, 40)} (${index + 1}/${fields.length})`;
    const answer = await askField(field, title);
    if (!answer) return undefined;
    if (answer.value !== undefined) form[field.name] = answer.value;
  }
  return { form };
}

/** The field's value, undefined in it to leave the field out. */
async function askField(field: ElicitationField, title: string): Promise<{ value: unknown } | undefined> {
  const name = oneLine(field.title, 100);
  const placeHolder = field.description === null ? name : `${name}: ${oneLine(field.description, DETAIL)}`;
  const options = { title, placeHolder, ignoreFocusOut: true };
  switch (field.type) {
    case 'text':
    case 'number':
      return askTypedField(field, title, placeHolder);
    case 'boolean': {
      const yes = { label: t('Yes'), value: true };
      const no = { label: t('No'), value: false };
      const items = field.default === false ? [no, yes] : [yes, no];
      return vscode.window.showQuickPick([...items, ...leaveOut(field)], options);
    }
    case 'select': {
      const items = field.options.map(({ value, label }) => ({ label: withoutIcons(oneLine(label, 200)), value }));
      const first = items.filter(({ value }) => value === field.default);
      const rest = items.filter(({ value }) => value !== field.default);
      return vscode.window.showQuickPick([...first, ...rest, ...leaveOut(field)], options);
    }
    case 'multiSelect':
      return askSeveral(field, options);
  }
}

function leaveOut({ required }: ElicitationField): { label: string; value: undefined }[] {
  return required ? [] : [{ label: t('Skip'), value: undefined }];
}

async function askTypedField(
  field: TypedField,
  title: string,
  prompt: string,
): Promise<{ value: unknown } | undefined> {
  const typed = await vscode.window.showInputBox({
    title,
    prompt: withoutMarks(field.required ? prompt : `${prompt} ${t('(optional)')}`),
    ...(field.default === null ? {} : { value: String(field.default) }),
    ignoreFocusOut: true,
    validateInput: (value) => fieldProblem(field, value, t),
  });
  return typed === undefined ? undefined : { value: fieldValue(field, typed) };
}

async function askSeveral(
  field: Extract<ElicitationField, { type: 'multiSelect' }>,
  options: { title: string; placeHolder: string; ignoreFocusOut: boolean },
): Promise<{ value: unknown } | undefined> {
  let chosen: readonly string[] = field.default;
  let problem: string | undefined;
  for (;;) {
    const items = field.options.map(({ value, label }) => ({
      label: withoutIcons(oneLine(label, 200)),
      value,
      picked: chosen.includes(value),
    }));
    const placeHolder = problem ? `${problem} ${options.placeHolder}` : options.placeHolder;
    const picked = await vscode.window.showQuickPick(items, { ...options, placeHolder, canPickMany: true });
    if (!picked) return undefined;
    chosen = picked.map(({ value }) => value);
    problem = pickedProblem(field, chosen.length, t);
    if (problem === undefined) return { value: chosen.length === 0 && !field.required ? undefined : chosen };
  }
}

/** The address is shown before anything is opened; only web pages are. */
async function askLink(request: AgentRequest, url: string, who: string): Promise<RequestAnswer | undefined> {
  const approve = choiceOf(request, 'approve');
  if (!approve || !/^https?:\/\//i.test(url)) return askChoice(request, who);
  const question = t('{0} asks you to open a page', who);
  const message = request.kind === 'elicitation' ? oneLine(request.message, 500) : '';
  if (!(await confirm(question, `${message}\n\n${spellHidden(url)}`, t('Open Page')))) return undefined;
  return (await vscode.env.openExternal(vscode.Uri.parse(url, true))) ? { choice: approve.id } : undefined;
}
