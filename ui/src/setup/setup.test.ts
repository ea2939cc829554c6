// The setup, as an installer goes through it, and every way in which it can go wrong.
import { fireEvent, screen, within } from "@testing-library/svelte";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { show, stopClock } from "../../tests/face";
import type { SetupProfile } from "../bindings";
import { freshProfile } from "../backend/fake/site";
import { legibleMetres } from "../shared/screen";
import { Draft } from "./draft.svelte";

beforeEach(stopClock);
afterEach(() => vi.useRealTimers());

/** The question of the page, once the profile has been read. */
const heading = async () => (await screen.findByRole("heading", { level: 1, name: /^(?!Un instant)/ })).textContent;
const press = async (name: string | RegExp) => fireEvent.click(await screen.findByRole("button", { name }));
const choose = async (name: string | RegExp) => fireEvent.click(await screen.findByRole("radio", { name }));
const write = async (label: string, text: string) => fireEvent.input(await screen.findByLabelText(label), { target: { value: text } });
const typePin = async (pin: string) => {
  for (const digit of pin) await press(digit);
  await press("Valider");
};
const settle = () => vi.advanceTimersByTimeAsync(50);

describe("the whole way", () => {
  it("sets a kiosk up and saves what was chosen", async () => {
    const { backend } = show("face=setup");
    const save = vi.spyOn(backend.setup, "save");
    const leave = vi.spyOn(backend, "closeSetup").mockResolvedValue();
    expect(await heading()).toMatch(/Quelle langue/);
    await press("Suivant");
    expect(await heading()).toMatch(/À quoi sert/);
    await choose(/Borne de tickets/);
    await write("Nom de ce poste", "  Hall, borne 2 ");
    await press("Suivant");
    await write("Adresse du serveur", "http://10.0.0.5:8080");
    await press("J’ai un jeton");
    await write("Jeton d’association", "K7-93-QM");
    await press("Vérifier la connexion");
    expect(await screen.findByText(/Relié à Banque du Littoral/)).toBeTruthy();
    await press("Suivant");
    await choose(/EPSON TM-T20III/);
    await press(/Autre ou inconnu/);
    await choose("Epson TM-T20III");
    await press("Imprimer un essai");
    expect(await screen.findByText("L’essai est imprimé")).toBeTruthy();
    await choose("58 mm");
    await press("Suivant");
    await press("Volume: Plus");
    await press("Suivant");
    expect(await heading()).toMatch(/Quelle taille/);
    await press("Suivant");
    await typePin("2468");
    expect(screen.getByText("Saisissez-le encore une fois")).toBeTruthy();
    await typePin("2468");
    expect(screen.getByText("Le code est choisi")).toBeTruthy();
    await press("Suivant");
    expect(await heading()).toMatch(/Tout est-il juste/);
    expect(screen.getByText("usb:04b8:0202 · Epson TM-T20III · 58 mm")).toBeTruthy();
    expect(document.body.textContent).not.toContain("2468");
    await press("Enregistrer et démarrer");
    expect(await screen.findByText("Les réglages sont enregistrés")).toBeTruthy();
    expect(save).toHaveBeenCalledExactlyOnceWith({
      language: "fr", mode: "kiosk", name: "Hall, borne 2", server: "http://10.0.0.5:8080", pairing_token: "K7-93-QM",
      printer: "usb:04b8:0202", paper_width_mm: 58, printer_profile: "epson-tm-t20iii", sound: true, volume: 80, pin: "2468", screen_diagonal_mm: 546, farthest_seat_m: 6, paired: false,
    } satisfies SetupProfile);
    await vi.advanceTimersByTimeAsync(1_500);
    expect(leave).toHaveBeenCalledExactlyOnceWith(true);
  });

  it("asks a board for no printer", async () => {
    show("face=setup&mode=board&step=server");
    await heading();
    await press("Continuer sans serveur");
    expect(await heading()).toMatch(/Ce poste doit-il parler/);
    expect(screen.queryByRole("button", { name: "Imprimante" })).toBeNull();
  });

  it("leaves without saving", async () => {
    const { backend } = show("face=setup");
    const save = vi.spyOn(backend.setup, "save");
    const leave = vi.spyOn(backend, "closeSetup").mockResolvedValue();
    await press("Quitter sans enregistrer");
    expect(leave).toHaveBeenCalledExactlyOnceWith(false);
    expect(save).not.toHaveBeenCalled();
  });

  it("speaks the chosen language at once", async () => {
    show("face=setup");
    await choose("العربية");
    expect(await heading()).toBe("ما لغة هذا الجهاز؟");
    expect(document.documentElement.dir).toBe("rtl");
  });
});

