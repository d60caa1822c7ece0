/**
 * Collects every translatable text of the source for `l10n/bundle.l10n.json`: the literals in `t('…')` and `say('…')`, and the
 * sentences of errors. It uses a tokenizer, because regular expressions are misled by strings.
 */
import { glob, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

export interface Found {
  texts: string[];
  /** Texts that cannot be translated as they are written, with the fix for each. */
  mistakes: string[];
}

const root = path.resolve(import.meta.dirname, '..');

/** Writes the bundle for the VSIX. Translations of it are `bundle.l10n.LANGUAGE.json` beside it. */
export async function writeBundle(): Promise<void> {
  const { texts, mistakes } = await textsOfSource();
  if (mistakes.length > 0) throw new Error(mistakes.join('\n'));
  const file = path.join(root, 'l10n/bundle.l10n.json');
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(Object.fromEntries(texts.map((text) => [text, text])), null, 2)}\n`);
}

/** The texts of all code that runs in the editor. The tools for agents and terminals use English only. */
export async function textsOfSource(): Promise<Found> {
  const texts = new Set<string>();
  const mistakes: string[] = [];
  for await (const file of glob('src/**/*.ts', { cwd: root })) {
    if (/^src[\\/](tools|codex[\\/]protocol)[\\/]/.test(file)) continue;
    const found = textsOf(await readFile(path.join(root, file), 'utf8'));
    for (const text of found.texts) texts.add(text);
    mistakes.push(...found.mistakes.map((mistake) => `${file}, ${mistake}`));
  }
  return { texts: [...texts].toSorted(), mistakes };
}

/** The texts of one file's source. */
export function textsOf(source: string): Found {
  const tokens = tokensOf(source);
  const texts: string[] = [];
  const mistakes: string[] = [];
  const at = (index: number): Token => tokens[index] ?? { kind: 'sign', text: '', line: 0 };
  const take = (start: number, what: string, mustBeText: boolean): void => {
    const { kind, text, line } = at(start);
    if (kind === 'text' && at(start + 1).text === '+') mistakes.push(`line ${line}: ${what} is put together by +.`);
    else if (kind === 'text') texts.push(text);
    else if (mustBeText || kind === 'holes') {
      mistakes.push(`line ${line}: ${what} must be a literal. Write say('… {0} …', value), see src/util/sentence.ts.`);
    }
  };
  for (const [index, { kind, text }] of tokens.entries()) {
    if (kind !== 'word' || at(index - 1).text === 'function') continue;
    const called = at(index + 1).text === '(';
    const isMember = at(index - 1).text === '.';
    const ofEditor = isMember && /^(l10n|this)$/.test(at(index - 2).text);
    if (called && ((text === 't' && (!isMember || ofEditor)) || (text === 'say' && !isMember))) {
      const isDeclared = at(index + 3).text === ':';
      if (!isDeclared) take(index + 2, `what ${text}() says`, true);
    }
    if (called && at(index - 1).text === 'new' && /^(Tinytown|Codex)Error$/.test(text)) {
      if (at(index + 3).text === ',') take(index + 4, 'the message of an error', false);
    }
    if (text === 'hint' && /^[:=]$/.test(at(index + 1).text)) take(index + 2, 'a hint', false);
  }
  return { texts, mistakes };
}

interface Token {
  /** `text`: a literal. `holes`: a template with values in it. */
  kind: 'word' | 'text' | 'holes' | 'sign';
  text: string;
  /** From 1. */
  line: number;
}

/** After these tokens a slash begins a regular expression. */
const beforeRegex = /^(?:[(,=:[!&|?{};+*%<>~^-]|=>|return|typeof|case|of|in)?$/;

const patterns = {
  space: /\s+|\/\/[^\n]*|\/\*[^]*?\*\//y,
  text: /'(?:[^'\\\n]|\\[^])*'|"(?:[^"\\\n]|\\[^])*"/y,
  regex: /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y,
  word: /[\p{L}_$#][\p{L}\p{N}_$]*|\d[\w.]*/uy,
  sign: /=>|[^]/y,
};

function tokensOf(source: string): Token[] {
  const tokens: Token[] = [];
  let place = 0;
  const lineOf = (index: number): number => source.slice(0, index).split('\n').length;
  const next = (kind: keyof typeof patterns): string | undefined => {
    const pattern = patterns[kind];
    pattern.lastIndex = place;
    const [found] = pattern.exec(source) ?? [];
    if (found !== undefined) place += found.length;
    return found;
  };
  /** Reads up to the end of the source or of a template's value. */
  const read = (inTemplate: boolean): void => {
    let depth = 0;
    while (place < source.length) {
      if (next('space') !== undefined) continue;
      const start = place;
      const push = (kind: Token['kind'], text: string): void => void tokens.push({ kind, text, line: lineOf(start) });
      const before = tokens.at(-1);
      if (source[place] === '`') {
        readTemplate(lineOf(start));
        continue;
      }
      const text = next('text');
      if (text !== undefined) {
        push('text', unescaped(text.slice(1, -1)));
        continue;
      }
      const mayBeRegex = before === undefined || (before.kind !== 'text' && beforeRegex.test(before.text));
      if (source[place] === '/' && mayBeRegex && next('regex') !== undefined) {
        push('sign', 'regex');
        continue;
      }
      const word = next('word');
      if (word !== undefined) {
        push('word', word);
        continue;
      }
      const sign = next('sign') ?? '';
      if (sign === '{') depth += 1;
      if (sign === '}' && inTemplate && depth === 0) return;
      if (sign === '}') depth -= 1;
      push('sign', sign);
    }
  };
  const readTemplate = (line: number): void => {
    const token: Token = { kind: 'text', text: '', line };
    tokens.push(token);
    const begin = (place += 1);
    while (place < source.length && source[place] !== '`') {
      if (source[place] === '\\') place += 2;
      else if (source.startsWith('${', place)) {
        token.kind = 'holes';
        place += 2;
        read(true);
      } else place += 1;
    }
    if (token.kind === 'text') token.text = unescaped(source.slice(begin, place));
    place += 1;
  };
  read(false);
  return tokens;
}

function unescaped(text: string): string {
  return text.replace(/\\(?:u\{([0-9a-f]+)\}|u([0-9a-f]{4})|x([0-9a-f]{2})|([^]))/gi, (_all, ...found: string[]) => {
    const code = found[0] ?? found[1] ?? found[2];
    if (code !== undefined) return String.fromCodePoint(Number.parseInt(code, 16));
    const letter = found[3] ?? '';
    return { n: '\n', t: '\t', r: '\r' }[letter] ?? letter;
  });
}
