// What a face may ask of the machine below it. Two implementations: tauri.ts (the real station) and fake.ts (a living
// imitation for work on the screens, tests and pictures). Commands return nothing: what changed arrives as the next view.
import type { Command, FoundPrinter, PairingStep, PrinterModel, PrinterTest, SaveOutcome, ServerCheck, SetupProfile, SoundTest, View } from "../bindings";

export type Face = "kiosk" | "board" | "setup";

/** What a window is, asked once. */
export type Startup = {
  face: Face;
  windowed: boolean;
  /** From the machine's profile; null without one, and then a common screen of the face is assumed. */
  screen_diagonal_mm: number | null;
  farthest_seat_m: number | null;
};

export interface Backend {
  readonly kind: "tauri" | "fake";
  readonly setup: SetupBackend;
  startup(): Promise<Startup>;
  currentView(): Promise<View>;
  /** Calls `listener` with every view after this one; returns what stops it. */
  onView(listener: (view: View) => void): Promise<() => void>;
  send(command: Command): Promise<void>;
  /** Puts the setup in the place of this face; only from the maintenance screen. */
  openSetup(): Promise<void>;
  /** Ends the setup. After a save the station itself opens the faces that the profile wants. */
  closeSetup(saved: boolean): Promise<void>;
}

/** The setup's tools ask and answer: they are tools, not business. */
export interface SetupBackend {
  load(): Promise<SetupProfile>;
  printers(): Promise<FoundPrinter[]>;
  /** Every model that can be chosen; the one for a printer that nobody knows comes first. */
  printerModels(): Promise<PrinterModel[]>;
  testPrinter(selector: string, paperWidthMm: number, printerProfile: string): Promise<PrinterTest>;
  checkServer(server: string, pairingToken: string): Promise<ServerCheck>;
  /** Asks a server for a pairing code, or goes on with the one that this machine was given before. */
  askPairing(server: string, name: string, mode: SetupProfile["mode"]): Promise<PairingStep>;
  /** Asks once what an administrator said to it. */
  pollPairing(): Promise<PairingStep>;
  /** `volume` is 0 to 100. */
  testSound(volume: number): Promise<SoundTest>;
  save(profile: SetupProfile): Promise<SaveOutcome>;
}
