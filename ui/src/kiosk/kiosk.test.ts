// Every screen of the kiosk: what it says, what it sends, and that it never claims more than it knows.
import { fireEvent, screen, within } from "@testing-library/svelte";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { meant, show, stopClock } from "../../tests/face";
import type { FaultCode } from "../bindings";
import { toldToVisitor } from "./faults";
import { freshId } from "./identity";

beforeEach(stopClock);
afterEach(() => vi.useRealTimers());

const heading = () => screen.findByRole("heading", { level: 1 });

describe("home", () => {
  it("shows each service with people and wait", async () => {
    show("services=3");
    expect((await heading()).textContent).toBe("Prenez votre ticket");
    const services = screen.getByRole("group", { name: "Services" });
    const tiles = within(services).getAllByRole("button");
    expect(tiles).toHaveLength(3);
    expect(tiles[0]?.textContent).toContain("6 personnes attendent");
    expect(tiles[0]?.textContent).toContain("10 à 15 minutes");
    expect(tiles[2]?.textContent).toContain("Personne n’attend");
  });

  it("takes one ticket for one press, however the finger trembles", async () => {
    const { sent } = show("services=3");
    const tile = await screen.findByRole("button", { name: /Dépôts et retraits/ });
    await fireEvent.click(tile);
    await fireEvent.click(tile);
    await fireEvent.click(tile);
    expect(meant(sent)).toEqual([{ command: "take_ticket", queue: 1, language: "fr", id: expect.stringMatching(/^[0-9a-f-]{36}$/) }]);
  });

  it("goes through issuing and printing to a printed ticket", async () => {
    show("services=3");
    await fireEvent.click(await screen.findByRole("button", { name: /Dépôts et retraits/ }));
    expect((await heading()).textContent).toBe("Votre ticket arrive");
    await vi.advanceTimersByTimeAsync(200);
    expect((await heading()).textContent).toMatch(/Votre numéro\s*A045/);
    expect(screen.getByText("Votre ticket s’imprime")).toBeTruthy();
    expect(screen.queryByText("Prenez votre ticket")).toBeNull();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(screen.getByText("Prenez votre ticket")).toBeTruthy();
  });

  it.each(["printed", "failed"])("leaves the keyboard where it is while the paper comes out: %s", async (print) => {
    show(`services=3&print=${print}`);
    await fireEvent.click(await screen.findByRole("button", { name: /Dépôts et retraits/ }));
    await vi.advanceTimersByTimeAsync(200);
    await screen.findByText("Votre ticket s’imprime");
    expect(document.activeElement).toBe(await heading());
    const finish = screen.getByRole("button", { name: "Terminer" });
    finish.focus();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(screen.queryByText("Votre ticket s’imprime")).toBeNull();
    expect(document.activeElement).toBe(finish);
  });

  it("says why a service gives no ticket, and gives none", async () => {
    const { sent } = show("services=3&tile=1");
    const closed = await screen.findByRole("button", { name: /Ouvrir un compte/ });
    expect(closed.textContent).toContain("Fermé");
    expect(closed.textContent).toContain("Réouverture demain à 09:00");
    expect(screen.getByRole("button", { name: /Voir un conseiller/ }).textContent).toContain("Complet pour aujourd’hui");
    expect(closed.getAttribute("aria-disabled")).toBe("true");
    await fireEvent.click(closed);
    expect(meant(sent)).toEqual([]);
  });

  it("says nothing about a wait that is not known", async () => {
    show("services=2&waits=unknown");
    const tile = await screen.findByRole("button", { name: /Dépôts et retraits/ });
    expect(tile.textContent).not.toMatch(/attend|minute/);
  });

  it("takes tickets without the network and says so", async () => {
    const { sent } = show("connection=offline");
    expect(await screen.findByText(/Le réseau est coupé/)).toBeTruthy();
    await fireEvent.click(screen.getByRole("button", { name: /Dépôts et retraits/ }));
    expect(meant(sent)).toHaveLength(1);
  });

  it("warns before the choice when no paper will come", async () => {
    show("fault=paper_out");
    expect(await screen.findByText(/Pas de ticket papier/)).toBeTruthy();
  });

  it("keeps staff's troubles from visitors", async () => {
    show("fault=paper_near_end,clock_doubtful,sound_unavailable");
    await heading();
    expect(screen.queryByRole("alert")).toBeNull();
    expect(screen.queryAllByRole("status")).toHaveLength(0);
  });
});

