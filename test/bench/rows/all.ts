/** The rows in the order of the table. */
import type { Row } from '../measure.ts';
import { coldExec } from './coldExec.ts';
import { steerOverhead } from './steerOverhead.ts';
import { turnOverhead } from './turnOverhead.ts';

export const rows: readonly Row[] = [turnOverhead, steerOverhead, coldExec];
