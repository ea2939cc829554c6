// What a manager sees of a branch, worked out from the server's lists. Pure: the time is given, on the server's clock.
import type { Queue, Site, Station, Ticket } from "../server";

/** A station speaks every 15 s: after three missed heartbeats it counts as silent. */
export const SILENT_AFTER_MS = 50_000;
/** A day has more tickets than anybody reads. */
export const TICKETS_SHOWN = 50;

export type Lists = { sites: Site[]; queues: Queue[]; live: Ticket[]; newest: Ticket[]; stations: Station[] };

export type QueueRow = { queue: Queue; waiting: number; longest_minutes: number | null; called: number };

export function queueRows({ queues, live }: Pick<Lists, "queues" | "live">, now_ms: number): QueueRow[] {
  return queues.map((queue) => {
    const here = live.filter((ticket) => ticket.queue === queue.id);
    const waits = here
      .filter((ticket) => ticket.status === "en_attente")
      .map((ticket) => Math.max(0, Math.floor((now_ms - Date.parse(ticket.created_at)) / 60_000)));
    const called = here.filter((ticket) => ticket.status === "appelé" || ticket.status === "en_service").length;
    return { queue, waiting: waits.length, longest_minutes: waits.length === 0 ? null : Math.max(...waits), called };
  });
}

export type StationState = "online" | "silent" | "never" | "revoked";

export function stationState(station: Station, now_ms: number): StationState {
  if (station.revoked_at !== null) return "revoked";
  if (station.seen_at === null) return "never";
  return now_ms - Date.parse(station.seen_at) <= SILENT_AFTER_MS ? "online" : "silent";
}

/** The tickets that were taken on this calendar day of the site, the newest first. */
export function today(tickets: Ticket[], timezone: string, now_ms: number): Ticket[] {
  const day = dayIn(timezone);
  const now = day(now_ms);
  return tickets
    .filter((ticket) => day(Date.parse(ticket.created_at)) === now)
    .sort((a, b) => Date.parse(b.created_at) - Date.parse(a.created_at));
}

function dayIn(timezone: string): (time_ms: number) => string {
  const options = { year: "numeric", month: "2-digit", day: "2-digit" } as const;
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat("en-CA", { ...options, timeZone: timezone });
  } catch {
    // A zone that this browser does not know: its own day is the nearest thing.
    format = new Intl.DateTimeFormat("en-CA", options);
  }
  return (time_ms) => (Number.isFinite(time_ms) ? format.format(time_ms) : "");
}