describe("the bar of languages and displays", () => {
  it("offers every language under its own name", async () => {
    const { sent } = show("");
    const bar = await screen.findByRole("group", { name: "Langue" });
    expect(within(bar).getAllByRole("button").map((button) => button.textContent?.trim())).toEqual(["Français", "English", "العربية", "Wolof", "Español", "Português"]);
    await fireEvent.click(within(bar).getByText("العربية"));
    expect(meant(sent)).toEqual([{ command: "choose_language", language: "ar" }]);
    expect((await heading()).textContent).toBe("خذ تذكرتك");
    expect(document.documentElement.dir).toBe("rtl");
    expect(document.documentElement.lang).toBe("ar");
  });

  it.each([
    ["Grand texte", { large_text: true, high_contrast: false, low_reach: false }],
    ["Contraste élevé", { large_text: false, high_contrast: true, low_reach: false }],
    ["Boutons en bas", { large_text: false, high_contrast: false, low_reach: true }],
  ])("switches %s", async (name, wanted) => {
    const { sent } = show("");
    const button = await screen.findByRole("button", { name });
    expect(button.getAttribute("aria-pressed")).toBe("false");
    await fireEvent.click(button);
    expect(meant(sent)).toEqual([{ command: "set_display", ...wanted }]);
    expect(screen.getByRole("button", { name }).getAttribute("aria-pressed")).toBe("true");
  });

  it.each(["home", "issuing", "result", "refused", "closed"])("is there on %s", async (kind) => {
    show(`screen=${kind}`);
    await heading();
    expect(screen.getByRole("group", { name: "Langue" })).toBeTruthy();
    expect(screen.getByRole("group", { name: "Affichage" })).toBeTruthy();
  });

  it("puts the person's wishes on the page", async () => {
    show("text=large&contrast=high");
    await heading();
    expect(document.documentElement.dataset.text).toBe("large");
    expect(document.documentElement.dataset.theme).toBe("contrast");
  });
});

describe("result", () => {
  it.each([
    ["issued", "Votre ticket s’imprime", "Terminer"],
    ["printing", "Votre ticket s’imprime", "Terminer"],
    ["printed", "Prenez votre ticket", "Terminer"],
    ["unconfirmed", "Votre ticket devrait être imprimé", "Terminer"],
    ["failed", "Votre ticket n’a pas pu être imprimé", "J’ai noté mon numéro"],
    ["unknown", "Nous ne savons pas si votre ticket est sorti", "J’ai noté mon numéro"],
  ])("says only what is known when the paper is %s", async (print, words, way_on) => {
    const { sent } = show(`screen=result&print=${print}`);
    expect((await heading()).textContent).toMatch(/A045/);
    expect(screen.getByText(words)).toBeTruthy();
    if (print !== "printed") expect(screen.queryByText("Prenez votre ticket")).toBeNull();
    await fireEvent.click(screen.getByRole("button", { name: way_on }));
    expect(meant(sent)).toEqual([{ command: "finish" }]);
  });

  it("tells people ahead, wait, and where to go", async () => {
    show("screen=result");
    expect(await screen.findByText("6 personnes avant vous")).toBeTruthy();
    expect(screen.getByText("10 à 15 minutes")).toBeTruthy();
    expect(screen.getByText(/Installez-vous/)).toBeTruthy();
  });

  it("says nothing about people that it does not know", async () => {
    show("screen=result&waits=unknown");
    await heading();
    expect(screen.queryByText(/avant vous|minutes/)).toBeNull();
  });

  it("offers the code for a telephone only when there is a page behind it", async () => {
    show("screen=result");
    expect(await screen.findByRole("img", { name: "Code à photographier pour suivre le ticket A045" })).toBeTruthy();
  });

  it("offers no code without a page", async () => {
    show("screen=result&follow=0");
    await heading();
    expect(screen.queryByRole("img", { name: /Code à photographier/ })).toBeNull();
  });
});

