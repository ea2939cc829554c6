// What a face may ask of the machine below it. Two implementations: tauri.ts (the real station) and fake.ts (a living
// imitation for work on the screens, tests and pictures). Commands return nothing: what changed arrives as the next view.
import type { Command, FoundPrinter, PrinterTest, SaveOutcome, ServerCheck, SetupProfile, SoundTest, Startup, View } from "../bindings";

export interface Backend {
  readonly kind: "tauri" | "fake";
  readonly setup: SetupBackend;
  startup(): Promise<Startup>;
  currentView(): Promise<View>;
  /** Calls `listener` with every view after this one; returns what stops it. */
  onView(listener: (view: View) => void): Promise<() => void>;
  send(command: Command): Promise<void>;
}

/** The setup's tools ask and answer: they are tools, not business. */
export interface SetupBackend {
  load(): Promise<SetupProfile>;
  printers(): Promise<FoundPrinter[]>;
  testPrinter(selector: string): Promise<PrinterTest>;
  checkServer(server: string, pairingToken: string): Promise<ServerCheck>;
  testSound(): Promise<SoundTest>;
  save(profile: SetupProfile): Promise<SaveOutcome>;
}
