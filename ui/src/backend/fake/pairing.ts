// How a server and its administrator answer a machine that asks to be paired, as ?pairing= says: waiting, approved, refused,
// expired, or a server's problem. Without a wish somebody approves after a few polls. Codes last as long as real ones.
import type { PairingStep, ServerProblem, SetupProfile } from "../../bindings";
import { SERVER_PROBLEMS } from "./pose";
import { SITE_NAME } from "./site";

const CODE_LIFE_S = 600;
const POLL_S = 4;
/** So many polls pass before somebody approves by themselves. */
const PATIENCE = 2;
const CODES = ["7K3M-9RTW", "C4XH-67YR", "WJ92-FM3K"];
const FINGERPRINT = "9F21-C0A4-77BE-1D05";

type Request = { code: string; name: string; mode: SetupProfile["mode"]; ends_ms: number; polls: number };

export class Pairing {
  #request: Request | null = null;
  #asked = 0;

  constructor(
    private readonly params: URLSearchParams,
    private readonly now: () => number,
    private readonly still: boolean,
  ) {}

  ask(server: string, name: string, mode: SetupProfile["mode"]): PairingStep {
    const problem = SERVER_PROBLEMS.find((code) => code === this.params.get("pairing"));
    if (problem) return failed(problem);
    if (!/^https?:\/\/[^\s/]+/.test(server)) return failed("bad_address");
    if (server.includes("absent")) return failed("unreachable");
    const kept = this.#request;
    if (kept && kept.name === name && kept.mode === mode && kept.ends_ms > this.now()) return this.#waiting(kept);
    this.#request = { code: CODES[this.#asked++ % CODES.length] ?? "", name, mode, ends_ms: this.now() + CODE_LIFE_S * 1_000, polls: 0 };
    return this.#waiting(this.#request);
  }

  poll(): PairingStep {
    const request = this.#request;
    if (!request || request.ends_ms <= this.now()) return this.#over({ state: "expired" });
    request.polls += 1;
    const wish = this.params.get("pairing");
    if (wish === "expired" && this.#asked === 1) return this.#over({ state: "expired" });
    if (wish === "refused") return this.#over({ state: "refused" });
    if (wish === "approved" || (!this.still && wish !== "waiting" && wish !== "expired" && request.polls > PATIENCE)) return this.approve(request.name);
    return this.#waiting(request);
  }

  /** What an administrator makes of it. */
  approve(name: string): PairingStep {
    const mode = this.#request?.mode ?? "kiosk";
    return { state: "approved", pairing_token: "token-of-this-machine", mode, name, site_name: SITE_NAME, queues: ["A · Ouvrir un compte"] };
  }

  #over(step: PairingStep): PairingStep {
    this.#request = null;
    return step;
  }

  #waiting({ code, ends_ms }: Request): PairingStep {
    const expires_in = Math.ceil((ends_ms - this.now()) / 1_000);
    return { state: "waiting", code, fingerprint: FINGERPRINT, expires_in, poll_interval: POLL_S };
  }
}

const failed = (code: ServerProblem): PairingStep => ({ state: "failed", code });
