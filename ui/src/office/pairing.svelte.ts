// What an administrator does with a code that a station shows: looks who asks, then says what it shall be, or no. One
// request to the server for each step, and nothing is decided here.
import { asProblem, type Client, type PairingRequest, type Problem, type ProblemCode, type Station } from "../server";

/** Why a step failed: what belongs to pairing has words of its own, everything else those of every page. */
export type Hindrance = "none" | "answered" | "letters" | { problem: ProblemCode };

export type Decision = { name: string; mode: Station["mode"]; site: number; queues: number[] };

type Stage = { at: "code" } | { at: "request"; request: PairingRequest } | { at: "approved"; name: string } | { at: "refused" };

export class Pairing {
  stage: Stage = $state.raw({ at: "code" });
  code = $state("");
  busy = $state(false);
  hindrance: Hindrance | null = $state.raw(null);

  constructor(private readonly client: Client) {}

  look(): Promise<void> {
    return this.#step(async () => {
      const request = await this.client.ask<PairingRequest>("POST", "stations/pairing-requests/look/", { code: this.code });
      if (request !== null) this.stage = { at: "request", request };
    });
  }

  approve(decision: Decision): Promise<void> {
    return this.#step(async () => {
      const answer = await this.client.ask<{ name: string }>("POST", "stations/pairing-requests/approve/", { code: this.code, ...decision });
      this.stage = { at: "approved", name: answer?.name ?? decision.name };
    });
  }

  refuse(): Promise<void> {
    return this.#step(async () => {
      await this.client.ask("POST", "stations/pairing-requests/refuse/", { code: this.code });
      this.stage = { at: "refused" };
    });
  }

  again(): void {
    this.code = "";
    this.hindrance = null;
    this.stage = { at: "code" };
  }

  async #step(step: () => Promise<void>): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    this.hindrance = null;
    try {
      await step();
    } catch (thrown) {
      this.hindrance = hindranceOf(asProblem(thrown));
    } finally {
      this.busy = false;
    }
  }
}

function hindranceOf({ code, serverCode }: Problem): Hindrance {
  if (code === "not_found") return "none";
  if (serverCode === "request_answered") return "answered";
  if (serverCode === "no_letter_free") return "letters";
  return { problem: code };
}
