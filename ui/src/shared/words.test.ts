// Every word exists in every language with the same values, every code of the door has words, and every count is said in
// each plural form that a language has.
import { FluentResource } from "@fluent/bundle";
import { describe, expect, it } from "vitest";
import type { AnnouncedState, ClosedReason, ConnectionState, FaultCode, PrinterKind, PrinterObstacle, PrintState, RefusalReason, ServerProblem, UnlockOutcome } from "../bindings";
import { direction, LANGUAGES, words } from "./words";

const files = import.meta.glob<string>("../../../assets/words/*/{common,kiosk,board,setup,faults,slip}.ftl", { query: "?raw", import: "default", eager: true });
// Whoever adds a printer's profile gives it a name that installers read.
const MODELS = Object.keys(import.meta.glob("../../../assets/printers/*.toml")).map((path) => path.slice(path.lastIndexOf("/") + 1, -".toml".length));
const pages = [...new Set(Object.keys(files).map((path) => path.slice(path.lastIndexOf("/") + 1)))].sort();
const source = (language: string, page: string) => Object.entries(files).find(([path]) => path.endsWith(`/${language}/${page}`))?.[1] ?? "";

type Entry = { values: string[]; forms: string[][] };

/** Each key of a file, with the values it wants and the variants of each choice it makes. */
function read(language: string, page: string): Map<string, Entry> {
  const entries = new Map<string, Entry>();
  for (const { id, value } of new FluentResource(source(language, page)).body) {
    const text = JSON.stringify(value);
    const values = [...text.matchAll(/"type":"var","name":"(\w+)"/g)].map((match) => match[1] ?? "");
    const forms: string[][] = [];
    const walk = (node: unknown): void => {
      if (Array.isArray(node)) return node.forEach(walk);
      if (typeof node !== "object" || node === null) return;
      if ("type" in node && node.type === "select" && "variants" in node && Array.isArray(node.variants)) {
        forms.push(node.variants.map((variant: { key: { value: string | number } }) => String(variant.key.value)));
      }
      Object.values(node).forEach(walk);
    };
    walk(value);
    entries.set(id, { values: [...new Set(values)].sort(), forms });
  }
  return entries;
}

it("finds the files", () => expect(pages).toEqual(["board.ftl", "common.ftl", "faults.ftl", "kiosk.ftl", "setup.ftl", "slip.ftl"]));

describe.each(pages)("%s", (page) => {
  const french = read("fr", page);
  it.each(LANGUAGES)("has no line that cannot be read in %s", (language) => {
    const written = source(language, page).split("\n").filter((line) => /^[a-zA-Z][\w-]* *=/.test(line));
    expect(read(language, page).size).toBe(written.length);
    expect(new Set(written.map((line) => line.split("=")[0])).size).toBe(written.length);
  });
  it.each(LANGUAGES.filter((language) => language !== "fr"))("is whole in %s", (language) => {
    const other = read(language, page);
    expect([...other.keys()].sort()).toEqual([...french.keys()].sort());
    for (const [key, { values }] of french) {
      // A language may write a value out in a word of its own ("deux personnes"), but never invents one.
      expect(values, key).toEqual(expect.arrayContaining(other.get(key)?.values ?? ["nothing"]));
    }
  });
  it.each(LANGUAGES)("says counts in every plural form of %s", (language) => {
    const wanted = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
    for (const [key, { forms }] of read(language, page)) {
      for (const variants of forms) {
        // A choice between exact numbers alone is not a plural.
        if (variants.every((variant) => variant === "other" || /^\d+$/.test(variant)) && !["ar"].includes(language)) continue;
        const given = variants.map((variant) => (variant === "0" && wanted.includes("zero") ? "zero" : variant));
        const missing = wanted.filter((form) => !given.includes(form) && !(form === "many" && given.includes("other") && language !== "ar"));
        expect(missing, `${language} ${key}`).toEqual([]);
      }
    }
  });
});