describe("refused", () => {
  it.each([
    ["unknown_queue", "Ce service n’existe plus"],
    ["service_closed", "Ce service est fermé"],
    ["queue_full", "Ce service est complet pour aujourd’hui"],
    ["paused", "Cette borne est en pause"],
    ["not_paired", "Cette borne n’est pas encore prête"],
    ["journal_failed", "Votre ticket n’a pas pu être enregistré"],
  ])("says %s and leads back", async (reason, words) => {
    const { sent } = show(`screen=refused&reason=${reason}`);
    expect((await heading()).textContent).toBe(words);
    await fireEvent.click(screen.getByRole("button", { name: "Revenir à l’accueil" }));
    expect(meant(sent)).toEqual([{ command: "finish" }]);
  });
});

describe("closed", () => {
  it("says when it opens again", async () => {
    show("screen=closed");
    expect((await heading()).textContent).toBe("Nous sommes fermés");
    expect(screen.getByText("Réouverture lundi à 08:30")).toBeTruthy();
  });
  it.each([
    ["paused", "Cette borne est en pause"],
    ["no_service", "Aucun service n’est ouvert"],
  ])("says %s", async (reason, words) => {
    show(`screen=closed&reason=${reason}`);
    expect((await heading()).textContent).toBe(words);
  });
});

describe("starting", () => {
  it("waits without a way to take a ticket", async () => {
    show("screen=starting");
    expect((await heading()).textContent).toBe("La borne démarre");
    expect(screen.queryByRole("group", { name: "Services" })).toBeNull();
  });
});

describe("more time", () => {
  it("counts down and is answered", async () => {
    const { sent } = show("warning=1");
    const dialog = await screen.findByRole("dialog", { name: /Voulez-vous plus de temps/ });
    expect(within(dialog).getByRole("timer").textContent).toMatch(/dans (19|20) secondes/);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(within(dialog).getByRole("timer").textContent).toMatch(/dans (14|15) secondes/);
    await fireEvent.click(within(dialog).getByRole("button", { name: "Oui, je continue" }));
    expect(sent).toContainEqual({ command: "touched" });
    expect(screen.queryByRole("dialog")).toBeNull();
  });
  it("ends the session when asked to", async () => {
    const { sent } = show("warning=1");
    await fireEvent.click(await screen.findByRole("button", { name: "Non, j’ai terminé" }));
    expect(meant(sent)).toEqual([{ command: "finish" }]);
  });
  it("tells the station of touches, once a second at most", async () => {
    const { sent } = show("");
    await heading();
    await vi.advanceTimersByTimeAsync(2_000);
    for (let press = 0; press < 5; press += 1) await fireEvent.pointerDown(window);
    expect(sent).toEqual([{ command: "touched" }]);
  });
});

describe("the hidden corner", () => {
  it("opens after five taps and not before", async () => {
    const { sent } = show("");
    const corner = await screen.findByRole("button", { name: "Accès du personnel" });
    for (let tap = 0; tap < 4; tap += 1) await fireEvent.click(corner);
    expect(meant(sent)).toEqual([]);
    await fireEvent.click(corner);
    expect(meant(sent)).toEqual([{ command: "open_maintenance" }]);
  });
  it("opens when held for three seconds", async () => {
    const { sent } = show("");
    const corner = await screen.findByRole("button", { name: "Accès du personnel" });
    await fireEvent.pointerDown(corner);
    await vi.advanceTimersByTimeAsync(2_900);
    expect(meant(sent)).toEqual([]);
    await vi.advanceTimersByTimeAsync(200);
    expect(meant(sent)).toEqual([{ command: "open_maintenance" }]);
  });
  it("stays shut when let go", async () => {
    const { sent } = show("");
    const corner = await screen.findByRole("button", { name: "Accès du personnel" });
    await fireEvent.pointerDown(corner);
    await vi.advanceTimersByTimeAsync(1_000);
    await fireEvent.pointerUp(corner);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(meant(sent)).toEqual([]);
  });
});

