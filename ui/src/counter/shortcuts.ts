// Which key means what. Pure: a press and where it fell, in; a command or nothing, out.
export type Shortcut = "primary" | "next" | "end" | "recall" | "no_show" | "hold" | "transfer" | "pause" | "help";

export type Press = {
  key: string;
  /** The key's place on the keyboard, such as `KeyR`. */
  code: string;
  repeat: boolean;
  ctrlKey: boolean;
  altKey: boolean;
  metaKey: boolean;
};

/** What holds the focus: keys that mean something to it stay its own. */
export type Focus = "page" | "control" | "typing";

const LETTERS: Record<string, Shortcut> = {
  n: "next", e: "end", r: "recall", a: "no_show", x: "no_show", h: "hold", t: "transfer", p: "pause", "?": "help",
};

/** As shown on the buttons. */
export const KEYS: Record<Exclude<Shortcut, "primary">, string[]> = {
  next: ["N"], end: ["E"], recall: ["R"], no_show: ["A", "X"], hold: ["H"], transfer: ["T"], pause: ["P"], help: ["?"],
};

export function shortcut(press: Press, focus: Focus): Shortcut | null {
  // A key held down must not call the whole waiting room.
  if (press.repeat || press.ctrlKey || press.altKey || press.metaKey || focus === "typing") return null;
  if (press.key === " " || press.key === "Enter") return focus === "page" ? "primary" : null;
  return LETTERS[letter(press)] ?? null;
}

/** The Latin letter of a key: what it writes, or what stands in its place when it writes another script. */
function letter({ key, code }: Press): string {
  if (/^[a-z?]$/i.test(key)) return key.toLowerCase();
  // Punctuation and digits of a Latin layout mean themselves, not the letter that another layout has in their place.
  const otherScript = key.length === 1 && (key.codePointAt(0) ?? 0) > 0x24f;
  if (key === "؟") return "?";
  return otherScript ? (/^Key([A-Z])$/.exec(code)?.[1]?.toLowerCase() ?? "") : "";
}

export function focusOf(element: Element | null): Focus {
  if (element === null || element === document.body) return "page";
  if (element.closest("dialog, input:not([type=radio]), select, textarea, [contenteditable]")) return "typing";
  return element.closest("button, a, summary, input") ? "control" : "page";
}
