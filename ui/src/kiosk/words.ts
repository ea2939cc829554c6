// The words of the kiosk, its staff screens included.
import { words } from "../shared/words";

export const kioskWords = words(
  import.meta.glob<string>("../../../assets/words/*/{common,kiosk,faults}.ftl", { query: "?raw", import: "default", eager: true }),
);
