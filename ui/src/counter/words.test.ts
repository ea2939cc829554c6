// Every word of the server's pages exists in every language, with the same values; every code and every told has words.
import { FluentResource } from "@fluent/bundle";
import { describe, expect, it } from "vitest";
import { LANGUAGES } from "../shared/words";
import { PROBLEMS } from "../server";
import { sayings } from "./sayings";

const files = import.meta.glob<string>("../../../assets/words/*/{server,counter,office,follow}.ftl", {
  query: "?raw", import: "default", eager: true,
});
const pages = [...new Set(Object.keys(files).map((path) => path.slice(path.lastIndexOf("/") + 1)))];

/** Keys of a file, each with the values it wants. */
function read(language: string, page: string): Map<string, string[]> {
  const source = Object.entries(files).find(([path]) => path.endsWith(`/${language}/${page}`))?.[1] ?? "";
  const keys = new Map<string, string[]>();
  for (const entry of new FluentResource(source).body) {
    const values = [...JSON.stringify(entry.value).matchAll(/"type":"var","name":"(\w+)"/g)].map((match) => match[1] ?? "");
    keys.set(entry.id, [...new Set(values)].sort());
  }
  return keys;
}

describe.each(pages)("%s", (page) => {
  const french = read("fr", page);
  it("is not empty", () => expect(french.size).toBeGreaterThan(5));
  it.each(LANGUAGES.filter((language) => language !== "fr"))("is whole in %s", (language) => {
    const other = read(language, page);
    expect([...other.keys()].sort()).toEqual([...french.keys()].sort());
    for (const [key, values] of french) {
      // A language may leave out a count that it says in words.
      expect(values, key).toEqual(expect.arrayContaining(other.get(key) ?? ["missing"]));
    }
  });
});

describe.each(LANGUAGES)("in %s", (language) => {
  const say = sayings(language);
  const actions = ["call_next", "call", "start", "end", "recall", "no_show", "hold", "transfer", "cancel"];
  const wanted = [
    ...PROBLEMS.map((code) => `problem-${code}`),
    ...actions.flatMap((action) => [`action-${action}`, `told-${action}`]),
    ...["told-nobody", "told-checked", "action-resume", "action-end_and_next"],
    ...["disponible", "occupe", "pause", "hors_ligne"].flatMap((status) => [`status-${status}`, `told-status-${status}`]),
    ...["live", "connecting", "lost"].map((state) => `link-${state}`),
    ...["none", "offline", "lost_answer", "unauthorised", "conflict", "silent"].map((fault) => `fake-fault-${fault}`),
  ];
  it.each(wanted)("%s has words", (key) => expect(say(key)).not.toBe(key));
  it.each([0, 1, 2, 3, 11, 100])("counts %i people", (count) => expect(say("waiting-count", { count })).not.toContain("{"));
});
