// The server's pages in a real Chromium, built, on their fake server: a whole serving by keyboard alone, axe, and words
// that fit in six languages.
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { openBrowser } from "./browser";
import { overflows, smallTargets, violations } from "./lookout";
import { textTroubles } from "./walkers";

const LANGUAGES = ["fr", "en", "ar", "wo", "es", "pt"];
/** "below the browser's bars" is what a 1280 by 800 screen leaves to a page. */
const SIZES = {
  "1280x800": [1280, 800],
  "below the browser's bars": [1280, 640],
  "1920x1080": [1920, 1080],
  narrow: [800, 700],
  upright: [1080, 1920],
} as const;
/** Longer than the page takes to settle after an answer (SETTLE_MS) and the fake's network (60 ms). */
const GUARD_MS = 650;

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser.close());

async function open(path: string, [width, height]: readonly [number, number] = SIZES["1280x800"]): Promise<{ page: Page; errors: string[] }> {
  const page = await browser.newPage({ viewport: { width, height }, locale: "fr-FR" });
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  await page.goto(`${inject("address")}${path}`);
  return { page, errors };
}

/** Keyboard alone: the first empty field has the focus, the usual counter's button has it next. */
async function toTheDesk(page: Page): Promise<void> {
  await page.waitForSelector("form");
  for (const text of ["demo", "awa@demo.test"]) {
    await page.keyboard.type(text);
    await page.keyboard.press("Tab");
  }
  await page.keyboard.type("demo");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.activeElement?.closest("section ul") !== null);
  await page.keyboard.press("Enter");
  await page.waitForSelector(".waiting ol li");
}

/** Presses a key once the page takes one, and waits for what must follow. */
async function press(page: Page, key: string, then: string): Promise<void> {
  await page.waitForTimeout(GUARD_MS);
  await page.keyboard.press(key);
  await page.getByText(then, { exact: false }).first().waitFor({ timeout: 30_000 });
}

/** A list that scrolls inside hides what is below its edge; the walker sees words, not edges, so such a list is taken away. */
async function wordTroubles(page: Page): Promise<string[]> {
  const show = (display: string) =>
    page.evaluate((value) => {
      for (const box of document.querySelectorAll<HTMLElement>(".side section")) {
        if (value === "" || box.scrollHeight > box.clientHeight) box.style.display = value;
      }
    }, display);
  await show("none");
  const troubles = await page.evaluate(textTroubles, true);
  await show("");
  return troubles;
}

const focused = (page: Page) => page.evaluate(() => document.activeElement?.textContent?.trim() ?? "");

describe("the counter page", () => {
  it("serves from sign-in to transfer without a mouse", async () => {
    const { page, errors } = await open("/counter/?fake&panel=0&lang=fr");
    await toTheDesk(page);
    expect(await focused(page)).toContain("Appeler le suivant");
    await press(page, "n", "A047 est appelé au guichet 1.");
    await press(page, "r", "A047 est rappelé.");
    await press(page, "x", "A047 est noté absent.");
    await press(page, " ", "B118 est appelé au guichet 1.");
    expect(await page.locator(".current .number").textContent()).toBe("B118");
    expect(await focused(page)).toContain("Commencer");
    await press(page, " ", "B118 est en service.");
    await press(page, "Enter", "B118 est terminé.");
    await press(page, "n", "A045 est appelé au guichet 1.");
    await page.waitForTimeout(GUARD_MS);
    await page.keyboard.press("t");
    await page.waitForSelector("dialog[open]");
    await page.keyboard.press("ArrowDown");
    expect(await focused(page)).toContain("Crédits et conseil");
    await page.keyboard.press("Enter");
    await page.getByText("A045 attend maintenant dans « Crédits et conseil ».").waitFor();
    expect(await focused(page)).toContain("Appeler le suivant");
    await page.keyboard.press("?");
    await page.getByRole("heading", { name: "Raccourcis du clavier" }).waitFor();
    await page.keyboard.press("Escape");
    expect(await focused(page)).toContain("Appeler le suivant");
    expect(errors).toEqual([]);
    await page.close();
  });

  it("says what is wrong while it is offline, and comes back with everything", async () => {
    const { page } = await open("/counter/?fake&panel=0&lang=fr");
    await toTheDesk(page);
    await page.evaluate(() => window.smartqueueFake?.setFault("offline"));
    await page.getByText("Connexion perdue depuis").waitFor({ timeout: 30_000 });
    expect(await violations(page)).toEqual([]);
    const late = await page.evaluate(() => {
      const number = window.smartqueueFake?.world.arrive(1).number;
      window.smartqueueFake?.setFault("none");
      return number ?? "";
    });
    await page.getByText(late, { exact: true }).waitFor({ timeout: 30_000 });
    await page.getByText("Connexion perdue depuis").waitFor({ state: "detached" });
    await page.close();
  });

  describe.each(LANGUAGES)("in %s", (language) => {
    it("passes axe and fits on every screen, signed out, free, serving, with a dialog", async () => {
      const { page, errors } = await open(`/counter/?fake&panel=0&lang=${language}`);
      const findings: string[] = [];
      const look = async (where: string) => {
        findings.push(...(await violations(page)).map((line) => `${where}: ${line}`));
        for (const [name, [width, height]] of Object.entries(SIZES)) {
          await page.setViewportSize({ width, height });
          const lines = [...(await overflows(page)), ...(await smallTargets(page)), ...(await wordTroubles(page))];
          findings.push(...lines.map((line) => `${where} at ${name}: ${line}`));
        }
      };
      await page.waitForSelector("form");
      await look("sign in");
      await toTheDesk(page);
      await look("free");
      await page.keyboard.press("n");
      await page.waitForSelector(".current .number");
      await look("called");
      await page.waitForTimeout(GUARD_MS);
      await page.keyboard.press("t");
      await page.waitForSelector("dialog[open]");
      await look("transfer");
      await page.keyboard.press("Escape");
      await page.keyboard.press(" ");
      await page.waitForSelector(".others button:not(:disabled) >> text=N");
      await look("serving");
      await page.evaluate(() => window.smartqueueFake?.setFault("conflict"));
      await page.waitForTimeout(GUARD_MS);
      await page.keyboard.press("e");
      await page.waitForTimeout(GUARD_MS);
      await look("after a key that does nothing here");
      await page.keyboard.press(" ");
      await page.waitForSelector("[role=alert]");
      await look("refused");
      expect(findings).toEqual([]);
      expect(errors).toEqual([]);
      await page.close();
    });
  });
});

