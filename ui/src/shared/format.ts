// Times, dates and ranges as words. Pure: the site's offset and the time are given. Numbers go into the words already
// formatted or as plain small integers, so the slip and the voice, made elsewhere, read the same.
import type { NextOpening } from "../bindings";
import type { Say } from "./words";

const DAY_MS = 86_400_000;

const two = (value: number) => String(value).padStart(2, "0");

/** "14:05" on the site's wall clock. */
export function clock(time_ms: number, offset_minutes: number): string {
  const local = new Date(time_ms + offset_minutes * 60_000);
  return `${two(local.getUTCHours())}:${two(local.getUTCMinutes())}`;
}

/** "samedi 21 novembre" on the site's calendar. */
export function longDate(say: Say, time_ms: number, offset_minutes: number): string {
  const local = new Date(time_ms + offset_minutes * 60_000);
  const weekday = local.getUTCDay() === 0 ? 7 : local.getUTCDay();
  return say("date-long", {
    weekday: say(`weekday-${weekday}`),
    day: local.getUTCDate(),
    month: say(`month-${local.getUTCMonth() + 1}`),
  });
}

/** A time to read back: the clock alone for today, with the date for another day. */
export function sinceWhen(say: Say, time_ms: number, now_ms: number, offset_minutes: number): string {
  const day = (time: number) => Math.floor((time + offset_minutes * 60_000) / DAY_MS);
  const time = clock(time_ms, offset_minutes);
  return day(time_ms) === day(now_ms) ? time : say("date-and-time", { date: longDate(say, time_ms, offset_minutes), time });
}

/** "5 à 10 minutes", "moins de 2 minutes", or that it is not known. */
export function waitRange(say: Say, range: [number, number] | null): string {
  if (range === null) return say("wait-unknown");
  const [least, most] = range;
  if (least <= 0) return say("wait-under", { max: Math.max(1, most) });
  if (least === most) return say("wait-about", { max: most });
  return say("wait-range", { min: least, max: most });
}

/** 21.5 as "21,5" where that is how it is written. */
export function decimal(say: Say, value: number): string {
  return String(value).replace(".", say("decimal-mark"));
}

/** "10–15", "5" or "<2": the figures alone, for the board, always read left to right. */
export function shortRange([least, most]: [number, number]): string {
  if (least <= 0) return `<${Math.max(1, most)}`;
  return least === most ? String(most) : `${least}–${most}`;
}

/** "Réouverture demain à 09:00". */
export function nextOpening(say: Say, opening: NextOpening): string {
  const time = `${two(Math.floor(opening.minute / 60))}:${two(opening.minute % 60)}`;
  if (opening.in_days === 0) return say("opening-today", { time });
  if (opening.in_days === 1) return say("opening-tomorrow", { time });
  return say("opening-day", { weekday: say(`weekday-${opening.weekday}`), time });
}
