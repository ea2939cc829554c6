// Pictures of the pages that a server serves, for the README: `npm run screenshots` writes them into docs/pictures. The pages
// are the built ones on their fake server, always at the same moment, so a picture changes only when a page does.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { build, preview } from "vite";

const MOMENT = "2026-11-21T13:05:00Z";
const ui = fileURLToPath(new URL("..", import.meta.url));
const pictures = join(ui, "..", "docs", "pictures");
const built = mkdtempSync(join(tmpdir(), "smartqueue-pictures-"));
mkdirSync(pictures, { recursive: true });
await build({ root: ui, logLevel: "error", build: { outDir: built } });
const server = await preview({ root: ui, logLevel: "error", build: { outDir: built }, preview: { port: 0, strictPort: false, host: "127.0.0.1" } });
const address = `http://127.0.0.1:${server.httpServer.address().port}`;
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });

async function open(path, width, height) {
  const page = await browser.newPage({ viewport: { width, height }, locale: "fr-FR", timezoneId: "Europe/Paris", reducedMotion: "reduce" });
  await page.clock.setFixedTime(MOMENT);
  await page.goto(`${address}${path}`);
  return page;
}
async function signIn(page, email) {
  await page.fill("[name=tenant]", "demo");
  await page.fill("[name=email]", email);
  await page.fill("[name=password]", "demo");
  await page.keyboard.press("Enter");
}
async function keep(page, name) {
  await page.evaluate(() => document.fonts.ready);
  await page.screenshot({ path: join(pictures, name) });
  process.stdout.write(`${name}\n`);
  await page.close();
}

for (const [width, height] of [[1920, 1080], [1080, 1920]]) {
  const page = await open("/counter/?fake&panel=0&lang=fr", width, height);
  await signIn(page, "awa@demo.example");
  await page.getByRole("button", { name: "Guichet 1" }).click();
  await page.waitForSelector(".waiting ol li");
  await page.keyboard.press("n");
  await page.waitForSelector(".current .number");
  await keep(page, `counter-${width}x${height}.png`);
}
const office = await open("/office/?fake&panel=0&lang=fr", 1920, 1080);
await signIn(office, "direction@demo.example");
await office.waitForSelector("tbody tr");
await keep(office, "office-1920x1080.png");
const follow = await open("/follow/?fake&panel=0&lang=fr&tenant=demo&ticket=00000000-0000-4000-8000-000000000008", 390, 844);
await follow.waitForSelector(".ahead");
await keep(follow, "follow-390x844.png");

await browser.close();
await server.close();
rmSync(built, { recursive: true, force: true });
