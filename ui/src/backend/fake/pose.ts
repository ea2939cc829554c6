// Reads the address bar into a state of the imitated station, so that a test, a picture or a person reaches any screen
// directly: ?face=kiosk&screen=result&print=failed&lang=ar&fault=paper_out&text=large. Pure but for the lobby it poses.
import type { ClosedReason, FaultCode, KioskScreen, Language, PrintState, RefusalReason, ServerProblem, SetupProfile, UnlockOutcome, View } from "../../bindings";
import { callLine, type Lobby, type Wishes } from "./lobby";
import { freshProfile, PRINTERS } from "./site";

export const FAULTS: FaultCode[] = [
  "printer_missing", "printer_offline", "paper_out", "paper_near_end", "cover_open", "cutter_jam", "printer_hot", "printer_defect", "printer_unknown", "printer_busy",
  "sound_unavailable", "journal_failed", "server_refused", "not_paired", "clock_doubtful",
  "numbers_run_low", "records_set_aside", "configuration_refused",
];
export const REFUSALS: RefusalReason[] = ["unknown_queue", "service_closed", "queue_full", "paused", "not_paired", "journal_failed"];
export const PRINTS: PrintState[] = ["issued", "printing", "printed", "unconfirmed", "failed", "unknown"];
export const CONNECTIONS: View["connection"]["state"][] = ["online", "connecting", "offline", "standalone"];
export const CLOSED: ClosedReason[] = ["hours", "paused", "no_service"];
export const UNLOCKS: UnlockOutcome[] = ["ask", "wrong_pin", "locked_out"];
export const SERVER_PROBLEMS: ServerProblem[] = ["unreachable", "not_a_server", "token_refused", "bad_address", "clock", "busy", "not_written"];
export const KIOSK_SCREENS: KioskScreen["kind"][] = ["starting", "home", "issuing", "result", "refused", "closed", "unlock", "maintenance"];
const LANGUAGES: Language[] = ["fr", "en", "ar", "wo", "es", "pt"];
const MODES: View["mode"][] = ["kiosk", "board", "all"];

/** A value of the address bar if it is one of those we know, or `otherwise`. */
export function oneOf<T extends string>(params: URLSearchParams, name: string, known: readonly T[], otherwise: T): T {
  const asked = params.get(name);
  return known.find((value) => value === asked) ?? otherwise;
}

export function wishes(params: URLSearchParams, now_ms: number): Wishes {
  return {
    mode: oneOf(params, "mode", MODES, "all"),
    language: oneOf(params, "lang", LANGUAGES, "fr"),
    services: Math.min(8, Math.max(1, Number(params.get("services") ?? "5") || 5)),
    print: oneOf(params, "print", PRINTS, "printed"),
    follow: params.get("follow") !== "0",
    faults: FAULTS.filter((code) => (params.get("fault") ?? "").split(",").includes(code)),
    connection: oneOf(params, "connection", CONNECTIONS, "online"),
    large_text: params.get("text") === "large",
    high_contrast: params.get("contrast") === "high",
    low_reach: params.get("reach") === "low",
    still: params.get("still") === "1",
    now_ms,
  };
}

/** Puts the lobby where the address bar wants it. */
export function pose(lobby: Lobby, params: URLSearchParams, now_ms: number): void {
  const kiosk = lobby.view.kiosk;
  const board = lobby.view.board;
  if (!kiosk || !board) return;
  const [first, second, third] = kiosk.services;
  if (!first) return;

  const tile = params.get("tile");
  if (tile !== null && second && third) {
    Object.assign(second, { state: "closed", next_opening: { in_days: 1, weekday: 1, minute: 540 }, waiting: null, wait_minutes: null });
    Object.assign(third, { state: "full", waiting: 40, wait_minutes: null });
  }
  if (params.get("waits") === "unknown") for (const service of kiosk.services) Object.assign(service, { waiting: null, wait_minutes: null });

  const kind = oneOf(params, "screen", KIOSK_SCREENS, "home");
  kiosk.screen = kioskScreen(kind, lobby, params, now_ms);
  if (params.get("warning") === "1") kiosk.session.warning_until_ms = now_ms + 20_000;
  if (params.get("closed") === "1") board.open = false;

  lobby.view.tickets = [3, 2, 1].map((back) => ({
    id: `00000000-0000-4000-8000-00000000000${back}`,
    number: `${first.letter}${String(40 + back).padStart(3, "0")}`,
    queue: first.queue,
    state: back === 3 ? "unconfirmed" : back === 2 ? "failed" : "printed",
    issued_at: new Date(now_ms - (4 - back) * 240_000).toISOString(),
    synced: back !== 3,
  }));

  const calls = Number(params.get("calls") ?? "0");
  const past = Number(params.get("recent") ?? "6");
  const line = (order: number, minutes: number) => {
    const service = kiosk.services[order % kiosk.services.length] ?? first;
    return callLine(service, 44 - order, String((order % 5) + 1), 1000 - order, now_ms - minutes * 60_000);
  };
  board.calling = Array.from({ length: Math.min(2, calls) }, (_, order) => ({ ...line(order, 0), recall: order === 0 && params.get("recall") === "1", late: params.get("late") === "1" }));
  board.recent = Array.from({ length: Math.min(6, past) }, (_, order) => line(order + calls, 2 + order * 3));
}

function kioskScreen(kind: KioskScreen["kind"], lobby: Lobby, params: URLSearchParams, now_ms: number): KioskScreen {
  const service = lobby.view.kiosk?.services[0];
  switch (kind) {
    case "starting":
    case "home":
    case "maintenance":
      return { kind };
    case "issuing":
      return { kind, queue: 1 };
    case "result":
      if (!service) return { kind: "home" };
      return { kind, ticket: lobby.card(service, lobby.wishes.print), until_ms: now_ms + 8_000 };
    case "refused":
      return { kind, reason: oneOf(params, "reason", REFUSALS, "service_closed"), until_ms: now_ms + 8_000 };
    case "closed":
      return { kind, reason: oneOf(params, "reason", CLOSED, "hours"), next_opening: { in_days: 2, weekday: 1, minute: 510 } };
    case "unlock":
      return { kind, outcome: oneOf(params, "outcome", UNLOCKS, "ask") };
  }
}

/** What the setup finds: a new machine, or with ?profile=old one that was set up before. */
export function profile(params: URLSearchParams): SetupProfile {
  const fresh = freshProfile();
  fresh.language = oneOf(params, "lang", LANGUAGES, "fr");
  fresh.mode = oneOf(params, "mode", MODES, "kiosk");
  // A machine that was given its server in the workshop asks for a code by itself.
  if (params.has("pairing")) return { ...fresh, name: "Hall, borne 2", server: "http://192.168.1.10:8080" };
  if (params.get("profile") !== "old") return fresh;
  return { ...fresh, name: "Hall, borne 1", server: "http://192.168.1.10:8080", printer: PRINTERS[0]?.selector ?? null, printer_profile: params.get("model") ?? fresh.printer_profile, paired: true };
}
