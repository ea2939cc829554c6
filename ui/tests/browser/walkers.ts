// What runs inside the page: measures what a finger must hit and what an eye must read. Each returns sentences, one for every
// thing that is wrong; none means that all is well. They may use nothing from outside themselves.

/** Everything to touch is at least 12 mm, what is meant to be touched first at least 20 mm, and 3 mm lie between. */
export function targetTroubles(): string[] {
  const troubles: string[] = [];
  const mm = Number.parseFloat(getComputedStyle(document.documentElement).getPropertyValue("--mm"));
  const scope = document.querySelector("dialog[open]") ?? document.body;
  const PRIMARY = ".primary, .tile, .choice, .key, .stepper button";
  // What a longer page has scrolled out of sight is not there to touch.
  const main = document.querySelector("main");
  const shown = main?.getBoundingClientRect();
  const inSight = (element: HTMLElement) => {
    if (!main || !shown || !main.contains(element) || main.scrollHeight <= main.clientHeight) return true;
    const { top, bottom } = element.getBoundingClientRect();
    return top >= shown.top && bottom <= shown.bottom;
  };
  // A text field is touched where its line is; a radio button, on its card.
  const targets = [...scope.querySelectorAll<HTMLElement>("button, a[href], select, label.choice, input:not([type='radio'])")].filter(
    (element) => element.checkVisibility() && element.getBoundingClientRect().width > 1 && inSight(element),
  );
  const name = (element: HTMLElement) => `"${(element.getAttribute("aria-label") ?? element.textContent ?? element.tagName).trim().replace(/\s+/g, " ").slice(0, 40)}"`;
  const SLACK = 0.1;
  for (const target of targets) {
    const { width, height } = target.getBoundingClientRect();
    const least = target.matches(PRIMARY) ? 20 : 12;
    if (Math.min(width, height) / mm < least - SLACK) troubles.push(`${name(target)} is ${(width / mm).toFixed(1)} x ${(height / mm).toFixed(1)} mm, not ${least}`);
  }
  for (const [index, first] of targets.entries()) {
    if (first.matches(".corner")) continue;
    for (const second of targets.slice(index + 1)) {
      if (second.matches(".corner")) continue;
      const a = first.getBoundingClientRect();
      const b = second.getBoundingClientRect();
      const across = Math.max(a.left - b.right, b.left - a.right);
      const down = Math.max(a.top - b.bottom, b.top - a.bottom);
      const apart = Math.max(across, down) / mm;
      if (apart < 3 - SLACK) troubles.push(`${name(first)} and ${name(second)} are ${apart.toFixed(1)} mm apart`);
    }
  }
  return troubles;
}

/** No text is cut, leaves its box or lies on other text. `scrolls` says whether the page may be longer than the screen. */
export function textTroubles(scrolls: boolean): string[] {
  const troubles: string[] = [];
  const scope = document.querySelector("dialog[open]") ?? document.body;
  const walker = document.createTreeWalker(scope, NodeFilter.SHOW_TEXT);
  const SLACK = 1.5;
  const BOXES = "button, label.choice, .panel, article, .notice, .line, .hero, .next, dialog, header, footer, td, li";
  const main = document.querySelector("main");
  const shown = main?.getBoundingClientRect();
  const texts: { words: string; rect: { left: number; right: number; top: number; bottom: number }; parent: HTMLElement }[] = [];
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const words = (node.textContent ?? "").trim().replace(/\s+/g, " ");
    const parent = node.parentElement;
    if (words === "" || !parent || parent.closest(".aside, script, style, svg") || !parent.checkVisibility()) continue;
    const inMain = main?.contains(parent) ?? false;
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const line of range.getClientRects()) {
      if (line.width < 1) continue;
      // What a longer page has scrolled out of sight lies on nothing.
      if (scrolls && inMain && shown && (line.bottom > shown.bottom || line.top < shown.top)) continue;
      // A line's box is taller than its letters: only the middle must fit.
      const spare = line.height * 0.24;
      texts.push({ words, parent, rect: { left: line.left, right: line.right, top: line.top + spare, bottom: line.bottom - spare } });
    }
  }
  for (const { words, rect, parent } of texts) {
    const inMain = main?.contains(parent) ?? false;
    if (rect.left < -SLACK || rect.right > innerWidth + SLACK) troubles.push(`"${words}" leaves the screen sideways`);
    if (!(scrolls && inMain) && (rect.top < -SLACK || rect.bottom > innerHeight + SLACK)) troubles.push(`"${words}" leaves the screen`);
    if (!scrolls && inMain && main && rect.bottom > main.getBoundingClientRect().bottom + SLACK) troubles.push(`"${words}" is below what is shown`);
    for (let box = parent.closest<HTMLElement>(BOXES); box; box = box.parentElement?.closest<HTMLElement>(BOXES) ?? null) {
      const edge = box.getBoundingClientRect();
      const out = rect.left < edge.left - SLACK || rect.right > edge.right + SLACK || rect.top < edge.top - SLACK || rect.bottom > edge.bottom + SLACK;
      if (out) troubles.push(`"${words}" leaves its ${box.tagName.toLowerCase()}.${box.className}`);
    }
  }
  for (const [index, first] of texts.entries()) {
    for (const second of texts.slice(index + 1)) {
      if (first.parent === second.parent) continue;
      const across = Math.min(first.rect.right, second.rect.right) - Math.max(first.rect.left, second.rect.left);
      const down = Math.min(first.rect.bottom, second.rect.bottom) - Math.max(first.rect.top, second.rect.top);
      if (across > SLACK && down > SLACK) troubles.push(`"${first.words}" lies on "${second.words}"`);
    }
  }
  return [...new Set(troubles)];
}
