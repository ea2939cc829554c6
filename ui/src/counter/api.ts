// What the counter page asks of the server, typed. Each call is one request and its answer, or a Problem; it keeps nothing.
import {
  LIVE,
  Problem,
  type Agent,
  type AgentStatus,
  type Client,
  type Counter,
  type Queue,
  type Ticket,
  type TicketStatus,
} from "../server";

/** The steps of one ticket that need nothing but the ticket. */
export type TicketStep = "call" | "start" | "end" | "recall" | "no-show" | "hold" | "cancel";

export class CounterApi {
  constructor(private readonly client: Client) {}

  queues(): Promise<Queue[]> {
    return this.client.list<Queue>("queues/");
  }

  counters(): Promise<Counter[]> {
    return this.client.list<Counter>("counters/");
  }

  /** Everybody who waits, is called, served or set aside, and those whose visit ended last. */
  async tickets(): Promise<Ticket[]> {
    const of = (statuses: readonly TicketStatus[], most: number, ordering: string) =>
      this.client.list<Ticket>("tickets/", { status: statuses.join(","), ordering }, most);
    const lists = await Promise.all([of(LIVE, 1_000, "created_at"), of(["terminé", "absent"], 100, "-created_at")]);
    return lists.flat();
  }

  async sit(agent: number, counter: Counter): Promise<Agent> {
    return whole(await this.client.ask<Agent>("POST", `agents/${agent}/set-counter/`, { counter_id: counter.id }));
  }

  async setStatus(agent: number, status: AgentStatus): Promise<Agent> {
    return whole(await this.client.ask<Agent>("POST", `agents/${agent}/set-status/`, { status }));
  }

  /** Null: nobody waits. */
  callNext(agent: number): Promise<Ticket | null> {
    return this.client.ask<Ticket>("POST", `agents/${agent}/call-next/`, {});
  }

  async step(ticket: string, step: TicketStep): Promise<Ticket> {
    return this.#whole(ticket, await this.client.ask<Ticket>("POST", `tickets/${ticket}/${step}/`, {}));
  }

  async transfer(ticket: string, queue: number): Promise<Ticket> {
    return this.#whole(ticket, await this.client.ask<Ticket>("POST", `tickets/${ticket}/transfer/`, { queue_id: queue }));
  }

  /** Some steps are answered with a word instead of the ticket. */
  async #whole(id: string, answer: Ticket | null): Promise<Ticket> {
    return answer?.id === id && typeof answer.number === "string" ? answer : this.client.get<Ticket>(`tickets/${id}/`);
  }
}

function whole<T>(answer: T | null): T {
  if (answer === null) throw new Problem("garbage");
  return answer;
}
