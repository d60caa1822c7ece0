/** Puts into words what a folder asks for beyond the user's settings. Shows the full value, with hidden characters spelled out. */
import type { Claim, NarrowedSetting } from '../../loop/trust/confirmations.ts';
import { spellOut } from '../../util/hidden.ts';
import { oneLine } from '../../util/text.ts';
import type { Translate } from '../l10n.ts';
import { lookAlikeWarning } from '../needs/approvedRows.ts';

/** What would be allowed, on one line. */
export function claimLabel(claim: Claim, t: Translate): string {
  switch (claim.kind) {
    case 'setting':
      return t('Use {0}: {1}, set by the folder', claim.name, oneLine(spelled(claim.value), 64));
    case 'program':
      return t('Run {0}', oneLine(spelled(claim.command)));
    case 'redisVariable':
      return t('Use the Redis in REDIS_URL: {0}', oneLine(spelled(claim.where)));
    case 'redisAddress':
      return t('Use the Redis in tinytown.toml: {0}', oneLine(spelled(claim.where)));
  }
}

/** The claim as a question. */
export function claimQuestion(claim: Claim, t: Translate): string {
  switch (claim.kind) {
    case 'setting':
      return t('Use this folder’s value of the setting {0}?', claim.name);
    case 'program':
      return t('Let agents in this folder run this program?');
    case 'redisVariable':
      return t('Use the Redis in the environment variable REDIS_URL?');
    case 'redisAddress':
      return t('Use the Redis in tinytown.toml?');
  }
}

/** Everything to know before the claim is allowed. */
export function claimText(claim: Claim, t: Translate): string {
  const warning = lookAlikeWarning(allowedText(claim), t);
  return [whatItMeans(claim, t), ...(warning === undefined ? [] : [warning])].join('\n\n');
}

/** The parts of a claim that can contain look-alike characters. */
function allowedText(claim: Claim): string {
  switch (claim.kind) {
    case 'setting':
      return claim.value;
    case 'program':
      return [claim.command, claim.cli, ...Object.entries(claim.env).flat()].join('\n');
    case 'redisVariable':
    case 'redisAddress':
      return claim.where;
  }
}

function whatItMeans(claim: Claim, t: Translate): string {
  switch (claim.kind) {
    case 'setting':
      return [
        `${claim.name}: ${spelled(claim.value)}`,
        settingMeaning(claim.name, t),
        t(
          'It is set in the workspace settings or in tinytown.toml, which agents can edit. Until you allow it, your own setting applies.',
        ),
      ].join('\n\n');
    case 'program': {
      const variables = Object.entries(claim.env).map((pair) => spelled(pair.join('=')));
      return [
        spelled(claim.command),
        ...(variables.length === 0 ? [] : [t('With these environment variables:\n{0}', variables.join('\n'))]),
        t(
          'Agents with the CLI “{0}” run this program for every turn. Tinytown doesn’t sandbox it, so it can do anything you can. Until you allow it, the agents’ messages wait.',
          oneLine(spelled(claim.cli), 64),
        ),
      ].join('\n\n');
    }
    case 'redisVariable':
      return [
        spelled(claim.where),
        t(
          'The variable may be for your project, and its tests may delete everything in that Redis, including the town. If you don’t allow it, the town uses the Redis in tinytown.toml, or else its own.',
        ),
      ].join('\n\n');
    case 'redisAddress':
      return [
        spelled(claim.where),
        t(
          'Agents can edit this file. Whoever controls this Redis can read all messages and give agents work. If you don’t allow it, the town uses its own Redis.',
        ),
      ].join('\n\n');
  }
}

function settingMeaning(name: NarrowedSetting, t: Translate): string {
  switch (name) {
    case 'codex.sandbox':
      return t('It lets agents’ commands access more than your own setting does.');
    case 'codex.approvalPolicy':
      return t('It makes agents ask you less often than your own setting does.');
    case 'agent.cli':
      return t('It makes new agents run a different program than your own setting does.');
    case 'agent.persistent':
      return t('It makes agents run a separate program for each turn, outside of Codex.');
    case 'agent.maxRounds':
      return t('It lets agents run for more rounds than your own setting does.');
    case 'maxAgents':
      return t('It allows more agents than your own setting does.');
  }
}

/** Spells out line breaks, so that a claim cannot add lines to our text. */
function spelled(text: string): string {
  return spellOut(text).replaceAll('\n', ' ⏎ ');
}
