// Using the faces as people do, and the promises that only a real browser can prove: budgets, keys, legibility.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import { BOARD_CAPITAL_SHARE, CAPITAL_SHARE } from "../../src/shared/screen";
import { openBrowser } from "./browser";

const JS_BUDGET_BYTES = 120_000;
const FONT_BUDGET_BYTES = 300_000;

let browser: Browser;
let page: Page;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser.close());
beforeEach(async () => {
  page = await browser.newPage({ viewport: { width: 1080, height: 1920 }, reducedMotion: "reduce" });
});
afterEach(() => page.close());

const open = (address: string) => page.goto(`${inject("address")}/?panel=0&${address}`);

describe("a visitor", () => {
  it("touches once and gets a number, by finger", async () => {
    await open("services=4");
    await page.getByRole("button", { name: /Ouvrir un compte/ }).click();
    await page.getByRole("heading", { name: /Votre numéro\s*B045/ }).waitFor();
    await page.getByText("Prenez votre ticket").waitFor();
    await page.getByRole("button", { name: "Terminer" }).click();
    await page.getByRole("heading", { name: "Prenez votre ticket" }).waitFor();
  });

  it("gets a number with the keyboard alone", async () => {
    await open("services=4");
    await page.getByRole("heading", { name: "Prenez votre ticket" }).waitFor();
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: /B045/ }).waitFor();
    expect(await page.evaluate(() => document.activeElement?.tagName)).toBe("H1");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Prenez votre ticket" }).waitFor();
  });

  it("sees the focus", async () => {
    await open("services=4");
    await page.getByRole("heading", { name: "Prenez votre ticket" }).waitFor();
    await page.keyboard.press("Tab");
    const width = await page.evaluate(() => Number.parseFloat(getComputedStyle(document.activeElement ?? document.body).outlineWidth));
    expect(width).toBeGreaterThanOrEqual(3);
  });

  it("finds everything in the lower half with low reach", async () => {
    await open("services=8&reach=low");
    await page.getByRole("heading", { name: "Prenez votre ticket" }).waitFor();
    const top = await page.evaluate(() => Math.min(...[...document.querySelectorAll("main button, footer button")].map((button) => button.getBoundingClientRect().top)));
    expect(top).toBeGreaterThan(1920 / 2);
  });

  it("never loses the focus to the page behind a question", async () => {
    await open("still=1&warning=1");
    const dialog = page.getByRole("dialog");
    await dialog.waitFor();
    for (let step = 0; step < 6; step += 1) {
      await page.keyboard.press("Tab");
      expect(await page.evaluate(() => document.activeElement === document.body || document.activeElement?.closest("dialog") !== null)).toBe(true);
    }
  });
});

describe("staff", () => {
  it("get in by the corner and the PIN, and out again", async () => {
    await open("");
    const corner = page.getByRole("button", { name: "Accès du personnel" });
    for (let tap = 0; tap < 5; tap += 1) await corner.click();
    await page.getByRole("heading", { name: "Accès du personnel" }).waitFor();
    for (const digit of "1234") await page.getByRole("button", { name: digit, exact: true }).click();
    await page.getByRole("button", { name: "Valider" }).click();
    await page.getByRole("heading", { name: "Maintenance" }).waitFor();
    await page.getByRole("button", { name: "Revenir à la borne" }).click();
    await page.getByRole("heading", { name: "Prenez votre ticket" }).waitFor();
  });
});

describe("an installer", () => {
  it("needs no mouse", async () => {
    await open("face=setup");
    await page.getByRole("heading", { name: /Quelle langue/ }).waitFor();
    // From the page's question on: the answers with the arrows, then onwards.
    await page.keyboard.press("Tab");
    await page.keyboard.press("ArrowDown");
    await page.getByRole("heading", { name: /Which language/ }).waitFor();
    await page.getByRole("button", { name: "Next" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: /What is this station for/ }).waitFor();
    await page.getByLabel("Name of this station").focus();
    await page.keyboard.type("Lobby 2");
    expect(await page.getByLabel("Name of this station").inputValue()).toBe("Lobby 2");
  });
});

