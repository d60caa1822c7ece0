/** The rows in the order of the table. */
import type { Row } from '../measure.ts';
import { activation } from './activation.ts';
import { agents100 } from './agents100.ts';
import { coldExec } from './coldExec.ts';
import { floodRefreshes } from './floodRefreshes.ts';
import { idle } from './idle.ts';
import { memory } from './memory.ts';
import { notifications } from './notifications.ts';
import { roundTrips } from './roundTrips.ts';
import { steerOverhead } from './steerOverhead.ts';
import { ttLoop } from './ttLoop.ts';
import { turnOverhead } from './turnOverhead.ts';
import { wakeFromCold } from './wakeFromCold.ts';

export const rows: readonly Row[] = [
  turnOverhead,
  steerOverhead,
  coldExec,
  ttLoop,
  wakeFromCold,
  notifications,
  floodRefreshes,
  idle,
  agents100,
  memory,
  activation,
  roundTrips,
];
