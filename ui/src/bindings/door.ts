// Made by `cargo xtask bindings` from crates/station/src/door.rs, setup.rs and pairing.rs. Do not edit: a test fails when it differs.
//
// The types that cross the door between the station and its faces: views come up whole, commands go down and return
// nothing. All times are UTC milliseconds unless a name says otherwise.

/**
 * A language's ISO 639-1 code.
 */
export type Language = "fr" | "en" | "ar" | "wo" | "es" | "pt";

/**
 * Everything that a station shows.
 */
export type View = { mode: "kiosk" | "board" | "all", station: StationCard, connection: ConnectionView, faults: Array<FaultLine>, kiosk: KioskView | null, board: BoardView | null, 
/**
 * What is left on the printer's roll; not there without a printer whose sensors it is counted by.
 */
paper?: PaperView, 
/**
 * Issued by this station, newest first, at most 50.
 */
tickets: Array<TicketLine>, };

/**
 * Counted since the roll was changed: an estimate, and the printer's own sensors have the last word.
 */
export type PaperView = { 
/**
 * Paper left, in millimetres.
 */
left_mm: number, 
/**
 * Slips left, of the length that they had so far.
 */
slips_left: number, };

export type StationCard = { name: string, site_name: string, 
/**
 * `#rrggbb`, or null for the house colour.
 */
brand_colour: string | null, version: string, 
/**
 * Minutes to add to UTC for the site's wall clock.
 */
offset_minutes: number, };

export type ConnectionView = { state: ConnectionState, since_ms: number, 
/**
 * Records not yet acknowledged by the server.
 */
unsent: number, };

export type ConnectionState = "online" | "connecting" | "offline" | "standalone";

export type FaultLine = { code: FaultCode, since_ms: number, };

/**
 * The code of a standing fault.
 */
export type FaultCode = "printer_missing" | "printer_offline" | "paper_out" | "paper_near_end" | "cover_open" | "cutter_jam" | "printer_hot" | "printer_defect" | "printer_unknown" | "printer_busy" | "sound_unavailable" | "journal_failed" | "server_refused" | "not_paired" | "clock_doubtful" | "numbers_run_low" | "records_set_aside" | "configuration_refused";

/**
 * How far a ticket's paper is.
 */
export type PrintState = "issued" | "printing" | "printed" | "unconfirmed" | "failed" | "unknown";

export type TicketLine = { id: string, number: string, queue: number, state: PrintState, 
/**
 * RFC 3339.
 */
issued_at: string, synced: boolean, };

export type KioskView = { screen: KioskScreen, session: SessionView, languages: Array<Language>, services: Array<ServiceTile>, };

export type SessionView = { language: Language, large_text: boolean, high_contrast: boolean, low_reach: boolean, 
/**
 * While set, the "more time?" question is open and the session ends at this time.
 */
warning_until_ms: number | null, };

export type KioskScreen = { "kind": "starting" } | { "kind": "home" } | { "kind": "issuing", queue: number, } | { "kind": "result", ticket: TicketCard, until_ms: number, } | { "kind": "refused", reason: RefusalReason, until_ms: number, } | { "kind": "closed", reason: ClosedReason, next_opening: NextOpening | null, } | { "kind": "unlock", outcome: UnlockOutcome, } | { "kind": "maintenance" };

/**
 * Why nothing can be taken.
 */
export type ClosedReason = "hours" | "paused" | "no_service";

/**
 * How the PIN pad stands.
 */
export type UnlockOutcome = "ask" | "wrong_pin" | "locked_out";

/**
 * Why a ticket was not given.
 */
export type RefusalReason = "unknown_queue" | "service_closed" | "queue_full" | "paused" | "not_paired" | "journal_failed";

export type NextOpening = { 
/**
 * 0 is today.
 */
in_days: number, 
/**
 * 1 is Monday, 7 is Sunday.
 */
weekday: number, 
/**
 * Minute of the site's local day.
 */
minute: number, };

export type TicketCard = { id: string, number: string, letter: string, service_name: string, 
/**
 * `#rrggbb`.
 */
colour: string, 
/**
 * A Lucide icon's name.
 */
icon: string, issued_at_ms: number, 
/**
 * Null when it is not known, as while the server is away.
 */
people_ahead: number | null, wait_minutes: [number, number] | null, print: PrintState, follow_url: string | null, };

/**
 * Whether a ticket can be taken for a service.
 */
export type ServiceState = "open" | "closed" | "full";