describe("the server", () => {
  it.each([
    ["unreachable", "Le serveur ne répond pas"],
    ["not_a_server", "Cette adresse répond, mais ce n’est pas un serveur SmartQueue"],
    ["token_refused", "Le jeton d’association est refusé"],
    ["bad_address", "Cette adresse n’est pas complète"],
    ["clock", "L’heure de ce poste n’est pas celle du serveur"],
  ])("%s is said in plain words", async (code, words) => {
    show(`face=setup&step=server&server=${code}`);
    await write("Adresse du serveur", "http://10.0.0.5");
    await press("J’ai un jeton");
    await press("Vérifier la connexion");
    expect(await screen.findByText(words)).toBeTruthy();
  });
  it("cannot be checked without an address", async () => {
    show("face=setup&step=server");
    expect((await screen.findByRole<HTMLButtonElement>("button", { name: "Demander un code" })).disabled).toBe(true);
    await press("J’ai un jeton");
    expect((await screen.findByRole<HTMLButtonElement>("button", { name: "Vérifier la connexion" })).disabled).toBe(true);
  });
  it("hides the pairing token until asked", async () => {
    show("face=setup&step=server");
    await press("J’ai un jeton");
    const field = await screen.findByLabelText<HTMLInputElement>("Jeton d’association");
    expect(field.type).toBe("password");
    await press("Montrer");
    expect(field.type).toBe("text");
  });
  it("says so when the station itself does not answer", async () => {
    const { backend } = show("face=setup&step=server");
    vi.spyOn(backend.setup, "checkServer").mockRejectedValue(new Error("gone"));
    await write("Adresse du serveur", "http://10.0.0.5");
    await press("J’ai un jeton");
    await press("Vérifier la connexion");
    expect(await screen.findByText("Cela n’a pas marché")).toBeTruthy();
  });
});

