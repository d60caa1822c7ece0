/** The rows in the order of the table. */
import type { Row } from '../measure.ts';
import { coldExec } from './coldExec.ts';
import { idle } from './idle.ts';
import { roundTrips } from './roundTrips.ts';
import { steerOverhead } from './steerOverhead.ts';
import { ttLoop } from './ttLoop.ts';
import { turnOverhead } from './turnOverhead.ts';

export const rows: readonly Row[] = [turnOverhead, steerOverhead, coldExec, idle, roundTrips, ttLoop];
