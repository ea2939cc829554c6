// Contrast is computed, never assumed: a site chooses its colours, and these functions make them readable. Pure; the
// formulas are those of WCAG 2.2 (relative luminance, contrast ratio).

export type Theme = "light" | "dark" | "contrast";

/** Text must reach this ratio against what it stands on. */
export const TEXT_RATIO = 7;
/** Lines, icons and focus rings that carry meaning must reach this one. */
export const SHAPE_RATIO = 3;

type Rgb = [number, number, number];

const FALLBACK: Rgb = [11, 74, 143];

export function parseHex(hex: string): Rgb {
  const match = /^#([0-9a-f]{6})$/i.exec(hex.trim());
  if (!match?.[1]) return FALLBACK;
  const value = Number.parseInt(match[1], 16);
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255];
}

function toHex(rgb: Rgb): string {
  return `#${rgb.map((part) => Math.round(part).toString(16).padStart(2, "0")).join("")}`;
}

function luminance(rgb: Rgb): number {
  const [r, g, b] = rgb.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as Rgb;
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** The contrast ratio of two colours, 1 to 21. */
export function contrast(first: string, second: string): number {
  const [bright, dim] = [luminance(parseHex(first)), luminance(parseHex(second))].sort((a, b) => b - a) as [number, number];
  return (bright + 0.05) / (dim + 0.05);
}

/** Black or white, whichever reads better on `ground`. */
export function inkOn(ground: string): string {
  return contrast("#ffffff", ground) >= contrast("#10151b", ground) ? "#ffffff" : "#10151b";
}

function mix(from: Rgb, to: Rgb, share: number): Rgb {
  return from.map((part, index) => part + ((to[index] ?? 0) - part) * share) as Rgb;
}

/** `colour`, moved towards black or white only as far as `ratio` against `ground` needs. */
export function readable(colour: string, ground: string, ratio: number): string {
  const target: Rgb = luminance(parseHex(ground)) > 0.18 ? [0, 0, 0] : [255, 255, 255];
  const start = parseHex(colour);
  for (let share = 0; share < 1; share += 0.04) {
    const candidate = toHex(mix(start, target, share));
    if (contrast(candidate, ground) >= ratio) return candidate;
  }
  return toHex(target);
}

/** `colour` as a fill on which white or black text reaches the text ratio. */
export function fill(colour: string): { ground: string; ink: string } {
  const start = parseHex(colour);
  const ink = inkOn(colour);
  const target: Rgb = ink === "#ffffff" ? [0, 0, 0] : [255, 255, 255];
  for (let share = 0; share < 1; share += 0.04) {
    const ground = toHex(mix(start, target, share));
    if (contrast(ground, ink) >= TEXT_RATIO) return { ground, ink };
  }
  return { ground: toHex(target), ink };
}

/** The custom properties of one service: a fill, the ink on it, and the same colour as ink on paper. */
export function serviceStyle(colour: string, theme: Theme): string {
  if (theme === "contrast") return "--service:#ffffff;--on-service:#000000;--service-ink:#ffffff";
  const { ground, ink } = fill(colour);
  const paper = theme === "dark" ? "#18212b" : "#ffffff";
  return `--service:${ground};--on-service:${ink};--service-ink:${readable(colour, paper, TEXT_RATIO)}`;
}

/** A site's brand colour as custom properties; none where it has none or the person asked for high contrast. */
export function brandColours(colour: string | null, theme: Theme): Record<string, string> {
  if (colour === null || theme === "contrast") return {};
  const { ground, ink } = fill(colour);
  const onPage = readable(colour, theme === "dark" ? "#0e141b" : "#f3f5f7", TEXT_RATIO);
  return { "--brand": ground, "--on-brand": ink, "--brand-ink": onPage, "--focus": onPage };
}

/** Sets the brand's custom properties on the page, and takes away those of a brand before. */
export function paintBrand(root: HTMLElement, colour: string | null, theme: Theme): void {
  const colours = brandColours(colour, theme);
  for (const name of ["--brand", "--on-brand", "--brand-ink", "--focus"]) {
    const value = colours[name];
    if (value === undefined) root.style.removeProperty(name);
    else root.style.setProperty(name, value);
  }
}
