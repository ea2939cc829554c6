// Every way a request can go wrong has a name, and only a refused token is ever asked again.
import { describe, expect, it } from "vitest";
import { Client } from "./client";
import { Problem, problemOf } from "./problem";
import { rest } from "./rest";
import { Session, type Storage } from "./session";

class Memory implements Storage {
  kept = new Map<string, string>();
  getItem = (key: string) => this.kept.get(key) ?? null;
  setItem = (key: string, value: string) => void this.kept.set(key, value);
  removeItem = (key: string) => void this.kept.delete(key);
}

type Reply = { status: number; body?: unknown };
const json = ({ status, body }: Reply) => new Response(status === 204 ? null : JSON.stringify(body ?? {}), { status });

/** A server that answers in turn, and what it was asked. */
function server(...replies: (Reply | Error)[]) {
  const asked: { path: string; init: RequestInit }[] = [];
  const fetch = async (path: string, init: RequestInit) => {
    asked.push({ path, init });
    const reply = replies.shift();
    if (!reply) throw new Error(`not expected: ${path}`);
    if (reply instanceof Error) throw reply;
    return json(reply);
  };
  return { asked, fetch };
}

const failure = (promise: Promise<unknown>) => promise.then(() => null, (thrown: unknown) => thrown as Problem);
const tokens = (turn: number) => ({
  status: 200,
  body: { access: `a${turn}`, refresh: `r${turn}`, expires_in: 100, user: { id: 1, email: "x", name: "X", scopes: [] }, agent: null },
});

describe("rest", () => {
  it.each([
    [new TypeError("Failed to fetch"), "offline", true],
    [new DOMException("slow", "TimeoutError"), "no_answer", true],
    [{ status: 500, body: { code: "internal", detail: "x" } }, "server", true],
    [{ status: 409, body: { code: "invalid_transition", detail: "x" } }, "step_refused", false],
    [{ status: 409, body: { code: "something_new", detail: "x" } }, "conflict", false],
    [{ status: 404, body: { code: "not_found", detail: "x" } }, "not_found", false],
    [{ status: 403, body: { code: "scope_missing", detail: "x" } }, "forbidden", false],
    [{ status: 429, body: { code: "too_many_requests", detail: "x" } }, "too_many_attempts", false],
    [{ status: 400, body: "not an object" }, "invalid", false],
    [{ status: 418 }, "invalid", false],
  ] as const)("%o is told as %s", async (reply, code, uncertain) => {
    const problem = await failure(rest(server(reply as Reply).fetch, { method: "POST", path: "/x" }));
    expect(problem).toBeInstanceOf(Problem);
    expect([problem?.code, problem?.uncertain]).toEqual([code, uncertain]);
  });

  it("calls an answer that does not read garbage", async () => {
    const page = async () => new Response("<html>captive portal</html>", { status: 200 });
    expect((await failure(rest(page, { method: "GET", path: "/x" })))?.code).toBe("garbage");
  });

  it("takes 204 for nothing", async () => {
    expect(await rest(server({ status: 204 }).fetch, { method: "POST", path: "/x" })).toBeNull();
  });

  it("knows a code before it knows a status", () => {
    expect(problemOf(401, "sign_in_refused")).toBe("bad_credentials");
    expect(problemOf(302, null)).toBe("unknown");
  });
});

