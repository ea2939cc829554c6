// The office's machine, first form: signs in and reads the lists every few seconds while somebody looks. What it changes is
// in pairing.svelte.ts.
import {
  asProblem,
  Client,
  LIVE,
  Problem,
  Session,
  type Door,
  type ProblemCode,
  type Queue,
  type Remembered,
  type SignedIn,
  type Site,
  type Station,
  type Ticket,
} from "../server";
import type { Lists } from "./overview";
import { Pairing } from "./pairing.svelte";

export const EVERY_MS = 5_000;
const RARELY_MS = 60_000;

export class Office {
  phase: "opening" | "signed_out" | "open" = $state("opening");
  lists: Lists | null = $state.raw(null);
  /** When the lists were read. */
  fresh_ms = $state(0);
  /** Why the newest reading failed; the lists are then from `fresh_ms`. */
  problem: ProblemCode | null = $state(null);
  signInProblem: Problem | null = $state.raw(null);
  /** Whether the account may pair stations. */
  mayPair = $state(false);
  busy = $state(false);
  readonly #session: Session;
  readonly #client: Client;
  #failures = 0;
  #reading = false;
  #cancel: (() => void) | null = null;

  constructor(
    private readonly door: Door,
    private readonly isVisible: () => boolean,
  ) {
    this.#session = new Session(door.fetch, door.tab, door.lasting, door.now);
    this.#client = new Client(door.fetch, this.#session);
  }

  get remembered(): Remembered {
    return this.#session.remembered();
  }

  async open(): Promise<void> {
    try {
      const resumed = await this.#session.resume();
      if (resumed) this.#enter(resumed);
      else this.phase = "signed_out";
    } catch (thrown) {
      this.#signedOut(asProblem(thrown));
    }
  }

  async signIn(tenant: string, email: string, password: string): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    this.signInProblem = null;
    try {
      this.#enter(await this.#session.signIn(tenant, email, password));
    } catch (thrown) {
      this.signInProblem = asProblem(thrown);
    } finally {
      this.busy = false;
    }
  }

  signOut(): void {
    this.#signedOut(null);
  }

  stop(): void {
    this.#cancel?.();
  }

  /** The page is looked at again. */
  looked(): void {
    this.#cancel?.();
    if (this.phase === "open" && this.isVisible()) void this.#read();
  }

  /** A station that shows a code, from the beginning. */
  pairing(): Pairing {
    return new Pairing(this.#client);
  }

  #enter({ user }: SignedIn): void {
    this.mayPair = user.scopes.includes("manage:devices");
    this.phase = "open";
    void this.#read();
  }

  async #read(): Promise<void> {
    if (this.#reading) return;
    this.#reading = true;
    try {
      const lists = await this.#lists();
      // Signed out while the answer was on its way.
      if (this.phase !== "open") return;
      this.lists = lists;
      this.fresh_ms = this.door.now();
      this.problem = null;
      this.#failures = 0;
    } catch (thrown) {
      const problem = asProblem(thrown);
      if (problem.code === "signed_out") return this.#signedOut(problem);
      this.problem = problem.code;
      this.#failures += 1;
    } finally {
      this.#reading = false;
    }
    if (!this.isVisible()) return;
    const delay_ms = Math.min(RARELY_MS, EVERY_MS * 2 ** this.#failures) * (0.8 + 0.4 * this.door.surroundings.random());
    this.#cancel?.();
    this.#cancel = this.door.surroundings.after(delay_ms, () => void this.#read());
  }

  async #lists(): Promise<Lists> {
    const [sites, queues, live, newest, stations] = await Promise.all([
      this.#client.list<Site>("sites/"),
      this.#client.list<Queue>("queues/"),
      this.#client.list<Ticket>("tickets/", { status: LIVE.join(","), ordering: "created_at" }),
      this.#client.list<Ticket>("tickets/", { ordering: "-created_at" }, 200),
      // Who may not look at devices still sees the queues.
      this.#client.list<Station>("stations/").catch((thrown: unknown) => {
        if (asProblem(thrown).code === "forbidden") return [];
        throw thrown;
      }),
    ]);
    return { sites, queues, live, newest, stations };
  }

  #signedOut(problem: Problem | null): void {
    this.#cancel?.();
    // A network that is away does not end the session: the next reload goes on with it.
    if (problem === null || problem.code === "signed_out") this.#session.signOut();
    this.lists = null;
    this.signInProblem = problem;
    this.phase = "signed_out";
  }
}