/** Keyboard alone, up to the lists. */
async function toTheOffice(page: Page): Promise<void> {
  await page.waitForSelector("form");
  for (const text of ["demo", "chef@demo.test"]) {
    await page.keyboard.type(text);
    await page.keyboard.press("Tab");
  }
  await page.keyboard.type("demo");
  await page.keyboard.press("Enter");
  await page.waitForSelector("tbody tr");
}

describe.each(LANGUAGES)("office and follow in %s", (language) => {
  const troubles = async (page: Page) => [
    ...(await violations(page)), ...(await overflows(page)), ...(await smallTargets(page)), ...(await page.evaluate(textTroubles, true)),
  ];

  it("pass axe and fit", async () => {
    const { page, errors } = await open(`/office/?fake&panel=0&lang=${language}`);
    await toTheOffice(page);
    expect([...(await troubles(page)), ...errors]).toEqual([]);
    await page.close();
  });

  it.each([SIZES["1280x800"], SIZES.upright])("a station is paired without a mouse, at %i x %i", async (...size) => {
    const { page, errors } = await open(`/office/?fake&panel=0&lang=${language}`, size);
    await toTheOffice(page);
    await page.locator("section .top button").focus();
    await page.keyboard.press("Enter");
    await page.waitForSelector("dialog[open]");
    await page.keyboard.type("2222 2222");
    await page.keyboard.press("Enter");
    await page.waitForSelector("dialog .notice");
    expect(await troubles(page)).toEqual([]);
    await page.locator("dialog input").fill("");
    await page.keyboard.type("7k3m 9rtw");
    await page.keyboard.press("Enter");
    await page.waitForSelector("dialog dl");
    await page.locator("dialog input[type=checkbox]").first().focus();
    await page.keyboard.press("Space");
    await page.waitForSelector("dialog fieldset .choices input[type=checkbox]");
    expect(await troubles(page)).toEqual([]);
    await page.locator("dialog fieldset .choices input[type=checkbox]").first().focus();
    await page.keyboard.press("Space");
    await page.keyboard.press("Enter");
    await page.waitForSelector("dialog .notice.good");
    expect(await troubles(page)).toEqual([]);
    await page.keyboard.press("Escape");
    await page.waitForSelector("dialog", { state: "detached" });
    // The fake's "no such code" is a 404 of the fake, not of the network.
    expect(errors).toEqual([]);
    await page.close();
  });

  it.each([
    [3, "call", ".called"],
    [3, "", ".ahead"],
    [99, "", ".notice"],
  ] as const)("ticket %i %s", async (ticket, step, selector) => {
    const id = `00000000-0000-4000-8000-${String(ticket).padStart(12, "0")}`;
    const { page, errors } = await open(`/follow/?fake&panel=0&tenant=demo&lang=${language}&ticket=${id}`, [360, 740]);
    if (step) {
      await page.waitForSelector(".ahead");
      await page.evaluate(([id]) => {
        window.smartqueueFake?.world.sit(1, 1);
        window.smartqueueFake?.world.step(id ?? "", "call", 1);
        document.dispatchEvent(new Event("visibilitychange"));
      }, [id]);
    }
    await page.waitForSelector(selector);
    expect([...(await violations(page)), ...(await overflows(page)), ...(await page.evaluate(textTroubles, true))]).toEqual([]);
    // The fake's "no such ticket" is a 404 of the fake, not of the network.
    expect(errors).toEqual([]);
    await page.close();
  });
});
