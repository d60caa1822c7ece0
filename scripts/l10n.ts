/**
 * Collects every translatable text of the source for `l10n/bundle.l10n.json`: the literals in `t('…')` and `say('…')`, and the
 * sentences of errors.
 */
import { glob, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type Argument, Visitor, parseSync } from 'oxc-parser';

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
  const texts: string[] = [];
  const mistakes: string[] = [];
  const take = (node: Argument | null | undefined, what: string, mustBeText: boolean): void => {
    const text = node && textOf(node);
    if (text !== undefined && text !== null) texts.push(text);
    else if (node && (mustBeText || isComposed(node))) {
      const line = source.slice(0, node.start).split('\n').length;
      mistakes.push(`line ${line}: ${what} must be a literal. Write say('… {0} …', value), see src/util/sentence.ts.`);
    }
  };
  const visitor = new Visitor({
    CallExpression({ callee, arguments: [text] }) {
      if (isTranslation(callee)) take(text, 'the text of a translation', true);
    },
    NewExpression({ callee, arguments: [, message] }) {
      const isOurs = callee.type === 'Identifier' && /^(Tinytown|Codex)Error$/.test(callee.name);
      if (isOurs) take(message, 'the message of an error', false);
    },
    Property({ key, value }) {
      if (key.type === 'Identifier' && key.name === 'hint') take(value as Argument, 'a hint', false);
    },
    VariableDeclarator({ id, init }) {
      if (id.type === 'Identifier' && id.name === 'hint') take(init, 'a hint', false);
    },
  });
  visitor.visit(parseSync('source.ts', source).program);
  return { texts, mistakes };
}

/** Whether this is `t` or `say`, or a member `t` such as `vscode.l10n.t`. */
function isTranslation(callee: Argument): boolean {
  if (callee.type === 'Identifier') return callee.name === 't' || callee.name === 'say';
  return callee.type === 'MemberExpression' && !callee.computed && callee.property.name === 't';
}

/** The text of a literal. */
function textOf(node: Argument): string | undefined {
  if (node.type === 'Literal') return typeof node.value === 'string' ? node.value : undefined;
  if (node.type !== 'TemplateLiteral' || node.expressions.length > 0) return undefined;
  return node.quasis[0]?.value.cooked ?? undefined;
}

/** Whether the text is composed by `+`, or by a template with values. */
function isComposed(node: Argument): boolean {
  return node.type === 'TemplateLiteral' || (node.type === 'BinaryExpression' && node.operator === '+');
}
