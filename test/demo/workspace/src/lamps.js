/** Lamps are lit a little before sunset. */
const EARLY = 15;

export function lightingTime(sunset) {
  return sunset - EARLY;
}
