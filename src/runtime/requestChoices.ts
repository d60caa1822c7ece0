/** Turns the app-server's requests into choices for people, and choices into its answers: exactly what it allows. */
import type { AskedAs, AskedPermissions, CommandDecision } from '../codex/asked.ts';
import { type Said, type Sentence, inEnglish, say } from '../util/sentence.ts';
import { shellLine } from '../util/shellWords.ts';
import type { ChoiceLabel, RequestChoice } from './agentRequest.ts';

type Command = AskedAs<'item/commandExecution/requestApproval'>['params'];

/** The order in which choices are offered. */
const order: readonly ChoiceLabel[] = [
  'approve',
  'approveForSession',
  'approveAlways',
  'allowHost',
  'blockHost',
  'decline',
  'cancel',
];

const plain = {
  accept: 'approve',
  acceptForSession: 'approveForSession',
  decline: 'decline',
  cancel: 'cancel',
} as const satisfies Record<Extract<CommandDecision, string>, ChoiceLabel>;

/** What a server allows if it does not say. */
const usual: readonly CommandDecision[] = ['accept', 'acceptForSession', 'cancel'];

export const approve = choice('approve');
export const approveForSession = choice('approveForSession');
export const approveAlways = choice('approveAlways');
export const decline = choice('decline');
export const cancel = choice('cancel');

/** Every choice of a command's approval, with its decision. Declining is allowed although no server lists it. */
export function commandChoices({
  availableDecisions,
}: Command): { choice: RequestChoice; decision: CommandDecision }[] {
  const offered = [...(availableDecisions ?? usual), 'decline' as const];
  const unique = offered.filter((one, place) => place === offered.findIndex((other) => same(one, other)));
  return unique
    .map((decision, place) => ({ choice: choiceOf(decision, place), decision }))
    .toSorted((a, b) => order.indexOf(a.choice.label) - order.indexOf(b.choice.label));
}

function choiceOf(decision: CommandDecision, place: number): RequestChoice {
  if (typeof decision === 'string') return choice(plain[decision]);
  if ('acceptWithExecpolicyAmendment' in decision) {
    const { execpolicy_amendment: words } = decision.acceptWithExecpolicyAmendment;
    return { id: `rule-${place}`, label: 'approveAlways', detail: shellLine(words) };
  }
  const { host, action } = decision.applyNetworkPolicyAmendment.network_policy_amendment;
  return { id: `host-${place}`, label: action === 'allow' ? 'allowHost' : 'blockHost', detail: host };
}

function choice(label: ChoiceLabel): RequestChoice {
  return { id: label, label, detail: null };
}

function same(a: CommandDecision, b: CommandDecision): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** What permissions mean, one line each. */
export function permissionLines({ network, fileSystem }: AskedPermissions): Said[] {
  const lines: Sentence[] = [];
  if (network?.enabled === true) lines.push(say('Use the network'));
  for (const path of fileSystem?.read ?? []) lines.push(say('Read {0}', path));
  for (const path of fileSystem?.write ?? []) lines.push(say('Write {0}', path));
  for (const { path, access } of fileSystem?.entries ?? []) {
    const line = accessTo(placeName(path), access);
    if (!lines.some((known) => inEnglish(known) === inEnglish(line))) lines.push(line);
  }
  return lines;
}

function accessTo(place: Said, access: 'read' | 'write' | 'deny'): Sentence {
  switch (access) {
    case 'read':
      return say('Read {0}', place);
    case 'write':
      return say('Write {0}', place);
    case 'deny':
      return say('Not touch {0}', place);
  }
}

type Place = NonNullable<NonNullable<AskedPermissions['fileSystem']>['entries']>[number]['path'];

function placeName(place: Place): Said {
  if (place.type === 'path') return place.path;
  if (place.type === 'glob_pattern') return place.pattern;
  const { value } = place;
  switch (value.kind) {
    case 'root':
      return say('everything');
    case 'minimal':
      return say('what programs need to run');
    case 'tmpdir':
      return say('the temporary folder');
    case 'slash_tmp':
      return '/tmp';
    case 'project_roots':
      return value.subpath ? say('{0} in the workspace', value.subpath) : say('the workspace');
    case 'unknown':
      return [value.path, value.subpath].filter(Boolean).join('/');
  }
}
