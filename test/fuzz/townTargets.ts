/** What other writers leave in Redis, in `tinytown.toml` and in settings. */
import assert from 'node:assert/strict';
import { decodeBatch, decodeDead, decodeHeld, decodeSettled, decodeTurn } from '../../src/town/records/batch.ts';
import { parseTownConfig } from '../../src/town/config.ts';
import { decodeEvent } from '../../src/town/stores/events.ts';
import { classify } from '../../src/town/records/messageClass.ts';
import { decodeMessage, encodeMessage } from '../../src/town/records/messages.ts';
import { resolveAgent, validateAgentName } from '../../src/town/records/names.ts';
import { type Decoded, agentFields, decodeAgent, decodeTask, taskFields } from '../../src/town/records/records.ts';
import { parseRedisUrl, redisUrlOf, socketUrl } from '../../src/town/redis/address.ts';
import { redactUrl } from '../../src/town/redis/errors.ts';
import { matchesRole, roleOf } from '../../src/town/records/roles.ts';
import { TinytownError } from '../../src/util/errors.ts';
import { inEnglish } from '../../src/util/sentence.ts';
import type { Random } from '../support/random.ts';
import { asHash, hostileText, mutated, mutatedText } from './hostile.ts';
import * as sample from './samples.ts';

import type { Target } from './target.ts';

function checked<T>(decoded: Decoded<T>): T | undefined {
  if (decoded.ok) return decoded.value;
  assert.ok(decoded.reason.length > 0 && decoded.reason.length < 500, 'the reason has a sensible length');
  return undefined;
}

/** A message as it stands in a list, spoilt or not. */
export function messageJson(random: Random): string {
  const text = JSON.stringify(mutated(random, random.pick(sample.messages))) ?? '';
  return random.chance(0.1) ? mutatedText(random, text) : text;
}

/** A hostile text without halves of characters, as every address and password is. */
function wellFormed(random: Random): string {
  return Buffer.from(hostileText(random)).toString();
}

export const townTargets: readonly Target[] = [
  {
    name: 'message',
    weight: 20,
    run(random) {
      const message = checked(decodeMessage(messageJson(random)));
      if (!message) return;
      classify(message);
      const again = decodeMessage(encodeMessage(message));
      assert.ok(again.ok);
      assert.deepEqual(again.value, message, 'what is written is what was read');
    },
  },
  {
    name: 'agent',
    weight: 10,
    run(random) {
      const agent = checked(decodeAgent(asHash(mutated(random, sample.agentHash))));
      if (!agent) return;
      roleOf(agent);
      assert.deepEqual(decodeAgent(agentFields(agent)), { ok: true, value: agent });
    },
  },
  {
    name: 'task',
    weight: 10,
    run(random) {
      const task = checked(decodeTask(asHash(mutated(random, sample.taskHash))));
      if (!task) return;
      matchesRole('backend', task);
      assert.deepEqual(decodeTask(taskFields(task)), { ok: true, value: task });
    },
  },
  {
    name: 'batch',
    weight: 6,
    run(random) {
      const text = (value: unknown): string => JSON.stringify(mutated(random, value)) ?? '';
      checked(decodeBatch(text(sample.batch)));
      checked(decodeHeld(text(sample.held)));
      checked(decodeDead(text(sample.dead)));
      checked(decodeSettled(text(sample.settled)));
      const turn = decodeTurn(asHash(mutated(random, sample.turnHash)));
      assert.ok(Number.isFinite(turn.notBefore));
    },
  },
  {
    name: 'event',
    weight: 6,
    run(random) {
      const data = JSON.stringify(mutated(random, sample.event)) ?? '';
      const fields = ['event_type', 'agent_turn_started', 'data', data];
      checked(decodeEvent('1-1', random.chance(0.2) ? fields.slice(random.whole(0, 4)) : fields));
    },
  },
  {
    name: 'tinytown.toml',
    weight: 6,
    run(random) {
      const read = parseTownConfig(mutatedText(random, sample.toml), '/towns/folder');
      checked(read.ok ? read : { ok: false, reason: inEnglish(read.reason) });
    },
  },
  {
    name: 'names',
    weight: 4,
    run(random) {
      const agents = [{ id: sample.agentHash.id, name: hostileText(random), nickname: hostileText(random) }];
      validateAgentName(hostileText(random), agents);
      resolveAgent(hostileText(random), agents);
    },
  },
  {
    name: 'address',
    weight: 4,
    run(random) {
      const secret = `s3cret${random.whole(0, 999)}`;
      const scheme = random.pick(['redis', 'rediss', 'unix', hostileText(random)]);
      const url = random.chance(0.5)
        ? `${scheme}://${random.pick(['', 'user', hostileText(random)])}:${secret}@${hostileText(random)}`
        : `unix:///tmp/x?user=a&pass=${secret}&${hostileText(random)}`;
      assert.ok(
        !redactUrl(url).includes(secret),
        `a password is shown: ${JSON.stringify(redactUrl(url))} of ${JSON.stringify(url)}`,
      );
      try {
        parseRedisUrl(url);
      } catch (error) {
        if (!(error instanceof TinytownError)) throw error;
        assert.ok(!`${error.message}${error.hint ?? ''}`.includes(secret), 'an error holds no password');
      }
    },
  },
  {
    name: 'address of parts',
    weight: 4,
    run(random) {
      const [user, password] = [wellFormed(random), wellFormed(random)];
      if (!user || !password) return;
      const credentials = `${encodeURIComponent(user)}:${encodeURIComponent(password)}`;
      const place = { path: `/tmp/${wellFormed(random)}`, db: random.whole(0, 9999) };
      const bySocket = socketUrl(place.path).replace('unix://', `unix://${credentials}@`);
      assert.deepEqual(parseRedisUrl(`${bySocket}?db=${place.db}`), { ...place, username: user, password });
      const [host, bracketed] = random.pick([
        ['h', 'h'],
        ['fe80::1', '[fe80::1]'],
      ] as const);
      const options = { host, port: random.whole(1, 65535), db: place.db, username: user, password };
      const url = `redis://${credentials}@${bracketed}:${options.port}/${place.db}`;
      assert.deepEqual(parseRedisUrl(url), options);
      const other = wellFormed(random);
      if (other === '') return;
      for (const whole of [url, `${bySocket}?db=${place.db}`]) {
        const again = redisUrlOf({ kind: 'url', source: 'setting', url: whole, password: other });
        assert.deepEqual(parseRedisUrl(again), { ...parseRedisUrl(whole), password: other });
      }
    },
  },
];
