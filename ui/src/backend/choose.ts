// Inside the app's window the station answers; in a plain browser the fake does. Each is loaded only where it is used.
import type { Backend } from "./port";

export async function chooseBackend(): Promise<Backend> {
  if ("__TAURI_INTERNALS__" in window) return (await import("./tauri")).tauriBackend();
  return (await import("./fake")).fakeBackend(new URLSearchParams(location.search));
}
