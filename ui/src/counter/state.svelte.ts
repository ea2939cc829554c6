// The counter's machine: keeps the model, sends what the clerk decides, and puts every answer, event and failure back into
// the model. One action at a time; an action whose outcome is unknown blocks the next until the lists were read again, so
// that nobody is called twice for one press. Draws nothing.
import {
  asProblem,
  Client,
  Live,
  Problem,
  Session,
  type Agent,
  type AgentStatus,
  type Counter,
  type Door,
  type Remembered,
  type Ticket,
} from "../server";
import { CounterApi, type TicketStep } from "./api";
import { empty, reduce, type ActionName, type Input, type Model, type Told } from "./model";
import { canAct, inHand, nextStep } from "./views";

export type Phase = "opening" | "signed_out" | "choosing" | "desk";

/** A second press within this time of an answer was meant for what the button said before it. */
export const SETTLE_MS = 500;
const READ_AGAIN_MS = 2_000;
const COUNTER_KEY = "smartqueue.counter";

const STEPS: Record<Exclude<ActionName, "call_next" | "transfer">, TicketStep> = {
  call: "call", start: "start", end: "end", recall: "recall", no_show: "no-show", hold: "hold", cancel: "cancel",
};

export class Desk {
  phase: Phase = $state("opening");
  model: Model = $state.raw(empty(0));
  /** Why the clerk stands before the sign-in form, if it was not by choice. */
  signInProblem: Problem | null = $state.raw(null);
  busySigningIn = $state(false);

  readonly #session: Session;
  readonly #api: CounterApi;
  readonly #live: Live;
  #settledAt = 0;
  #cancelReading: (() => void) | null = null;
  #reading = false;

