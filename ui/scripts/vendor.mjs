// Copies the fonts and the Lucide icons the screens use from their npm packages into assets/, where the Rust side can
// read them too and where a build finds them without the packages. Run it after adding a name below: `npm run vendor`.
import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ui = join(dirname(fileURLToPath(import.meta.url)), "..");
const assets = join(ui, "..", "assets");
const modules = join(ui, "node_modules");

// A queue's icon comes from the office as a Lucide name: these are the ones an office may choose.
const serviceIcons = [
  "landmark", "wallet", "banknote", "banknote-arrow-down", "banknote-arrow-up", "credit-card", "coins", "hand-coins",
  "piggy-bank", "user-plus", "user", "users", "handshake", "briefcase", "building-2", "house", "key-round", "file-text",
  "file-check", "file-pen", "folder", "id-card", "stamp", "mail", "package", "phone", "smartphone", "shield-check",
  "stethoscope", "heart-pulse", "pill", "syringe", "baby", "accessibility", "calendar-check", "circle-help", "info",
  "globe", "plane", "car", "shopping-bag", "ticket", "wrench", "graduation-cap", "scale", "arrow-left-right",
];
// What the screens themselves draw.
const screenIcons = [
  "a-large-small", "arrow-down", "arrow-left", "arrow-right", "arrow-up", "check", "chevron-down", "chevron-left",
  "chevron-right", "circle-alert", "circle-check", "clock", "cloud-off", "contrast", "delete", "door-closed", "globe",
  "hourglass", "keyboard", "languages", "layout-grid", "lock", "log-out", "megaphone", "monitor", "move-down", "move-up",
  "octagon-x", "pause", "play", "plug", "printer", "printer-check", "receipt-text", "refresh-cw", "repeat", "rotate-ccw",
  "ruler", "search", "server", "settings", "space", "tablet-smartphone", "timer", "triangle-alert", "tv", "usb",
  "user-check", "user-x", "volume-2", "volume-x", "wifi-off", "x", "circle-x", "cable", "network", "database", "bell",
  "chevron-up", "ellipsis", "keyboard-off", "eye", "eye-off", "armchair", "plus", "minus", "calendar", "chart-column", "history", "list",
];
const fonts = [
  ["@fontsource-variable/atkinson-hyperlegible-next", "atkinson-hyperlegible-next-latin-wght-normal"],
  ["@fontsource-variable/atkinson-hyperlegible-next", "atkinson-hyperlegible-next-latin-ext-wght-normal"],
  ["@fontsource/noto-sans-arabic", "noto-sans-arabic-arabic-400-normal"],
  ["@fontsource/noto-sans-arabic", "noto-sans-arabic-arabic-700-normal"],
  ["@fontsource/inter", "inter-latin-400-normal"],
  ["@fontsource/inter", "inter-latin-700-normal"],
  ["@fontsource/inter", "inter-latin-ext-400-normal"],
  ["@fontsource/inter", "inter-latin-ext-700-normal"],
];

const icons = [...new Set([...serviceIcons, ...screenIcons])].sort();
const iconFolder = join(assets, "icons");
mkdirSync(iconFolder, { recursive: true });
for (const old of readdirSync(iconFolder)) {
  if (old.endsWith(".svg")) rmSync(join(iconFolder, old));
}
for (const name of icons) {
  const from = join(modules, "lucide-static", "icons", `${name}.svg`);
  if (!existsSync(from)) throw new Error(`lucide-static has no icon "${name}"`);
  copyFileSync(from, join(iconFolder, `${name}.svg`));
}
copyFileSync(join(modules, "lucide-static", "LICENSE"), join(iconFolder, "LICENSE"));

const fontFolder = join(assets, "fonts");
mkdirSync(fontFolder, { recursive: true });
for (const [pack, file] of fonts) {
  copyFileSync(join(modules, pack, "files", `${file}.woff2`), join(fontFolder, `${file}.woff2`));
  copyFileSync(join(modules, pack, "LICENSE"), join(fontFolder, `${pack.split("/")[1]}.LICENSE`));
}
process.stdout.write(`${icons.length} icons and ${fonts.length} fonts copied\n`);
