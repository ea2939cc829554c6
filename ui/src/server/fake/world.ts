// A living imitation of the server's queue, in memory: the rules of a ticket's life as crates/domain has them, a numbered
// event log, a few people who come and go. For work on the screens, tests and pictures; time and chance are given.
import type { Agent, AgentStatus, Counter, Followed, PairingRequest, Queue, ServerEvent, Site, Station, Ticket, TicketStatus } from "../wire";

export type Transition = "call" | "recall" | "start" | "end" | "no-show" | "hold" | "cancel" | "transfer";

/** crates/domain/src/ticket.rs, as a table: from which states a step may be taken, and what it leads to. */
export const STEPS: Record<Transition, { from: TicketStatus[]; to: TicketStatus }> = {
  call: { from: ["en_attente", "en_pause", "absent"], to: "appelé" },
  recall: { from: ["appelé"], to: "appelé" },
  start: { from: ["appelé"], to: "en_service" },
  end: { from: ["appelé", "en_service"], to: "terminé" },
  "no-show": { from: ["appelé"], to: "absent" },
  hold: { from: ["en_attente", "appelé", "en_service"], to: "en_pause" },
  cancel: { from: ["en_attente", "appelé", "en_pause"], to: "annulé" },
  transfer: { from: ["en_attente", "appelé", "en_service", "en_pause"], to: "en_attente" },
};

export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
  ) {
    super(code);
  }
}

const MINUTE = 60_000;
/** What the one machine that waits to be paired shows, as 7K3M-9RTW. */
const PAIRING_CODE = "7K3M9RTW";
/** With so many people ahead it is time to come back: NEAR_PEOPLE of crates/server/src/ledger/reminders.rs. */
const NEAR_PEOPLE = 3;
const QUEUES: Queue[] = [
  queue(1, "A", "Accueil et comptes", "#0b5cad", "landmark", {
    en: "Welcome and accounts", ar: "الاستقبال والحسابات", wo: "Dalal ak kont", es: "Acogida y cuentas", pt: "Acolhimento e contas",
  }),
  queue(2, "B", "Retraits et dépôts", "#8a3b00", "banknote", {
    en: "Cash in and out", ar: "السحب والإيداع", wo: "Génne ak denc xaalis", es: "Retiradas e ingresos", pt: "Levantamentos e depósitos",
  }),
  queue(3, "C", "Crédits et conseil", "#5b2a86", "handshake", {
    en: "Loans and advice", ar: "القروض والاستشارة", wo: "Leb ak digle", es: "Créditos y asesoría", pt: "Crédito e aconselhamento",
  }),
];

function queue(id: number, prefix: string, name: string, colour: string, icon: string, names: Record<string, string>): Queue {
  const others = Object.fromEntries(Object.entries(names).map(([code, text]) => [code, { name: text }]));
  return {
    id, prefix, name, site: 1, algorithm: id === 1 ? "priority" : "fifo", sla_seconds: 900, max_capacity: 50, is_active: true,
    names: others, icon, colour, waiting: 0, mean_service_seconds: 300, available_agents: 1,
  };
}

export type Options = { now: () => number; people: boolean };

export class World {
  readonly queues = QUEUES;
  readonly site: Site = { id: 1, name: "Agence Centre", timezone: "Europe/Paris", languages: ["fr", "en"], brand_colour: null };
  readonly counters: Counter[] = ["1", "2", "3"].map((label, index) => ({ id: index + 1, site: 1, label, agent: null }));
  readonly agents: Agent[] = [
    { id: 1, name: "Awa Diop", site: 1, status: "hors_ligne", queues: [1, 2], counter: null },
    { id: 2, name: "Marc Petit", site: 1, status: "disponible", queues: [2, 3], counter: null },
    { id: 3, name: "Inês Costa", site: 1, status: "pause", queues: [3], counter: null },
  ];
  readonly tickets = new Map<string, Ticket>();
  readonly log: ServerEvent[] = [];
  #listeners = new Set<(event: ServerEvent) => void>();
  #answered = false;
  #issued: Record<number, number> = { 1: 44, 2: 117, 3: 8 };

