// Which of a station's faults a visitor should know about, and how. Pure: staff see every fault on the maintenance screen.
import type { FaultCode, FaultLine } from "../bindings";

/** What a visitor is told: nothing, that no paper comes out, or that the kiosk cannot help. */
export type Told = "nothing" | "no_paper" | "broken";

const TOLD: Record<FaultCode, Told> = {
  printer_missing: "no_paper",
  printer_offline: "no_paper",
  paper_out: "no_paper",
  cover_open: "no_paper",
  cutter_jam: "no_paper",
  printer_hot: "no_paper",
  printer_defect: "no_paper",
  printer_busy: "nothing",
  printer_unknown: "nothing",
  paper_near_end: "nothing",
  sound_unavailable: "nothing",
  journal_failed: "broken",
  server_refused: "nothing",
  not_paired: "nothing",
  clock_doubtful: "nothing",
  numbers_run_low: "nothing",
  records_set_aside: "nothing",
  configuration_refused: "nothing",
};

export const PRINTER_CODES: readonly FaultCode[] = [
  "printer_missing", "printer_offline", "paper_out", "paper_near_end", "cover_open", "cutter_jam", "printer_hot", "printer_defect", "printer_unknown", "printer_busy",
];

export function toldToVisitor(faults: FaultLine[]): Told {
  const told = faults.map((fault) => TOLD[fault.code]);
  if (told.includes("broken")) return "broken";
  return told.includes("no_paper") ? "no_paper" : "nothing";
}
