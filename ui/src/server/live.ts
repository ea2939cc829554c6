// The live line to the server: one WebSocket that knows where it stopped. It resumes after the last event it gave on, sees
// gaps by `prev`, takes silence for death, and comes back with full jitter. It understands no ticket: events go to the
// listener in order, each once. Sockets, time and chance are given, so the tests hold them.
import { Problem } from "./problem";
import type { ServerEvent } from "./wire";

/** The server speaks at least every 15 s; two missed heartbeats and a little are silence. */
export const SILENCE_MS = 35_000;
export const HEARTBEAT_MS = 15_000;
/** A socket that does not open within this time is given up. */
export const OPENING_MS = 8_000;
const BACKOFF_FIRST_MS = 500;
const BACKOFF_MOST_MS = 15_000;

/** connecting: never live yet, or coming back at once; live: events flow; lost: coming back at once did not work. */
export type LinkState = "connecting" | "live" | "lost";

export type Wire = {
  send(text: string): void;
  close(): void;
  onopen: (() => void) | null;
  onmessage: ((text: string) => void) | null;
  onclose: (() => void) | null;
};

export type Surroundings = {
  open(address: string): Wire;
  after(delay_ms: number, run: () => void): () => void;
  random(): number;
};

export type Line = {
  /** The address to open, asked anew each time because the token in it ages. */
  address(after: number | null): Promise<string>;
  onevent(event: ServerEvent): void;
  onstate(state: LinkState): void;
  /** The session is over: no try will help. */
  onrefused(): void;
};

/** What to do with a numbered event when everything up to `cursor` was given on; null before the first. */
export function judge(cursor: number | null, event: { seq: number; prev: number }): "apply" | "repeat" | "gap" {
  if (cursor === null) return "apply";
  if (event.seq <= cursor) return "repeat";
  return event.prev > cursor ? "gap" : "apply";
}

/** Full jitter: anywhere between nothing and the doubled limit, so that a hundred pages do not return as one. */
export function backoff(attempt: number, random: number): number {
  return random * Math.min(BACKOFF_MOST_MS, BACKOFF_FIRST_MS * 2 ** attempt);
}

export class Live {
  #wire: Wire | null = null;
  #cursor: number | null = null;
  #attempt = 0;
  #gaps = 0;
  #running = false;
  #turn = 0;
  #cancelTry: (() => void) | null = null;
  #cancelSilence: (() => void) | null = null;
  #cancelBeat: (() => void) | null = null;

  constructor(
    private readonly around: Surroundings,
    private readonly line: Line,
  ) {}

