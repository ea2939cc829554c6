// Asks the server about one ticket, politely: every five seconds, more rarely while it fails, never while nobody looks.
// Holds no token: the ticket's unguessable id is the permission. Draws nothing.
import { asProblem, Problem, rest, type Door, type Followed, type ProblemCode } from "../server";

export const EVERY_MS = 5_000;
const RARELY_MS = 60_000;
/** A ticket that is over does not come back by itself; a clerk may call an absent person again. */
const OVER_EVERY_MS = 30_000;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The tenant and the ticket of an address such as `/t/demo/?ticket=…`; null when it names none. */
export function target(path: string, query: URLSearchParams): { tenant: string; ticket: string } | null {
  const tenant = /^\/t\/([^/]+)\/?$/.exec(path)?.[1] ?? query.get("tenant");
  const ticket = query.get("ticket");
  return tenant && ticket && UUID.test(ticket) ? { tenant: decodeURIComponent(tenant), ticket } : null;
}

const isOver = (ticket: Followed): boolean => ["terminé", "absent", "annulé"].includes(ticket.status);

export class Watch {
  ticket: Followed | null = $state.raw(null);
  /** Why the newest try failed; the ticket shown is then from `fresh_ms`. */
  problem: ProblemCode | null = $state(null);
  fresh_ms = $state(0);
  /** No such ticket: asking again is of no use. */
  unknown = $state(false);
  #failures = 0;
  #cancel: (() => void) | null = null;
  #asking = false;
  #stopped = false;

  constructor(
    private readonly door: Door,
    private readonly of: { tenant: string; ticket: string } | null,
    private readonly isVisible: () => boolean,
  ) {
    this.unknown = of === null;
  }

  start(): void {
    void this.#ask();
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
  }

  /** The page is looked at again: ask now. Nothing is asked while it is hidden. */
  looked(): void {
    this.#cancel?.();
    if (this.isVisible()) void this.#ask();
  }

  async #ask(): Promise<void> {
    if (!this.of || this.unknown || this.#asking || this.#stopped) return;
    this.#asking = true;
    const { tenant, ticket } = this.of;
    const path = `/api/v1/public/tenants/${encodeURIComponent(tenant)}/tickets/${ticket}/`;
    try {
      const answer = await rest<Followed>(this.door.fetch, { method: "GET", path });
      if (typeof answer?.number !== "string") throw new Problem("garbage");
      this.ticket = answer;
      this.problem = null;
      this.fresh_ms = this.door.now();
      this.#failures = 0;
    } catch (thrown) {
      const problem = asProblem(thrown);
      this.#failures += 1;
      if (problem.code === "not_found") this.unknown = true;
      else this.problem = problem.code;
    } finally {
      this.#asking = false;
    }
    this.#later();
  }

  #later(): void {
    if (this.#stopped || this.unknown || !this.isVisible()) return;
    const usual = this.ticket && isOver(this.ticket) ? OVER_EVERY_MS : EVERY_MS;
    const rarer = Math.min(RARELY_MS, usual * 2 ** this.#failures);
    // A waiting room's phones must not all ask in the same second.
    const delay_ms = rarer * (0.8 + 0.4 * this.door.surroundings.random());
    this.#cancel?.();
    this.#cancel = this.door.surroundings.after(delay_ms, () => void this.#ask());
  }
}