describe("the printer", () => {
  it("says what is missing to use one", async () => {
    show("face=setup&step=printer");
    expect(await screen.findByText("Ce poste n’a pas le droit de l’utiliser")).toBeTruthy();
  });
  it("helps when none is found, and takes an address by hand", async () => {
    const { backend } = show("face=setup&step=printer&printers=none");
    const test = vi.spyOn(backend.setup, "testPrinter");
    expect(await screen.findByText("Aucune imprimante trouvée")).toBeTruthy();
    await choose("Une autre imprimante");
    await write("Adresse de l’imprimante", "file:/dev/usb/lp0");
    await press("Imprimer un essai");
    expect(await screen.findByText("L’essai est parti vers l’imprimante")).toBeTruthy();
    expect(test).toHaveBeenCalledExactlyOnceWith("file:/dev/usb/lp0", 80, "generic");
  });
  it("is tried as the model that is chosen, on a paper that the model takes", async () => {
    const { backend } = show("face=setup&step=printer&profile=old");
    const test = vi.spyOn(backend.setup, "testPrinter");
    await press(/Autre ou inconnu/);
    await choose(/^POS-5890/);
    expect(screen.queryByRole("radio", { name: "80 mm" })).toBeNull();
    expect((await screen.findByRole<HTMLInputElement>("radio", { name: "58 mm" })).checked).toBe(true);
    await press("Imprimer un essai");
    expect(await screen.findByText("L’essai est imprimé")).toBeTruthy();
    expect(test).toHaveBeenCalledExactlyOnceWith("usb:04b8:0202", 58, "pos-5890");
    await choose(/^Custom/);
    expect(screen.queryByText("L’essai est imprimé"), "that was another model").toBeNull();
  });
  it("keeps a profile of the machine's own", async () => {
    const { backend } = show("face=setup&step=printer&profile=old&model=ours.toml");
    const save = vi.spyOn(backend.setup, "save");
    expect(await screen.findByRole("button", { name: /ours\.toml/ })).toBeTruthy();
    for (let step = 0; step < 4; step += 1) await press("Suivant");
    expect(screen.getByText("usb:04b8:0202 · ours.toml · 80 mm")).toBeTruthy();
    await press("Enregistrer et démarrer");
    expect(save.mock.calls[0]?.[0].printer_profile).toBe("ours.toml");
  });
  it.each([
    ["paper_out", "Plus de papier"],
    ["cover_open", "Le capot de l’imprimante est ouvert"],
    ["cutter_jam", "Le massicot est bloqué"],
    ["printer_offline", "L’imprimante ne répond pas"],
  ])("a test that fails for %s says so", async (fault, words) => {
    show(`face=setup&step=printer&fault=${fault}`);
    await choose(/EPSON/);
    await press("Imprimer un essai");
    expect(await screen.findByText(words)).toBeTruthy();
    expect(screen.queryByText("L’essai est imprimé")).toBeNull();
  });
  it("says so when the station itself does not answer", async () => {
    const { backend } = show("face=setup&step=printer&profile=old");
    vi.spyOn(backend.setup, "testPrinter").mockRejectedValue(new Error("gone"));
    await press("Imprimer un essai");
    expect(await screen.findByText("Cela n’a pas marché")).toBeTruthy();
  });
});

describe("the sound", () => {
  it("is tried at the volume that is set", async () => {
    const { backend } = show("face=setup&step=sound");
    const test = vi.spyOn(backend.setup, "testSound");
    await press("Volume: Moins");
    await press("Essayer le son");
    expect(await screen.findByText("Le son est joué")).toBeTruthy();
    expect(test).toHaveBeenCalledExactlyOnceWith(60);
  });
  it("says when there is none", async () => {
    show("face=setup&step=sound&fault=sound_unavailable");
    await press("Essayer le son");
    expect(await screen.findByText("Pas de son")).toBeTruthy();
  });
  it("asks no volume of a silent station", async () => {
    show("face=setup&step=sound");
    await choose("Sans le son");
    expect(screen.queryByText("Volume")).toBeNull();
  });
});

describe("the screen", () => {
  it("judges whether the farthest seat can read", async () => {
    show("face=setup&mode=board&step=screen");
    expect(await screen.findByText(/seulement$/)).toBeTruthy();
    for (let step = 0; step < 5; step += 1) await press("Siège le plus éloigné: Moins");
    expect(await screen.findByText("Tous les sièges les voient bien.")).toBeTruthy();
  });
  it("asks a kiosk for no seat", async () => {
    show("face=setup&mode=kiosk&step=screen");
    await heading();
    expect(screen.queryByText("Siège le plus éloigné")).toBeNull();
  });
  it("reads farther on a bigger screen", () => {
    expect(legibleMetres(1092)).toBeGreaterThan(legibleMetres(546));
    // 55 inches: 685 mm high, capitals of 82 mm, 12.2 mm of them for each metre.
    expect(legibleMetres(1397)).toBe(6.7);
  });
});