describe("a call", () => {
  it.each([
    ["lying", 1920, 1080],
    ["upright", 1080, 1920],
  ])("is as large as the setup's verdict says, two at once, %s", async (_, width, height) => {
    await page.setViewportSize({ width, height });
    await open("still=1&face=board&calls=2&recall=1");
    await page.getByRole("article").first().waitFor();
    const sizes = await page.locator("article h1").evaluateAll((numbers) => numbers.map((number) => Number.parseFloat(getComputedStyle(number).fontSize)));
    expect(sizes).toHaveLength(2);
    const share = (Math.min(...sizes) * CAPITAL_SHARE) / Math.min(width, height);
    expect(share).toBeGreaterThanOrEqual(BOARD_CAPITAL_SHARE);
    // And the promise is not timid either: within a third of what is really drawn.
    expect(share).toBeLessThan(BOARD_CAPITAL_SHARE * 1.34);
  });

  it("takes about half of the screen", async () => {
    await page.setViewportSize({ width: 1920, height: 1080 });
    await open("still=1&face=board&calls=1");
    const box = await page.getByRole("article").boundingBox();
    const share = ((box?.width ?? 0) * (box?.height ?? 0)) / (1920 * 1080);
    expect(share).toBeGreaterThan(0.45);
    expect(share).toBeLessThan(0.56);
  });

  it("comes without being asked for", async () => {
    await open("face=board&calls=0&recent=0");
    await page.getByRole("article").waitFor({ timeout: 30_000 });
  });
});

describe("budgets", () => {
  type Chunk = { file: string; imports?: string[]; dynamicImports?: string[]; css?: string[] };
  const manifest = () => JSON.parse(readFileSync(join(inject("built"), ".vite", "manifest.json"), "utf8")) as Record<string, Chunk>;

  /** Everything that the browser must load before this entry runs. */
  function needs(chunks: Record<string, Chunk>, entries: string[]): Set<string> {
    const found = new Set<string>();
    const add = (key: string): void => {
      const chunk = chunks[key];
      if (!chunk) throw new Error(`the build has no ${key}`);
      if (found.has(chunk.file)) return;
      found.add(chunk.file);
      for (const other of chunk.imports ?? []) add(other);
    };
    entries.forEach(add);
    return found;
  }

  it.each([
    ["kiosk", "src/kiosk/Kiosk.svelte"],
    ["board", "src/board/Board.svelte"],
    ["setup", "src/setup/Setup.svelte"],
  ])("the %s's code stays small", (_, entry) => {
    const files = [...needs(manifest(), ["index.html", entry, "src/backend/tauri.ts"])].filter((file) => file.endsWith(".js"));
    const bytes = files.reduce((sum, file) => sum + gzipSync(readFileSync(join(inject("built"), file))).length, 0);
    expect(bytes).toBeGreaterThan(10_000);
    expect(bytes).toBeLessThanOrEqual(JS_BUDGET_BYTES);
  });

  it("the app never carries its imitation", () => {
    const chunks = manifest();
    const files = needs(chunks, ["index.html", "src/kiosk/Kiosk.svelte", "src/board/Board.svelte", "src/setup/Setup.svelte", "src/backend/tauri.ts"]);
    expect(files.has(chunks["src/backend/fake/index.ts"]?.file ?? "missing")).toBe(false);
  });

  it("all fonts of all languages stay small", async () => {
    let bytes = 0;
    page.on("response", async (response) => {
      if (response.url().endsWith(".woff2")) bytes += (await response.body()).length;
    });
    await open("still=1");
    for (const name of ["English", "العربية", "Wolof", "Español", "Português", "Français"]) {
      await page.getByRole("button", { name }).click();
      await page.evaluate(() => document.fonts.ready);
    }
    await page.waitForLoadState("networkidle");
    expect(bytes).toBeGreaterThan(100_000);
    expect(bytes).toBeLessThanOrEqual(FONT_BUDGET_BYTES);
  });

  it("nothing comes from anywhere else", async () => {
    const strangers: string[] = [];
    page.on("request", (request) => {
      if (!request.url().startsWith(inject("address")) && !request.url().startsWith("data:")) strangers.push(request.url());
    });
    for (const face of ["kiosk", "board", "setup"]) {
      await open(`still=1&face=${face}&calls=1`);
      await page.waitForLoadState("networkidle");
    }
    expect(strangers).toEqual([]);
  });
});