export type ServiceTile = { queue: number, name: string, hint: string | null, 
/**
 * A Lucide icon's name.
 */
icon: string, 
/**
 * `#rrggbb`.
 */
colour: string, letter: string, 
/**
 * People waiting; null when not known.
 */
waiting: number | null, wait_minutes: [number, number] | null, state: ServiceState, next_opening: NextOpening | null, };

export type BoardView = { open: boolean, 
/**
 * Set while the connection is lost: what the board shows is as old as this.
 */
stale_since_ms: number | null, 
/**
 * Highlighted now, newest first, at most 2.
 */
calling: Array<CallLine>, 
/**
 * The last 6, newest first, without those in `calling`.
 */
recent: Array<CallLine>, waiting: Array<WaitingLine>, ticker: Array<string>, language: Language, };

export type AnnouncedState = "pending" | "spoken" | "silent" | "failed";

export type CallLine = { 
/**
 * Unique per call, so a recall is another call.
 */
call: string, ticket: string, number: string, queue: number, service_name: string, letter: string, colour: string, icon: string, 
/**
 * The counter's label, for example "3".
 */
counter: string, called_at_ms: number, recall: boolean, late: boolean, announced: AnnouncedState, };

export type WaitingLine = { queue: number, name: string, letter: string, colour: string, icon: string, waiting: number, wait_minutes: [number, number] | null, };

/**
 * What somebody asks for.
 */
export type Command = { "command": "take_ticket", queue: number, language?: Language, 
/**
 * Drawn by the sender: the same id again is the same ticket.
 */
id: string, } | { "command": "reprint", ticket: string, } | { "command": "status" } | { "command": "choose_language", language: Language, } | { "command": "set_display", large_text: boolean, high_contrast: boolean, low_reach: boolean, } | { "command": "touched" } | { "command": "finish" } | { "command": "open_maintenance" } | { "command": "enter_pin", pin: string, } | { "command": "leave_maintenance" } | { "command": "pause", paused: boolean, } | { "command": "test_print" } | { "command": "test_sound" };

/**
 * What the setup asks for, with what is already known.
 */
export type SetupProfile = { language: Language, mode: "kiosk" | "board" | "all", name: string, server: string | null, pairing_token: string | null, printer: string | null, paper_width_mm: 58 | 80, 
/**
 * The printer's model: a name from the list of models, or the path of a profile of one's own that ends in `.toml`.
 */
printer_profile: string, sound: boolean, 
/**
 * 0 to 100.
 */
volume: number, 
/**
 * Only goes down, never comes up.
 */
pin: string | null, screen_diagonal_mm: number, farthest_seat_m: number, paired: boolean, };

/**
 * How a found printer is connected.
 */
export type PrinterKind = "usb" | "serial" | "network" | "spooler" | "file" | "virtual";

/**
 * What is missing to use a found printer.
 */
export type PrinterObstacle = "permission" | "rule" | "busy" | "driver" | "resumption";

/**
 * A device that may be a printer.
 */
export type FoundPrinter = { selector: string, name: string, kind: PrinterKind, missing: PrinterObstacle | null, };

/**
 * A model of printer that can be chosen. What people call it stands in `assets/words`.
 */
export type PrinterModel = { 
/**
 * The name of its profile.
 */
name: string, 
/**
 * The rolls that it takes, the widest first.
 */
paper_widths_mm: Array<58 | 80>, };

/**
 * How a test slip ended.
 */
export type PrinterTest = { outcome: "printed" | "unconfirmed" | "failed" | "unknown", code: FaultCode | null, };

/**
 * Why a server cannot be used.
 */
export type ServerProblem = "unreachable" | "not_a_server" | "token_refused" | "bad_address" | "clock" | "busy" | "not_written";

/**
 * What a server said.
 */
export type ServerCheck = { ok: boolean, code: ServerProblem | null, site_name: string | null, queues: Array<string>, };

/**
 * How far a pairing has come. Times are seconds.
 */
export type PairingStep = { "state": "waiting", code: string, 
/**
 * Of this machine's key; the office shows the same one.
 */
fingerprint: string, expires_in: number, 
/**
 * Until the next poll.
 */
poll_interval: number, } | { "state": "approved", pairing_token: string, mode: "kiosk" | "board" | "all", name: string, site_name: string, queues: Array<string>, } | { "state": "refused" } | { "state": "expired" } | { "state": "failed", code: ServerProblem, };

/**
 * Whether the test sound was played.
 */
export type SoundTest = { played: boolean, code: FaultCode | null, };

/**
 * Whether the profile was saved, else why not.
 */
export type SaveOutcome = { saved: boolean, code: string | null, };
