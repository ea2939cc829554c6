// Times of tickets as whole minutes and as words. Pure: "now" is given, on the server's clock.
import type { Say } from "../shared/words";

/** Whole minutes since a time, never negative; 0 for a time that does not read. */
export function minutesSince(text: string | null, now_ms: number): number {
  const since = text === null ? Number.NaN : Date.parse(text);
  return Number.isFinite(since) ? Math.max(0, Math.floor((now_ms - since) / 60_000)) : 0;
}

export function minutesBetween(from: string, until: string | null): number {
  return until === null ? 0 : minutesSince(from, Date.parse(until));
}

export function minutesWords(say: Say, minutes: number): string {
  return minutes < 1 ? say("minutes-none") : say("minutes", { count: minutes });
}
