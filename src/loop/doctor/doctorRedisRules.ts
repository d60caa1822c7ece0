/** The doctor's rules for Redis. */
import { type Sentence, say } from '../../util/sentence.ts';
import { type Check, ok } from './check.ts';
import type { RedisFacts } from './doctorFacts.ts';

/** From here on, people notice the delay, in milliseconds. */
const SLOW_MS = 20;

const sources: Record<'setting' | 'environment' | 'tinytown.toml' | 'private', Sentence> = {
  setting: say('from the setting tinytown.redis.url'),
  environment: say('from the environment’s REDIS_URL'),
  'tinytown.toml': say('from tinytown.toml'),
  private: say('the town’s own'),
};

/** How the town's Redis is reached, how fast it is, and how it keeps what is written. */
export function redisChecks(facts: RedisFacts): Check[] {
  switch (facts.state) {
    case 'missing': {
      const { found, hint } = facts.problem;
      return [{ name: 'redis', state: 'failed', found, mend: hint ?? say('Install Redis.') }];
    }
    case 'notStarted':
      return [ok('redis', say('Redis is not running; {0} is started with the town.', facts.program))];
    case 'problem': {
      const own =
        facts.source === 'private'
          ? say('Run “Tinytown: Try Again”, which starts it; “Tinytown: Show Log” says what goes wrong.')
          : say('Start it or correct its address; a password is set by “Tinytown: Set Redis Password…”.');
      const found = say('{0} ({1})', facts.problem.found, sources[facts.source]);
      return [{ name: 'redis', state: 'failed', found, mend: facts.problem.hint ?? own }];
    }
    case 'connected':
      return connected(facts);
  }
}

function connected({ where, source, health, notifies }: Extract<RedisFacts, { state: 'connected' }>): Check[] {
  const version = health.version ?? '?';
  const trip = health.roundTripMs.toFixed(health.roundTripMs < 1 ? 2 : 0);
  const speed = say('Redis answers in {0} ms.', trip);
  return [
    ok('redis', say('Redis {0} at {1}, {2}.', version, where, sources[source])),
    health.roundTripMs < SLOW_MS
      ? ok('redisSpeed', speed)
      : {
          name: 'redisSpeed',
          state: 'warning',
          found: speed,
          mend: say('Use a Redis closer to this machine.'),
        },
    persistence(health),
    memory(health),
    ...notifications(notifies),
  ];
}

type Health = Extract<RedisFacts, { state: 'connected' }>['health'];

function persistence({ appendOnly, writable }: Health): Check {
  const name = 'redisPersistence';
  if (writable === false) {
    const mend = say('Check its log, and whether its disk is full.');
    return { name, state: 'failed', found: say('Redis could not write to its disk.'), mend };
  }
  if (appendOnly === true) return ok(name, say('Redis keeps every change on disk.'));
  if (appendOnly === undefined) {
    const mend = say('Ask its administrator whether it has an append-only file. Without one, a crash loses messages.');
    return { name, state: 'warning', found: say('Redis does not say whether it persists its data.'), mend };
  }
  const found = say('Redis has no append-only file. A crash loses the latest changes.');
  return { name, state: 'warning', found, mend: say('On that Redis: CONFIG SET appendonly yes') };
}

function memory({ maxMemory, maxMemoryPolicy }: Health): Check {
  const name = 'redisMemory';
  if (maxMemory === 0 || maxMemoryPolicy === 'noeviction') {
    return ok(name, say('Redis evicts nothing when its memory is full.'));
  }
  const mend = say('On that Redis: CONFIG SET maxmemory-policy noeviction');
  if (maxMemoryPolicy === undefined) {
    return { name, state: 'warning', found: say('Redis does not say what it does when its memory is full.'), mend };
  }
  const found = say('Redis evicts messages when its memory is full (maxmemory-policy {0}).', maxMemoryPolicy);
  return { name, state: 'failed', found, mend };
}

function notifications(notifies: boolean | undefined): Check[] {
  if (notifies === undefined) return [];
  if (notifies) return [ok('redisNotifications', say('Redis reports changes immediately.'))];
  const found = say('Redis does not report changes. Tinytown polls for them, which is slower.');
  const mend = say('On that Redis: CONFIG SET notify-keyspace-events Kghl$tx');
  return [{ name: 'redisNotifications', state: 'warning', found, mend }];
}
