/**
 * Finds characters that people cannot see or can mistake: characters that draw nothing, change the direction, overlay others, or
 * look like others. Whoever approves a command must see them. Pure.
 */

/**
 * Controls except line feed and tab, format characters, default-ignorable ones (fillers, tags, variation selectors), line and
 * paragraph separators, spaces other than the usual one, half surrogates, private and unassigned characters, marks without a
 * letter or that enclose one, and the few letters and symbols that are blank.
 */
const hidden =
  /(?![\n\t])[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}\p{Me}\u2800\u{13441}\u{13442}\u{16fe4}\u{1d159}]|(?! )\p{Zs}|(?<![\p{L}\p{M}])\p{M}/gu;
/** The hidden characters that draw nothing at all, wherever they stand. */
const invisible =
  /[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\p{Cs}\p{Cn}\u2800\u{13441}\u{13442}\u{16fe4}\u{1d159}]/gu;

/** `text` with each hidden character replaced by its code, such as `\u{200b}`. Line feeds and tabs stay. */
export function spellHidden(text: string): string {
  return text.replace(hidden, spell);
}

/** Letters that are written from right to left, for a character class. */
const TURNED = '\\u0590-\\u08ff\\ufb1d-\\ufdff\\ufe70-\\ufefc\\u{10800}-\\u{10fff}\\u{1e800}-\\u{1efff}';
const turned = new RegExp(`[${TURNED}]`, 'gu');
/** The text between two such words, or between one and a number, is drawn in the opposite order: `א > ב` reads as `ב < א`. */
const reordered = new RegExp(`[${TURNED}](?:[^\\p{L}]*\\p{N}|[^${TURNED}\\p{L}][^\\p{L}]*[${TURNED}])`, 'u');

/** Like {@link spellHidden}, for commands and names. Also spells letters that would change the order of words on their line. */
export function spellOut(text: string): string {
  const lines = spellHidden(text).split('\n');
  return lines.map((line) => (reordered.test(line) ? line.replace(turned, spell) : line)).join('\n');
}

function spell(character: string): string {
  return `\\u{${codeOf(character)}}`;
}

/**
 * The same key for all names that people cannot tell apart: names that differ only in case, normalization, hidden characters or
 * the number of blanks.
 */
export function nameKey(name: string): string {
  const folded = name.normalize('NFKC').replace(invisible, '').toUpperCase().toLowerCase().normalize('NFKC');
  return folded.replace(/\s+/g, ' ').trim();
}

/** Whether {@link spellHidden} changes anything. */
export function hidesCharacters(text: string): boolean {
  return text.search(hidden) >= 0;
}

/** A character that can be taken for another one, with its code point (`U+0430`). */
export interface LookAlike {
  character: string;
  code: string;
}

/** Letters of these scripts may look like Latin ones. */
const similarScript =
  /[\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Armenian}\p{Script=Cherokee}\p{Script=Coptic}\p{Script=Lisu}\p{Script=Deseret}\p{Script=Tifinagh}]/u;
/** Letters that look exactly like Latin ones. A word made only of them reads as a Latin word. */
const drawnAlike = /^[аеорсухіјѕԁһԛԝАВЕКМНОРСТХУІЈЅԌԚԜονρΑΒΕΖΗΙΚΜΝΟΡΤΥΧϲϳօսոցհ]{2,}$/u;
/** Dashes, slashes, colons, bars and quotes that a shell does not treat as such, and Latin letters that look like others. */
const oddCharacter =
  /[\u00b4\u0131\u0251\u0261\u01c0\u01c3\u02b9-\u02bf\u02c8\u02cb\u02d0\u02d7\u0589\u05be\u05c3\u05f3\u05f4\u060c\u066a\u066d\u06d4\u2010-\u2015\u2016-\u201f\u2032-\u2037\u2039\u203a\u2043\u2044\u204e\u2052\u2053\u2212\u2215\u2216\u2217\u2223\u2236\u223c\u2758\u275b-\u275e\u29f5\u29f8\u29f9\u3014\u3015\u3001\u3002\ua4fa\ua789]/u;

/** The characters of `text` that can be mistaken for others, each once, at most `limit`. */
export function lookAlikesIn(text: string, limit = Infinity): LookAlike[] {
  const found = new Set<string>();
  for (const [word] of text.matchAll(/[\p{L}\p{M}\p{N}]+/gu)) {
    if (!/\P{ASCII}/u.test(word)) continue;
    const mixed = /\p{Script=Latin}/u.test(word);
    if (!mixed && !drawnAlike.test(word)) continue;
    for (const letter of word) if (!mixed || similarScript.test(letter)) found.add(letter);
  }
  for (const [character] of text.matchAll(/\P{ASCII}/gu)) {
    if (oddCharacter.test(character) || /^[!-~]$/.test(character.normalize('NFKC'))) found.add(character);
  }
  return [...found]
    .slice(0, limit)
    .map((character) => ({ character, code: `U+${codeOf(character, 4).toUpperCase()}` }));
}

function codeOf(character: string, digits = 0): string {
  return (character.codePointAt(0) ?? 0).toString(16).padStart(digits, '0');
}
