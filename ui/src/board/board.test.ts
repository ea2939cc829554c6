// The waiting room's screen: who is called, what is old, and that nothing stale looks live.
import { screen, within } from "@testing-library/svelte";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { show, stopClock } from "../../tests/face";

beforeEach(stopClock);
afterEach(() => vi.useRealTimers());

const calling = () => screen.findByRole("region", { name: "Numéro appelé" });

describe("calls", () => {
  it("shows the number and the counter", async () => {
    show("face=board&calls=1");
    const zone = await calling();
    expect(within(zone).getByRole("heading", { level: 1 }).textContent).toBe("A044");
    expect(zone.textContent).toMatch(/Guichet\s*1/);
    expect(zone.textContent).toContain("Dépôts et retraits");
  });
  it("shares the zone between two", async () => {
    show("face=board&calls=2");
    const numbers = within(await calling()).getAllByRole("heading", { level: 1 });
    expect(numbers.map((number) => number.textContent)).toEqual(["A044", "B043"]);
  });
  it("marks a recall", async () => {
    show("face=board&calls=1&recall=1");
    expect(within(await calling()).getByText("Rappel")).toBeTruthy();
  });
  it("says when a call is late", async () => {
    show("face=board&calls=1&late=1");
    expect(within(await calling()).getByText(/^Appelé à \d\d:\d\d$/)).toBeTruthy();
  });
  it("draws a new call as a new one, even for the same ticket", async () => {
    const { backend } = show("face=board&calls=1");
    const before = within(await calling()).getByRole("article");
    const board = backend.lobby.view.board;
    const call = board?.calling[0];
    if (!board || !call) throw new Error("posed with one call");
    board.calling = [{ ...call, call: "again", recall: true }];
    backend.lobby.publish();
    await vi.advanceTimersByTimeAsync(0);
    const after = within(await calling()).getByRole("article");
    expect(after).not.toBe(before);
    expect(after.textContent).toContain("A044");
  });
  it("welcomes when nobody is called", async () => {
    show("face=board");
    expect((await screen.findByRole("heading", { level: 1 })).textContent).toBe("Bienvenue");
  });
});

describe("the last calls", () => {
  it("show number, counter and time, newest first", async () => {
    show("face=board&calls=1");
    const rows = (await screen.findAllByRole("row")).slice(1);
    expect(rows).toHaveLength(6);
    expect(rows[0]?.textContent).toMatch(/B043\s*2\s*\d\d:\d\d/);
  });
  it("say that there are none", async () => {
    show("face=board&recent=0");
    expect(await screen.findByText("Aucun appel pour le moment")).toBeTruthy();
  });
});

describe("waiting", () => {
  it("counts people and gives a range", async () => {
    show("face=board&services=3");
    const zone = await screen.findByRole("region", { name: "En attente" });
    expect(zone.textContent).toMatch(/A.*6.*10–15\smin/s);
    expect(zone.querySelectorAll(".line")).toHaveLength(3);
  });
});

describe("a lost connection", () => {
  it("says since when, and hides what is no longer known", async () => {
    show("face=board&calls=1&connection=offline");
    expect((await screen.findByRole("alert")).textContent).toMatch(/Connexion perdue depuis \d\d:\d\d/);
    const zone = screen.getByRole("region", { name: "En attente" });
    expect(zone.textContent).not.toMatch(/\d/);
    expect(zone.textContent).toContain("–");
    expect(within(await calling()).getByRole("article").classList).toContain("stale");
  });
  it("is over when the station says so", async () => {
    const { backend } = show("face=board&calls=1&connection=offline");
    await screen.findByRole("alert");
    backend.lobby.setConnection("online");
    await vi.advanceTimersByTimeAsync(0);
    expect(screen.queryByRole("alert")).toBeNull();
    expect(within(await calling()).getByRole("article").classList).not.toContain("stale");
  });
});

describe("the rest", () => {
  it("closes", async () => {
    show("face=board&closed=1&calls=1");
    expect((await screen.findByRole("heading", { level: 1 })).textContent).toBe("Nous sommes fermés");
    expect(screen.queryByText("A044")).toBeNull();
  });
  it("turns the pages of the office's messages", async () => {
    const { backend } = show("face=board");
    await screen.findByRole("heading", { level: 1 });
    if (backend.lobby.view.board) backend.lobby.view.board.ticker = ["Fermé lundi", "Merci d’éteindre vos téléphones"];
    backend.lobby.publish();
    await vi.advanceTimersByTimeAsync(0);
    const seen = new Set<string>();
    for (let turn = 0; turn < 6; turn += 1) {
      seen.add(screen.getByText(/Fermé lundi|téléphones/).textContent ?? "");
      await vi.advanceTimersByTimeAsync(6_000);
    }
    expect(seen.size).toBe(2);
  });
  it("speaks the site's language", async () => {
    show("face=board&lang=ar&calls=1");
    const zone = await screen.findByRole("region", { name: "النداء الآن" });
    expect(zone.textContent).toContain("الشباك");
    expect(document.documentElement.dir).toBe("rtl");
  });
  it("shows the site, the date and the time", async () => {
    vi.setSystemTime(new Date("2026-11-21T13:05:00Z"));
    show("face=board");
    expect(await screen.findByText("Banque du Littoral")).toBeTruthy();
    expect(screen.getByText("samedi 21 novembre")).toBeTruthy();
    expect(screen.getByText("14:05")).toBeTruthy();
    expect(screen.getByText("En direct")).toBeTruthy();
  });
});
