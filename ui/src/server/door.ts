// Everything a page needs from outside it: requests, sockets, storage, time. One value, so that the fake stands in whole.
import { browserSurroundings, type Surroundings } from "./live";
import type { Fetch } from "./rest";
import type { Storage } from "./session";

export type Door = {
  kind: "server" | "fake";
  fetch: Fetch;
  surroundings: Surroundings;
  tab: Storage;
  lasting: Storage;
  now(): number;
  /** `ws://host` of this server. */
  socketBase: string;
};

/** The server that served this page. */
export function serverDoor(): Door {
  return {
    kind: "server",
    fetch: (path, init) => fetch(path, init),
    surroundings: browserSurroundings,
    tab: sessionStorage,
    lasting: localStorage,
    now: Date.now,
    socketBase: `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}`,
  };
}

/**
 * The fake lobby when the address asks for it with `?fake`, or under `npm run dev` (there `?real` asks for the server behind
 * SMARTQUEUE_SERVER). Loaded only where it is used; a page on the fake says so on the page.
 */
export async function chooseDoor(query: URLSearchParams): Promise<Door> {
  const wantsFake = query.has("fake") || (import.meta.env.DEV && !query.has("real"));
  if (!wantsFake) return serverDoor();
  const { fakeDoor } = await import("./fake/door");
  return fakeDoor(query);
}