  get cursor(): number | null {
    return this.#cursor;
  }

  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.line.onstate("connecting");
    void this.#connect();
  }

  stop(): void {
    this.#running = false;
    this.#drop();
  }

  /** The network says it is back, or the person asks: try now instead of waiting. */
  hurry(): void {
    if (!this.#running || this.#wire) return;
    this.#cancelTry?.();
    this.#attempt = 0;
    void this.#connect();
  }

  async #connect(): Promise<void> {
    const turn = ++this.#turn;
    let address: string;
    try {
      address = await this.line.address(this.#cursor);
    } catch (thrown) {
      if (!this.#current(turn)) return;
      if (thrown instanceof Problem && thrown.code === "signed_out") {
        this.stop();
        this.line.onrefused();
      } else this.#later();
      return;
    }
    if (!this.#current(turn)) return;
    const wire = this.around.open(address);
    this.#wire = wire;
    this.#listenFor(OPENING_MS);
    wire.onopen = () => {
      if (this.#wire !== wire) return;
      this.#listenFor(SILENCE_MS);
      this.#beat();
      this.line.onstate("live");
    };
    wire.onmessage = (text) => {
      if (this.#wire === wire) this.#hear(text);
    };
    wire.onclose = () => {
      if (this.#wire === wire) this.#lost();
    };
  }

  #hear(text: string): void {
    this.#listenFor(SILENCE_MS);
    const message = parse(text);
    // A broken message is dropped: it shows as a gap in the numbers that follow.
    if (!message) return;
    this.#attempt = 0;
    if (message.kind === "snapshot") this.#cursor = message.event.seq;
    if (message.kind === "numbered") {
      const verdict = judge(this.#cursor, message);
      if (verdict === "repeat") return;
      if (verdict === "gap") return this.#again();
      this.#cursor = message.seq;
      this.#gaps = 0;
    }
    if (message.event) this.line.onevent(message.event);
  }

  /** Asks anew from the cursor: what the gap held comes again, or a snapshot. */
  #again(): void {
    this.#drop();
    this.line.onstate("connecting");
    // A server that answers with a gap again and again must not be asked without pause.
    this.#schedule(this.#gaps === 0 ? 0 : backoff(this.#gaps, this.around.random()));
    this.#gaps += 1;
  }

  #lost(): void {
    this.#drop();
    this.#later();
  }

  /** The first try comes within half a second (a server that restarts, a token that ran out): no reason to alarm anybody. */
  #later(): void {
    this.line.onstate(this.#attempt === 0 ? "connecting" : "lost");
    this.#schedule(backoff(this.#attempt++, this.around.random()));
  }

  #schedule(delay_ms: number): void {
    this.#cancelTry?.();
    this.#cancelTry = this.around.after(delay_ms, () => void this.#connect());
  }

  #listenFor(limit_ms: number): void {
    this.#cancelSilence?.();
    this.#cancelSilence = this.around.after(limit_ms, () => this.#lost());
  }

  #beat(): void {
    this.#cancelBeat?.();
    this.#cancelBeat = this.around.after(HEARTBEAT_MS, () => {
      this.#wire?.send('{"type":"heartbeat"}');
      this.#beat();
    });
  }

  #drop(): void {
    const wire = this.#wire;
    this.#wire = null;
    this.#turn += 1;
    this.#cancelTry?.();
    this.#cancelSilence?.();
    this.#cancelBeat?.();
    wire?.close();
  }

  #current(turn: number): boolean {
    return this.#running && this.#turn === turn;
  }
}

const NUMBERED = new Set(["ticket.created", "ticket.called", "ticket.updated", "queue.updated", "configuration.updated"]);

type Message =
  | { kind: "heartbeat"; event: ServerEvent }
  | { kind: "snapshot"; event: ServerEvent & { type: "snapshot" } }
  // Null for a type that only a newer page knows: its number counts, its content is not for this one.
  | { kind: "numbered"; seq: number; prev: number; event: ServerEvent | null };

function parse(text: string): Message | null {
  let value: { type?: unknown; seq?: unknown; prev?: unknown; tickets?: unknown };
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null || typeof value.type !== "string") return null;
  const { type, seq, prev } = value;
  if (type === "heartbeat") return { kind: "heartbeat", event: value as ServerEvent };
  if (typeof seq !== "number") return null;
  if (type === "snapshot") {
    return Array.isArray(value.tickets) ? { kind: "snapshot", event: value as ServerEvent & { type: "snapshot" } } : null;
  }
  if (typeof prev !== "number") return null;
  return { kind: "numbered", seq, prev, event: NUMBERED.has(type) ? (value as ServerEvent) : null };
}

/** The browser's own sockets, timers and chance. */
export const browserSurroundings: Surroundings = {
  open(address) {
    const socket = new WebSocket(address);
    const wire: Wire = {
      send: (text) => {
        if (socket.readyState === WebSocket.OPEN) socket.send(text);
      },
      close: () => socket.close(),
      onopen: null,
      onmessage: null,
      onclose: null,
    };
    socket.onopen = () => wire.onopen?.();
    socket.onmessage = (message) => wire.onmessage?.(String(message.data));
    socket.onclose = () => wire.onclose?.();
    return wire;
  },
  after(delay_ms, run) {
    const timer = setTimeout(run, delay_ms);
    return () => clearTimeout(timer);
  },
  random: Math.random,
};
