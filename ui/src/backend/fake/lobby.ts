// A living imitation of one station: it issues, prints, calls and fails, so that every screen can be seen and tested
// without a machine below. It follows the same contract as the station and nothing else; it is never part of the app.
import type { CallLine, Command, FaultCode, KioskScreen, KioskView, Language, PrintState, ServiceTile, TicketCard, View, WaitingLine } from "../../bindings";
import { PIN, SITE_NAME, STATION_NAME, tiles } from "./site";

export type Wishes = {
  mode: View["mode"];
  language: Language;
  services: number;
  /** How the next prints end. */
  print: PrintState;
  follow: boolean;
  faults: FaultCode[];
  connection: View["connection"]["state"];
  large_text: boolean;
  high_contrast: boolean;
  low_reach: boolean;
  /** Nothing happens by itself: for tests and pictures. */
  still: boolean;
  now_ms: number;
};

const RESULT_MS = 8_000;
const RESULT_LONG_MS = 30_000;
const IDLE_MS = 30_000;
const WARNING_MS = 20_000;
const SEEN_TRIES = 3;

export const PRINTER_FAULTS: FaultCode[] = ["printer_missing", "printer_offline", "paper_out", "cover_open", "cutter_jam"];

export class Lobby {
  readonly view: View;
  readonly wishes: Wishes;
  private readonly listeners = new Set<(view: View) => void>();
  private readonly timers = new Set<ReturnType<typeof setTimeout>>();
  private next_number = 45;
  private call_count = 0;
  private wrong_pins = 0;
  private last_touch_ms: number;
  private paused = false;

  constructor(wishes: Wishes) {
    this.wishes = wishes;
    this.last_touch_ms = wishes.now_ms;
    const services = tiles(wishes.services, wishes.language);
    this.view = {
      mode: wishes.mode,
      station: { name: STATION_NAME, site_name: SITE_NAME, brand_colour: null, version: "0.1.0", offset_minutes: 60 },
      connection: { state: "online", since_ms: wishes.now_ms - 3_600_000, unsent: 0 },
      faults: [],
      kiosk: {
        screen: { kind: "home" },
        session: { language: wishes.language, large_text: wishes.large_text, high_contrast: wishes.high_contrast, low_reach: wishes.low_reach, warning_until_ms: null },
        languages: ["fr", "en", "ar", "wo", "es", "pt"],
        services,
      },
      board: { open: true, stale_since_ms: null, calling: [], recent: [], waiting: services.map(waitingLine), ticker: [], language: wishes.language },
      tickets: [],
    };
    this.setConnection(wishes.connection);
    for (const code of wishes.faults) this.setFault(code, true);
  }

