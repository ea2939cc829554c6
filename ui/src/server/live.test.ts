// The live line on sockets made of objects, time made of a list, and chance that is told what to say.
import { describe, expect, it } from "vitest";
import { backoff, HEARTBEAT_MS, judge, Live, OPENING_MS, SILENCE_MS, type LinkState, type Wire } from "./live";
import { Problem } from "./problem";
import type { ServerEvent } from "./wire";

type Timer = { at: number; run: () => void };

class Rig {
  now = 0;
  timers: Timer[] = [];
  wires: (Wire & { address: string; sent: string[]; closed: boolean })[] = [];
  heard: ServerEvent[] = [];
  states: LinkState[] = [];
  refused = 0;
  addressFails: Error | null = null;
  readonly live = new Live(
    {
      open: (address) => {
        const wire = {
          address, sent: [] as string[], closed: false,
          send: (text: string) => void wire.sent.push(text),
          close: () => void (wire.closed = true),
          onopen: null, onmessage: null, onclose: null,
        } as Rig["wires"][number];
        this.wires.push(wire);
        return wire;
      },
      after: (delay_ms, run) => {
        const timer = { at: this.now + delay_ms, run };
        this.timers.push(timer);
        return () => (this.timers = this.timers.filter((other) => other !== timer));
      },
      random: () => 0.5,
    },
    {
      address: (after) =>
        this.addressFails ? Promise.reject(this.addressFails) : Promise.resolve(`ws://x/?after=${after ?? ""}`),
      onevent: (event) => void this.heard.push(event),
      onstate: (state) => void this.states.push(state),
      onrefused: () => void this.refused++,
    },
  );

  get wire() {
    const wire = this.wires.at(-1);
    if (!wire) throw new Error("no socket was opened");
    return wire;
  }

  async settle(): Promise<void> {
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
  }

  /** Lets time pass, running what becomes due in order. */
  async pass(ms: number): Promise<void> {
    const until = this.now + ms;
    for (;;) {
      const due = this.timers.filter((timer) => timer.at <= until).sort((a, b) => a.at - b.at)[0];
      if (!due) break;
      this.timers = this.timers.filter((timer) => timer !== due);
      this.now = due.at;
      due.run();
      await this.settle();
    }
    this.now = until;
  }

  say(message: unknown): void {
    this.wire.onmessage?.(typeof message === "string" ? message : JSON.stringify(message));
  }
}

const snapshot = (seq: number) => ({ type: "snapshot", seq, tickets: [], queues: [] });
const event = (seq: number, prev = seq - 1, type = "queue.updated") => ({ type, seq, prev, queue: { id: 1 } });

async function open(): Promise<Rig> {
  const rig = new Rig();
  rig.live.start();
  await rig.settle();
  rig.wire.onopen?.();
  return rig;
}

describe("judge", () => {
  it.each([
    [null, 9, 8, "apply"],
    [8, 9, 8, "apply"],
    [8, 12, 7, "apply"],
    [8, 8, 7, "repeat"],
    [8, 3, 2, "repeat"],
    [8, 12, 9, "gap"],
  ] as const)("after %s, event %i with prev %i: %s", (cursor, seq, prev, verdict) => {
    expect(judge(cursor, { seq, prev })).toBe(verdict);
  });
});