describe("the PIN", () => {
  it("starts again when the two differ", async () => {
    show("face=setup&step=pin");
    await heading();
    await typePin("1111");
    await typePin("2222");
    expect(screen.getByText("Les deux codes sont différents. Recommencez.")).toBeTruthy();
    await typePin("3333");
    await typePin("3333");
    expect(screen.getByText("Le code est choisi")).toBeTruthy();
  });
  it("may stay as it is on a machine that was set up before", async () => {
    show("face=setup&step=pin&profile=old");
    expect(await screen.findByText("Le code actuel est gardé")).toBeTruthy();
  });
});

describe("the summary", () => {
  it("does not save what is not complete, and leads to it", async () => {
    show("face=setup&step=summary");
    const save = await screen.findByRole<HTMLButtonElement>("button", { name: "Enregistrer et démarrer" });
    expect(save.disabled).toBe(true);
    expect(screen.getAllByText("À compléter")).toHaveLength(2);
    const list = screen.getByRole("list");
    await fireEvent.click(within(list).getByRole("button", { name: /^Code/ }));
    expect(await heading()).toBe("Choisissez un code");
  });
  it.each([
    ["server_needed", "Ce poste a besoin d’un serveur"],
    ["bad_printer", "L’adresse de l’imprimante n’est pas juste"],
    ["bad_printer_profile", "Ce modèle d’imprimante ne convient pas"],
    ["not_written", "Les réglages n’ont pas pu être écrits"],
    ["something_new", "Les réglages n’ont pas pu être enregistrés"],
  ])("says why it could not save: %s", async (code, words) => {
    const { backend } = show(`face=setup&step=summary&profile=old&save=${code}`);
    const leave = vi.spyOn(backend, "closeSetup").mockResolvedValue();
    await press("Enregistrer et démarrer");
    expect(await screen.findByText(words)).toBeTruthy();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(leave).not.toHaveBeenCalled();
  });
});

describe("the on-screen keyboard", () => {
  it("comes with a touch and writes into the field", async () => {
    show("face=setup&step=server");
    const field = await screen.findByLabelText<HTMLInputElement>("Adresse du serveur");
    expect(screen.queryByRole("group", { name: "Clavier" })).toBeNull();
    field.focus();
    await fireEvent(field, new PointerEvent("pointerdown", { pointerType: "touch", bubbles: true }));
    const keys = within(await screen.findByRole("group", { name: "Clavier" }));
    for (const key of ["http://", "a", "1", "9", ":", "8"]) {
      await fireEvent.click(keys.getByRole("button", { name: key }));
      await settle();
    }
    await fireEvent.click(keys.getByRole("button", { name: "Effacer" }));
    await settle();
    expect(field.value).toBe("http://a19:");
    await fireEvent.click(keys.getByRole("button", { name: "Cacher le clavier" }));
    expect(screen.queryByRole("group", { name: "Clavier" })).toBeNull();
  });
});

describe("a station that does not answer", () => {
  it("is asked again", async () => {
    const { backend } = show("face=setup");
    const load = vi.spyOn(backend.setup, "load").mockRejectedValueOnce(new Error("gone"));
    await press("Réessayer");
    expect(await heading()).toMatch(/Quelle langue/);
    expect(load).toHaveBeenCalledTimes(2);
  });
});

describe("a draft", () => {
  const draft = (changes: Partial<SetupProfile>) => new Draft({ ...freshProfile(), ...changes });
  it("drops a pairing code that has no server", () => {
    expect(draft({ name: "x", server: "  ", pairing_token: "abc" }).finished()).toMatchObject({ server: null, pairing_token: null });
  });
  it("gives a board no printer", () => expect(draft({ mode: "board", printer: "usb:1:2" }).finished().printer).toBeNull());
  it("wants a pairing code with a new server only", () => {
    expect(draft({ server: "http://x" }).lacks("server")).toBe(true);
    expect(draft({ server: "http://x", paired: true }).lacks("server")).toBe(false);
    expect(draft({ server: null }).lacks("server")).toBe(false);
  });
});

