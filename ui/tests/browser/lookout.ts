// What the browser tests of the server's pages look with: axe, and walkers for pages that a mouse points at.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What axe finds, 7:1 for text included, one line for each element; empty is the goal. */
export async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axeSource);
  return page.evaluate(async () => {
    type Found = { violations: { id: string; nodes: { html: string; failureSummary?: string }[] }[] };
    const { axe } = window as unknown as { axe: { run(options: object): Promise<Found> } };
    const { violations } = await axe.run({ rules: { "color-contrast-enhanced": { enabled: true } } });
    return violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary ?? ""}`));
  });
}

/** Words that are cut or leave their box, and a page that scrolls sideways. */
export function overflows(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const found: string[] = [];
    const root = document.documentElement;
    if (root.scrollWidth > root.clientWidth) found.push(`the page is ${root.scrollWidth - root.clientWidth} px too wide`);
    // A box of a fixed height does not grow with its words: they would run over what stands below.
    for (const box of document.querySelectorAll<HTMLElement>("section, header, main")) {
      if (getComputedStyle(box).overflowY === "visible" && box.scrollHeight > box.clientHeight + 1) {
        found.push(`${box.tagName}.${box.className} holds ${box.scrollHeight - box.clientHeight} px more than its height`);
      }
    }
    for (const element of document.querySelectorAll<HTMLElement>("button, h1, h2, h3, label, p, dd, dt, th, td, .number")) {
      if (element.closest(".aside") || element.classList.contains("aside") || element.offsetParent === null) continue;
      if (element.scrollWidth > element.clientWidth + 1 && getComputedStyle(element).display !== "inline") {
        found.push(`${element.tagName} "${element.textContent?.trim().slice(0, 40)}" is ${element.scrollWidth - element.clientWidth} px too wide`);
      }
    }
    return found;
  });
}

/** Controls smaller than a mouse or a finger hits (WCAG 2.5.8: 24 px). */
export function smallTargets(page: Page, least_px = 24): Promise<string[]> {
  return page.evaluate((least) => {
    const controls = document.querySelectorAll<HTMLElement>("button, select, a, fieldset label");
    return [...controls]
      .filter((element) => element.offsetParent !== null)
      .map((element) => ({ box: element.getBoundingClientRect(), words: element.textContent?.trim() ?? "" }))
      .filter(({ box }) => box.width < least || box.height < least)
      .map(({ box, words }) => `"${words}" is ${Math.round(box.width)} by ${Math.round(box.height)} px`);
  }, least_px);
}
