// The server's JSON as the pages read it: mirrors crates/protocol (api.rs, event.rs) and the lists of the REST contract.
// Types only. Ids are integers, a ticket's id is a UUID, times are RFC 3339 text.
import type { Language } from "../bindings";

/** The French status words of the wire. */
export type TicketStatus = "en_attente" | "appelé" | "en_service" | "terminé" | "absent" | "en_pause" | "annulé";

/** Statuses in which a ticket still takes part in a queue. */
export const LIVE: readonly TicketStatus[] = ["en_attente", "appelé", "en_service", "en_pause"];

export type Ticket = {
  id: string;
  number: string;
  queue: number;
  channel: string;
  /** Higher goes first; 0 by default. */
  priority: number;
  status: TicketStatus;
  eta_seconds: number | null;
  customer?: unknown;
  agent: number | null;
  /** The counter's label. */
  counter: string | null;
  created_at: string;
  called_at: string | null;
  started_at: string | null;
  ended_at: string | null;
};

export type Algorithm = "fifo" | "priority" | "sla";

export type Queue = {
  id: number;
  prefix: string;
  name: string;
  algorithm: Algorithm;
  max_capacity: number | null;
  is_active: boolean;
  /** Names in other languages, by ISO code. */
  names?: Partial<Record<Language, { name: string; hint?: string | null }>>;
  icon?: string;
  colour?: string;
};

export type QueueFigures = { id: number; waiting: number; mean_service_seconds: number; available_agents: number };

export type AgentStatus = "disponible" | "occupe" | "pause" | "hors_ligne";

export type Agent = {
  id: number;
  name: string;
  status: AgentStatus;
  /** Ids of the queues this agent serves. */
  queues: number[];
  /** The label of the counter the agent sits at, or null. */
  counter: string | null;
};

export type Counter = { id: number; label: string };

type Numbered = { seq: number; prev: number };

/** One message of a socket. `prev` is the `seq` this subscriber must have seen before. */
export type ServerEvent =
  | ({ type: "ticket.created"; ticket: Ticket } & Numbered)
  | ({ type: "ticket.called"; ticket: Ticket; recall?: boolean } & Numbered)
  | ({ type: "ticket.updated"; ticket: Ticket } & Numbered)
  | ({ type: "queue.updated"; queue: QueueFigures } & Numbered)
  | ({ type: "configuration.updated"; version: number } & Numbered)
  | { type: "snapshot"; seq: number; tickets: Ticket[]; queues: QueueFigures[] }
  | { type: "heartbeat"; time: string };

export type Page<T> = { count: number; next: string | null; previous: string | null; results: T[] };
