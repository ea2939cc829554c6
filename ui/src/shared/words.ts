// Every word a person reads comes from assets/words/<language>/<file>.ftl through this module. A face names the files it
// needs, so a page carries no other face's words. Never throws: a missing word shows its key, and a test proves that none is
// missing.
import { FluentBundle, FluentResource } from "@fluent/bundle";
import { getContext, setContext } from "svelte";
import type { Language } from "../bindings";

export const LANGUAGES: readonly Language[] = ["fr", "en", "ar", "wo", "es", "pt"];

/** Each language under its own name, as every speaker of it looks for it. */
export const OWN_NAMES: Record<Language, string> = {
  fr: "Français",
  en: "English",
  ar: "العربية",
  wo: "Wolof",
  es: "Español",
  pt: "Português",
};

export type Values = Record<string, string | number>;
export type Say = (key: string, values?: Values) => string;

export function direction(language: Language): "ltr" | "rtl" {
  return language === "ar" ? "rtl" : "ltr";
}

function bundle(language: Language, sources: string[]): FluentBundle {
  // Digits stay Latin everywhere: several Arabic locales would write ٠١٢. Isolates are only needed where text runs right
  // to left; elsewhere they are invisible characters in the way of copying and searching.
  const made = new FluentBundle(`${language}-u-nu-latn`, { useIsolating: language === "ar" });
  for (const source of sources) made.addResource(new FluentResource(source));
  return made;
}

/**
 * Words of one page. `files` is the result of an eager `import.meta.glob("…/assets/words/*\/{a,b}.ftl", { query: "?raw" })`:
 * paths to sources. Returns the sayer of a language; French stands in where a language lacks a word.
 */
export function words(files: Record<string, string>): (language: Language) => Say {
  const made = new Map<Language, FluentBundle>();
  const bundleOf = (language: Language): FluentBundle => {
    let found = made.get(language);
    if (!found) {
      const own = Object.entries(files).filter(([path]) => path.includes(`/${language}/`));
      found = bundle(language, own.map(([, source]) => source));
      made.set(language, found);
    }
    return found;
  };
  const say = (language: Language): Say => (key, values) => {
    for (const candidate of [bundleOf(language), bundleOf("fr")]) {
      const value = candidate.getMessage(key)?.value;
      // Errors are collected instead of thrown: half a sentence is better than a blank screen.
      if (value) return candidate.formatPattern(value, values ?? null, []);
    }
    return key;
  };
  const sayers = new Map<Language, Say>();
  return (language) => {
    let found = sayers.get(language);
    if (!found) {
      found = say(language);
      sayers.set(language, found);
    }
    return found;
  };
}

const KEY = Symbol("words");

/** Gives the words to everything below this component; `current` is read again whenever the language changes. */
export function provideWords(current: () => Say): void {
  setContext(KEY, current);
}

/** The words, inside any component below `provideWords`. Follows a change of language. */
export function useWords(): Say {
  const current = getContext<() => Say>(KEY);
  return (key, values) => current()(key, values);
}
