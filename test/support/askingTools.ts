/** A tool server (MCP, stdio) whose tools ask people before they answer, for tests: `form`, `bags`, `link` and `plain`. */
import { createInterface } from 'node:readline';
import * as z from 'zod/mini';

const incoming = z.looseObject({
  id: z.optional(z.union([z.number(), z.string()])),
  method: z.optional(z.string()),
  params: z.optional(z.looseObject({ name: z.optional(z.string()), protocolVersion: z.optional(z.string()) })),
  result: z.optional(z.unknown()),
});
type Incoming = z.infer<typeof incoming>;
type Id = Incoming['id'];

const elicitations: Record<string, Record<string, unknown>> = {
  form: {
    mode: 'form',
    message: 'Where to?',
    requestedSchema: {
      type: 'object',
      properties: {
        city: {
          type: 'string',
          title: 'City',
          minLength: 2,
          description: '$(home) by [rail](command:workbench.action.quit)',
        },
        seats: { type: 'integer', minimum: 1, maximum: 9, default: 2 },
        window: { type: 'boolean', title: 'Window seat' },
        class: { type: 'string', enum: ['first', 'second'] },
      },
      required: ['city'],
    },
  },
  bags: {
    mode: 'form',
    message: 'What goes into the bags?',
    requestedSchema: {
      type: 'object',
      properties: {
        things: {
          type: 'array',
          title: 'Things',
          minItems: 2,
          items: { type: 'string', enum: ['Lamp', 'Rope', 'Tent'] },
        },
      },
      required: ['things'],
    },
  },
  link: { mode: 'url', message: 'Sign in there', url: 'https://example.com/sign-in', elicitationId: 'e-1' },
};

/** Tool calls that wait for a person's answer, by the id of our request. */
const asked = new Map<Id, Id>();

function send(message: Record<string, unknown>): void {
  process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
}

function handle({ id, method, params, result }: Incoming): void {
  switch (method) {
    case undefined:
      send({ id: asked.get(id), result: { content: [{ type: 'text', text: `answered: ${JSON.stringify(result)}` }] } });
      return;
    case 'initialize':
      send({
        id,
        result: {
          protocolVersion: params?.protocolVersion,
          capabilities: { tools: {} },
          serverInfo: { name: 'asking', version: '1' },
        },
      });
      return;
    case 'tools/list': {
      const names = ['form', 'bags', 'link', 'plain'];
      send({ id, result: { tools: names.map((name) => ({ name, inputSchema: { type: 'object', properties: {} } })) } });
      return;
    }
    case 'tools/call': {
      const question = elicitations[params?.name ?? ''];
      if (!question) {
        send({ id, result: { content: [{ type: 'text', text: 'done' }] } });
        return;
      }
      const own = `ask-${asked.size}`;
      asked.set(own, id);
      send({ id: own, method: 'elicitation/create', params: question });
      return;
    }
    default:
      if (id !== undefined) send({ id, error: { code: -32601, message: 'Not here.' } });
  }
}

createInterface({ input: process.stdin }).on('line', (line) => handle(incoming.parse(JSON.parse(line))));
