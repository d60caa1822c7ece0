import assert from 'node:assert/strict';
import { PassThrough, Writable } from 'node:stream';
import * as fc from 'fast-check';
import type { Message } from 'vscode-jsonrpc';
import { NdjsonReader, NdjsonWriter } from '../../../src/codex/ndjson.ts';
import { eventually } from '../../support/eventually.ts';

interface Reading {
  messages: unknown[];
  errors: string[];
}

/** Feeds the chunks to a reader and resolves when it has come to the end of them. */
async function read(chunks: Iterable<Buffer | string>, limits = {}): Promise<Reading> {
  const stream = new PassThrough();
  const reader = new NdjsonReader(stream, limits);
  const messages: unknown[] = [];
  const errors: string[] = [];
  const closed = new Promise<void>((resolve) => reader.onClose(() => resolve()));
  reader.onError((error) => errors.push(error.message));
  reader.listen((message) => {
    messages.push(message);
    reader.handled(message);
  });
  for (const chunk of chunks) {
    if (!stream.write(chunk)) await new Promise((resolve) => stream.once('drain', resolve));
  }
  stream.end();
  await Promise.all([closed, reader.drained]);
  return { messages, errors };
}

describe('the NDJSON reader', () => {
  it('reads a message a line, with either line end, and skips empty lines', async () => {
    const { messages, errors } = await read(['{"a":1}\n\n{"b":2}\r\n  \n', '{"c":3}\n']);
    assert.deepEqual(messages, [{ a: 1 }, { b: 2 }, { c: 3 }]);
    assert.deepEqual(errors, []);
  });

  it('puts characters together that are split across chunks', async () => {
    const bytes = Buffer.from('{"text":"größer 🏘️ 町"}\n');
    const { messages } = await read(Array.from(bytes, (byte) => Buffer.from([byte])));
    assert.deepEqual(messages, [{ text: 'größer 🏘️ 町' }]);
  });

  it('gives the same messages however they are cut', async () => {
    const value = fc.dictionary(fc.string(), fc.oneof(fc.string({ unit: 'binary' }), fc.integer(), fc.constant(null)));
    await fc.assert(
      fc.asyncProperty(fc.array(value), fc.array(fc.nat(64)), async (sent, cuts) => {
        const bytes = Buffer.from(sent.map((message) => `${JSON.stringify(message)}\n`).join(''));
        const chunks: Buffer[] = [];
        let from = 0;
        for (const cut of cuts) {
          chunks.push(bytes.subarray(from, from + cut));
          from += cut;
        }
        chunks.push(bytes.subarray(from));
        const { messages, errors } = await read(chunks);
        assert.deepEqual(JSON.parse(JSON.stringify(messages)), JSON.parse(JSON.stringify(sent)));
        assert.deepEqual(errors, []);
      }),
      { numRuns: 200 },
    );
  });

  for (const line of ['{"a":', 'not json', '42', 'null', '{"method":"$/cancelRequest"}', '[{"a":1}]', '"text"']) {
    it(`reports the line ${line} and reads on`, async () => {
      const { messages, errors } = await read([`{"before":1}\n${line}\n{"after":1}\n`]);
      assert.deepEqual(messages, [{ before: 1 }, { after: 1 }]);
      assert.equal(errors.length, 1);
      assert.match(errors[0] ?? '', /A line was skipped/);
    });
  }

  it('takes a last line without an end, and reports one that was cut off', async () => {
    assert.deepEqual((await read(['{"a":1}'])).messages, [{ a: 1 }]);
    const cut = await read(['{"a":1}\n{"b":']);
    assert.deepEqual([cut.messages, cut.errors.length], [[{ a: 1 }], 1]);
  });

  it('reads a line of many megabytes in small chunks in linear time', async () => {
    const line = Buffer.from(`${JSON.stringify({ text: 'x'.repeat(32 * 1024 * 1024) })}\n`);
    const chunks = Array.from({ length: Math.ceil(line.length / 4096) }, (_, at) =>
      line.subarray(at * 4096, (at + 1) * 4096),
    );
    const began = performance.now();
    const { messages } = await read(chunks);
    assert.equal((messages[0] as { text: string }).text.length, 32 * 1024 * 1024);
    assert.ok(performance.now() - began < 20_000, 'copying the line for every chunk would take minutes');
  });

  it('skips a line past the limit without keeping it', async () => {
    const { messages, errors } = await read([`{"a":"${'x'.repeat(100)}`, `${'x'.repeat(100)}"}\n{"b":1}\n`], {
      line: 50,
    });
    assert.deepEqual(messages, [{ b: 1 }]);
    assert.match(errors[0] ?? '', /too long/);
  });

  it('lets the stream rest while too many messages wait to be handled', async () => {
    const stream = new PassThrough();
    const reader = new NdjsonReader(stream, { unhandled: 10 });
    let delivered = 0;
    reader.listen(() => (delivered += 1));
    for (let sent = 0; sent < 100; sent += 1) stream.write('{"a":1}\n');
    stream.end();
    await new Promise((resolve) => setImmediate(resolve));
    assert.ok(delivered < 100, `${delivered} were delivered at once`);
    for (let handled = 0; handled < 100; handled += 1) {
      await eventually(() => delivered > handled);
      reader.handled({ jsonrpc: '2.0' });
    }
    await reader.drained;
    assert.equal(delivered, 100);
  });

  it('does not wait for a message that was refused, or that another with its id would have replaced', async () => {
    const stream = new PassThrough();
    const reader = new NdjsonReader(stream);
    const errors: string[] = [];
    const taken: Message[] = [];
    reader.onError(({ message }) => errors.push(message));
    reader.listen((message) => {
      if ('id' in message && message.id === null) throw new Error('no id');
      taken.push(message);
    });
    stream.end(
      '{"id":1,"result":0}\n{"id":1,"result":1}\n{"id":"1","result":2}\n{"id":null,"method":"m"}\n{"id":1,"method":"m"}\n',
    );
    await eventually(() => taken.length === 2);
    for (const message of taken) reader.handled(message);
    await reader.drained;
    assert.equal(errors.filter((error) => error.includes('its id is already in use')).length, 2);
    assert.equal(errors.filter((error) => error.includes('no id')).length, 1);
  });

  it('closes when the stream is destroyed', async () => {
    const stream = new PassThrough();
    const reader = new NdjsonReader(stream);
    const closed = new Promise<void>((resolve) => reader.onClose(() => resolve()));
    reader.onError(() => undefined);
    reader.listen(() => undefined);
    stream.destroy(new Error('gone'));
    await closed;
    await reader.drained;
  });
});

