// The palette and every colour that a site may bring reach the contrast we promise.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { brandColours, contrast, fill, readable, serviceStyle, SHAPE_RATIO, TEXT_RATIO, type Theme } from "./contrast";

const css = readFileSync("src/shared/tokens.css", "utf8");

/** The colours of a theme, with those of the root that it does not change. */
function palette(theme: Theme): Record<string, string> {
  const colours: Record<string, string> = {};
  for (const [, selector, body] of css.matchAll(/([^{}]+)\{([^{}]*)\}/g)) {
    const names = selector ?? "";
    if (!names.includes(`[data-theme="${theme}"]`) && !/:root\s*$/.test(names.split("*/").at(-1) ?? "")) continue;
    for (const [, name, value] of (body ?? "").matchAll(/--([\w-]+):\s*(#[0-9a-f]{6})/g)) if (name && value) colours[name] = value;
  }
  return colours;
}

describe("contrast", () => {
  it("agrees with WCAG's own examples", () => {
    expect(contrast("#000000", "#ffffff")).toBeCloseTo(21, 5);
    expect(contrast("#777777", "#ffffff")).toBeCloseTo(4.48, 2);
  });
  it("is not fooled by something that is no colour", () => expect(fill("red; background: url(x)").ground).toMatch(/^#[0-9a-f]{6}$/));
});

const TEXT: [string, string][] = [
  ["ink", "ground"], ["ink", "paper"], ["ink", "sunken"], ["ink-soft", "ground"], ["ink-soft", "paper"], ["ink-soft", "sunken"], ["on-brand", "brand"],
  ["brand-ink", "ground"], ["brand-ink", "paper"], ["calm-ink", "calm-ground"], ["warn-ink", "warn-ground"], ["warn-ink", "ground"],
  ["bad-ink", "bad-ground"], ["good-ink", "good-ground"],
];
const SHAPE: [string, string][] = [
  ["line-strong", "ground"], ["line-strong", "paper"], ["focus", "ground"], ["focus", "paper"], ["calm-line", "ground"], ["warn-line", "ground"],
  ["bad-line", "ground"], ["good-line", "ground"],
];

describe.each(["light", "dark", "contrast"] as const)("the %s theme", (theme) => {
  const colours = palette(theme);
  const ratio = (ink: string, ground: string) => contrast(colours[ink] ?? "", colours[ground] ?? "");
  it.each(TEXT)("reads %s on %s", (ink, ground) => {
    expect(colours[ink], ink).toBeDefined();
    expect(colours[ground], ground).toBeDefined();
    expect(ratio(ink, ground)).toBeGreaterThanOrEqual(TEXT_RATIO);
  });
  it.each(SHAPE)("shows %s on %s", (line, ground) => expect(ratio(line, ground)).toBeGreaterThanOrEqual(SHAPE_RATIO));
});

describe("colours of an office", () => {
  // A grid over the whole cube: no office can choose a colour that nobody can read.
  const steps = [0, 51, 102, 153, 204, 255];
  const hex = (value: number) => value.toString(16).padStart(2, "0");
  const all = steps.flatMap((r) => steps.flatMap((g) => steps.map((b) => `#${hex(r)}${hex(g)}${hex(b)}`)));

  it("make a fill that its ink can be read on", () => {
    for (const colour of all) {
      const { ground, ink } = fill(colour);
      expect(contrast(ground, ink), colour).toBeGreaterThanOrEqual(TEXT_RATIO);
    }
  });
  it.each(["#ffffff", "#18212b"])("are readable as ink on %s", (paper) => {
    for (const colour of all) expect(contrast(readable(colour, paper, TEXT_RATIO), paper), colour).toBeGreaterThanOrEqual(TEXT_RATIO);
  });
  it("are left alone when they are readable", () => expect(fill("#0b4a8f")).toEqual({ ground: "#0b4a8f", ink: "#ffffff" }));
  it("give way to high contrast", () => {
    expect(serviceStyle("#123456", "contrast")).toContain("--service:#ffffff");
    expect(brandColours("#123456", "contrast")).toEqual({});
  });
});
