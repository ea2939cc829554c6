// Times, dates and ranges as people read them.
import { describe, expect, it } from "vitest";
import { clock, decimal, longDate, nextOpening, shortRange, sinceWhen, waitRange } from "./format";
import { words } from "./words";

const files = import.meta.glob<string>("../../../assets/words/*/common.ftl", { query: "?raw", import: "default", eager: true });
const fr = words(files)("fr");
const ar = words(files)("ar");
const bare = (text: string) => text.replace(/[\u2068\u2069]/g, "");
const NOON = Date.UTC(2026, 10, 21, 12, 0);

describe("clock", () => {
  it.each([
    [NOON, 0, "12:00"],
    [NOON, 60, "13:00"],
    [NOON, -210, "08:30"],
    [NOON, 720, "00:00"],
    [Date.UTC(2026, 2, 1, 4, 5), 0, "04:05"],
  ])("%i with %i minutes is %s", (time, offset, shown) => expect(clock(time, offset)).toBe(shown));
});

describe("dates", () => {
  it("names the day of the site, not of UTC", () => {
    expect(longDate(fr, Date.UTC(2026, 10, 21, 23, 30), 0)).toBe("samedi 21 novembre");
    expect(longDate(fr, Date.UTC(2026, 10, 21, 23, 30), 60)).toBe("dimanche 22 novembre");
  });
  it("says the first of a month as French does", () => expect(longDate(fr, Date.UTC(2026, 4, 1, 9), 0)).toBe("vendredi 1er mai"));
  it("shows a day only when it is another", () => {
    expect(sinceWhen(fr, NOON - 3_600_000, NOON, 0)).toBe("11:00");
    expect(sinceWhen(fr, NOON - 24 * 3_600_000, NOON, 0)).toBe("vendredi 20 novembre à 12:00");
  });
});

describe("waits", () => {
  it.each([
    [[5, 10], "5 à 10 minutes"],
    [[5, 5], "environ 5 minutes"],
    [[1, 1], "environ 1 minute"],
    [[0, 0], "moins d’une minute"],
    [[0, 2], "moins de 2 minutes"],
    [null, "attente inconnue"],
  ] as [[number, number] | null, string][])("%j is %s", (range, shown) => expect(waitRange(fr, range)).toBe(shown));
  it("uses the Arabic dual", () => expect(bare(waitRange(ar, [2, 2]))).toBe("حوالي دقيقتين"));
  it.each([
    [[5, 10], "5–10"],
    [[5, 5], "5"],
    [[0, 2], "<2"],
  ] as [[number, number], string][])("%j is %s on the board", (range, shown) => expect(shortRange(range)).toBe(shown));
});

describe("openings", () => {
  it.each([
    [{ in_days: 0, weekday: 6, minute: 840 }, "Réouverture aujourd’hui à 14:00"],
    [{ in_days: 1, weekday: 7, minute: 510 }, "Réouverture demain à 08:30"],
    [{ in_days: 2, weekday: 1, minute: 545 }, "Réouverture lundi à 09:05"],
  ])("%j is %s", (opening, shown) => expect(nextOpening(fr, opening)).toBe(shown));
});

it("writes a half the French way", () => expect(decimal(fr, 21.5)).toBe("21,5"));
