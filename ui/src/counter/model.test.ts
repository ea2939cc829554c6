// The counter's rules: lists, events and answers arrive in any order and the model ends up true.
import { describe, expect, it } from "vitest";
import type { Agent, Queue, Ticket, TicketStatus } from "../server";
import { empty, reduce, type Input, type Model } from "./model";
import { canAct, destinations, inHand, lines, nextStep, onHold, recent, waitingCount } from "./views";

const NOON = Date.parse("2026-11-21T12:00:00Z");
const at = (minutes: number) => new Date(NOON + minutes * 60_000).toISOString();

const agent: Agent = { id: 7, name: "Awa", site: 1, status: "disponible", queues: [1, 2], counter: { id: 1, label: "1" } };
const queue = (id: number, more: Partial<Queue> = {}): Queue => ({
  id, prefix: "ABC"[id - 1] ?? "Z", name: `Q${id}`, site: 1, algorithm: "fifo", sla_seconds: 600, max_capacity: null,
  is_active: true, names: {}, icon: "ticket", colour: "#123456", waiting: 0, mean_service_seconds: 300, available_agents: 1, ...more,
});
const ticket = (number: string, status: TicketStatus = "en_attente", more: Partial<Ticket> = {}): Ticket => ({
  id: number, number, queue: 1, channel: "kiosk", priority: 0, status, eta_seconds: null, agent: null, counter: null,
  created_at: at(-10), called_at: null, started_at: null, ended_at: null, ...more,
});
const mine = (number: string, status: TicketStatus, more: Partial<Ticket> = {}) => ticket(number, status, { agent: 7, called_at: at(-2), ...more });
const event = (seq: number, of: Ticket, type: "ticket.created" | "ticket.called" | "ticket.updated" = "ticket.updated"): Input => ({
  input: "event", event: { type, seq, prev: seq - 1, ticket: of }, now_ms: NOON,
});

function desk(tickets: Ticket[] = [], queues = [queue(1), queue(2), queue(3)]): Model {
  return run(empty(NOON), { input: "signed_in", agent, counters: [], queues }, { input: "listed", tickets, at_seq: 0 });
}
const run = (model: Model, ...inputs: Input[]): Model => inputs.reduce(reduce, model);
const numbers = (tickets: Ticket[]) => tickets.map((one) => one.number);
const waiting = (model: Model, now = NOON) => lines(model, now).map((line) => numbers(line.waiting));

describe("who waits", () => {
  it("stands in the order of the queue's rule, in the clerk's queues only", () => {
    const tickets = [
      ticket("A002", "en_attente", { created_at: at(-5) }),
      ticket("A001", "en_attente", { created_at: at(-5) }),
      ticket("A003", "en_attente", { created_at: at(-1), priority: 5 }),
      ticket("B001", "en_attente", { queue: 2 }),
      ticket("C001", "en_attente", { queue: 3 }),
    ];
    expect(waiting(desk(tickets))).toEqual([["A001", "A002", "A003"], ["B001"]]);
    expect(waitingCount(desk(tickets))).toBe(4);
    const priority = desk(tickets, [queue(1, { algorithm: "priority" })]);
    expect(waiting(priority)).toEqual([["A003", "A001", "A002"]]);
    const sla = desk(tickets, [queue(1, { algorithm: "sla", sla_seconds: 240 })]);
    expect(waiting(sla, NOON)).toEqual([["A001", "A002", "A003"]]);
  });

  it("puts the late first in a queue with a promise", () => {
    const tickets = [ticket("A001", "en_attente", { created_at: at(-3) }), ticket("A002", "en_attente", { created_at: at(-6) })];
    const model = desk(tickets, [queue(1, { algorithm: "sla", sla_seconds: 300 })]);
    expect(waiting(model)).toEqual([["A002", "A001"]]);
  });
});

describe("the next sensible step", () => {
  it.each([
    ["call_next", [ticket("A001")]],
    ["start", [mine("A001", "appelé")]],
    ["end", [mine("A001", "en_service")]],
    ["call_next", [ticket("A001", "appelé", { agent: 8 })]],
    ["call_next", [mine("A001", "en_pause")]],
  ] as const)("is %s", (step, tickets) => {
    expect(nextStep(desk([...tickets]))).toBe(step);
  });

  it("is to come back, for a clerk on a break", () => {
    expect(nextStep(run(desk(), { input: "agent", agent: { ...agent, status: "pause" } }))).toBe("resume");
  });

  it("takes the later of two calls", () => {
    const model = desk([mine("A001", "appelé", { called_at: at(-4) }), mine("A002", "en_service", { called_at: at(-1) })]);
    expect(inHand(model)?.number).toBe("A002");
  });
});

