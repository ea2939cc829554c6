// The words of the setup.
import { words } from "../shared/words";

export const setupWords = words(
  import.meta.glob<string>("../../../assets/words/*/{common,setup,faults}.ftl", { query: "?raw", import: "default", eager: true }),
);
