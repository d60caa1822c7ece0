/** Turns the doctor's facts into checks: whether each thing is in order, and if not, how to fix it. */
import type { AccountState } from '../../runtime/account.ts';
import { type Sentence, say } from '../../util/sentence.ts';
import { type Check, ok } from './check.ts';
import type { DoctorFacts } from './doctorFacts.ts';
import { redisChecks } from './doctorRedisRules.ts';
import type { ExaminedAgent } from './examination.ts';

/** Permission bits of everybody but the owner. */
const OTHERS = 0o077;

/** Ordered so that each check comes after those that it depends on. Things that could not be examined are left out. */
export function checksOf(facts: DoctorFacts): Check[] {
  const ground = [trust(facts), ...folder(facts), ...(facts.redis ? redisChecks(facts.redis) : [])];
  const explained = ground.some(({ state }) => state === 'failed');
  return [
    ...ground,
    ...(explained ? [] : town(facts)),
    ...codex(facts),
    ...account(facts),
    ...privacy(facts),
    processes(facts),
    tools(facts),
    ...clis(facts),
    ...records(facts),
    ...(facts.town ? [messages(facts.town.agents), agents(facts.town.agents)] : []),
  ];
}

function trust({ trusted }: DoctorFacts): Check {
  if (trusted) return ok('trust', say('The workspace is trusted.'));
  const found = say('The workspace is not trusted, so nothing in it is read or run.');
  return { name: 'trust', state: 'failed', found, mend: say('Run “Workspaces: Manage Workspace Trust”.') };
}

function folder({ folder: place, config }: DoctorFacts): Check[] {
  if (place === undefined) {
    const found = say('No folder is open.');
    return [{ name: 'folder', state: 'warning', found, mend: say('Open the folder that agents should work in.') }];
  }
  switch (config?.state) {
    case undefined:
      return [];
    case 'none': {
      const found = say('{0} has no tinytown.toml, so it is not a town yet.', place);
      return [{ name: 'folder', state: 'warning', found, mend: say('Run “Tinytown: New Agent…”.') }];
    }
    case 'bad':
      return [
        { name: 'folder', state: 'failed', found: config.problem, mend: say('Run “Tinytown: Open tinytown.toml”.') },
      ];
    case 'ok':
      return [ok('folder', say('{0} is the town “{1}”.', place, config.name))];
  }
}

function codex({ codex: found }: DoctorFacts): Check[] {
  if (!found) return [];
  if (found.ok) return [ok('codex', say('Codex {0} at {1}.', found.version, found.path))];
  const mend = found.problem.hint ?? say('Set the path of Codex: “Tinytown: Open Settings”.');
  return [{ name: 'codex', state: 'failed', found: found.problem.found, mend }];
}

function account({ account: found, town: open }: DoctorFacts): Check[] {
  // The sign-in may have been revoked since. Only a turn shows that.
  if (open?.agents.some(({ stoppedFor }) => stoppedFor === 'signIn')) {
    const refused = say('The sign-in was refused. Agents wait until you sign in again.');
    return [{ name: 'account', state: 'failed', found: refused, mend: say('Run “Tinytown: Sign In to Codex…”.') }];
  }
  switch (found?.state) {
    case undefined:
      return [];
    case 'signedOut': {
      const mend = say('Run “Tinytown: Sign In to Codex…”.');
      return [{ name: 'account', state: 'failed', found: say('Codex is not signed in.'), mend }];
    }
    case 'notNeeded':
      return [ok('account', say('Codex’s model does not need a sign-in.'))];
    case 'unknown': {
      const mend = found.problem.hint ?? say('Run “codex doctor” in a terminal, and see “Tinytown: Show Log”.');
      return [{ name: 'account', state: 'failed', found: found.problem.found, mend }];
    }
    case 'signedIn':
      return [ok('account', say('Codex is signed in with {0}.', signedInWith(found)))];
  }
}

function signedInWith(found: Extract<AccountState, { state: 'signedIn' }>): Sentence {
  if (found.by === 'apiKey') return say('an API key');
  if (found.by === 'other') return say('{0}', found.name);
  const { email, plan } = found;
  if (email === undefined) return say('a ChatGPT account');
  return plan === undefined ? say('{0}', email) : say('{0} ({1})', email, plan);
}

function town({ notOpen, town: open }: DoctorFacts): Check[] {
  if (open) return [ok('town', say('The town is open. Its agents: {0}.', open.agents.length))];
  if (notOpen === undefined) return [];
  const mend = notOpen.hint ?? say('Run “Tinytown: Try Again”; “Tinytown: Show Log” says more.');
  return [{ name: 'town', state: 'failed', found: say('The town is not open: {0}', notOpen.found), mend }];
}

