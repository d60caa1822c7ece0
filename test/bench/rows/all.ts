/** The rows in the order of the table. */
import type { Row } from '../measure.ts';
import { coldExec } from './coldExec.ts';
import { idle } from './idle.ts';
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
  idle,
  roundTrips,
];
