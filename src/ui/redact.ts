/** Removes secrets from text before it is logged: known secrets, and text that looks like one. */

const patterns: readonly [RegExp, string][] = [
  // A password in a URL.
  [/(\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@"']*:)[^\s@"']+@/gi, '$1***@'],
  [/\bsk-[\w-]{8,}/g, 'sk-***'],
  [/\b(Bearer\s+)[\w.~+/=-]{8,}/gi, '$1***'],
  // A JSON field whose name says that it is a secret. The value may contain escaped quotes.
  [/("(?:\w*_?token|\w*api_?key|password|secret|authorization)"\s*:\s*")(?:[^"\\]|\\.)*"/gi, '$1***"'],
];

/** @param known Secrets that this program holds. Short ones are kept, because replacing them would blank half the text. */
export function redact(text: string, known: readonly string[]): string {
  let clean = text;
  for (const secret of known) if (secret.length >= 4) clean = clean.replaceAll(secret, '***');
  for (const [pattern, replacement] of patterns) clean = clean.replace(pattern, replacement);
  return clean;
}
