/** A wall clock that tests can set, for this process only. The steady clock and timers are unaffected. */
const RealDate = Date;
let offsetMs = 0;

class WrongDate extends RealDate {
  constructor(...args: [] | [string | number | Date]) {
    if (args.length === 0) super(RealDate.now() + offsetMs);
    else super(...args);
  }

  static override now(): number {
    return RealDate.now() + offsetMs;
  }
}

/** From now on this process's wall clock differs by `byMs` from the real one. */
export function jumpClock(byMs: number): void {
  offsetMs = byMs;
  globalThis.Date = WrongDate as DateConstructor;
}
