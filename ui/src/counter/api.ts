// What the counter page asks of the server, typed. Each call is one request and its answer, or a Problem; it keeps nothing.
import type { Client, Agent, AgentStatus, Counter, Queue, Ticket } from "../server";

/** The steps of one ticket that need nothing but the ticket. */
export type TicketStep = "call" | "start" | "end" | "recall" | "no-show" | "hold" | "cancel";

export class CounterApi {
  constructor(private readonly client: Client) {}

  agent(id: number): Promise<Agent> {
    return this.client.get<Agent>(`agents/${id}/`);
  }

  queues(): Promise<Queue[]> {
    return this.client.list<Queue>("queues/");
  }

  counters(): Promise<Counter[]> {
    return this.client.list<Counter>("counters/");
  }

  /** Everybody who waits, is called, served or set aside, and those whose visit ended last. */
  async tickets(): Promise<Ticket[]> {
    const of = (status: string, most: number, ordering = "created_at") =>
      this.client.list<Ticket>(`tickets/?status=${encodeURIComponent(status)}&ordering=${ordering}`, most);
    const lists = await Promise.all([
      of("en_attente", 500),
      of("appelé", 100),
      of("en_service", 100),
      of("en_pause", 100),
      of("absent", 50, "-created_at"),
      of("terminé", 50, "-created_at"),
    ]);
    return lists.flat();
  }

  async sit(agent: number, counter: Counter): Promise<Agent> {
    return (await this.client.ask<Agent>("PATCH", `agents/${agent}/`, { counter: counter.label })) ?? this.agent(agent);
  }

  async setStatus(agent: number, status: AgentStatus): Promise<Agent> {
    await this.client.ask("POST", `agents/${agent}/set-status/`, { status });
    return this.agent(agent);
  }

  /** Null: nobody waits. */
  callNext(agent: number): Promise<Ticket | null> {
    return this.client.ask<Ticket>("POST", `agents/${agent}/call-next/`);
  }

  async step(ticket: string, step: TicketStep): Promise<Ticket> {
    return this.#whole(ticket, await this.client.ask<Ticket>("POST", `tickets/${ticket}/${step}/`));
  }

  async transfer(ticket: string, queue: number): Promise<Ticket> {
    return this.#whole(ticket, await this.client.ask<Ticket>("POST", `tickets/${ticket}/transfer/`, { queue_id: queue }));
  }

  /** Some steps are answered with a word instead of the ticket. */
  async #whole(id: string, answer: Ticket | null): Promise<Ticket> {
    return answer?.id === id && typeof answer.number === "string" ? answer : this.client.get<Ticket>(`tickets/${id}/`);
  }
}
