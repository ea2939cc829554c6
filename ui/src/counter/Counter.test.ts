// The page on its fake server: what a clerk sees and presses, with real requests, events and failures underneath.
import { render, screen, waitFor, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { loadFake, type Door } from "../server";
import Counter from "./Counter.svelte";
import { SETTLE_MS } from "./state.svelte";

type Fake = Awaited<ReturnType<typeof loadFake>>;
let fake: Fake;
let server: InstanceType<Fake["FakeServer"]>;
let door: Door;
/** The door's clock: it passes only when a test says so, and the settling time after an answer with it. */
let now = Date.parse("2026-11-21T09:00:00Z");

beforeEach(async () => {
  fake = await loadFake();
  const { World } = fake;
  server = new fake.FakeServer(new World({ now: () => now, people: true }), 0);
  const timers = { after: (ms: number, run: () => void) => { const id = setTimeout(run, ms); return () => clearTimeout(id); } };
  door = fake.madeDoor(server, { ...timers, open: server.open, random: () => 0 }, () => now);
  // happy-dom has no modal dialogs: open is all the tests need.
  vi.spyOn(HTMLDialogElement.prototype, "showModal").mockImplementation(function (this: HTMLDialogElement) {
    this.open = true;
  });
});

const button = (name: RegExp) => screen.getByRole("button", { name });
const press = async (keys: string) => {
  now += SETTLE_MS;
  await userEvent.keyboard(keys);
};
const number = () => document.querySelector(".number.code")?.textContent;
const calledNumber = () => document.querySelector(".current .number")?.textContent ?? null;

async function signIn(password = "demo"): Promise<void> {
  render(Counter, { door, query: new URLSearchParams("lang=fr") });
  await userEvent.type(await screen.findByLabelText("Établissement"), "demo");
  await userEvent.type(screen.getByLabelText("Adresse e-mail"), "awa@demo.test");
  await userEvent.type(screen.getByLabelText("Mot de passe"), password);
  await userEvent.click(button(/Se connecter/));
}

async function sit(): Promise<void> {
  await signIn();
  await userEvent.click(await screen.findByRole("button", { name: /^Guichet 1/ }));
  await waitFor(() => expect(number()).toBe("A047"));
}

describe("signing in", () => {
  it("says that the password is wrong, and keeps what was typed", async () => {
    await signIn("wrong");
    expect(await screen.findByText(/le mot de passe n’est pas le bon/)).toBeTruthy();
    expect(screen.getByLabelText<HTMLInputElement>("Adresse e-mail").value).toBe("awa@demo.test");
  });

  it("shows who sits where, and makes the clerk available at the counter chosen", async () => {
    await signIn();
    expect((await screen.findByRole("button", { name: /^Guichet 2/ })).textContent).toContain("un collègue y est");
    await userEvent.click(button(/^Guichet 1/));
    await screen.findByRole("heading", { name: "Guichet 1" });
    expect(server.world.agent(1)).toMatchObject({ status: "disponible", counter: { label: "1" } });
  });
});

describe("at the desk", () => {
  it("serves with the space bar alone, and names the step on the button", async () => {
    await sit();
    for (const [step, status] of [[/Appeler le suivant/, "appelé"], [/Commencer/, "en_service"], [/Terminer/, "terminé"]] as const) {
      await waitFor(() => expect(document.querySelector("button.primary")?.textContent).toMatch(step));
      await press(" ");
      await waitFor(() => expect([...server.world.tickets.values()].find((one) => one.number === "A047")?.status).toBe(status));
    }
    await waitFor(() => expect(calledNumber()).toBeNull());
  });

  it("calls once for a double press", async () => {
    await sit();
    await press("nn ");
    await waitFor(() => expect(calledNumber()).toBe("A047"));
    await userEvent.keyboard(" ");
    await new Promise((done) => setTimeout(done, 20));
    const called = [...server.world.tickets.values()].filter((one) => one.status === "appelé");
    expect(called.map((one) => one.number)).toEqual(["A047"]);
  });

  it("recalls, marks absent and calls the absent again", async () => {
    await sit();
    await press("n");
    await waitFor(() => expect(calledNumber()).toBe("A047"));
    await press("r");
    await screen.findByText("A047 est rappelé.");
    await press("x");
    await screen.findByText("A047 est noté absent.");
    now += SETTLE_MS;
    await userEvent.click(button(/Appeler de nouveau A047/));
    await waitFor(() => expect(calledNumber()).toBe("A047"));
  });

  it("holds, brings back, and transfers to another queue under the same number", async () => {
    await sit();
    await press("n");
    await waitFor(() => expect(calledNumber()).toBe("A047"));
    await press("h");
    now += SETTLE_MS;
    await userEvent.click(await screen.findByRole("button", { name: "Appeler A047" }));
    await waitFor(() => expect(calledNumber()).toBe("A047"));
    await press("t");
    const dialog = await screen.findByRole("dialog");
    now += SETTLE_MS;
    await userEvent.click(within(dialog).getByRole("button", { name: /Crédits et conseil/ }));
    await screen.findByText("A047 attend maintenant dans « Crédits et conseil ».");
    expect([...server.world.tickets.values()].find((one) => one.number === "A047")).toMatchObject({ queue: 3, status: "en_attente" });
  });

  it("ends one and calls the next with one key", async () => {
    await sit();
    await press("n");
    await waitFor(() => expect(calledNumber()).toBe("A047"));
    await press(" ");
    await screen.findByRole("button", { name: /Terminer et appeler le suivant/ });
    await waitFor(() => expect(document.querySelector("button.primary")?.textContent).toContain("Terminer"));
    await press("n");
    await waitFor(() => expect(calledNumber()).toBe("B118"));
  });

  it("shows who comes while the page is open", async () => {
    await sit();
    const guest = server.world.arrive(2);
    expect(await screen.findByText(guest.number)).toBeTruthy();
  });

  it("asks before cancelling", async () => {
    await sit();
    await press("n");
    await waitFor(() => expect(calledNumber()).toBe("A047"));
    await userEvent.click(button(/^Annuler/));
    await userEvent.click(button(/Garder le ticket/));
    expect(calledNumber()).toBe("A047");
    await userEvent.click(button(/^Annuler…/));
    now += SETTLE_MS;
    await userEvent.click(button(/Annuler le ticket/));
    await waitFor(() => expect(calledNumber()).toBeNull());
  });
});

describe("when something goes wrong", () => {
  it("explains a conflict in plain words and looks again", async () => {
    await sit();
    server.setFault("conflict");
    await press("n");
    expect(await screen.findByText(/Un collègue s’en occupe déjà/)).toBeTruthy();
    server.setFault("none");
    await press("n");
    await waitFor(() => expect(calledNumber()).toBe("A047"));
  });

  it("never calls twice when the answer to the first call was lost", async () => {
    await sit();
    server.setFault("lost_answer");
    await press("n");
    // The lists are read again: the call had been made, and the page shows it instead of calling another.
    await waitFor(() => expect(calledNumber()).toBe("A047"));
    await press("n");
    const called = [...server.world.tickets.values()].filter((one) => one.status === "appelé");
    expect(called.map((one) => one.number)).toEqual(["A047"]);
  });

  it("says that it is offline since when, and comes back by itself", async () => {
    await sit();
    server.setFault("offline");
    expect(await screen.findByText(/Connexion perdue depuis/)).toBeTruthy();
    await press("n");
    expect(await screen.findByText(/On ne sait pas encore/)).toBeTruthy();
    server.setFault("none");
    window.dispatchEvent(new Event("online"));
    await screen.findByText(/L’écran est de nouveau à jour/);
    await waitFor(() => expect(screen.queryByText(/Connexion perdue depuis/)).toBeNull());
  });

  it("asks to sign in again when the session is refused", async () => {
    await sit();
    server.setFault("unauthorised");
    await press("n");
    expect(await screen.findByText(/Votre session est terminée/)).toBeTruthy();
    expect(screen.getByLabelText<HTMLInputElement>("Établissement").value).toBe("demo");
  });

  it("notices that a colleague took the counter, and offers to choose another", async () => {
    await sit();
    server.world.sit(2, 1);
    await press("n");
    expect(await screen.findByText(/Choisissez d’abord votre guichet/)).toBeTruthy();
    await userEvent.click(within(screen.getByRole("alert")).getByRole("button", { name: /Changer de guichet/ }));
    expect(await screen.findByRole("button", { name: /^Guichet 3/ })).toBeTruthy();
  });

  it("says that nobody waits", async () => {
    await sit();
    server.world.clear();
    await press("n");
    expect((await screen.findAllByText(/Personne n’attend/)).length).toBeGreaterThan(0);
  });
});