describe("unlock", () => {
  const type = async (digits: string) => {
    for (const digit of digits) await fireEvent.click(screen.getByRole("button", { name: digit }));
    await fireEvent.click(screen.getByRole("button", { name: "Valider" }));
  };
  it("sends the PIN and forgets it", async () => {
    const { sent } = show("screen=unlock");
    await heading();
    await type("9999");
    expect(meant(sent)).toEqual([{ command: "enter_pin", pin: "9999" }]);
    expect(screen.getByText("Ce code n’est pas le bon. Réessayez.")).toBeTruthy();
    expect(screen.getByRole("status", { name: "Aucun chiffre saisi" })).toBeTruthy();
  });
  it("never draws a digit that was typed", async () => {
    show("screen=unlock");
    await heading();
    await fireEvent.keyDown(window, { key: "7" });
    const typed = screen.getByRole("status", { name: "1 chiffre saisi" });
    expect(typed.textContent?.trim()).toBe("");
  });
  it("accepts a keyboard", async () => {
    const { sent } = show("screen=unlock");
    await heading();
    for (const key of ["1", "2", "8", "Backspace", "3", "4", "Enter"]) await fireEvent.keyDown(window, { key });
    expect(meant(sent)).toEqual([{ command: "enter_pin", pin: "1234" }]);
    expect((await heading()).textContent).toBe("Maintenance");
  });
  it("refuses short codes and locks after too many", async () => {
    const { sent } = show("screen=unlock&outcome=locked_out");
    await heading();
    expect(screen.getByText(/Trop d’essais/)).toBeTruthy();
    for (const key of ["1", "2", "3", "4", "Enter"]) await fireEvent.keyDown(window, { key });
    expect(meant(sent)).toEqual([]);
  });
  it("lets staff go back", async () => {
    const { sent } = show("screen=unlock");
    await fireEvent.click(await screen.findByRole("button", { name: "Revenir à la borne" }));
    expect(meant(sent)).toEqual([{ command: "leave_maintenance" }]);
  });
});

describe("maintenance", () => {
  it("says what is wrong and what to do", async () => {
    show("screen=maintenance&fault=paper_out,clock_doubtful&connection=offline");
    await heading();
    expect(screen.getByText("Plus de papier")).toBeTruthy();
    expect(screen.getByText("Mettez un rouleau neuf, puis fermez le capot.")).toBeTruthy();
    expect(screen.getByText("L’heure de ce poste est douteuse")).toBeTruthy();
    expect(screen.getByText("Sans connexion")).toBeTruthy();
    expect(screen.getByText("3 enregistrements à transmettre")).toBeTruthy();
  });
  it.each([
    ["Imprimer un test", { command: "test_print" }],
    ["Essayer le son", { command: "test_sound" }],
    ["Mettre en pause", { command: "pause", paused: true }],
    ["Remettre en service", { command: "pause", paused: false }],
    ["Revenir à la borne", { command: "leave_maintenance" }],
  ])("%s", async (name, command) => {
    const { sent } = show("screen=maintenance");
    await fireEvent.click(await screen.findByRole("button", { name }));
    expect(meant(sent)).toEqual([command]);
  });
  it("prints a lost ticket again", async () => {
    const { sent, backend } = show("screen=maintenance");
    await fireEvent.click(await screen.findByRole("button", { name: "Réimprimer le ticket A042" }));
    expect(meant(sent)).toEqual([{ command: "reprint", ticket: backend.lobby.view.tickets[1]?.id }]);
    expect(screen.getByText("Impression en cours")).toBeTruthy();
  });
  it("opens the setup", async () => {
    const { backend } = show("screen=maintenance");
    const open = vi.spyOn(backend, "openSetup").mockResolvedValue();
    await fireEvent.click(await screen.findByRole("button", { name: "Ouvrir les réglages" }));
    expect(open).toHaveBeenCalledOnce();
  });
  it("has no languages and no services of the lobby", async () => {
    show("screen=maintenance");
    await heading();
    expect(screen.queryByRole("group", { name: "Langue" })).toBeNull();
  });
});

describe("what a visitor is told", () => {
  it("is the worst of the faults", () => {
    const line = (code: FaultCode) => ({ code, since_ms: 0 });
    expect(toldToVisitor([])).toBe("nothing");
    expect(toldToVisitor([line("paper_near_end")])).toBe("nothing");
    expect(toldToVisitor([line("paper_near_end"), line("cover_open")])).toBe("no_paper");
    expect(toldToVisitor([line("cover_open"), line("journal_failed")])).toBe("broken");
  });
});

it("draws a fresh id each time, in the form of a version 4 UUID", () => {
  const ids = new Set(Array.from({ length: 200 }, freshId));
  expect(ids.size).toBe(200);
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});
