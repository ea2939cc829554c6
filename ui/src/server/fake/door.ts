// The fake server's doors: the same requests and sockets as the real one, answered by the world in memory, with the faults
// that a real morning brings. Everything above `fetch` and the socket is the page's real code.
import type { Door } from "../door";
import type { Surroundings, Wire } from "../live";
import { browserSurroundings } from "../live";
import type { Storage } from "../session";
import { answer, PASSWORD } from "./routes";
import { World } from "./world";

export { World };

/** none: all is well; offline: nothing gets through; lost_answer: requests are carried out and their answers lost;
 * unauthorised: tokens are refused; conflict: every step is refused; silent: the socket stops, requests still work. */
export const FAULTS = ["none", "offline", "lost_answer", "unauthorised", "conflict", "silent"] as const;
export type Fault = (typeof FAULTS)[number];

export class FakeServer {
  fault: Fault = "none";
  /** What signs in, with any tenant and any address. */
  readonly password = PASSWORD;
  #wires = new Set<() => void>();

  constructor(
    readonly world: World,
    private readonly delay_ms: number,
  ) {}

  setFault(fault: Fault): void {
    this.fault = fault;
    if (fault === "offline" || fault === "silent") this.dropSockets();
  }

  dropSockets(): void {
    for (const drop of [...this.#wires]) drop();
  }

  fetch = async (path: string, init: RequestInit): Promise<Response> => {
    await pause(this.delay_ms);
    if (this.fault === "offline") throw new TypeError("the network is away");
    const { status, body } = answer(this.world, this.fault, path, init);
    if (this.fault === "lost_answer" && init.method !== "GET") throw new TypeError("the answer was lost");
    return new Response(status === 204 ? null : JSON.stringify(body), { status });
  };

  open = (address: string): Wire => {
    const after = new URL(address).searchParams.get("after");
    const wire: Wire = { send: () => undefined, close: () => stop(), onopen: null, onmessage: null, onclose: null };
    let unlisten: (() => void) | null = null;
    const stop = () => {
      unlisten?.();
      this.#wires.delete(drop);
    };
    const drop = () => {
      stop();
      wire.onclose?.();
    };
    this.#wires.add(drop);
    setTimeout(() => {
      if (!this.#wires.has(drop)) return;
      if (this.fault === "offline" || this.fault === "silent" || this.fault === "unauthorised") return drop();
      wire.onopen?.();
      const send = (event: unknown) => wire.onmessage?.(JSON.stringify(event));
      const from = after === null ? null : Number(after);
      if (from === null || from > this.world.seq) send(this.world.snapshot());
      else for (const event of this.world.log.slice(from)) send(event);
      unlisten = this.world.listen((event) => setTimeout(() => this.#wires.has(drop) && send(event), this.delay_ms));
    }, this.delay_ms);
    return wire;
  };
}

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));

class Memory implements Storage {
  #kept = new Map<string, string>();
  getItem = (key: string) => this.#kept.get(key) ?? null;
  setItem = (key: string, value: string) => void this.#kept.set(key, value);
  removeItem = (key: string) => void this.#kept.delete(key);
}

/** A door on a world of its own; `delay_ms` is the imitation of a network. */
export function madeDoor(server: FakeServer, surroundings: Surroundings, now: () => number): Door {
  return {
    kind: "fake",
    fetch: server.fetch,
    surroundings: { ...surroundings, open: server.open },
    tab: new Memory(),
    lasting: new Memory(),
    now,
    socketBase: "ws://fake.invalid",
  };
}

declare global {
  interface Window {
    /** For tests and for curious developers at the console. */
    smartqueueFake?: FakeServer;
  }
}

/** `?fake&fault=offline&people=0`; the pages hide the switches for `panel=0`. */
export function fakeDoor(query: URLSearchParams): Door {
  const world = new World({ now: Date.now, people: query.get("people") !== "0" });
  const server = new FakeServer(world, 60);
  const door = madeDoor(server, browserSurroundings, Date.now);
  const fault = FAULTS.find((known) => known === query.get("fault"));
  if (fault) server.setFault(fault);
  window.smartqueueFake = server;
  return door;
}
