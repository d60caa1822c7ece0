/** Parses a command line of `tt` and writes its help. Pure: the commands run elsewhere. */
import { parseArgs } from 'node:util';
import { catalogue } from './catalogue.ts';
import { type Command, type Values, commands, commonHelp, commonOptions } from './commands.ts';

export type Reading =
  | {
      do: 'run';
      operation: string;
      arguments: Record<string, unknown>;
      folder: string | undefined;
      /** The agent to act for, if a person names one. */
      from: string | undefined;
      verbose: boolean;
    }
  | { do: 'help'; text: string }
  | { do: 'version' }
  /** The command line is wrong. `text` says why and what is right. */
  | { do: 'refuse'; text: string };

/** @param words The words after `tt`. */
export function readCommandLine(words: readonly string[]): Reading {
  const { rest, folder, verbose, asked } = leading(words);
  if (asked === 'version') return { do: 'version' };
  const first = rest[0] === 'help' ? rest.slice(1) : rest;
  const group = commands.filter((command) => command.words[0] === first[0]);
  const command = group.find(({ words: own }) => own.every((word, place) => first[place] === word));
  const wantsHelp = asked === 'help' || rest[0] === 'help';
  if (!command) {
    if (wantsHelp || (group.length > 0 && ['--help', '-h', 'help'].includes(first[1] ?? ''))) {
      return { do: 'help', text: group.length > 0 ? listing(group) : overview() };
    }
    if (group.length > 0) return refuse(`tt ${first[0]} needs one of: ${subWords(group)}.`, `tt ${first[0]} --help`);
    if (first[0] === undefined) return { do: 'refuse', text: overview() };
    return refuse(`There is no command “${first[0]}”.`, 'tt --help');
  }
  if (wantsHelp) return { do: 'help', text: helpOf(command) };
  return readCommand(command, first.slice(command.words.length), { folder, verbose });
}

/** Reads the common options before the command. */
function leading(words: readonly string[]): {
  rest: readonly string[];
  folder: string | undefined;
  verbose: boolean;
  asked: 'help' | 'version' | undefined;
} {
  let folder: string | undefined;
  let verbose = false;
  let at = 0;
  for (; at < words.length; at += 1) {
    const word = words[at] ?? '';
    if (word === '-h' || word === '--help') return { rest: words.slice(at + 1), folder, verbose, asked: 'help' };
    if (word === '-V' || word === '--version') return { rest: [], folder, verbose, asked: 'version' };
    if (word === '-t' || word === '--town') folder = words[(at += 1)];
    else if (word.startsWith('--town=')) folder = word.slice('--town='.length);
    else if (word === '-v' || word === '--verbose') verbose = true;
    else break;
  }
  return { rest: words.slice(at), folder, verbose, asked: undefined };
}

function readCommand(
  command: Command,
  words: readonly string[],
  before: { folder: string | undefined; verbose: boolean },
): Reading {
  const name = `tt ${command.words.join(' ')}`;
  let parsed;
  try {
    parsed = parseArgs({
      args: [...words],
      options: { ...command.options, ...commonOptions },
      allowPositionals: true,
    });
  } catch (error) {
    const [what = ''] = (error instanceof Error ? error.message : String(error)).split('. ');
    return refuse(`${what}. Put -- before a text that begins with a dash.`, `${name} --help`);
  }
  const { positionals } = parsed;
  const values: Values = parsed.values;
  if (values.help === true) return { do: 'help', text: helpOf(command) };
  const last = command.positionals.length - 1;
  const takesAll = command.positionals[last]?.endsWith('…') === true;
  if (positionals.length > command.positionals.length && !takesAll) {
    return refuse(`${name} does not take “${positionals[command.positionals.length]}”.`, `${name} --help`);
  }
  const tail = takesAll && positionals.length > last ? [positionals.slice(last).join(' ')] : positionals.slice(last);
  const given = last < 0 ? [] : [...positionals.slice(0, last), ...tail];
  const missing = command.positionals.findIndex((it, place) => !it.startsWith('[') && given[place] === undefined);
  if (missing >= 0) return refuse(`${name} needs ${usage(command)}.`, `${name} --help`);
  return {
    do: 'run',
    operation: command.operation,
    arguments: withoutUndefined(command.arguments(given, values)),
    folder: typeof values.town === 'string' ? values.town : before.folder,
    from: typeof values.from === 'string' ? values.from : undefined,
    verbose: before.verbose || values.verbose === true,
  };
}

function refuse(text: string, help: string): Reading {
  return { do: 'refuse', text: `${text}\nSee: ${help}` };
}

function usage({ positionals }: Command): string {
  return positionals.join(' ').replaceAll('…', '');
}

function overview(): string {
  const lines = ['tt: what agents do to their town', ...lineEach(commands), '', ...optionLines(commonHelp)];
  return `${lines.join('\n')}\n  -V, --version     Show the version.`;
}

function listing(group: readonly Command[]): string {
  return ['Usage:', ...lineEach(group)].join('\n');
}

function lineEach(of: readonly Command[]): string[] {
  return of.map((command) => `  ${usageLine(command).padEnd(38)}${descriptionOf(command)}`);
}

function helpOf(command: Command): string {
  return [
    descriptionOf(command),
    '',
    `Usage: ${usageLine(command)}`,
    '',
    ...optionLines([...command.optionHelp, ...commonHelp]),
  ].join('\n');
}

function usageLine(command: Command): string {
  const options = Object.keys(command.options).length > 0 ? ' [OPTIONS]' : '';
  return `tt ${command.words.join(' ')}${options} ${usage(command)}`.trimEnd();
}

function optionLines(options: readonly (readonly [string, string])[]): string[] {
  return ['Options:', ...options.map(([name, says]) => `  ${name.padEnd(18)}${says}`)];
}

function descriptionOf({ operation }: Command): string {
  return catalogue.find(({ name }) => name === operation)?.description ?? '';
}

function subWords(group: readonly Command[]): string {
  return group.map(({ words }) => words[1]).join(', ');
}

function withoutUndefined(record: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined));
}
