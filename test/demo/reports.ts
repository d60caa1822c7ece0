/** What the driver, inside the editor, tells the terminal: one JSON object a line in a file that the environment names. */
import type { RuntimeEvent } from '../../src/runtime/codingAgent.ts';

export const REPORTS_FILE = 'TINYTOWN_DEMO_REPORTS';

export type Report =
  | { type: 'town'; name: string }
  | { type: 'spawned'; agent: string }
  | { type: 'task'; agent: string; text: string }
  | { type: 'steer'; agent: string; text: string }
  | { type: 'state'; agent: string; state: string }
  | { type: 'event'; agent: string; event: RuntimeEvent }
  /** All have done what they were asked to. */
  | { type: 'done' }
  | { type: 'failed'; message: string };
