/** Finds the keys under a town's prefix. Scans all of Redis, so it runs only at the start and after a loss. */
import type { KeyKind, TownKeys } from '../keys.ts';
import type { TownRedis } from '../redis/connect.ts';

export interface FoundKey {
  key: string;
  kind: KeyKind;
  id: string | undefined;
}

const PER_STEP = 1_000;

/** Every key of the town, or those of one kind with an id. */
export async function scanTown(redis: TownRedis, keys: TownKeys, kind?: 'agent' | 'task'): Promise<FoundKey[]> {
  const pattern = kind === undefined ? keys.pattern : keys.patternOf(kind);
  const found = new Map<string, FoundKey>();
  let cursor = '0';
  do {
    const from = cursor;
    const [next, names] = await redis.read((client) => client.scan(from, 'MATCH', pattern, 'COUNT', PER_STEP));
    for (const key of names) {
      const parsed = keys.parse(key);
      if (parsed) found.set(key, { key, kind: parsed.kind, id: parsed.id });
    }
    cursor = next;
  } while (cursor !== '0');
  return [...found.values()];
}