describe("events and answers", () => {
  it("an event moves a ticket, a snapshot replaces the living and keeps the recent", () => {
    let model = run(desk([ticket("A001"), mine("A000", "terminé")]), event(4, ticket("A002"), "ticket.created"));
    expect(waiting(model)[0]).toEqual(["A001", "A002"]);
    const snapshot: Input = {
      input: "event", now_ms: NOON,
      event: { type: "snapshot", seq: 9, tickets: [ticket("A003")], queues: [{ id: 1, waiting: 1, mean_service_seconds: 60, available_agents: 2 }] },
    };
    model = run(model, snapshot);
    expect(waiting(model)[0]).toEqual(["A003"]);
    expect(numbers(recent(model))).toEqual(["A000"]);
    expect(model.seq).toBe(9);
    expect(model.figures[1]?.available_agents).toBe(2);
  });

  it("an answer that was overtaken by an event changes nothing", () => {
    const asked = run(desk([mine("A001", "appelé")]), { input: "asked", action: "start" });
    const overtaken = run(asked, event(5, mine("A001", "terminé")), {
      input: "answered", tickets: [mine("A001", "en_service")], at_seq: 0, told: null,
    });
    expect(inHand(overtaken)).toBeNull();
    const inTime = run(asked, { input: "answered", tickets: [mine("A001", "en_service")], at_seq: 0, told: null });
    expect(inHand(inTime)?.status).toBe("en_service");
    expect(inTime.pending).toBeNull();
  });

  it("a list that was overtaken by an event keeps the event's ticket and drops what is gone", () => {
    const model = run(desk([ticket("A001"), ticket("A002")]), event(5, ticket("A003"), "ticket.created"), event(6, mine("A002", "appelé")), {
      input: "listed", tickets: [ticket("A002")], at_seq: 4,
    });
    expect(waiting(model)[0]).toEqual(["A003"]);
    expect(inHand(model)?.number).toBe("A002");
  });

  it("a ticket sent to a queue that is not the clerk's leaves the list", () => {
    const model = run(desk([ticket("A001")]), event(2, ticket("A001", "en_attente", { queue: 3 })));
    expect(waiting(model)).toEqual([[], []]);
  });

  it("measures the server's clock, and lets a second pass", () => {
    const beat = (time: string): Input => ({ input: "event", event: { type: "heartbeat", time }, now_ms: NOON });
    expect(run(desk(), beat(at(3))).skew_ms).toBe(180_000);
    expect(run(desk(), beat(at(3)), beat("2026-11-21T12:00:01Z")).skew_ms).toBe(0);
    expect(run(desk(), beat("not a time")).skew_ms).toBe(0);
  });
});

describe("trouble", () => {
  const trouble = { code: "offline", action: "call_next", number: "" } as const;

  it("one action at a time", () => {
    const model = run(desk(), { input: "asked", action: "call_next" });
    expect(canAct(model)).toBe(false);
    expect(canAct(run(model, { input: "answered", tickets: [], at_seq: 0, told: null }))).toBe(true);
  });

  it("a doubt blocks until the lists were read, and then says to look", () => {
    const doubtful = run(desk(), { input: "asked", action: "call_next" }, { input: "failed", trouble, uncertain: true });
    expect(canAct(doubtful)).toBe(false);
    expect(canAct(run(doubtful, { input: "dismissed" }))).toBe(false);
    const settled = run(doubtful, { input: "listed", tickets: [mine("A001", "appelé")], at_seq: 0 });
    expect(canAct(settled)).toBe(true);
    expect([settled.trouble, settled.told?.key]).toEqual([null, "told-checked"]);
    expect(nextStep(settled)).toBe("start");
  });

  it("a clear no blocks nothing and stays until it is read", () => {
    const refused = run(desk(), { input: "failed", trouble: { code: "step_refused", action: "start", number: "A001" }, uncertain: false });
    expect(canAct(refused)).toBe(true);
    const read = run(refused, { input: "listed", tickets: [], at_seq: 0 });
    expect(read.trouble?.code).toBe("step_refused");
    expect(run(read, { input: "dismissed" }).trouble).toBeNull();
  });

  it("says since when the line is down, however often it was tried", () => {
    const down = (state: "lost" | "connecting", now_ms: number): Input => ({ input: "link", state, now_ms });
    const up: Input = { input: "link", state: "live", now_ms: NOON };
    const model = run(desk(), up, down("lost", NOON + 1), down("connecting", NOON + 2), down("lost", NOON + 3));
    expect(model.link).toEqual({ state: "lost", since_ms: NOON + 1 });
    expect(run(model, up).link).toEqual({ state: "live", since_ms: NOON });
  });
});

it("knows what is on hold with this clerk, what was last, and where a ticket can go", () => {
  const model = desk(
    [
      mine("A001", "en_pause"), ticket("A002", "en_pause", { agent: 8 }),
      mine("A003", "absent", { ended_at: at(-3) }), mine("A004", "terminé", { ended_at: at(-1) }), mine("A005", "annulé", { ended_at: at(0) }),
    ],
    [queue(1), queue(2), queue(3, { is_active: false })],
  );
  expect(numbers(onHold(model))).toEqual(["A001"]);
  expect(numbers(recent(model))).toEqual(["A004", "A003"]);
  expect(destinations(model, ticket("A001")).map((one) => one.id)).toEqual([2]);
});
