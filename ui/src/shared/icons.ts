// The Lucide icons in assets/icons, by name. An office chooses icons by name; one we do not ship becomes a plain ticket.
const files = import.meta.glob<string>("../../../assets/icons/*.svg", { query: "?raw", import: "default", eager: true });

const drawings = new Map<string, string>();
for (const [path, source] of Object.entries(files)) {
  const name = path.slice(path.lastIndexOf("/") + 1, -".svg".length);
  const inside = /<svg[^>]*>([\s\S]*)<\/svg>/.exec(source)?.[1] ?? "";
  drawings.set(name, inside.trim());
}

export function hasIcon(name: string): boolean {
  return drawings.has(name);
}

/** The inside of a 24 by 24 stroked drawing. */
export function drawing(name: string): string {
  return drawings.get(name) ?? drawings.get("ticket") ?? "";
}
