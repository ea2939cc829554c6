// A station that shows a code, as an administrator meets it: from the code to yes or no, and every way it can go wrong.
import { render, screen, waitFor, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { loadFake } from "../server";
import Office from "./Office.svelte";

// happy-dom draws no dialogs: opening and closing is all that the page asks of them.
beforeAll(() => {
  HTMLDialogElement.prototype.showModal ??= function (this: HTMLDialogElement) {
    this.open = true;
  };
});

type Answer = { status: number; body: unknown };

async function open() {
  const fake = await loadFake();
  const server = new fake.FakeServer(new fake.World({ now: Date.now, people: false }), 0);
  const asked: { path: string; body: unknown }[] = [];
  let instead: Answer | null = null;
  const door = fake.madeDoor(server, { after: () => () => undefined, open: server.open, random: () => 0 }, Date.now);
  const watched = {
    ...door,
    fetch: async (path: string, init: RequestInit) => {
      if (!path.includes("pairing-requests")) return door.fetch(path, init);
      asked.push({ path: path.split("/").at(-2) ?? "", body: JSON.parse(String(init.body)) });
      return instead ? new Response(JSON.stringify(instead.body), { status: instead.status }) : door.fetch(path, init);
    },
  };
  render(Office, { door: watched, query: new URLSearchParams("lang=fr&panel=0") });
  await userEvent.type(await screen.findByLabelText("Établissement"), "demo");
  await userEvent.type(screen.getByLabelText("Adresse e-mail"), "chef@demo.test");
  await userEvent.type(screen.getByLabelText("Mot de passe"), "demo");
  await userEvent.click(screen.getByRole("button", { name: /Se connecter/ }));
  await userEvent.click(await screen.findByRole("button", { name: "Associer un poste" }));
  const dialog = within(await screen.findByRole("dialog"));
  return {
    dialog,
    asked,
    answerInstead: (answer: Answer | null) => (instead = answer),
    press: async (name: string) => userEvent.click(await dialog.findByRole("button", { name })),
    type: async (code: string) => {
      const field = await dialog.findByLabelText("Code d’association");
      await userEvent.clear(field);
      await userEvent.type(field, code);
    },
  };
}

describe("pairing a station", () => {
  it("approves the station that shows the code, as what the administrator chose", async () => {
    const { dialog, asked, press, type } = await open();
    await waitFor(() => expect(document.activeElement).toBe(dialog.getByLabelText("Code d’association")));
    await type("7k3m 9rtw{Enter}");
    expect(await dialog.findByText("9F21-C0A4-77BE-1D05")).toBeTruthy();
    expect(dialog.getByText("192.168.1.63")).toBeTruthy();
    expect(dialog.getByText("2 min")).toBeTruthy();
    expect(dialog.getByLabelText<HTMLInputElement>("Nom").value).toBe("Borne neuve");
    expect(dialog.getByLabelText<HTMLInputElement>("Borne").checked).toBe(true);
    await userEvent.clear(dialog.getByLabelText("Nom"));
    await userEvent.type(dialog.getByLabelText("Nom"), " Hall, borne 3 ");
    await userEvent.click(dialog.getByLabelText("Borne et écran"));
    await userEvent.click(dialog.getByLabelText("Toutes les files du site"));
    await press("Accepter");
    expect(await dialog.findByText("Choisissez au moins une file.")).toBeTruthy();
    expect(asked.map(({ path }) => path)).toEqual(["look"]);
    await userEvent.click(dialog.getByRole("checkbox", { name: /Retraits et dépôts/ }));
    await press("Accepter");
    expect(await dialog.findByText("« Hall, borne 3 » est accepté")).toBeTruthy();
    expect(asked.at(-1)).toEqual({ path: "approve", body: { code: "7k3m 9rtw", name: "Hall, borne 3", mode: "all", site: 1, queues: [2] } });
    await press("Associer un autre poste");
    expect(dialog.getByLabelText<HTMLInputElement>("Code d’association").value).toBe("");
    await press("Fermer");
    expect(screen.queryByRole("dialog")).toBeNull();
  });

  it("sends no list for every queue of the site", async () => {
    const { asked, dialog, press, type } = await open();
    await type("7K3M-9RTW{Enter}");
    await press("Accepter");
    await dialog.findByText("« Borne neuve » est accepté");
    expect(asked.at(-1)?.body).toEqual({ code: "7K3M-9RTW", name: "Borne neuve", mode: "kiosk", site: 1, queues: [] });
  });

  it("refuses, and says that it did", async () => {
    const { dialog, asked, press, type } = await open();
    await type("7K3M-9RTW{Enter}");
    await press("Refuser");
    expect(await dialog.findByText("Le poste est refusé")).toBeTruthy();
    expect(asked.at(-1)).toEqual({ path: "refuse", body: { code: "7K3M-9RTW" } });
    await press("Associer un autre poste");
    await type("7K3M-9RTW{Enter}");
    expect(await dialog.findByText("Ce code a déjà reçu une réponse")).toBeTruthy();
  });

  it("stays with a code that leads nowhere", async () => {
    const { dialog, type, press, asked } = await open();
    await type("2222-2222{Enter}");
    expect(await dialog.findByText("Aucun poste n’affiche ce code")).toBeTruthy();
    await type("   ");
    await press("Continuer");
    expect(asked).toHaveLength(1);
    await type("7K3M-9RTW{Enter}");
    expect(await dialog.findByText("Un poste demande à être associé")).toBeTruthy();
    expect(dialog.queryByText("Aucun poste n’affiche ce code")).toBeNull();
  });

  it.each([
    [409, "no_letter_free", "Il ne reste plus de lettre sur ce site"],
    [404, "not_found", "Aucun poste n’affiche ce code"],
    [429, "too_many_requests", /Trop d’essais|Trop de tentatives|Attendez/],
    [500, "internal", /serveur/],
  ])("says so when an approval ends with %i %s, and asks for nothing twice", async (status, code, words) => {
    const { dialog, asked, press, type, answerInstead } = await open();
    await type("7K3M-9RTW{Enter}");
    await dialog.findByText("Un poste demande à être associé");
    answerInstead({ status, body: { code, detail: code } });
    await press("Accepter");
    expect(await dialog.findByText(words)).toBeTruthy();
    expect(asked.filter(({ path }) => path === "approve")).toHaveLength(1);
    answerInstead(null);
    await press("Accepter");
    expect(await dialog.findByText("« Borne neuve » est accepté")).toBeTruthy();
  });
});

it("is offered to nobody who may not pair stations", async () => {
  const fake = await loadFake();
  const server = new fake.FakeServer(new fake.World({ now: Date.now, people: false }), 0);
  const door = fake.madeDoor(server, { after: () => () => undefined, open: server.open, random: () => 0 }, Date.now);
  const fetch = vi.fn(async (path: string, init: RequestInit) => {
    const response = await door.fetch(path, init);
    if (!path.endsWith("/login/")) return response;
    const answer = (await response.json()) as { user: { scopes: string[] } };
    answer.user.scopes = ["read:queue", "write:queue"];
    return new Response(JSON.stringify(answer));
  });
  render(Office, { door: { ...door, fetch }, query: new URLSearchParams("lang=fr&panel=0") });
  await userEvent.type(await screen.findByLabelText("Établissement"), "demo");
  await userEvent.type(screen.getByLabelText("Adresse e-mail"), "awa@demo.test");
  await userEvent.type(screen.getByLabelText("Mot de passe"), "demo{Enter}");
  await screen.findByText("Bornes et écrans");
  expect(screen.queryByRole("button", { name: "Associer un poste" })).toBeNull();
});