describe("a session", () => {
  const signedIn = async (...replies: (Reply | Error)[]) => {
    const { asked, fetch } = server(tokens(1), ...replies);
    const [tab, lasting] = [new Memory(), new Memory()];
    let now = 0;
    const session = new Session(fetch, tab, lasting, () => now);
    await session.signIn("demo", "awa@demo.test", "secret");
    return { asked, session, tab, lasting, fetch, pass: (ms: number) => (now += ms), client: new Client(fetch, session) };
  };

  it("remembers who, never the password, and keeps the access token out of storage", async () => {
    const { session, tab, lasting } = await signedIn();
    expect(session.remembered()).toEqual({ tenant: "demo", email: "awa@demo.test" });
    const stored = JSON.stringify([...tab.kept, ...lasting.kept]);
    expect(stored).not.toContain("secret");
    expect(stored).not.toContain("a1");
    expect(stored).toContain("r1");
  });

  it("tells a wrong password from a lost session", async () => {
    const session = new Session(server({ status: 401, body: { code: "token_invalid" } }).fetch, new Memory(), new Memory());
    expect((await failure(session.signIn("demo", "x", "y")))?.code).toBe("bad_credentials");
  });

  it("renews before the token dies, once for all who ask, with the newest refresh token", async () => {
    const { asked, session, pass } = await signedIn(tokens(2), tokens(3));
    pass(79_000);
    expect(await session.access()).toBe("a1");
    pass(2_000);
    expect(await Promise.all([session.access(), session.access(), session.access()])).toEqual(["a2", "a2", "a2"]);
    pass(81_000);
    expect(await session.access()).toBe("a3");
    expect(asked.slice(1).map(({ init }) => JSON.parse(String(init.body)).refresh)).toEqual(["r1", "r2"]);
  });

  it("goes on after a reload and ends when the server says so", async () => {
    const { tab, lasting } = await signedIn();
    const again = new Session(server(tokens(2)).fetch, tab, lasting);
    expect((await again.resume())?.access).toBe("a2");
    expect(again.tenant).toBe("demo");
    const refused = new Session(server({ status: 401 }).fetch, tab, lasting);
    expect((await failure(refused.resume()))?.code).toBe("signed_out");
    expect(await new Session(server().fetch, tab, lasting).resume()).toBeNull();
  });

  it("survives a network that is away", async () => {
    const { tab, lasting } = await signedIn();
    const away = new Session(server(new TypeError("away")).fetch, tab, lasting);
    expect((await failure(away.resume()))?.code).toBe("offline");
    expect((await new Session(server(tokens(2)).fetch, tab, lasting).resume())?.access).toBe("a2");
  });

  it("does not come back to life when signed out while renewing", async () => {
    const { session, tab, pass } = await signedIn(tokens(2));
    pass(90_000);
    const asking = failure(session.access());
    session.signOut();
    expect((await asking)?.code).toBe("signed_out");
    expect(tab.kept.size).toBe(0);
  });

  it("asks again once after a refused token, and never after anything else", async () => {
    const { asked, client } = await signedIn({ status: 401 }, tokens(2), { status: 200, body: { ok: true } });
    expect(await client.ask("POST", "agents/1/call-next/", {})).toEqual({ ok: true });
    expect(asked.map(({ path }) => path)).toEqual([
      "/api/v1/auth/login/",
      "/api/v1/tenants/demo/agents/1/call-next/",
      "/api/v1/auth/refresh/",
      "/api/v1/tenants/demo/agents/1/call-next/",
    ]);
    const { asked: askedOnce, client: other } = await signedIn(new TypeError("away"));
    expect((await failure(other.ask("POST", "agents/1/call-next/", {})))?.code).toBe("offline");
    expect(askedOnce).toHaveLength(2);
  });

  it("reads a list to its end", async () => {
    const page = (results: number[], next: string | null) => ({ status: 200, body: { count: 3, next, previous: null, results } });
    const { asked, client } = await signedIn(page([1, 2], "http://elsewhere/?page=2"), page([3], null));
    expect(await client.list("queues/", { status: "a,b" })).toEqual([1, 2, 3]);
    expect(asked.slice(1).map(({ path }) => path)).toEqual([
      "/api/v1/tenants/demo/queues/?status=a%2Cb&page_size=500&page=1",
      "/api/v1/tenants/demo/queues/?status=a%2Cb&page_size=500&page=2",
    ]);
    expect((await failure((await signedIn({ status: 200, body: {} })).client.list("queues/")))?.code).toBe("garbage");
  });
});
