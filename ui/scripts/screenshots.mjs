// Takes the pictures of docs/pictures from the fake backend, in French, upright and lying, always at the same moment:
// npm run screenshots
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { build, preview } from "vite";

const ui = join(dirname(fileURLToPath(import.meta.url)), "..");
const pictures = join(ui, "..", "docs", "pictures");
const MOMENT = "2026-11-21T13:05:00Z";
const SIZES = [[1920, 1080], [1080, 1920]];
const SCREENS = {
  "kiosk-home": "face=kiosk",
  "kiosk-result": "face=kiosk&screen=result",
  "kiosk-closed": "face=kiosk&screen=closed",
  "kiosk-offline": "face=kiosk&connection=offline",
  "board-idle": "face=board",
  "board-calling": "face=board&calls=1",
  setup: "face=setup&step=printer&profile=old",
};

mkdirSync(pictures, { recursive: true });
const built = mkdtempSync(join(tmpdir(), "smartqueue-pictures-"));
await build({ root: ui, logLevel: "warn", build: { outDir: built, emptyOutDir: true } });
const server = await preview({ root: ui, logLevel: "warn", build: { outDir: built }, preview: { port: 0, strictPort: false, host: "127.0.0.1" } });
const address = `http://127.0.0.1:${server.httpServer.address().port}`;
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
  ],
});
for (const [width, height] of SIZES) {
  const page = await (await browser.newContext({ viewport: { width, height }, reducedMotion: "reduce" })).newPage();
  await page.clock.setFixedTime(MOMENT);
  for (const [name, query] of Object.entries(SCREENS)) {
    await page.goto(`${address}/?still=1&lang=fr&${query}`);
    await page.locator("h1").first().waitFor();
    await page.waitForFunction(() => document.fonts.status === "loaded" && document.querySelector("[data-searching]") === null);
    await page.screenshot({ path: join(pictures, `${name}-${width}x${height}.png`) });
    process.stdout.write(`${name}-${width}x${height}.png\n`);
  }
}
await browser.close();
await server.close();
rmSync(built, { recursive: true, force: true });
