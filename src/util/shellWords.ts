/** Words of a POSIX shell: quotes a text as one word, and parses a line that holds nothing but quoted words. Pure. */

/** Characters that are safe in a word without quotes. */
const plain = /^[\w@%+=:,./-]+$/;

/** `text` as one word for a POSIX shell, which reads exactly this text. */
export function shellWord(text: string): string {
  return plain.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** The words as one line that a shell reads back as exactly these words. */
export function shellLine(words: readonly string[]): string {
  return words.map(shellWord).join(' ');
}

/** One piece of a word: plain, in single quotes, in double quotes, or one character after a backslash. */
const piece = /([^\s'"\\$`|&;<>(){*?[#~])|'([^']*)'|"((?:[^"\\$`]|\\[\s\S])*)"|\\([^\n])/uy;

/**
 * The words of a line, as a POSIX shell would read them. Undefined if the line is more than words: it has an unclosed quote, or
 * an unquoted character with a meaning for the shell, such as `;`, `$` or a line break.
 */
export function wordsOf(line: string): string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  let at = 0;
  while (at < line.length) {
    if (line[at] === ' ') {
      if (word !== undefined) words.push(word);
      word = undefined;
      at += 1;
      continue;
    }
    piece.lastIndex = at;
    const match = piece.exec(line);
    if (!match) return undefined;
    const [whole, bare, single, double, escaped] = match;
    // Inside double quotes a backslash stays, unless one of these follows.
    const unescaped = double?.replaceAll(/\\(["\\$`])|\\\n/g, '$1');
    word = (word ?? '') + (bare ?? single ?? unescaped ?? escaped ?? '');
    at += whole.length;
  }
  if (word !== undefined) words.push(word);
  return words;
}