  onView(listener: (view: View) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  snapshot(): View {
    const view = structuredClone(this.view);
    // As the real station: without its server it does not know who was called, so it counts nobody.
    if (view.connection.state !== "online") {
      for (const service of view.kiosk?.services ?? []) Object.assign(service, { waiting: null, wait_minutes: null });
    }
    return view;
  }

  /** Starts what happens by itself in a lobby: clerks call, visitors go away. */
  live(): void {
    const every = (pause_ms: number, work: () => void) => {
      const timer = setInterval(work, pause_ms);
      this.timers.add(timer);
    };
    every(9_000, () => this.callNext());
    every(500, () => this.watchIdle());
  }

  stop(): void {
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
  }

  private now(): number {
    return this.wishes.still ? this.wishes.now_ms : Date.now();
  }

  private after(pause_ms: number, work: () => void): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      work();
    }, pause_ms);
    this.timers.add(timer);
  }

  publish(): void {
    const view = this.snapshot();
    for (const listener of this.listeners) listener(view);
  }

  private kiosk(): KioskView {
    if (!this.view.kiosk) throw new Error("the imitated station always has a kiosk");
    return this.view.kiosk;
  }

  show(screen: KioskScreen): void {
    this.kiosk().screen = screen;
    this.publish();
  }

  handle(command: Command): void {
    switch (command.command) {
      case "take_ticket":
        return this.takeTicket(command.queue, command.id);
      case "reprint":
        return this.reprint(command.ticket);
      case "choose_language":
        return this.chooseLanguage(command.language);
      case "set_display": {
        const { large_text, high_contrast, low_reach } = command;
        Object.assign(this.kiosk().session, { large_text, high_contrast, low_reach });
        return this.publish();
      }
      case "touched":
        this.last_touch_ms = this.now();
        this.kiosk().session.warning_until_ms = null;
        return this.publish();
      case "finish":
        return this.endSession();
      case "open_maintenance":
        return this.show({ kind: "unlock", outcome: this.wrong_pins >= SEEN_TRIES ? "locked_out" : "ask" });
      case "enter_pin":
        return this.enterPin(command.pin);
      case "leave_maintenance":
        return this.show(this.resting());
      case "pause":
        this.paused = command.paused;
        return this.publish();
      case "status":
      case "test_print":
      case "test_sound":
        return this.publish();
    }
  }

  private resting(): KioskScreen {
    return this.paused ? { kind: "closed", reason: "paused", next_opening: null } : { kind: "home" };
  }

  private endSession(): void {
    const session = this.kiosk().session;
    Object.assign(session, { large_text: false, high_contrast: false, low_reach: false, warning_until_ms: null });
    this.chooseLanguage(this.wishes.language);
    this.show(this.resting());
  }

  private chooseLanguage(language: Language): void {
    this.kiosk().session.language = language;
    const named = tiles(this.wishes.services, language);
    for (const service of this.kiosk().services) {
      const translated = named.find((tile) => tile.queue === service.queue);
      if (translated) Object.assign(service, { name: translated.name, hint: translated.hint });
    }
    const screen = this.kiosk().screen;
    if (screen.kind === "result") {
      const translated = named.find((tile) => tile.letter === screen.ticket.letter);
      if (translated) screen.ticket.service_name = translated.name;
    }
    this.publish();
  }

  private enterPin(pin: string): void {
    if (this.wrong_pins >= SEEN_TRIES) return this.show({ kind: "unlock", outcome: "locked_out" });
    if (pin === PIN) {
      this.wrong_pins = 0;
      return this.show({ kind: "maintenance" });
    }
    this.wrong_pins += 1;
    this.show({ kind: "unlock", outcome: this.wrong_pins >= SEEN_TRIES ? "locked_out" : "wrong_pin" });
  }

  card(service: ServiceTile, print: PrintState): TicketCard {
    const number = `${service.letter}${String(this.next_number).padStart(3, "0")}`;
    return {
      id: crypto.randomUUID(),
      number,
      letter: service.letter,
      service_name: service.name,
      colour: service.colour,
      icon: service.icon,
      issued_at_ms: this.now(),
      people_ahead: service.waiting,
      wait_minutes: service.wait_minutes,
      print,
      follow_url: this.wishes.follow ? `https://suivi.example/t/${number.toLowerCase()}-7f3k9q` : null,
    };
  }

  private takeTicket(queue: number, id: string): void {
    if (this.view.tickets.some((line) => line.id === id)) return;
    const service = this.kiosk().services.find((tile) => tile.queue === queue);
    const refuse = (reason: Extract<KioskScreen, { kind: "refused" }>["reason"]) => {
      this.show({ kind: "refused", reason, until_ms: this.now() + RESULT_MS });
      this.after(RESULT_MS, () => this.backHome("refused"));
    };
    if (!service) return refuse("unknown_queue");
    if (this.hasFault("journal_failed")) return refuse("journal_failed");
    if (service.state === "closed") return refuse("service_closed");
    if (service.state === "full") return refuse("queue_full");
    this.show({ kind: "issuing", queue });
    this.after(120, () => this.issue(service, id));
  }

  private issue(service: ServiceTile, id: string): void {
    const ticket = { ...this.card(service, "printing"), id };
    this.next_number += 1;
    service.waiting = (service.waiting ?? 0) + 1;
    this.syncWaiting();
    const synced = this.view.connection.state === "online";
    if (!synced) this.view.connection.unsent += 1;
    this.view.tickets.unshift({ id, number: ticket.number, queue: service.queue, state: "printing", issued_at: new Date(this.now()).toISOString(), synced });
    this.show({ kind: "result", ticket, until_ms: this.now() + RESULT_LONG_MS });
    this.after(1_600, () => this.finishPrint(id));
  }

  private finishPrint(id: string): void {
    const broken = this.view.faults.some((fault) => PRINTER_FAULTS.includes(fault.code));
    const state: PrintState = broken ? "failed" : this.wishes.print;
    const line = this.view.tickets.find((ticket) => ticket.id === id);
    if (line) line.state = state;
    const screen = this.kiosk().screen;
    if (screen.kind === "result" && screen.ticket.id === id) {
      screen.ticket.print = state;
      const calm = state === "printed" && screen.ticket.follow_url === null;
      screen.until_ms = this.now() + (calm ? RESULT_MS : RESULT_LONG_MS);
      const certain = state === "printed" || state === "unconfirmed";
      if (certain) this.after(screen.until_ms - this.now(), () => this.backHome("result", id));
    }
    this.publish();
  }

  private backHome(from: KioskScreen["kind"], ticket?: string): void {
    const screen = this.kiosk().screen;
    if (screen.kind !== from) return;
    if (screen.kind === "result" && screen.ticket.id !== ticket) return;
    this.endSession();
  }

  private reprint(ticket: string): void {
    const line = this.view.tickets.find((entry) => entry.id === ticket);
    if (!line) return;
    line.state = "printing";
    this.publish();
    this.after(1_200, () => this.finishPrint(ticket));
  }

  private watchIdle(): void {
    const { screen, session } = this.kiosk();
    const away = this.now() - this.last_touch_ms;
    if (session.warning_until_ms !== null) {
      if (this.now() >= session.warning_until_ms) this.endSession();
      return;
    }
    const changed = session.large_text || session.high_contrast || session.low_reach || session.language !== this.wishes.language;
    if (screen.kind === "home" && changed && away > IDLE_MS) this.warn();
  }

  warn(): void {
    this.kiosk().session.warning_until_ms = this.now() + WARNING_MS;
    this.publish();
  }

  private syncWaiting(): void {
    if (this.view.board) this.view.board.waiting = this.kiosk().services.map(waitingLine);
  }

  /** A clerk calls the next visitor of the busiest service. */
  callNext(recall = false): void {
    const board = this.view.board;
    if (!board || !board.open || board.stale_since_ms !== null) return;
    const service = [...this.kiosk().services].sort((a, b) => (b.waiting ?? 0) - (a.waiting ?? 0))[0];
    if (!service) return;
    this.call_count += 1;
    const call = callLine(service, 20 + this.call_count, String(1 + (this.call_count % 5)), this.call_count, this.now(), recall);
    board.recent = [...board.calling.slice(1), ...board.recent].slice(0, 6);
    board.calling = [call, ...board.calling.slice(0, 1)];
    service.waiting = Math.max(0, (service.waiting ?? 0) - 1);
    this.syncWaiting();
    this.publish();
    this.after(7_000, () => {
      if (!board.calling.some((line) => line.call === call.call)) return;
      board.calling = board.calling.filter((line) => line.call !== call.call);
      board.recent = [call, ...board.recent].slice(0, 6);
      this.publish();
    });
  }

  hasFault(code: FaultCode): boolean {
    return this.view.faults.some((fault) => fault.code === code);
  }

  setFault(code: FaultCode, present: boolean): void {
    this.view.faults = this.view.faults.filter((fault) => fault.code !== code);
    if (present) this.view.faults.push({ code, since_ms: this.now() - 300_000 });
    this.publish();
  }

  setConnection(state: View["connection"]["state"]): void {
    const away = state === "offline" || state === "connecting";
    this.view.connection = { state, since_ms: this.now() - 600_000, unsent: away ? 3 : 0 };
    if (this.view.board) this.view.board.stale_since_ms = away ? this.now() - 600_000 : null;
    this.publish();
  }
}

export function callLine(service: ServiceTile, number: number, counter: string, order: number, called_at_ms: number, recall = false): CallLine {
  return {
    call: `call-${order}`,
    ticket: `ticket-${order}`,
    number: `${service.letter}${String(number).padStart(3, "0")}`,
    queue: service.queue,
    service_name: service.name,
    letter: service.letter,
    colour: service.colour,
    icon: service.icon,
    counter,
    called_at_ms,
    recall,
    late: false,
    announced: "spoken",
  };
}

function waitingLine(tile: ServiceTile): WaitingLine {
  return { queue: tile.queue, name: tile.name, letter: tile.letter, colour: tile.colour, icon: tile.icon, waiting: tile.waiting ?? 0, wait_minutes: tile.wait_minutes };
}
