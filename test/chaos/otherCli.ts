/** A command-line agent that is not Codex. Appends its prompt, as a line of JSON, to a given file, then takes a while. */
import { appendFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';

const prompt = await text(process.stdin);
appendFileSync(process.argv[2] ?? '', `${JSON.stringify(prompt)}\n`);
await new Promise((resolve) => setTimeout(resolve, prompt.length % 300));
process.stdout.write('done\n');
