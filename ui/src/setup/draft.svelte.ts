// What the installer has chosen so far. Holds and checks form, never a rule of the queue: what a profile means is the
// station's business.
import type { PairingStep, SetupProfile } from "../bindings";

export const STEPS = ["language", "mode", "server", "printer", "sound", "screen", "pin", "summary"] as const;
export type Step = (typeof STEPS)[number];

/** Why a profile is not saved, as far as the station says it in a code of its own. */
export const SAVE_CODES = ["server_needed", "bad_printer", "bad_printer_profile", "bad_pin", "bad_value", "not_written"] as const;

export const PIN_LEAST = 4;
export const PIN_MOST = 8;

type Approved = Omit<Extract<PairingStep, { state: "approved" }>, "state" | "pairing_token">;

export class Draft {
  profile: SetupProfile;
  /** What an administrator approved, and at which server; the profile has its token. */
  approved: (Approved & { server: string | null }) | null = $state.raw(null);
  /** The machine was set up before: its PIN may be kept. */
  readonly known: boolean;

  constructor(profile: SetupProfile) {
    this.profile = $state(profile);
    this.known = profile.name.trim() !== "";
  }

  /** The steps this machine needs: a board alone prints nothing. */
  get steps(): Step[] {
    return STEPS.filter((step) => step !== "printer" || this.profile.mode !== "board");
  }

  /** Takes over what was approved, which may be another role and name than was asked for. */
  approve({ pairing_token, mode, name, site_name, queues }: Approved & { pairing_token: string }): void {
    Object.assign(this.profile, { pairing_token, mode, name });
    this.approved = { mode, name, site_name, queues, server: this.profile.server };
  }

  /** Gives up the token, wherever it came from. */
  forget(): void {
    this.approved = null;
    this.profile.pairing_token = null;
  }

  /** Something was chosen since that nobody approved: the server would refuse it. */
  get outgrown(): boolean {
    return this.approved !== null && (this.approved.mode !== this.profile.mode || this.approved.server !== this.profile.server);
  }

  /** Whether a step still lacks something without which the profile cannot be saved. */
  lacks(step: Step): boolean {
    const { name, server, pairing_token, paired, pin } = this.profile;
    switch (step) {
      case "mode":
        return name.trim() === "";
      case "server":
        return server !== null && !paired && ((pairing_token ?? "").trim() === "" || this.outgrown);
      case "pin":
        return pin === null && !this.known;
      case "language":
      case "printer":
      case "sound":
      case "screen":
        return false;
      case "summary":
        return this.steps.some((other) => other !== "summary" && this.lacks(other));
    }
  }

  /** The profile as it is saved: empty fields are absent, and a board has no printer. */
  finished(): SetupProfile {
    const profile = $state.snapshot(this.profile);
    const filled = (text: string | null) => (text === null || text.trim() === "" ? null : text.trim());
    return {
      ...profile,
      name: profile.name.trim(),
      server: filled(profile.server),
      pairing_token: filled(profile.server) === null ? null : filled(profile.pairing_token),
      printer: profile.mode === "board" ? null : filled(profile.printer),
    };
  }
}
