/** Asks the person for an answer with a list, a text, or a form, field by field. Undefined if the person cancels. */
import * as vscode from 'vscode';
import type {
  AgentRequest,
  ElicitationField,
  RequestAnswer,
  RequestChoice,
  RequestQuestion,
} from '../../runtime/agentRequest.ts';
import { spellOut } from '../../util/hidden.ts';
import { oneLine } from '../../util/text.ts';
import { type TypedField, fieldProblem, fieldValue, pickedProblem } from './formFields.ts';
import { type Step, askInSteps, back, pickOne, pickSeveral } from './formSteps.ts';
import { choiceOf } from './needs.ts';
import { fits, pageText } from './seen.ts';
import { requestLabel } from './needsYouItems.ts';
import { ask } from '../ask.ts';
import { confirm } from '../notify.ts';
import { withoutIcons, withoutMarks } from '../plainText.ts';

const { t } = vscode.l10n;

const DETAIL = 300;

/** @param who The agent's name, for titles. */
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

/** A choice's label. */
function choiceLabel({ label, detail }: RequestChoice): string {
  const what = detail === null ? '' : oneLine(spellOut(detail), DETAIL);
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
  const offered = request.choices.filter(({ detail }) => detail === null || fits(spellOut(detail), DETAIL));
  const items = offered.map((choice) => ({ label: withoutIcons(choiceLabel(choice)), choice }));
  const picked = await vscode.window.showQuickPick(items, {
    title: t('Answer {0}', who),
    placeHolder: requestLabel(request, t),
    ignoreFocusOut: true,
  });
  return picked && { choice: picked.choice.id };
}

async function askQuestions(questions: readonly RequestQuestion[], who: string): Promise<RequestAnswer | undefined> {
  const steps = questions.map((question, index) => questionStep(question, stepTitle(question, index)));
  const given = await askInSteps(t('Answer {0}', who), steps);
  return given && { answers: Object.fromEntries(given.map((answer, index) => [questions[index]?.id, [answer]])) };

  function stepTitle({ header }: RequestQuestion, index: number): string {
    const step = questions.length > 1 ? ` (${index + 1}/${questions.length})` : '';
    return `${oneLine(header, 64) || t('Answer {0}', who)}${step}`;
  }
}

function questionStep(question: RequestQuestion, title: string): Step<string> {
  const prompt = oneLine(question.question, 1000);
  const options = question.options.map(({ label, description }) => ({
    label: withoutIcons(oneLine(label, 200)),
    detail: withoutIcons(oneLine(description, DETAIL)),
    answer: label,
  }));
  const other = { label: t('Other…'), detail: '', answer: undefined, alwaysShow: true };
  const items = question.freeText ? [...options, other] : options;
  return {
    title: withoutIcons(oneLine(question.header || question.question, 60)),
    say: (answer) => (question.secret ? '••••••' : withoutIcons(oneLine(answer, 120))),
    ask: async (before, canGoBack) => {
      for (;;) {
        if (options.length > 0) {
          const active = before === undefined ? undefined : (options.find(({ answer }) => answer === before) ?? other);
          const picked = await pickOne(items, { title, placeHolder: prompt, canGoBack, active });
          if (typeof picked !== 'object') return picked;
          if (picked.answer !== undefined) return picked.answer;
        }
        const value = options.some(({ answer }) => answer === before) || question.secret ? undefined : before;
        const validateInput = (text: string): string | undefined =>
          text === '' ? t('Type an answer, or press Escape to cancel.') : undefined;
        const canReturn = canGoBack || options.length > 0;
        const typed = await type({ title, prompt, value, secret: question.secret, validateInput }, canReturn);
        // Back leads from the text to the options first.
        if (typed !== back || options.length === 0) return typed;
      }
    },
  };
}

/** Asks for a text. The question may be from others, so its markup is removed. */
async function type(
  question: {
    title: string;
    prompt: string;
    value?: string | undefined;
    secret?: boolean;
    validateInput: (text: string) => string | undefined;
  },
  canGoBack: boolean,
): Promise<string | typeof back | undefined> {
  let pressed = false;
  const typed = await ask({
    ...question,
    prompt: withoutMarks(question.prompt),
    value: question.value ?? '',
    ...(canGoBack && { button: { look: vscode.QuickInputButtons.Back, press: () => (pressed = true) } }),
  });
  return pressed ? back : typed;
}

async function askForm(
  fields: readonly ElicitationField[],
  message: string,
  who: string,
): Promise<RequestAnswer | undefined> {
  const about = oneLine(message, 60) || t('Answer {0}', who);
  const steps = fields.map((field, index) =>
    fieldStep(field, `${about} · ${oneLine(field.title, 40)} (${index + 1}/${fields.length})`),
  );
  const given = await askInSteps(about, steps);
  const said = given?.flatMap(({ value }, index) => (value === undefined ? [] : [[fields[index]?.name, value]]));
  return said && { form: Object.fromEntries(said) as Record<string, unknown> };
}