  constructor(private readonly options: Options) {
    this.sit(2, 2);
    this.sit(3, 3);
    if (!options.people) return;
    const waits: [number, number, number][] = [
      [2, 19, 0], [1, 17, 0], [1, 12, 0], [2, 11, 0], [1, 9, 1], [3, 8, 0], [2, 6, 0], [1, 4, 0], [2, 2, 0], [1, 1, 0],
    ];
    for (const [queueId, minutes, priority] of waits) this.arrive(queueId, minutes, priority);
    this.#served("A041", 1, "terminé", 21);
    this.#served("B114", 2, "absent", 14);
    this.#served("A043", 1, "terminé", 9);
  }

  get seq(): number {
    return this.log.length;
  }

  listen(listener: (event: ServerEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Somebody takes a ticket, `minutes` ago. */
  arrive(queueId: number, minutes = 0, priority = 0): Ticket {
    const count = (this.#issued[queueId] ?? 0) + 1;
    this.#issued[queueId] = count;
    const prefix = this.queues.find((queue) => queue.id === queueId)?.prefix ?? "X";
    const ticket = this.#ticket(`${prefix}${String(count).padStart(3, "0")}`, queueId, minutes, priority);
    this.#tell("ticket.created", ticket);
    return ticket;
  }

  /** Everybody who waits goes home: the empty queue of a quiet afternoon. */
  clear(): void {
    for (const ticket of this.#waiting()) this.#change(ticket, { status: "annulé", ended_at: this.#time() });
  }

  callNext(agentId: number): Ticket | null {
    const agent = this.agent(agentId);
    const next = this.#waiting()
      .filter((ticket) => agent.queues.includes(ticket.queue))
      .sort((a, b) => b.priority - a.priority || a.created_at.localeCompare(b.created_at))[0];
    return next ? this.step(next.id, "call", agentId) : null;
  }

  step(id: string, step: Transition, agentId: number, queueId?: number): Ticket {
    const ticket = this.ticket(id);
    const { from, to } = STEPS[step];
    if (!from.includes(ticket.status)) throw new Refused(409, "invalid_transition");
    const agent = this.agent(agentId);
    const time = this.#time();
    switch (step) {
      case "call":
      case "recall":
        return this.#change(ticket, { status: to, agent: agent.id, counter: agent.counter?.label ?? null, called_at: time, ended_at: null }, step === "recall");
      case "start":
        return this.#change(ticket, { status: to, started_at: time });
      case "end":
      case "no-show":
      case "cancel":
        return this.#change(ticket, { status: to, ended_at: time });
      case "hold":
        return this.#change(ticket, { status: to, agent: agent.id });
      case "transfer":
        if (!this.queues.some((queue) => queue.id === queueId)) throw new Refused(404, "not_found");
        return this.#change(ticket, {
          status: to, queue: queueId ?? ticket.queue, agent: null, counter: null, called_at: null, started_at: null,
        });
    }
  }

  setStatus(agentId: number, status: AgentStatus): Agent {
    return Object.assign(this.agent(agentId), { status });
  }

  /** Whoever sat there before sits nowhere. */
  sit(agentId: number, counterId: number): Agent {
    const counter = this.counters.find((candidate) => candidate.id === counterId);
    if (!counter) throw new Refused(404, "not_found");
    for (const other of this.agents) if (other.counter?.id === counterId) other.counter = null;
    for (const other of this.counters) if (other.agent === agentId) other.agent = null;
    counter.agent = agentId;
    return Object.assign(this.agent(agentId), { counter: { id: counter.id, label: counter.label } });
  }

  agent(id: number): Agent {
    const agent = this.agents.find((candidate) => candidate.id === id);
    if (!agent) throw new Refused(404, "not_found");
    return agent;
  }

  ticket(id: string): Ticket {
    const ticket = this.tickets.get(id);
    if (!ticket) throw new Refused(404, "not_found");
    return ticket;
  }

  follow(id: string): Followed {
    const { number, status, queue, counter, created_at } = this.ticket(id);
    const waits = status === "en_attente";
    const ahead = this.#waiting().filter((other) => other.queue === queue && other.created_at < created_at).length;
    return {
      number, status, counter,
      queue_name: this.queues.find((candidate) => candidate.id === queue)?.name ?? "",
      people_ahead: waits ? ahead : null,
      eta_seconds: waits ? ahead * 180 : null,
      soon: waits && ahead <= NEAR_PEOPLE,
    };
  }

  /** The queues with their figures of this moment. */
  listedQueues(): Queue[] {
    return this.queues.map((queue) => ({
      ...queue,
      waiting: this.#waiting().filter((ticket) => ticket.queue === queue.id).length,
      available_agents: this.agents.filter((agent) => agent.status === "disponible" && agent.queues.includes(queue.id)).length,
    }));
  }

  /** A kiosk short of paper and a board that was not heard for a while: the two things a manager must notice. */
  stations(): Station[] {
    const station = (id: number, name: string, mode: Station["mode"], minutes: number, faults: string[], unsent: number): Station => ({
      id, site: 1, name, mode, version: "0.1.0", applied_configuration: 1, seen_at: this.#time(minutes), revoked_at: null,
      state: { version: "0.1.0", mode, faults, unsent, clock: this.#time(minutes) },
    });
    return [station(1, "Borne entrée", "kiosk", 0, ["paper_near_end"], 0), station(2, "Écran salle", "board", 12, [], 3)];
  }

  /** The machine that shows a code and belongs to nobody yet. */
  asking(code: string): PairingRequest {
    if (code.toUpperCase().replace(/[^0-9A-Z]/g, "") !== PAIRING_CODE) throw new Refused(404, "not_found");
    if (this.#answered) throw new Refused(409, "request_answered");
    return {
      name: "Borne neuve", mode: "kiosk", version: "0.1.0", fingerprint: "9F21-C0A4-77BE-1D05", address: "192.168.1.63",
      asked_at: this.#time(2), age_seconds: 130, expires_in: 470,
    };
  }

  /** Approves or refuses it. */
  answer(code: string): void {
    this.asking(code);
    this.#answered = true;
  }

  snapshot(): ServerEvent {
    const tickets = [...this.tickets.values()].filter((ticket) => !["terminé", "absent", "annulé"].includes(ticket.status));
    return { type: "snapshot", seq: this.seq, tickets: structuredClone(tickets), queues: [] };
  }

  #waiting(): Ticket[] {
    return [...this.tickets.values()].filter((ticket) => ticket.status === "en_attente");
  }

  #served(number: string, queueId: number, status: TicketStatus, minutes: number): void {
    const ticket = this.#ticket(number, queueId, minutes + 8, 0);
    Object.assign(ticket, { status, agent: 1, counter: "1", called_at: this.#time(minutes), ended_at: this.#time(minutes - 4) });
  }

  #ticket(number: string, queueId: number, minutes: number, priority: number): Ticket {
    const id = `00000000-0000-4000-8000-${String(this.tickets.size + 1).padStart(12, "0")}`;
    const ticket: Ticket = {
      id, number, queue: queueId, channel: "kiosk", priority, status: "en_attente", eta_seconds: 600, customer: {},
      agent: null, counter: null, created_at: this.#time(minutes), called_at: null, started_at: null, ended_at: null,
    };
    this.tickets.set(id, ticket);
    return ticket;
  }

  #change(ticket: Ticket, change: Partial<Ticket>, recall = false): Ticket {
    Object.assign(ticket, change);
    if (change.status === "appelé") this.#tell("ticket.called", ticket, recall);
    else this.#tell("ticket.updated", ticket);
    return structuredClone(ticket);
  }

  #tell(type: "ticket.created" | "ticket.called" | "ticket.updated", ticket: Ticket, recall = false): void {
    const seq = this.seq + 1;
    const event = { type, seq, prev: seq - 1, ticket: structuredClone(ticket), ...(recall && { recall }) } as ServerEvent;
    this.log.push(event);
    for (const listener of this.#listeners) listener(event);
  }

  #time(minutes = 0): string {
    return new Date(this.options.now() - minutes * MINUTE).toISOString();
  }
}
