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
  site: number;
  algorithm: Algorithm;
  /** The promised waiting time. */
  sla_seconds: number;
  max_capacity: number | null;
  is_active: boolean;
  /** Names in other languages, by ISO code. */
  names: Partial<Record<Language, { name: string; hint?: string | null }>>;
  icon: string;
  /** `#rrggbb` */
  colour: string;
} & Omit<QueueFigures, "id">;

export type QueueFigures = { id: number; waiting: number; mean_service_seconds: number; available_agents: number };

export type AgentStatus = "disponible" | "occupe" | "pause" | "hors_ligne";

export type Agent = {
  id: number;
  name: string;
  status: AgentStatus;
  site: number;
  /** Ids of the queues this agent serves. */
  queues: number[];
  /** Where the agent sits. */
  counter: { id: number; label: string } | null;
};

/** `agent` sits there now. */
export type Counter = { id: number; site: number; label: string; agent: number | null };

export type Site = { id: number; name: string; timezone: string; languages: string[]; brand_colour: string | null };

/** A kiosk or board as the office sees it. */
export type Station = {
  id: number;
  site: number;
  name: string;
  mode: "kiosk" | "board" | "all";
  version: string;
  applied_configuration: number | null;
  /** The last heartbeat; null before the first. */
  state: { version: string; mode: string; faults: string[]; unsent: number; clock: string } | null;
  seen_at: string | null;
  revoked_at: string | null;
};

/** A station that shows a code, before it belongs to anybody. */
export type PairingRequest = {
  name: string;
  mode: Station["mode"];
  version: string;
  fingerprint: string;
  address: string;
  asked_at: string;
  age_seconds: number;
  expires_in: number;
};

/** What anybody who holds a ticket's id may see of it. */
export type Followed = {
  number: string;
  status: TicketStatus;
  people_ahead: number | null;
  eta_seconds: number | null;
  queue_name: string;
  counter: string | null;
  /** It is time to come back. A server that only knows the tickets' API says nothing of it. */
  soon?: boolean;
};

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
