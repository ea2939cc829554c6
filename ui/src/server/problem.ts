// What went wrong, as a code that the words know. The one table from the server's answers to what a clerk reads; a test
// proves that every code here has words in every language. Pure.

/** Each has the words `problem-<code>` in assets/words/<language>/server.ftl. */
export const PROBLEMS = [
  "offline", "no_answer", "signed_out", "bad_credentials", "too_many_attempts", "forbidden", "not_found", "conflict",
  "step_refused", "queue_full", "service_closed", "paused", "no_counter", "invalid", "garbage", "server", "unknown",
] as const;
export type ProblemCode = (typeof PROBLEMS)[number];

export class Problem extends Error {
  /** `status` is the HTTP status, 0 when no answer came; `serverCode` is the server's own `code`, for the record. */
  constructor(
    readonly code: ProblemCode,
    readonly status = 0,
    readonly serverCode: string | null = null,
  ) {
    super(serverCode ?? code);
    this.name = "Problem";
  }

  /** Whether the server may have carried the request out although its answer did not arrive. */
  get uncertain(): boolean {
    return this.status === 0 || this.status >= 500;
  }
}

/** The codes of the server that a clerk can do something about. Others are told by their status. */
const BY_CODE: Record<string, ProblemCode> = {
  sign_in_refused: "bad_credentials",
  too_many_requests: "too_many_attempts",
  invalid_transition: "step_refused",
  queue_full: "queue_full",
  service_closed: "service_closed",
  agent_unavailable: "paused",
  no_counter: "no_counter",
};

export function problemOf(status: number, serverCode: string | null): ProblemCode {
  const known = serverCode === null ? undefined : BY_CODE[serverCode];
  if (known) return known;
  if (status === 401) return "signed_out";
  if (status === 403) return "forbidden";
  if (status === 404) return "not_found";
  if (status === 409) return "conflict";
  if (status === 429) return "too_many_attempts";
  if (status >= 500) return "server";
  if (status >= 400) return "invalid";
  return "unknown";
}

/** Whatever was thrown, as a problem. Anything unforeseen is named "unknown" and never hides behind a calm word. */
export function asProblem(thrown: unknown): Problem {
  return thrown instanceof Problem ? thrown : new Problem("unknown");
}
