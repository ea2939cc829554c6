// Every screen in a real browser: nothing that axe objects to, every target large enough, no word cut in any language.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { openBrowser } from "./browser";
import { ALL, BOARD, KIOSK } from "./screens";
import { targetTroubles, textTroubles } from "./walkers";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
type Size = readonly [number, number];
const PORTRAIT: Size = [1080, 1920];
const LANDSCAPE: Size = [1920, 1080];
const SMALL: Size = [1280, 800];
const LARGE: Size = [3840, 2160];

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser.close());

async function visit(page: Page, address: string): Promise<void> {
  await page.goto(`${inject("address")}/?still=1&${address}`);
  await page.locator("h1").first().waitFor();
  // The printers of the setup arrive a moment after its question.
  await page.waitForFunction(() => document.fonts.status === "loaded" && document.querySelector("[data-searching]") === null);
}

async function eachScreen(size: Size, language: string, screens: string[], look: (page: Page, screen: string) => Promise<string[]>): Promise<string[]> {
  const context = await browser.newContext({ viewport: { width: size[0], height: size[1] }, reducedMotion: "reduce" });
  const page = await context.newPage();
  const troubles: string[] = [];
  page.on("pageerror", (error) => troubles.push(`${page.url()}: ${error.message}`));
  for (const screen of screens) {
    await visit(page, `${screen}&lang=${language}`);
    troubles.push(...(await look(page, screen)).map((trouble) => `${screen}: ${trouble}`));
  }
  await context.close();
  return troubles;
}

async function geometry(page: Page, screen: string): Promise<string[]> {
  // A board is looked at, not touched. The setup and the maintenance screen may be longer than the screen.
  const touched = !screen.includes("face=board");
  const scrolls = screen.includes("face=setup") || screen.includes("maintenance");
  return [...(touched ? await page.evaluate(targetTroubles) : []), ...(await page.evaluate(textTroubles, scrolls))];
}

async function accessibility(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  return page.evaluate(async () => {
    type Node = { target: unknown[]; failureSummary?: string };
    type Found = { violations: { id: string; nodes: Node[] }[] };
    const run = (window as unknown as { axe: { run: (options: object) => Promise<Found> } }).axe.run;
    // 7:1 for text, which axe leaves off unless asked.
    const { violations } = await run({ rules: { "color-contrast-enhanced": { enabled: true } } });
    return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id} at ${node.target.join(" ")}: ${node.failureSummary ?? ""}`));
  });
}

type Run = [string, { size: Size; language: string; screens: string[]; axe: boolean }];
// What axe judges (names, roles, colours) does not change with the size, what is measured does; so each language is measured, and
// the two directions of writing are measured both ways up and judged once each.
const small = KIOSK.filter((screen) => !screen.includes("text=large") && !screen.includes("reach=low")).map((screen) => `${screen}&diagonal=381`);
const RUNS: Run[] = [
  ["French, upright", { size: PORTRAIT, language: "fr", screens: ALL, axe: true }],
  ["French, lying", { size: LANDSCAPE, language: "fr", screens: ALL, axe: false }],
  ["Arabic, upright", { size: PORTRAIT, language: "ar", screens: ALL, axe: false }],
  ["Arabic, lying", { size: LANDSCAPE, language: "ar", screens: ALL, axe: true }],
  ["English, upright", { size: PORTRAIT, language: "en", screens: ALL, axe: false }],
  ["Wolof, lying", { size: LANDSCAPE, language: "wo", screens: ALL, axe: false }],
  ["Spanish, upright", { size: PORTRAIT, language: "es", screens: ALL, axe: false }],
  ["Portuguese, lying", { size: LANDSCAPE, language: "pt", screens: ALL, axe: false }],
  ["French, 1280 x 800", { size: SMALL, language: "fr", screens: ALL, axe: false }],
  ["Arabic, a board in 4K", { size: LARGE, language: "ar", screens: BOARD, axe: false }],
  ["French, a kiosk of 15 inches", { size: PORTRAIT, language: "fr", screens: small, axe: false }],
];

describe("nothing is too small, cut, covered or out of reach", () => {
  it.each(RUNS)("%s", async (_, { size, language, screens, axe: judged }) => {
    const look = async (page: Page, screen: string) => [...(await geometry(page, screen)), ...(judged ? await accessibility(page) : [])];
    expect(await eachScreen(size, language, screens, look)).toEqual([]);
  });
});