describe("pairing by a code", () => {
  const open = (pairing: string, more = "") => show(`face=setup&step=server&pairing=${pairing}${more}`);
  const poll = () => vi.advanceTimersByTimeAsync(4_100);

  it("shows the code, where to type it and how long it is good, and says who is asked", async () => {
    const { backend } = open("waiting");
    const ask = vi.spyOn(backend.setup, "askPairing");
    expect(await screen.findByText("7K3M-9RTW")).toBeTruthy();
    // For a screen reader, sign by sign.
    expect(screen.getByText("7 K 3 M - 9 R T W")).toBeTruthy();
    expect(screen.getByText(/http:\/\/192\.168\.1\.10:8080\/office\//)).toBeTruthy();
    expect(screen.getByText("9F21-C0A4-77BE-1D05")).toBeTruthy();
    expect(screen.getByRole("timer").textContent).toMatch(/10:00|9:5\d/);
    expect(screen.getByText(/En attente de l’administrateur/)).toBeTruthy();
    await vi.advanceTimersByTimeAsync(61_000);
    expect(screen.getByRole("timer").textContent).toMatch(/8:5\d/);
    expect(ask).toHaveBeenCalledExactlyOnceWith("http://192.168.1.10:8080", "Hall, borne 2", "kiosk");
    expect(screen.getByText("7K3M-9RTW")).toBeTruthy();
  });

  it("goes on by itself once it is approved, as what was approved", async () => {
    const { backend } = open("waiting");
    await screen.findByText("7K3M-9RTW");
    vi.spyOn(backend.setup, "pollPairing").mockResolvedValue({
      state: "approved", pairing_token: "a-token", mode: "board", name: "Écran du hall", site_name: "Agence Nord", queues: [],
    });
    const check = vi.spyOn(backend.setup, "checkServer");
    await poll();
    expect(await screen.findByText(/Il s’appelle « Écran du hall » et appartient à Agence Nord/)).toBeTruthy();
    expect(check).toHaveBeenCalledExactlyOnceWith("http://192.168.1.10:8080", "a-token");
    expect(screen.queryByText("7K3M-9RTW")).toBeNull();
    expect(await heading()).toMatch(/À quel serveur/);
    await vi.advanceTimersByTimeAsync(2_600);
    // A board has no printer: the sound comes next.
    expect(await heading()).toMatch(/Ce poste doit-il parler/);
    await press("Retour");
    expect(await screen.findByText("Le poste est accepté")).toBeTruthy();
    expect(screen.queryByLabelText("Jeton d’association"), "the token is shown to nobody").toBeNull();
  });

  it("wants another code when the role changes after the approval", async () => {
    const { backend } = open("approved");
    const ask = vi.spyOn(backend.setup, "askPairing");
    await poll();
    expect(await screen.findByText("Le poste est accepté")).toBeTruthy();
    await press("Retour");
    await choose(/Écran d’appel/);
    await press("Suivant");
    expect(await screen.findByText("Le rôle a changé depuis l’accord")).toBeTruthy();
    await settle();
    expect(ask).toHaveBeenLastCalledWith("http://192.168.1.10:8080", "Hall, borne 2", "board");
  });

  it("shows another code when the first is over, and says that it is another one", async () => {
    open("expired");
    await screen.findByText("7K3M-9RTW");
    await poll();
    expect(await screen.findByText("C4XH-67YR")).toBeTruthy();
    expect(screen.getByText(/Le code précédent a expiré/)).toBeTruthy();
  });

  it("says no in plain words and can ask again", async () => {
    const { backend } = open("refused");
    await screen.findByText("7K3M-9RTW");
    await poll();
    expect(await screen.findByText("L’administrateur a refusé ce poste")).toBeTruthy();
    expect(screen.queryByText("7K3M-9RTW")).toBeNull();
    vi.spyOn(backend.setup, "askPairing").mockResolvedValue({ state: "failed", code: "busy" });
    await press("Demander un autre code");
    expect(await screen.findByText("Trop de postes demandent un code en même temps")).toBeTruthy();
  });

  it.each([
    ["unreachable", "Le serveur ne répond pas"],
    ["not_a_server", /Cette adresse répond/],
    ["not_written", "Ce poste ne peut pas garder sa clé"],
  ])("a code that cannot be had because of %s is said in plain words", async (code, words) => {
    open(code);
    expect(await screen.findByText(words)).toBeTruthy();
    expect(screen.getByRole<HTMLButtonElement>("button", { name: "Demander un code" }).disabled).toBe(false);
  });

  it("keeps the code while the server is away for a moment, and says so", async () => {
    const { backend } = open("waiting");
    await screen.findByText("7K3M-9RTW");
    const polled = vi.spyOn(backend.setup, "pollPairing").mockResolvedValueOnce({ state: "failed", code: "unreachable" });
    await poll();
    expect(await screen.findByText(/Le serveur ne répond pas pour le moment/)).toBeTruthy();
    expect(screen.getByText("7K3M-9RTW")).toBeTruthy();
    await poll();
    expect(await screen.findByText(/En attente de l’administrateur/)).toBeTruthy();
    expect(polled).toHaveBeenCalledTimes(2);
  });

  it("goes on after the machine itself did not answer once", async () => {
    const { backend } = open("waiting");
    await screen.findByText("7K3M-9RTW");
    vi.spyOn(backend.setup, "pollPairing").mockRejectedValueOnce(new Error("gone"));
    await poll();
    expect(await screen.findByText("Cela n’a pas marché")).toBeTruthy();
    await poll();
    expect(await screen.findByText(/En attente de l’administrateur/)).toBeTruthy();
    expect(screen.queryByText("Cela n’a pas marché")).toBeNull();
  });

  it("takes the code away when another address is typed, and asks there", async () => {
    const { backend } = open("waiting");
    await screen.findByText("7K3M-9RTW");
    const polled = vi.spyOn(backend.setup, "pollPairing");
    const ask = vi.spyOn(backend.setup, "askPairing");
    await write("Adresse du serveur", "http://10.0.0.7");
    expect(screen.queryByText("7K3M-9RTW")).toBeNull();
    await poll();
    expect(polled).not.toHaveBeenCalled();
    await press("Demander un code");
    expect(ask).toHaveBeenCalledExactlyOnceWith("http://10.0.0.7", "Hall, borne 2", "kiosk");
    expect(await screen.findByText(/http:\/\/10\.0\.0\.7\/office\//)).toBeTruthy();
  });

  it("asks no more once nobody looks", async () => {
    const { backend } = open("waiting");
    await screen.findByText("7K3M-9RTW");
    const polled = vi.spyOn(backend.setup, "pollPairing");
    await press("Suivant");
    await vi.advanceTimersByTimeAsync(20_000);
    expect(polled).not.toHaveBeenCalled();
  });

  it("takes a token instead", async () => {
    const { backend } = open("waiting");
    await screen.findByText("7K3M-9RTW");
    const polled = vi.spyOn(backend.setup, "pollPairing");
    await press("J’ai un jeton");
    expect(screen.queryByText("7K3M-9RTW")).toBeNull();
    await write("Jeton d’association", "K7-93-QM");
    await press("Vérifier la connexion");
    expect(await screen.findByText(/Relié à Banque du Littoral/)).toBeTruthy();
    await poll();
    expect(polled).not.toHaveBeenCalled();
  });

  it("does not let a wrong clock pass because it was approved", async () => {
    const { backend } = open("approved");
    vi.spyOn(backend.setup, "checkServer").mockResolvedValue({ ok: false, code: "clock", site_name: null, queues: [] });
    await poll();
    expect(await screen.findByText("L’heure de ce poste n’est pas celle du serveur")).toBeTruthy();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(await heading()).toMatch(/À quel serveur/);
  });
});