describe('the NDJSON writer', () => {
  const message = { jsonrpc: '2.0', id: 1, method: 'm', params: { text: 'a\nb é' } } as Message;

  it('writes a line without the jsonrpc member', async () => {
    const stream = new PassThrough();
    await new NdjsonWriter(stream).write(message);
    assert.equal(String(stream.read()), '{"id":1,"method":"m","params":{"text":"a\\nb é"}}\n');
  });

  it('writes no half of a surrogate pair, which Codex refuses with the whole line', async () => {
    const stream = new PassThrough();
    const cut = { ...message, params: { text: 'cut \ud83d' } } as Message;
    await new NdjsonWriter(stream).write(cut);
    assert.equal(String(stream.read()), '{"id":1,"method":"m","params":{"text":"cut \\ufffd"}}\n');
  });

  it('is slowed down by one who does not read', async () => {
    let release: (() => void) | undefined;
    const stream = new Writable({
      highWaterMark: 1,
      write: (_chunk, _encoding, done) => {
        release = done;
      },
    });
    let written = false;
    const writing = new NdjsonWriter(stream).write(message).then(() => (written = true));
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(written, false);
    release?.();
    await writing;
  });

  it('rejects for one who has gone, and does nothing else', async () => {
    const stream = new PassThrough();
    const writer = new NdjsonWriter(stream);
    stream.destroy(new Error('EPIPE'));
    await assert.rejects(writer.write(message));
    await assert.rejects(writer.write(message));
  });
});