// Records force this list to name every code: a code that the station learns does not compile until it stands here.
const FAULTS: Record<FaultCode, true> = {
  printer_missing: true, printer_offline: true, paper_out: true, paper_near_end: true, cover_open: true, cutter_jam: true, printer_hot: true, printer_defect: true, printer_unknown: true,
  printer_busy: true, sound_unavailable: true, journal_failed: true, server_refused: true, not_paired: true, clock_doubtful: true,
  numbers_run_low: true, records_set_aside: true, configuration_refused: true,
};
const REFUSALS: Record<RefusalReason, true> = { unknown_queue: true, service_closed: true, queue_full: true, paused: true, not_paired: true, journal_failed: true };
const PRINTS: Record<PrintState, true> = { issued: true, printing: true, printed: true, unconfirmed: true, failed: true, unknown: true };
const CONNECTIONS: Record<ConnectionState, true> = { online: true, connecting: true, offline: true, standalone: true };
const CLOSED: Record<ClosedReason, true> = { hours: true, paused: true, no_service: true };
const UNLOCKS: Record<UnlockOutcome, true> = { ask: true, wrong_pin: true, locked_out: true };
const PROBLEMS: Record<ServerProblem, true> = { unreachable: true, not_a_server: true, token_refused: true, bad_address: true, clock: true, busy: true, not_written: true };
const KINDS: Record<PrinterKind, true> = { usb: true, serial: true, network: true, spooler: true, file: true, virtual: true };
const OBSTACLES: Record<PrinterObstacle, true> = { permission: true, rule: true, busy: true, driver: true, resumption: true };
const SAVES = ["server_needed", "bad_printer", "bad_printer_profile", "bad_pin", "bad_value", "not_written"];
const TESTS = ["printed", "unconfirmed", "failed", "unknown"];
// Nothing on a screen says how a call was announced yet; the type is named here so that a new use is noticed.
const ANNOUNCED: Record<AnnouncedState, true> = { pending: true, spoken: true, silent: true, failed: true };

const withHelp = (prefix: string, codes: Iterable<string>) => [...codes].flatMap((code) => [`${prefix}-${code}`, `${prefix}-${code}-help`]);
const plain = (prefix: string, codes: Iterable<string>) => [...codes].map((code) => `${prefix}-${code}`);
const keys = [
  ...withHelp("fault", Object.keys(FAULTS)),
  ...withHelp("refusal", Object.keys(REFUSALS)),
  ...withHelp("kiosk-closed", Object.keys(CLOSED)),
  ...withHelp("server", Object.keys(PROBLEMS)),
  ...withHelp("printer-test", TESTS),
  ...withHelp("save", SAVES),
  ...plain("model", MODELS),
  "model-generic-help",
  ...plain("print", Object.keys(PRINTS)),
  ...plain("connection", Object.keys(CONNECTIONS)),
  ...plain("board", Object.keys(CONNECTIONS)),
  ...plain("unlock", Object.keys(UNLOCKS)),
  ...plain("printer", Object.keys(KINDS)),
  ...plain("missing", Object.keys(OBSTACLES)),
  ...plain("weekday", ["1", "2", "3", "4", "5", "6", "7"]),
  ...plain("month", Array.from({ length: 12 }, (_, index) => String(index + 1))),
];

describe.each(LANGUAGES)("codes in %s", (language) => {
  // Only this language: French standing in for a missing word must not hide it.
  const own = Object.fromEntries(Object.entries(files).filter(([path]) => path.includes(`/${language}/`)));
  const say = words(own)(language);
  it.each(keys)("%s has words", (key) => {
    expect(say(key)).not.toBe(key);
    expect(say(key).length).toBeGreaterThan(0);
  });
});

it("knows every printer's profile", () => expect(MODELS).toContain("generic"));

it("knows how calls end", () => expect(Object.keys(ANNOUNCED)).toHaveLength(4));

describe("words", () => {
  const made = words({
    "/words/fr/a.ftl": "greeting = Bonjour { $name }\nonly-french = Seul",
    "/words/ar/a.ftl": "greeting = مرحبا { $name }\ncount = { $n }",
  });
  it("puts values in", () => expect(made("fr")("greeting", { name: "Awa" })).toBe("Bonjour Awa"));
  it("isolates values where text runs right to left", () => expect(made("ar")("greeting", { name: "Awa" })).toBe("مرحبا \u2068Awa\u2069"));
  it("keeps digits Latin", () => expect(made("ar")("count", { n: 45 })).toContain("45"));
  it("lets French stand in", () => expect(made("ar")("only-french")).toBe("Seul"));
  it("shows the key of a word that is nowhere", () => expect(made("fr")("nothing")).toBe("nothing"));
  it("knows which way to write", () => expect(LANGUAGES.map(direction)).toEqual(["ltr", "ltr", "rtl", "ltr", "ltr", "ltr"]));
});
