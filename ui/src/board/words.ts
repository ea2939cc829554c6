// The words of the board.
import { words } from "../shared/words";

export const boardWords = words(
  import.meta.glob<string>("../../../assets/words/*/{common,board}.ftl", { query: "?raw", import: "default", eager: true }),
);
