// What the counter's screen draws, worked out from the model: who is in hand, who waits in which order, what is the next
// sensible step. Pure; it decides nothing that the server does not decide again.
import type { Model } from "./model";
import type { Queue, Ticket } from "../server";

export type Step = "resume" | "call_next" | "start" | "end";

const all = (model: Model): Ticket[] => Object.values(model.tickets).map((held) => held.ticket);
const time = (text: string | null): number => (text === null ? 0 : Date.parse(text));

/** The ticket at this clerk's counter: called or being served. With two, the later call. */
export function inHand(model: Model): Ticket | null {
  const mine = all(model).filter(
    (ticket) => ticket.agent === model.agent?.id && (ticket.status === "appelé" || ticket.status === "en_service"),
  );
  return mine.sort((a, b) => time(b.called_at) - time(a.called_at))[0] ?? null;
}

/** What the big button does. */
export function nextStep(model: Model): Step {
  const ticket = inHand(model);
  if (ticket) return ticket.status === "appelé" ? "start" : "end";
  return model.agent?.status === "disponible" || model.agent?.status === "occupe" ? "call_next" : "resume";
}

/** Whether an action may be sent now. */
export function canAct(model: Model): boolean {
  return model.ready && model.pending === null && !model.unsure;
}

export type Line = { queue: Queue; waiting: Ticket[] };

/** The clerk's queues with who waits, in the order of their calls. */
export function lines(model: Model, now_ms: number): Line[] {
  const tickets = all(model).filter((ticket) => ticket.status === "en_attente");
  return mine(model).map((queue) => ({ queue, waiting: arrange(queue, tickets.filter((ticket) => ticket.queue === queue.id), now_ms) }));
}

export function waitingCount(model: Model): number {
  const ids = model.agent?.queues ?? [];
  return all(model).filter((ticket) => ticket.status === "en_attente" && ids.includes(ticket.queue)).length;
}

function mine(model: Model): Queue[] {
  const ids = model.agent?.queues ?? [];
  return model.queues.filter((queue) => ids.includes(queue.id));
}

/** The order of crates/domain/src/order.rs, for the eye only: the server chooses whom to call. */
function arrange(queue: Queue, tickets: Ticket[], now_ms: number): Ticket[] {
  const first = (ticket: Ticket): number => {
    switch (queue.algorithm) {
      case "fifo":
        return 0;
      case "priority":
        return -ticket.priority;
      case "sla":
        return now_ms - time(ticket.created_at) > queue.sla_seconds * 1000 ? -1 : 0;
    }
  };
  return [...tickets].sort(
    (a, b) =>
      first(a) - first(b) ||
      time(a.created_at) - time(b.created_at) ||
      compare(a.number, b.number) ||
      compare(a.id, b.id),
  );
}

/** By code points, as the server does. */
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Set aside by this clerk, the longest first. */
export function onHold(model: Model): Ticket[] {
  return all(model)
    .filter((ticket) => ticket.status === "en_pause" && ticket.agent === model.agent?.id)
    .sort((a, b) => time(a.called_at) - time(b.called_at) || a.number.localeCompare(b.number));
}

/** Whom this clerk has dealt with, the last first: served, absent. An absent person who turns up can be called again. */
export function recent(model: Model, most = 6): Ticket[] {
  return all(model)
    .filter((ticket) => ticket.agent === model.agent?.id && (ticket.status === "terminé" || ticket.status === "absent"))
    .sort((a, b) => time(b.ended_at ?? b.called_at) - time(a.ended_at ?? a.called_at))
    .slice(0, most);
}

/** Where a ticket can be sent. */
export function destinations(model: Model, ticket: Ticket): Queue[] {
  return model.queues.filter((queue) => queue.is_active && queue.id !== ticket.queue);
}

export function queueOf(model: Model, ticket: Ticket): Queue | null {
  return model.queues.find((queue) => queue.id === ticket.queue) ?? null;
}
