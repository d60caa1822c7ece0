/** What a target of the fuzzer is: it takes a case's chance, makes something hostile of it, and fails by throwing. */
import type { Random } from '../support/random.ts';

export interface Target {
  name: string;
  /** How often it is chosen, against the others. */
  weight: number;
  run(random: Random): void | Promise<void>;
}