describe("the live line", () => {
  it("begins without a cursor, gives each event on once and in order", async () => {
    const rig = await open();
    expect(rig.wire.address).toBe("ws://x/?after=");
    rig.say(snapshot(5));
    rig.say(event(6));
    rig.say(event(6));
    rig.say(event(8, 6));
    expect(rig.heard.map((heard) => "seq" in heard && heard.seq)).toEqual([5, 6, 8]);
    expect(rig.live.cursor).toBe(8);
    expect(rig.states).toEqual(["connecting", "live"]);
  });

  it("asks again from the cursor at a gap, at once, and gives nothing on from behind it", async () => {
    const rig = await open();
    rig.say(snapshot(5));
    rig.say(event(9, 7));
    expect(rig.heard).toHaveLength(1);
    await rig.pass(0);
    expect(rig.wires).toHaveLength(2);
    expect(rig.wires[0]?.closed).toBe(true);
    expect(rig.wire.address).toBe("ws://x/?after=5");
    // What the old socket still says is not heard any more.
    rig.wires[0]?.onmessage?.(JSON.stringify(event(6)));
    expect(rig.heard).toHaveLength(1);
  });

  it("does not ask without pause when the gap stays", async () => {
    const rig = await open();
    rig.say(snapshot(5));
    for (let turn = 0; turn < 4; turn++) {
      rig.say(event(9, 7));
      await rig.pass(0);
    }
    expect(rig.wires.length).toBe(2);
  });

  it("counts what a newer server says, without giving it on", async () => {
    const rig = await open();
    rig.say(snapshot(5));
    rig.say({ type: "weather.changed", seq: 6, prev: 5 });
    rig.say(event(7));
    expect(rig.heard.map((heard) => heard.type)).toEqual(["snapshot", "queue.updated"]);
    expect(rig.wires).toHaveLength(1);
  });

  it.each(["{", "null", "[]", '{"type":7}', '{"type":"ticket.created"}', '{"type":"snapshot","seq":3}'])(
    "survives garbage: %s",
    async (text) => {
      const rig = await open();
      rig.say(snapshot(5));
      rig.say(text);
      expect(rig.live.cursor).toBe(5);
      expect(rig.heard).toHaveLength(1);
    },
  );

  it("takes silence for death and comes back from where it stopped", async () => {
    const rig = await open();
    rig.say(snapshot(5));
    await rig.pass(SILENCE_MS - 1);
    expect(rig.states.at(-1)).toBe("live");
    rig.say({ type: "heartbeat", time: "2026-11-21T09:00:00Z" });
    await rig.pass(SILENCE_MS - 1);
    expect(rig.states.at(-1)).toBe("live");
    await rig.pass(2);
    expect(rig.states.at(-1)).toBe("connecting");
    await rig.pass(250);
    expect(rig.wire.address).toBe("ws://x/?after=5");
    rig.wire.onclose?.();
    expect(rig.states.at(-1)).toBe("lost");
  });

  it("beats while it is open and not afterwards", async () => {
    const rig = await open();
    rig.say(snapshot(1));
    await rig.pass(HEARTBEAT_MS * 2);
    expect(rig.wire.sent).toEqual(['{"type":"heartbeat"}', '{"type":"heartbeat"}']);
    rig.live.stop();
    await rig.pass(HEARTBEAT_MS * 4);
    expect(rig.wires).toHaveLength(1);
    expect(rig.timers).toEqual([]);
  });

  it("gives up a socket that does not open", async () => {
    const rig = new Rig();
    rig.live.start();
    await rig.settle();
    const first = rig.wire;
    await rig.pass(OPENING_MS);
    expect(first.closed).toBe(true);
    await rig.pass(250 + OPENING_MS);
    expect(rig.states).toEqual(["connecting", "connecting", "lost"]);
  });

  it("comes back later and later, and soon again after it was heard", async () => {
    const rig = await open();
    const waits: number[] = [];
    for (let turn = 0; turn < 4; turn++) {
      const before = rig.now;
      const count = rig.wires.length;
      rig.wire.onclose?.();
      while (rig.wires.length === count) await rig.pass(1);
      waits.push(rig.now - before);
    }
    expect(waits).toEqual([250, 500, 1_000, 2_000]);
    rig.wire.onopen?.();
    rig.say(snapshot(1));
    rig.wire.onclose?.();
    await rig.pass(250);
    expect(rig.wires).toHaveLength(6);
  });

  it("stops for good when the session is over, and goes on when only the network is away", async () => {
    const rig = await open();
    rig.addressFails = new Problem("offline");
    rig.wire.onclose?.();
    await rig.pass(10_000);
    expect(rig.refused).toBe(0);
    rig.addressFails = new Problem("signed_out", 401);
    await rig.pass(20_000);
    expect(rig.refused).toBe(1);
    expect(rig.timers).toEqual([]);
  });

  it("hurries when the network is back", async () => {
    const rig = await open();
    rig.wire.onclose?.();
    rig.live.hurry();
    await rig.settle();
    expect(rig.wires).toHaveLength(2);
    await rig.pass(5_000);
    expect(rig.wires).toHaveLength(2);
  });
});

it("spreads the tries over the whole span, and never waits longer than 15 s", () => {
  expect(backoff(0, 0)).toBe(0);
  expect(backoff(3, 1)).toBe(4_000);
  expect(backoff(40, 1)).toBe(15_000);
});
