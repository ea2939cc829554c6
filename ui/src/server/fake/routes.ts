// The fake server's REST: which request does what to the world, and the errors of the contract. No page knows it.
import type { AgentStatus, Page } from "../wire";
import type { Fault } from "./door";
import { Refused, STEPS, type Transition, type World } from "./world";

type Answer = { status: number; body: unknown };

/** What the fake accepts as a sign-in; any other password is wrong. */
export const PASSWORD = "demo";
/** The clerk behind the fake's only sign-in. */
const AGENT = 1;

export function answer(world: World, fault: Fault, path: string, init: RequestInit): Answer {
  try {
    return { status: 200, body: route(world, fault, path, init) };
  } catch (thrown) {
    if (thrown instanceof Nothing) return { status: 204, body: null };
    if (thrown instanceof Refused) return { status: thrown.status, body: { code: thrown.code, detail: thrown.code } };
    return { status: 500, body: { code: "internal", detail: String(thrown) } };
  }
}

class Nothing extends Error {}

function route(world: World, fault: Fault, whole: string, init: RequestInit): unknown {
  const [path = "", search = ""] = whole.split("?");
  const query = new URLSearchParams(search);
  const body = (typeof init.body === "string" ? JSON.parse(init.body) : {}) as Record<string, unknown>;
  if (path === "/api/v1/auth/login/") {
    if (body.password !== PASSWORD) throw new Refused(401, "sign_in_refused");
    return signedIn(world, String(body.email));
  }
  const followed = /^\/api\/v1\/public\/tenants\/[^/]+\/tickets\/([^/]+)\/$/.exec(path)?.[1];
  if (followed !== undefined) return world.follow(followed);
  if (fault === "unauthorised") throw new Refused(401, "token_invalid");
  if (path === "/api/v1/auth/refresh/") return signedIn(world, "");
  const [, kind = "", id = "", verb = ""] = /\/tenants\/[^/]+\/([^/]+)\/(?:([^/]+)\/)?(?:([^/]+)\/)?$/.exec(path) ?? [];
  if (init.method !== "GET" && fault === "conflict" && kind === "tickets") throw new Refused(409, "invalid_transition");
  switch (kind) {
    case "queues":
      return page(world.listedQueues());
    case "counters":
      return page(world.counters);
    case "sites":
      return page([world.site]);
    case "stations":
      return id === "pairing-requests" ? pairing(world, verb, body) : page(world.stations());
    case "agents":
      return id === "" ? page(world.agents) : agentRoute(world, fault, Number(id), verb, body);
    case "tickets":
      return id === "" ? page(tickets(world, query)) : ticketRoute(world, id, verb, body);
    default:
      throw new Refused(404, "not_found");
  }
}

function agentRoute(world: World, fault: Fault, id: number, verb: string, body: Record<string, unknown>): unknown {
  if (verb === "set-status") return world.setStatus(id, body.status as AgentStatus);
  if (verb === "call-next") {
    if (fault === "conflict") throw new Refused(409, "invalid_transition");
    const ticket = world.callNext(id);
    if (!ticket) throw new Nothing();
    return ticket;
  }
  if (verb === "set-counter") return world.sit(id, Number(body.counter_id));
  return structuredClone(world.agent(id));
}

function pairing(world: World, verb: string, body: Record<string, unknown>): unknown {
  const code = String(body.code);
  if (verb === "look") return world.asking(code);
  world.answer(code);
  if (verb === "refuse") throw new Nothing();
  return { name: body.name, mode: body.mode, expires_at: new Date().toISOString() };
}

function ticketRoute(world: World, id: string, verb: string, body: Record<string, unknown>): unknown {
  if (verb === "") return structuredClone(world.ticket(id));
  if (!(verb in STEPS)) throw new Refused(404, "not_found");
  const after = world.step(id, verb as Transition, AGENT, Number(body.queue_id));
  return verb === "call" ? { status: "called" } : after;
}

function tickets(world: World, query: URLSearchParams) {
  const statuses = query.get("status")?.split(",");
  const rows = [...world.tickets.values()].filter((ticket) => statuses?.includes(ticket.status) ?? true);
  rows.sort((a, b) => a.created_at.localeCompare(b.created_at));
  return structuredClone(query.get("ordering") === "-created_at" ? rows.reverse() : rows);
}

const page = <T>(results: T[]): Page<T> => ({ count: results.length, next: null, previous: null, results });

const signedIn = (world: World, email: string) => ({
  access: "fake-access",
  refresh: "fake-refresh",
  expires_in: 3600,
  user: { id: 1, email, name: "Awa Diop", scopes: ["read:queue", "write:queue", "manage:devices"] },
  agent: structuredClone(world.agent(AGENT)),
});
