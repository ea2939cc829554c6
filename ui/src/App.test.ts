// The window itself: that it never loses a view, and that it begins again when something breaks.
import { render, screen } from "@testing-library/svelte";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { stopClock } from "../tests/face";
import App from "./App.svelte";
import { fakeBackend, type FakeBackend } from "./backend/fake";
import type { View } from "./bindings";

beforeEach(stopClock);
afterEach(() => vi.useRealTimers());

const still = (address = "") => fakeBackend(new URLSearchParams(`still=1&${address}`));
const open = (backend: FakeBackend) => render(App, { props: { backend, params: new URLSearchParams() } });

it("listens before it asks, and a newer view is not replaced by an older answer", async () => {
  const backend = still();
  const older = backend.lobby.snapshot();
  let answer: (view: View) => void = () => {};
  open({ ...backend, currentView: () => new Promise((resolve) => (answer = resolve)) });
  await vi.advanceTimersByTimeAsync(10);
  backend.lobby.show({ kind: "closed", reason: "hours", next_opening: null });
  answer(older);
  expect(await screen.findByText("Nous sommes fermés")).toBeTruthy();
  await vi.advanceTimersByTimeAsync(50);
  expect(screen.queryByText("Prenez votre ticket")).toBeNull();
});

it("shows a starting screen while there is no view", async () => {
  open({ ...still(), currentView: () => new Promise(() => {}) });
  expect(await screen.findByText("La borne démarre")).toBeTruthy();
});

it("begins again when the station does not answer", async () => {
  const reload = vi.spyOn(location, "reload").mockImplementation(() => {});
  open({ ...still(), startup: () => Promise.reject(new Error("gone")) });
  await vi.advanceTimersByTimeAsync(2_000);
  expect(reload).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1_500);
  expect(reload).toHaveBeenCalledOnce();
});

it("begins again when a face breaks", async () => {
  const reload = vi.spyOn(location, "reload").mockImplementation(() => {});
  const backend = still();
  open(backend);
  await screen.findByText("Prenez votre ticket");
  const broken = backend.lobby.snapshot();
  // What no honest station sends.
  (broken as { kiosk: unknown }).kiosk = { ...broken.kiosk, services: null };
  backend.lobby.view.kiosk = broken.kiosk;
  backend.lobby.publish();
  await vi.advanceTimersByTimeAsync(3_500);
  expect(reload).toHaveBeenCalled();
});

it("stops listening when it goes away", async () => {
  const backend = still();
  const stop = vi.fn();
  const { unmount } = open({ ...backend, onView: async () => stop });
  await vi.advanceTimersByTimeAsync(10);
  unmount();
  expect(stop).toHaveBeenCalledOnce();
});
