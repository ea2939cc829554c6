// Renders the whole app on the fake backend, posed by an address, as `npm run dev` does.
import { render } from "@testing-library/svelte";
import { vi } from "vitest";
import App from "../src/App.svelte";
import { fakeBackend, type FakeBackend } from "../src/backend/fake";
import type { Command } from "../src/bindings";
// The app loads a face when it is asked for; here they are loaded before, so that no test waits for a compiler.
import "../src/board/Board.svelte";
import "../src/kiosk/Kiosk.svelte";
import "../src/setup/Setup.svelte";

export type Shown = { backend: FakeBackend; sent: Command[] };

/** `address` is what would stand after the "?". Nothing happens by itself. */
export function show(address: string): Shown {
  const params = new URLSearchParams(`still=1&${address}`);
  const backend = fakeBackend(params);
  const sent: Command[] = [];
  const watched: FakeBackend = {
    ...backend,
    send: async (command) => {
      sent.push(command);
      await backend.send(command);
    },
  };
  render(App, { props: { backend: watched, params } });
  return { backend: watched, sent };
}

/** The commands that are not mere touches. */
export function meant(sent: Command[]): Command[] {
  return sent.filter(({ command }) => command !== "touched");
}

/** Lets timers of the fake run without waiting for them. */
export function stopClock(): void {
  vi.useFakeTimers({ shouldAdvanceTime: true });
}