function privacy({ places }: DoctorFacts): Check[] {
  if (places.length === 0) return [];
  const open = places.filter(({ mode }) => (mode & OTHERS) !== 0);
  const name = 'privacy';
  if (open.length === 0) return [ok(name, say('Only you can access Tinytown’s folders and sockets.'))];
  const found = say('Other users of this machine can read {0}.', open.map((place) => place.path).join(', '));
  const commands = open.map(({ path, wanted }) => `chmod ${wanted.toString(8)} ${JSON.stringify(path)}`);
  return [{ name, state: 'failed', found, mend: say('In a terminal: {0}', commands.join('; ')) }];
}

function processes({ leftOver }: DoctorFacts): Check {
  if (leftOver === 0) return ok('processes', say('No process is left over from an earlier window.'));
  const found = say('Processes left over from an earlier window: {0}.', leftOver);
  return { name: 'processes', state: 'warning', found, mend: say('Run “Developer: Reload Window”, which ends them.') };
}

function tools({ missingTools }: DoctorFacts): Check {
  if (missingTools.length === 0) return ok('tools', say('The agents’ tools are installed.'));
  const found = say('Files of the extension are missing: {0}', missingTools.join(', '));
  return { name: 'tools', state: 'failed', found, mend: say('Install the extension again.') };
}

function clis({ missingClis, town: open }: DoctorFacts): Check[] {
  if (!open) return [];
  if (missingClis.length === 0) return [ok('clis', say('Every agent’s CLI is on this machine.'))];
  const missing = missingClis.map(({ cli, agents: names }) => `${cli} (${names.join(', ')})`).join('; ');
  const found = say('Agents have CLIs that are not on this machine: {0}.', missing);
  const mend = say('Install them, or say in the setting tinytown.agentClis how they are run.');
  return [{ name: 'clis', state: 'failed', found, mend }];
}

function records({ town: open }: DoctorFacts): Check[] {
  if (!open) return [];
  const { unreadable } = open;
  if (unreadable.length === 0) return [ok('records', say('Every record of the town can be read.'))];
  const found = say(
    'Unreadable records were left unchanged: {0}',
    unreadable.map(({ key, reason }) => `${key} (${reason})`).join('; '),
  );
  return [
    { name: 'records', state: 'warning', found, mend: say('Another program wrote them. Correct or delete them.') },
  ];
}

function messages(all: readonly ExaminedAgent[]): Check {
  const named = (count: (agent: ExaminedAgent) => number): string =>
    all.flatMap((agent) => (count(agent) > 0 ? [`${agent.name} (${count(agent)})`] : [])).join(', ');
  const [held, dead] = [named((agent) => agent.held), named((agent) => agent.dead)];
  const stuck = named((agent) => (agent.stoppedFor === undefined ? 0 : agent.waiting));
  const parts = [
    held ? say('Interrupted work waits for you: {0}.', held) : undefined,
    dead ? say('Messages failed: {0}.', dead) : undefined,
    stuck ? say('Messages wait for agents that are not running: {0}.', stuck) : undefined,
  ].filter((part) => part !== undefined);
  const [first, ...more] = parts;
  if (!first) return ok('messages', say('No interrupted work, no failed messages, no messages for stopped agents.'));
  const found = more.reduce((before, part) => say('{0} {1}', before, part), first);
  const mend = say('Answer it in the view “Needs You”.');
  return { name: 'messages', state: 'warning', found, mend };
}

function agents(all: readonly ExaminedAgent[]): Check {
  const named = (fits: (agent: ExaminedAgent) => boolean): string =>
    all.flatMap((agent) => (fits(agent) ? [agent.name] : [])).join(', ');
  const gone = named(({ owner }) => owner === 'gone');
  if (gone) {
    const found = say('The window that runs {0} is not responding.', gone);
    return { name: 'agents', state: 'warning', found, mend: say('Run “Tinytown: Take Over Agent”.') };
  }
  const silent = named((agent) => agent.silent);
  if (silent) {
    const found = say('{0}, run by tt, is not responding.', silent);
    const mend = say(
      'Check whether tt is still running. If not, run “Tinytown: Stop Agent” and “Tinytown: Adopt Agent”.',
    );
    return { name: 'agents', state: 'warning', found, mend };
  }
  const elsewhere = named(({ owner }) => owner === 'elsewhere');
  if (elsewhere) return ok('agents', say('Another window runs {0}.', elsewhere));
  return ok('agents', say('No orphaned agents.'));
}
