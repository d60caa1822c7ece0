/** Confirmations that are kept in memory, for one test. */
import type { ConfirmationMemory } from '../../src/loop/trust/confirmations.ts';

export function confirmationMemory(): ConfirmationMemory {
  const keys = new Set<string>();
  return {
    keys: () => [...keys],
    add: async (key) => void keys.add(key),
    delete: async (key) => void keys.delete(key),
  };
}
