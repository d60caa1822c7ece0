/** A command-line agent that is not Codex: writes down what it was asked, as one line of JSON in the file it is given, and takes its time. */
import { appendFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';

const prompt = await text(process.stdin);
appendFileSync(process.argv[2] ?? '', `${JSON.stringify(prompt)}\n`);
await new Promise((resolve) => setTimeout(resolve, prompt.length % 300));
process.stdout.write('done\n');
