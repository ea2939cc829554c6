// The manager's view, from lists to page.
import { render, screen } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";
import { loadFake, type Station, type Ticket } from "../server";
import Office from "./Office.svelte";
import { queueRows, stationState, today } from "./overview";

const NOON = Date.parse("2026-11-21T12:00:00Z");
const at = (minutes: number) => new Date(NOON + minutes * 60_000).toISOString();

async function signIn(): Promise<InstanceType<Awaited<ReturnType<typeof loadFake>>["FakeServer"]>> {
  const fake = await loadFake();
  const server = new fake.FakeServer(new fake.World({ now: Date.now, people: true }), 0);
  // Nothing is read again by itself: each test sees one picture.
  const door = fake.madeDoor(server, { after: () => () => undefined, open: server.open, random: () => 0 }, Date.now);
  render(Office, { door, query: new URLSearchParams("lang=fr") });
  await userEvent.type(await screen.findByLabelText("Établissement"), "demo");
  await userEvent.type(screen.getByLabelText("Adresse e-mail"), "chef@demo.test");
  await userEvent.type(screen.getByLabelText("Mot de passe"), "demo");
  await userEvent.click(screen.getByRole("button", { name: /Se connecter/ }));
  await screen.findByText("Bornes et écrans");
  return server;
}

describe("the office page", () => {
  it("shows queues, stations with what ails them, and tickets", async () => {
    await signIn();
    expect(screen.getByText("Agence Centre")).toBeTruthy();
    expect(screen.getByText("Bientôt plus de papier")).toBeTruthy();
    expect(screen.getByText(/^Muet depuis/)).toBeTruthy();
    expect(screen.getByText("3 enregistrements à envoyer")).toBeTruthy();
    expect(screen.getByRole("rowheader", { name: "A046" })).toBeTruthy();
  });

  it("keeps the picture and says that it is old when the server goes away", async () => {
    const server = await signIn();
    server.setFault("offline");
    window.dispatchEvent(new Event("online"));
    expect(await screen.findByText(/Pas de nouvelles du serveur depuis/)).toBeTruthy();
    expect(screen.getByRole("rowheader", { name: "A046" })).toBeTruthy();
  });
});

it("counts who waits, for how long, and who is called", async () => {
  const { World } = await loadFake();
  const world = new World({ now: () => NOON, people: false });
  world.arrive(1, 20);
  world.arrive(1, 5);
  world.sit(1, 1);
  world.step(world.arrive(1, 30).id, "call", 1);
  const live = [...world.tickets.values()];
  const rows = queueRows({ queues: world.queues, live }, NOON);
  expect(rows.map(({ waiting, longest_minutes, called }) => [waiting, longest_minutes, called])).toEqual([
    [2, 20, 1],
    [0, null, 0],
    [0, null, 0],
  ]);
});

it.each([
  [at(-0.5), null, "online"],
  [at(-1), null, "silent"],
  [null, null, "never"],
  [at(0), at(-1), "revoked"],
] as const)("a station seen at %s, revoked at %s, is %s", (seen_at, revoked_at, state) => {
  expect(stationState({ seen_at, revoked_at } as Station, NOON)).toBe(state);
});

it("knows the site's day, in whatever zone", () => {
  const taken = (created_at: string) => ({ created_at }) as Ticket;
  const lateEvening = taken("2026-11-21T23:30:00Z");
  const nextMorning = Date.parse("2026-11-22T05:00:00Z");
  expect(today([lateEvening], "Europe/Paris", nextMorning)).toHaveLength(1);
  expect(today([lateEvening], "Africa/Dakar", nextMorning)).toHaveLength(0);
  expect(today([taken("nonsense")], "Nowhere/Land", nextMorning)).toHaveLength(0);
});
