// One HTTP request to the server, with a time limit and every way to fail told as a Problem. Knows no token and no page;
// `fetch` is given, so the fake and the tests stand in for the network.
import { Problem, problemOf } from "./problem";

export type Fetch = (input: string, init: RequestInit) => Promise<Response>;

/** Longer than a slow mobile link needs, shorter than a clerk's patience. */
export const TIME_LIMIT_MS = 8_000;

export type Request = { method: "GET" | "POST" | "PATCH"; path: string; body?: unknown; token?: string };

export async function rest<T>(fetch: Fetch, { method, path, body, token }: Request): Promise<T | null> {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (token !== undefined) headers.Authorization = `Bearer ${token}`;
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      headers,
      ...(body !== undefined && { body: JSON.stringify(body) }),
      cache: "no-store",
      credentials: "omit",
      signal: AbortSignal.timeout(TIME_LIMIT_MS),
    });
  } catch (thrown) {
    // A time limit means the server may well have done it; anything else means the network refused.
    throw new Problem(thrown instanceof DOMException && thrown.name === "TimeoutError" ? "no_answer" : "offline");
  }
  if (response.status === 204) return null;
  const answer = await readJson(response);
  if (!response.ok) {
    const code = isObject(answer) && typeof answer.code === "string" ? answer.code : null;
    throw new Problem(problemOf(response.status, code), response.status, code);
  }
  if (answer === undefined) throw new Problem("garbage");
  return answer as T;
}

async function readJson(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
