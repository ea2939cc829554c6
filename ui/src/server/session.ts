// Who is signed in. The access token lives in memory only; the refresh token is kept for this tab, so that a reload does
// not throw a clerk out and closing the tab does. Tenant and email are remembered for the next morning; the password
// never is. Renewal is shared: however many requests find the token old, one refresh goes out.
import type { Agent } from "./wire";
import { Problem } from "./problem";
import { rest, type Fetch } from "./rest";

/** `expires_in` in seconds. */
type Tokens = { access: string; refresh: string; expires_in: number };
export type SignIn = Tokens & { user: User; agent: Agent | null };
export type User = { id: number; email: string; name: string; scopes: string[] };

/** Renew when this share of the token's life has passed: a token never dies under a clerk's finger. */
const RENEW_AT = 0.8;
const REFRESH_KEY = "smartqueue.refresh";
const WHO_KEY = "smartqueue.who";

export type Remembered = { tenant: string; email: string };
/** `localStorage` and `sessionStorage`, or what stands in for them. */
export type Storage = Pick<globalThis.Storage, "getItem" | "setItem" | "removeItem">;

type Held = { tenant: string; access: string; refresh: string; renew_at_ms: number };
type Kept = { tenant: string; refresh: string };

export class Session {
  #held: Held | null = null;
  #renewal: Promise<SignIn> | null = null;

  constructor(
    private readonly fetch: Fetch,
    private readonly tab: Storage,
    private readonly lasting: Storage,
    private readonly now: () => number = Date.now,
  ) {}

  get tenant(): string {
    return this.#held?.tenant ?? "";
  }

  remembered(): Remembered {
    const kept = readJson<Remembered>(this.lasting, WHO_KEY);
    return { tenant: kept?.tenant ?? "", email: kept?.email ?? "" };
  }

  async signIn(tenant: string, email: string, password: string): Promise<SignIn> {
    const body = { tenant, email, password };
    let answer: SignIn | null;
    try {
      answer = await rest<SignIn>(this.fetch, { method: "POST", path: "/api/v1/auth/login/", body });
    } catch (thrown) {
      // Before signing in there is no session to lose: a 401 here is a wrong password.
      throw thrown instanceof Problem && thrown.code === "signed_out" ? new Problem("bad_credentials", 401) : thrown;
    }
    if (!answer) throw new Problem("garbage");
    this.#hold(tenant, answer);
    this.lasting.setItem(WHO_KEY, JSON.stringify({ tenant, email } satisfies Remembered));
    return answer;
  }

  /** Goes on with the tab's session after a reload. Null when there is none; a Problem when it cannot be renewed. */
  async resume(): Promise<SignIn | null> {
    const kept = readJson<Kept>(this.tab, REFRESH_KEY);
    if (!kept) return null;
    this.#held = { tenant: kept.tenant, access: "", refresh: kept.refresh, renew_at_ms: 0 };
    return this.#renewOnce();
  }

  /** A token that is good for a while yet. */
  async access(): Promise<string> {
    if (!this.#held) throw new Problem("signed_out", 401);
    if (this.now() < this.#held.renew_at_ms) return this.#held.access;
    return (await this.#renewOnce()).access;
  }

  /** The server refused the token although it looked good (its key or clock changed): the next request renews it. */
  distrust(): void {
    if (this.#held) this.#held.renew_at_ms = 0;
  }

  signOut(): void {
    this.#held = null;
    this.tab.removeItem(REFRESH_KEY);
  }

  /** A refresh token is good for one use, and a second use ends the whole session: never two at once. */
  #renewOnce(): Promise<SignIn> {
    this.#renewal ??= this.#renew().finally(() => (this.#renewal = null));
    return this.#renewal;
  }

  async #renew(): Promise<SignIn> {
    const held = this.#held;
    if (!held) throw new Problem("signed_out", 401);
    try {
      const body = { refresh: held.refresh };
      const answer = await rest<SignIn>(this.fetch, { method: "POST", path: "/api/v1/auth/refresh/", body });
      if (!answer) throw new Problem("garbage");
      // Signed out while the answer was on its way: it must not sign anybody in again.
      if (this.#held !== held) throw new Problem("signed_out", 401);
      this.#hold(held.tenant, answer);
      return answer;
    } catch (thrown) {
      // Only a refusal ends the session; a network that is away does not.
      if (thrown instanceof Problem && [400, 401, 403].includes(thrown.status)) {
        if (this.#held === held) this.signOut();
        throw new Problem("signed_out", 401);
      }
      throw thrown;
    }
  }

  #hold(tenant: string, { access, refresh, expires_in }: Tokens): void {
    this.#held = { tenant, access, refresh, renew_at_ms: this.now() + expires_in * 1000 * RENEW_AT };
    this.tab.setItem(REFRESH_KEY, JSON.stringify({ tenant, refresh } satisfies Kept));
  }
}

function readJson<T>(storage: Storage, key: string): T | null {
  try {
    const text = storage.getItem(key);
    return text === null ? null : (JSON.parse(text) as T);
  } catch {
    return null;
  }
}
