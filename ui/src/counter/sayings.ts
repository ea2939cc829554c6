// The words that the counter page carries, and no other face's.
import { words } from "../shared/words";

export const sayings = words(
  import.meta.glob<string>("../../../assets/words/*/{common,server,counter}.ftl", { query: "?raw", import: "default", eager: true }),
);
