// A key does one thing, in every layout, and nothing while somebody types or holds it down.
import { describe, expect, it } from "vitest";
import { focusOf, shortcut, type Focus, type Press } from "./shortcuts";

const press = (key: string, code = "", more: Partial<Press> = {}): Press => ({
  key, code, repeat: false, ctrlKey: false, altKey: false, metaKey: false, ...more,
});

describe("shortcut", () => {
  it.each([
    [" ", "Space", "primary"], ["Enter", "Enter", "primary"], ["n", "KeyN", "next"], ["N", "KeyN", "next"],
    ["r", "KeyR", "recall"], ["a", "KeyQ", "no_show"], ["x", "KeyX", "no_show"], ["e", "KeyE", "end"],
    ["h", "KeyH", "hold"], ["t", "KeyT", "transfer"], ["p", "KeyP", "pause"], ["?", "Comma", "help"],
    ["ى", "KeyN", "next"], ["ق", "KeyR", "recall"], ["؟", "Slash", "help"],
    ["q", "KeyA", null], ["é", "Digit2", null], [",", "KeyN", null], ["F5", "F5", null], ["Tab", "Tab", null],
  ] as const)("%s (%s) is %s", (key, code, expected) => {
    expect(shortcut(press(key, code), "page")).toBe(expected);
  });

  it.each<[string, Press, Focus]>([
    ["a held key", press("n", "KeyN", { repeat: true }), "page"],
    ["the browser's own", press("r", "KeyR", { ctrlKey: true }), "page"],
    ["typing", press("n", "KeyN"), "typing"],
    ["Enter on a button, which presses the button", press("Enter"), "control"],
  ])("leaves %s alone", (_, keys, focus) => {
    expect(shortcut(keys, focus)).toBeNull();
  });

  it("letters work wherever a button has the focus", () => {
    expect(shortcut(press("r", "KeyR"), "control")).toBe("recall");
  });
});

it("knows where the focus is", () => {
  document.body.innerHTML = `<button id="b"><i></i></button><select id="s"></select><input id="t"><input id="r" type="radio">
    <dialog><button id="d"></button></dialog><p id="p" tabindex="-1"></p>`;
  const at = (id: string) => focusOf(document.getElementById(id));
  expect(["b", "s", "t", "r", "d", "p"].map(at)).toEqual(["control", "typing", "typing", "control", "typing", "page"]);
  expect(focusOf(null)).toBe("page");
});
