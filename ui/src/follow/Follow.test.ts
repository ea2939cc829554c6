// A phone follows one ticket on the fake server; time passes only when a test says so.
import { render, screen } from "@testing-library/svelte";
import { tick } from "svelte";
import { beforeEach, describe, expect, it } from "vitest";
import { loadFake, type Door } from "../server";
import Follow from "./Follow.svelte";
import { EVERY_MS, target } from "./watch.svelte";

type Fake = Awaited<ReturnType<typeof loadFake>>;
let server: InstanceType<Fake["FakeServer"]>;
let door: Door;
let asked: number;
let next: { delay_ms: number; run: () => void } | null;
let visibility: DocumentVisibilityState;

beforeEach(async () => {
  const fake = await loadFake();
  server = new fake.FakeServer(new fake.World({ now: Date.now, people: true }), 0);
  next = null;
  asked = 0;
  visibility = "visible";
  Object.defineProperty(document, "visibilityState", { configurable: true, get: () => visibility });
  const after = (delay_ms: number, run: () => void) => {
    next = { delay_ms, run };
    return () => (next = null);
  };
  door = fake.madeDoor(server, { after, open: server.open, random: () => 0.5 }, Date.now);
  const real = door.fetch;
  door.fetch = (path, init) => {
    asked += 1;
    return real(path, init);
  };
});

const numbered = (number: string) => [...server.world.tickets.values()].find((one) => one.number === number);
const ticket = () => numbered("A046");
const settle = async () => {
  for (let turn = 0; turn < 5; turn++) await new Promise((done) => setTimeout(done, 1));
  await tick();
};
/** The waiting time is over. Returns how long it would have been. */
async function wait(): Promise<number> {
  const due = next;
  if (!due) throw new Error("nothing is planned");
  next = null;
  due.run();
  await settle();
  return due.delay_ms;
}
async function open(id = ticket()?.id ?? ""): Promise<void> {
  render(Follow, { door, path: "/t/demo/", query: new URLSearchParams({ ticket: id, lang: "fr" }) });
  await settle();
}

describe("the follow page", () => {
  it("shows the number and who is ahead, then the counter when it is called", async () => {
    await open();
    expect(screen.getByText("A046")).toBeTruthy();
    expect(screen.getByText("1 personne avant vous")).toBeTruthy();
    server.world.sit(1, 1);
    server.world.step(ticket()?.id ?? "", "call", 1);
    expect(await wait()).toBe(EVERY_MS);
    expect(screen.getByRole("alert").textContent).toContain("C’est à vous");
    expect(screen.getByText("Guichet 1")).toBeTruthy();
    expect(document.title).toContain("● A046");
  });

  it("says that the turn is near from then on, until it has come", async () => {
    const last = numbered("A049")?.id ?? "";
    await open(last);
    expect(screen.getByText("4 personnes avant vous")).toBeTruthy();
    expect(screen.queryByText("Votre tour approche")).toBeNull();
    server.world.step(numbered("A045")?.id ?? "", "call", 1);
    await wait();
    expect(screen.getByText("3 personnes avant vous")).toBeTruthy();
    const notice = screen.getByText("Votre tour approche").closest("[role=status]");
    expect(notice?.textContent).toContain("Revenez dans la salle");
    server.world.step(last, "call", 1);
    await wait();
    expect(screen.queryByText("Votre tour approche")).toBeNull();
    expect(screen.getByRole("alert").textContent).toContain("C’est à vous");
  });

  it("says nothing of it where the server does not", async () => {
    const real = door.fetch;
    door.fetch = async (path, init) => {
      const answer = await real(path, init);
      const said = (await answer.json()) as Record<string, unknown>;
      delete said.soon;
      return new Response(JSON.stringify(said), { status: answer.status });
    };
    await open();
    expect(screen.getByText("1 personne avant vous")).toBeTruthy();
    expect(screen.queryByText("Votre tour approche")).toBeNull();
  });

  it("asks more and more rarely while it fails, says from when it is, and comes back", async () => {
    await open();
    server.setFault("offline");
    const delays = [await wait(), await wait(), await wait(), await wait(), await wait(), await wait()];
    expect(delays).toEqual([5_000, 10_000, 20_000, 40_000, 60_000, 60_000]);
    expect(screen.getByText(/^État de /)).toBeTruthy();
    expect(screen.getByText("A046")).toBeTruthy();
    server.setFault("none");
    await wait();
    expect(screen.queryByText(/^État de /)).toBeNull();
    expect(await wait()).toBe(EVERY_MS);
  });

  it("does not ask while nobody looks, and asks at once when somebody does", async () => {
    await open();
    visibility = "hidden";
    document.dispatchEvent(new Event("visibilitychange"));
    await settle();
    expect([asked, next]).toEqual([1, null]);
    visibility = "visible";
    document.dispatchEvent(new Event("visibilitychange"));
    await settle();
    expect(asked).toBe(2);
  });

  it("says in plain words that it knows no such ticket, and stops asking", async () => {
    await open("00000000-0000-4000-8000-00000000ffff");
    expect(screen.getByText("Ce ticket est introuvable")).toBeTruthy();
    expect([asked, next]).toEqual([1, null]);
  });

  it("does not even ask for what is not a ticket's id", async () => {
    await open("../../agents/1");
    expect(screen.getByText("Ce ticket est introuvable")).toBeTruthy();
    expect(asked).toBe(0);
  });
});

it("reads the tenant from the path, or from the address while developing", () => {
  const ticket = "00000000-0000-4000-8000-000000000001";
  const query = new URLSearchParams({ ticket });
  expect(target("/t/demo/", query)).toEqual({ tenant: "demo", ticket });
  expect(target("/t/demo", query)).toEqual({ tenant: "demo", ticket });
  expect(target("/follow/", new URLSearchParams({ ticket, tenant: "x" }))).toEqual({ tenant: "x", ticket });
  expect(target("/follow/", query)).toBeNull();
  expect(target("/t/demo/", new URLSearchParams({ ticket: "1" }))).toBeNull();
});
