// The counter's state and the pure rules on it: what comes in (lists, events, answers, troubles) makes the next state.
// Waits for nothing, asks nobody and looks at no clock: the machine around it is state.svelte.ts.
import {
  LIVE,
  type Agent,
  type Counter,
  type LinkState,
  type ProblemCode,
  type Queue,
  type QueueFigures,
  type ServerEvent,
  type Ticket,
} from "../server";

/** What a clerk can do with the server's tickets. The names are those of the words `told-…` and `action-…`. */
export type ActionName = "call_next" | "call" | "start" | "end" | "recall" | "no_show" | "hold" | "transfer" | "cancel";

/** Something to say about what just happened, as words and their values. */
export type Told = { key: string; values: Record<string, string> };

/** A trouble that stays on the page until it is over or put away. */
export type Trouble = { code: ProblemCode; action: ActionName | null; number: string };

/** A ticket and the event number up to which it is known to be true. */
type Held = { ticket: Ticket; seq: number };

export type Model = {
  agent: Agent | null;
  counters: Counter[];
  queues: Queue[];
  tickets: Record<string, Held>;
  figures: Record<number, QueueFigures>;
  /** The highest event number seen. */
  seq: number;
  link: { state: LinkState; since_ms: number };
  /** The action whose answer is awaited: nothing else is sent meanwhile. */
  pending: ActionName | null;
  /** An action may or may not have been carried out: nothing is sent until the server's lists have been read again. */
  unsure: boolean;
  trouble: Trouble | null;
  told: Told | null;
  /** Server's clock minus this machine's. */
  skew_ms: number;
  /** The lists were read at least once. */
  ready: boolean;
};

export const empty = (now_ms: number): Model => ({
  agent: null,
  counters: [],
  queues: [],
  tickets: {},
  figures: {},
  seq: 0,
  link: { state: "connecting", since_ms: now_ms },
  pending: null,
  unsure: false,
  trouble: null,
  told: null,
  skew_ms: 0,
  ready: false,
});

export type Input =
  | { input: "signed_in"; agent: Agent; counters: Counter[]; queues: Queue[] }
  | { input: "agent"; agent: Agent }
  /** `at_seq` is the model's `seq` when the question was sent: what events told since then is newer. */
  | { input: "listed"; tickets: Ticket[]; at_seq: number }
  | { input: "event"; event: ServerEvent; now_ms: number }
  | { input: "link"; state: LinkState; now_ms: number }
  | { input: "asked"; action: ActionName }
  | { input: "answered"; tickets: Ticket[]; at_seq: number; told: Told | null }
  | { input: "failed"; trouble: Trouble; uncertain: boolean }
  | { input: "dismissed" }
  | { input: "told"; told: Told };

/** Below this the clocks agree well enough for minutes of waiting. */
const SKEW_THAT_MATTERS_MS = 2_000;

export function reduce(model: Model, input: Input): Model {
  switch (input.input) {
    case "signed_in":
      return { ...model, agent: input.agent, counters: input.counters, queues: input.queues };
    case "agent":
      return { ...model, agent: input.agent };
    case "listed":
      return listed(model, input.tickets, input.at_seq);
    case "event":
      return heard(model, input.event, input.now_ms);
    case "link":
      return linked(model, input.state, input.now_ms);
    case "asked":
      return { ...model, pending: input.action, trouble: null, told: null };
    case "answered":
      return {
        ...model,
        pending: null,
        told: input.told,
        tickets: input.tickets.reduce((all, ticket) => answered(all, ticket, input.at_seq, model.seq), model.tickets),
      };
    case "failed":
      return { ...model, pending: null, trouble: input.trouble, unsure: model.unsure || input.uncertain };
    case "dismissed":
      return { ...model, trouble: null };
    case "told":
      return { ...model, told: input.told };
  }
}

function heard(model: Model, event: ServerEvent, now_ms: number): Model {
  switch (event.type) {
    case "heartbeat": {
      const skew_ms = Date.parse(event.time) - now_ms;
      const matters = Number.isFinite(skew_ms) && Math.abs(skew_ms) >= SKEW_THAT_MATTERS_MS;
      return { ...model, skew_ms: matters ? skew_ms : 0 };
    }
    case "snapshot": {
      const figures = Object.fromEntries(event.queues.map((queue) => [queue.id, queue]));
      const next = listed({ ...model, seq: event.seq }, event.tickets, event.seq, "live");
      return { ...next, seq: event.seq, figures };
    }
    case "ticket.created":
    case "ticket.called":
    case "ticket.updated":
      return {
        ...model,
        seq: event.seq,
        tickets: { ...model.tickets, [event.ticket.id]: { ticket: event.ticket, seq: event.seq } },
      };
    case "queue.updated":
      return { ...model, seq: event.seq, figures: { ...model.figures, [event.queue.id]: event.queue } };
    case "configuration.updated":
      return { ...model, seq: event.seq };
  }
}

/** A list replaces what it covers, except what events told after it was asked for. */
function listed(model: Model, tickets: Ticket[], at_seq: number, covers: "all" | "live" = "all"): Model {
  const kept = Object.values(model.tickets).filter(
    (held) => held.seq > at_seq || (covers === "live" && !LIVE.includes(held.ticket.status)),
  );
  const next: Record<string, Held> = {};
  for (const ticket of tickets) next[ticket.id] = { ticket, seq: at_seq };
  for (const held of kept) {
    if (held.seq > at_seq || !(held.ticket.id in next)) next[held.ticket.id] = held;
  }
  // Reading the lists settles a doubt; the clerk is asked to look before going on.
  const settled = model.unsure ? { unsure: false, trouble: null, told: { key: "told-checked", values: {} } } : {};
  return { ...model, tickets: next, ready: true, ...settled };
}

function answered(tickets: Record<string, Held>, ticket: Ticket, at_seq: number, seq: number): Record<string, Held> {
  const held = tickets[ticket.id];
  // An event that came while the answer was on its way tells of a later state, or of the same.
  if (held && held.seq > at_seq) return tickets;
  return { ...tickets, [ticket.id]: { ticket, seq } };
}

function linked(model: Model, state: LinkState, now_ms: number): Model {
  // "since" is when the line went, however often it was tried in between.
  const wasDown = model.link.state !== "live";
  const since_ms = wasDown && state !== "live" ? model.link.since_ms : now_ms;
  return { ...model, link: { state, since_ms } };
}
