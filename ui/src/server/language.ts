// Which language a page speaks: the address's, then what this browser chose before, then the browser's own, then French.
import type { Language } from "../bindings";
import { LANGUAGES } from "../shared/words";
import type { Storage } from "./session";
import type { Queue } from "./wire";

const KEY = "smartqueue.language";

export function startLanguage(query: URLSearchParams, lasting: Storage, browser: readonly string[]): Language {
  const wishes = [query.get("lang"), lasting.getItem(KEY), ...browser];
  for (const wish of wishes) {
    const found = LANGUAGES.find((language) => wish?.toLowerCase().split("-")[0] === language);
    if (found) return found;
  }
  return "fr";
}

export function rememberLanguage(lasting: Storage, language: Language): void {
  lasting.setItem(KEY, language);
}

/** A queue's name in the page's language, or in the site's own. */
export function nameIn(queue: Queue | null, language: Language): string {
  return queue?.names?.[language]?.name ?? queue?.name ?? "";
}