  constructor(readonly door: Door) {
    this.model = empty(door.now());
    this.#session = new Session(door.fetch, door.tab, door.lasting, door.now);
    this.#api = new CounterApi(new Client(door.fetch, this.#session));
    this.#live = new Live(door.surroundings, {
      address: (after) => this.#socketAddress(after),
      onevent: (event) => {
        this.#put({ input: "event", event, now_ms: door.now() });
        if (event.type === "configuration.updated") void this.#readPlace().catch(() => undefined);
      },
      onstate: (state) => {
        this.#put({ input: "link", state, now_ms: door.now() });
        if (state === "live") void this.#read();
      },
      onrefused: () => this.#signedOut(new Problem("signed_out", 401)),
    });
  }

  get remembered(): Remembered {
    return this.#session.remembered();
  }

  get lastCounter(): string | null {
    return this.door.lasting.getItem(COUNTER_KEY);
  }

  /** Goes on after a reload, or shows the sign-in form. With the server away it keeps trying. */
  async open(): Promise<void> {
    try {
      const kept = await this.#session.resume();
      this.signInProblem = null;
      if (!kept?.agent) return this.#signedOut(null);
      await this.#readPlace(kept.agent);
      if (kept.agent.counter === null) this.phase = "choosing";
      else this.#enter();
    } catch (thrown) {
      const problem = asProblem(thrown);
      if (problem.code === "signed_out") return this.#signedOut(problem);
      // The session is good as far as anybody knows: say what is wrong and try until the server is back.
      this.signInProblem = problem;
      this.#cancelReading = this.door.surroundings.after(READ_AGAIN_MS, () => void this.open());
    }
  }

  async signIn(tenant: string, email: string, password: string): Promise<void> {
    if (this.busySigningIn) return;
    this.busySigningIn = true;
    this.signInProblem = null;
    try {
      const answer = await this.#session.signIn(tenant, email, password);
      if (!answer.agent) throw new Problem("forbidden", 403);
      await this.#readPlace(answer.agent);
      this.phase = "choosing";
    } catch (thrown) {
      this.#session.signOut();
      this.signInProblem = asProblem(thrown);
    } finally {
      this.busySigningIn = false;
    }
  }

  async sit(counter: Counter): Promise<void> {
    const agent = this.model.agent;
    if (!agent || this.busySigningIn) return;
    this.busySigningIn = true;
    this.signInProblem = null;
    try {
      await this.#api.sit(agent.id, counter);
      this.#put({ input: "agent", agent: await this.#api.setStatus(agent.id, "disponible") });
      this.door.lasting.setItem(COUNTER_KEY, counter.label);
      this.#enter();
    } catch (thrown) {
      this.#failedOutside(thrown);
    } finally {
      this.busySigningIn = false;
    }
  }

  /** Back to the list of counters; the ticket in hand stays in hand. */
  leaveCounter(): void {
    this.#live.stop();
    this.phase = "choosing";
  }

  async signOut(): Promise<void> {
    const agent = this.model.agent;
    this.#live.stop();
    // The server is told if it can be; a clerk goes home either way.
    if (agent) await this.#api.setStatus(agent.id, "hors_ligne").catch(() => undefined);
    this.#signedOut(null);
  }

  async setStatus(status: AgentStatus): Promise<void> {
    const agent = this.model.agent;
    if (!agent || agent.status === status) return;
    try {
      this.#put({ input: "agent", agent: await this.#api.setStatus(agent.id, status) });
      this.#put({ input: "told", told: { key: `told-status-${status}`, values: {} } });
    } catch (thrown) {
      const problem = asProblem(thrown);
      if (problem.code === "signed_out") return this.#signedOut(problem);
      this.#put({ input: "failed", trouble: { code: problem.code, action: null, number: "" }, uncertain: false });
    }
  }

  /** What the big button says. */
  async primary(): Promise<void> {
    const step = nextStep(this.model);
    if (step === "resume") return this.setStatus("disponible");
    if (step === "call_next") return this.callNext();
    const ticket = inHand(this.model);
    if (ticket) return this.act(step, ticket);
  }

  async callNext(): Promise<void> {
    const agent = this.model.agent;
    if (!agent || nextStep(this.model) !== "call_next") return;
    await this.#send("call_next", "", async () => {
      const ticket = await this.#api.callNext(agent.id);
      return ticket ? { tickets: [ticket], told: told("call_next", ticket) } : { tickets: [], told: NOBODY };
    });
  }

  /** For the clerk in a hurry: one press between two customers. A failure in between leaves the first one ended. */
  async endAndNext(ticket: Ticket): Promise<void> {
    const agent = this.model.agent;
    if (!agent || ticket.status !== "en_service") return;
    await this.#send("call_next", "", async () => {
      const ended = await this.#api.step(ticket.id, "end");
      const next = await this.#api.callNext(agent.id);
      return next ? { tickets: [ended, next], told: told("call_next", next) } : { tickets: [ended], told: told("end", ended) };
    });
  }

  async act(action: Exclude<ActionName, "call_next" | "transfer">, ticket: Ticket): Promise<void> {
    await this.#send(action, ticket.number, async () => {
      const after = await this.#api.step(ticket.id, STEPS[action]);
      return { tickets: [after], told: told(action, after) };
    });
  }

  async transfer(ticket: Ticket, queue: number, queueName: string): Promise<void> {
    await this.#send("transfer", ticket.number, async () => {
      const after = await this.#api.transfer(ticket.id, queue);
      return { tickets: [after], told: { key: "told-transfer", values: { number: after.number, queue: queueName } } };
    });
  }

  dismiss(): void {
    this.#put({ input: "dismissed" });
  }

  /** Tries the line and the lists now: the person asked, or the browser says that the network is back. */
  hurry(): void {
    this.#live.hurry();
    if (this.phase === "desk") void this.#read();
  }

  stop(): void {
    this.#live.stop();
    this.#cancelReading?.();
  }

  async #send(
    action: ActionName,
    number: string,
    run: () => Promise<{ tickets: Ticket[]; told: Told }>,
  ): Promise<void> {
    if (!canAct(this.model) || this.door.now() - this.#settledAt < SETTLE_MS) return;
    const at_seq = this.model.seq;
    this.#put({ input: "asked", action });
    try {
      const { tickets, told } = await run();
      this.#put({ input: "answered", tickets, at_seq, told });
      // A colleague took this counter: the board would send the person nowhere.
      if (tickets.some((ticket) => ticket.status === "appelé" && ticket.counter === null)) {
        this.#put({ input: "failed", trouble: { code: "no_counter", action: null, number: "" }, uncertain: false });
      }
    } catch (thrown) {
      const problem = asProblem(thrown);
      if (problem.code === "signed_out") return this.#signedOut(problem);
      this.#put({ input: "failed", trouble: { code: problem.code, action, number }, uncertain: problem.uncertain });
      // The screen showed something that is no longer so, or may not be: look again.
      void this.#read();
    } finally {
      this.#settledAt = this.door.now();
    }
  }

  /** Reads the tickets; while a doubt stands or nothing was read yet, again and again until it succeeds. */
  async #read(): Promise<void> {
    this.#cancelReading?.();
    if (this.#reading) return;
    this.#reading = true;
    const at_seq = this.model.seq;
    try {
      const tickets = await this.#api.tickets();
      this.#put({ input: "listed", tickets, at_seq });
    } catch (thrown) {
      const problem = asProblem(thrown);
      if (problem.code === "signed_out") return this.#signedOut(problem);
      if (this.phase === "desk" && (this.model.unsure || !this.model.ready)) {
        const delay_ms = READ_AGAIN_MS * (0.5 + this.door.surroundings.random());
        this.#cancelReading = this.door.surroundings.after(delay_ms, () => void this.#read());
      }
    } finally {
      this.#reading = false;
    }
  }

  async #readPlace(agent: Agent | null = this.model.agent): Promise<void> {
    if (!agent) return;
    const [counters, queues] = await Promise.all([this.#api.counters(), this.#api.queues()]);
    // A tenant may have several sites; a clerk works at one.
    const here = <T extends { site: number }>(rows: T[]) => rows.filter((row) => row.site === agent.site);
    this.#put({ input: "signed_in", agent, counters: here(counters), queues: here(queues) });
  }

  async #socketAddress(after: number | null): Promise<string> {
    const token = await this.#session.access();
    const query = `token=${encodeURIComponent(token)}${after === null ? "" : `&after=${after}`}`;
    const tenant = encodeURIComponent(this.#session.tenant);
    return `${this.door.socketBase}/ws/tenants/${tenant}/agents/${this.model.agent?.id ?? 0}/?${query}`;
  }

  #enter(): void {
    this.phase = "desk";
    this.#live.start();
  }

  #failedOutside(thrown: unknown): void {
    const problem = asProblem(thrown);
    if (problem.code === "signed_out") this.#signedOut(problem);
    else this.signInProblem = problem;
  }

  #signedOut(problem: Problem | null): void {
    this.#live.stop();
    this.#cancelReading?.();
    this.#session.signOut();
    this.model = empty(this.door.now());
    this.signInProblem = problem;
    this.phase = "signed_out";
  }

  #put(input: Input): void {
    this.model = reduce(this.model, input);
  }
}

const NOBODY: Told = { key: "told-nobody", values: {} };

function told(action: ActionName, ticket: Ticket): Told {
  return { key: `told-${action}`, values: { number: ticket.number, counter: ticket.counter ?? "" } };
}