/** A field's value. An undefined value leaves the field out. */
interface FieldAnswer {
  value: unknown;
}

function fieldStep(field: ElicitationField, title: string): Step<FieldAnswer> {
  return {
    title: withoutIcons(oneLine(field.title, 60)),
    say: ({ value }) => withoutIcons(oneLine(fieldWords(field, value), 120)),
    ask: (before, canGoBack) => askField(field, title, before, canGoBack),
  };
}

function fieldWords(field: ElicitationField, value: unknown): string {
  if (value === undefined) return t('skipped');
  if (typeof value === 'boolean') return value ? t('Yes') : t('No');
  const named = field.type === 'select' || field.type === 'multiSelect' ? field.options : [];
  const each = Array.isArray(value) ? value : [value];
  return each.map((one) => named.find((option) => option.value === one)?.label ?? String(one)).join(', ');
}

async function askField(
  field: ElicitationField,
  title: string,
  before: FieldAnswer | undefined,
  canGoBack: boolean,
): Promise<FieldAnswer | typeof back | undefined> {
  const name = oneLine(field.title, 100);
  const placeHolder = field.description === null ? name : `${name}: ${oneLine(field.description, DETAIL)}`;
  switch (field.type) {
    case 'text':
    case 'number':
      return askTypedField(field, { title, prompt: placeHolder, before, canGoBack });
    case 'boolean': {
      const items = [{ label: t('Yes'), value: true }, { label: t('No'), value: false }, ...leaveOut(field)];
      const now = before ? before.value : (field.default ?? true);
      return pickOne(items, { title, placeHolder, canGoBack, active: items.find(({ value }) => value === now) });
    }
    case 'select': {
      const named = field.options.map(({ value, label }) => ({ label: withoutIcons(oneLine(label, 200)), value }));
      const items = [...named, ...leaveOut(field)];
      const now = before ? before.value : field.default;
      return pickOne(items, { title, placeHolder, canGoBack, active: items.find(({ value }) => value === now) });
    }
    case 'multiSelect':
      return askSeveral(field, { title, placeHolder, canGoBack }, before);
  }
}

function leaveOut({ required }: ElicitationField): { label: string; value: undefined }[] {
  return required ? [] : [{ label: t('Skip'), value: undefined }];
}

async function askTypedField(
  field: TypedField,
  {
    title,
    prompt,
    before,
    canGoBack,
  }: { title: string; prompt: string; before: FieldAnswer | undefined; canGoBack: boolean },
): Promise<FieldAnswer | typeof back | undefined> {
  const now = before ? before.value : field.default;
  const typed = await type(
    {
      title,
      prompt: field.required ? prompt : `${prompt} ${t('(optional)')}`,
      value: typeof now === 'string' || typeof now === 'number' ? String(now) : undefined,
      validateInput: (value) => fieldProblem(field, value, t),
    },
    canGoBack,
  );
  return typeof typed === 'string' ? { value: fieldValue(field, typed) } : typed;
}

async function askSeveral(
  field: Extract<ElicitationField, { type: 'multiSelect' }>,
  options: { title: string; placeHolder: string; canGoBack: boolean },
  before: FieldAnswer | undefined,
): Promise<FieldAnswer | typeof back | undefined> {
  let chosen: readonly unknown[] = before ? (Array.isArray(before.value) ? before.value : []) : field.default;
  let problem: string | undefined;
  for (;;) {
    const items = field.options.map(({ value, label }) => ({
      label: withoutIcons(oneLine(label, 200)),
      value,
      picked: chosen.includes(value),
    }));
    const placeHolder = problem ? `${problem} ${options.placeHolder}` : options.placeHolder;
    const picked = await pickSeveral(items, { ...options, placeHolder });
    if (!Array.isArray(picked)) return picked;
    chosen = picked.map(({ value }) => value);
    problem = pickedProblem(field, chosen.length, t);
    if (problem === undefined) return { value: chosen.length === 0 && !field.required ? undefined : chosen };
  }
}

/** Shows the address before it is opened. Opens only web pages. */
async function askLink(request: AgentRequest, url: string, who: string): Promise<RequestAnswer | undefined> {
  const approve = choiceOf(request, 'approve');
  const detail = pageText(request.kind === 'elicitation' ? request.message : '', url, t);
  if (!approve || detail === undefined) {
    return askChoice({ ...request, choices: request.choices.filter((choice) => choice !== approve) }, who);
  }
  if (!(await confirm(t('{0} asks you to open a page', who), detail, t('Open Page')))) return undefined;
  return (await vscode.env.openExternal(vscode.Uri.parse(url, true))) ? { choice: approve.id } : undefined;
}
