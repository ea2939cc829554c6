// The fake backend: `npm run dev` alone shows every face alive. Options come from the address bar (pose.ts) and from the
// panel in the corner (F2). In the app's own window this module is never loaded.
import { mount } from "svelte";
import type { PrinterTest, ServerCheck, SetupProfile } from "../../bindings";
import type { Backend, Face } from "../port";
import { Lobby, PRINTER_FAULTS } from "./lobby";
import DevPanel from "./DevPanel.svelte";
import { Pairing } from "./pairing";
import { oneOf, pose, profile, SERVER_PROBLEMS, wishes } from "./pose";
import { visit } from "./visit";
import { PRINTER_MODELS, PRINTERS, SITE_NAME, tiles } from "./site";

const FACES: Face[] = ["kiosk", "board", "setup"];

export type FakeBackend = Backend & { readonly lobby: Lobby };

export function fakeBackend(params: URLSearchParams): FakeBackend {
  const now_ms = Date.now();
  const wanted = wishes(params, now_ms);
  const lobby = new Lobby(wanted);
  pose(lobby, params, now_ms);
  if (!wanted.still) lobby.live();
  if (params.get("panel") !== "0" && !wanted.still) mount(DevPanel, { target: document.body, props: { lobby } });

  // Tools take a moment, as real ones do, unless a test wants them at once.
  const moment = () => new Promise<void>((resolve) => setTimeout(resolve, wanted.still ? 0 : 700));
  let saved: SetupProfile = profile(params);
  const pairing = new Pairing(params, Date.now, wanted.still);

  return {
    kind: "fake",
    lobby,
    startup: async () => ({ face: oneOf(params, "face", FACES, "kiosk"), windowed: true, screen_diagonal_mm: Number(params.get("diagonal")) || null, farthest_seat_m: null }),
    currentView: async () => lobby.snapshot(),
    onView: async (listener) => lobby.onView(listener),
    send: async (command) => lobby.handle(command),
    openSetup: async () => visit({ face: "setup", profile: "old" }),
    closeSetup: async () => visit({ face: saved.mode === "board" ? "board" : "kiosk" }),
    setup: {
      load: async () => structuredClone(saved),
      printers: async () => {
        await moment();
        return params.get("printers") === "none" ? [] : structuredClone(PRINTERS);
      },
      printerModels: async () => structuredClone(PRINTER_MODELS),
      testPrinter: async (selector) => {
        await moment();
        return printerTest(lobby, selector);
      },
      checkServer: async (server, token) => {
        await moment();
        return serverCheck(params, server, token);
      },
      askPairing: async (server, name, mode) => {
        await moment();
        return pairing.ask(server, name, mode);
      },
      pollPairing: async () => pairing.poll(),
      testSound: async () => {
        await moment();
        return lobby.hasFault("sound_unavailable") ? { played: false, code: "sound_unavailable" } : { played: true, code: null };
      },
      save: async (next) => {
        await moment();
        const refused = params.get("save");
        if (refused !== null) return { saved: false, code: refused };
        saved = { ...next, pin: null };
        return { saved: true, code: null };
      },
    },
  };
}

function printerTest(lobby: Lobby, selector: string): PrinterTest {
  const fault = lobby.view.faults.find((line) => PRINTER_FAULTS.includes(line.code));
  if (fault) return { outcome: "failed", code: fault.code };
  if (selector.startsWith("serial:")) return { outcome: "failed", code: "printer_busy" };
  if (selector.startsWith("file:")) return { outcome: "unconfirmed", code: null };
  if (!/^(usb|tcp|virtual):/.test(selector)) return { outcome: "failed", code: "printer_missing" };
  return { outcome: "printed", code: null };
}

function serverCheck(params: URLSearchParams, server: string, token: string): ServerCheck {
  const no = (code: ServerCheck["code"]): ServerCheck => ({ ok: false, code, site_name: null, queues: [] });
  const forced = SERVER_PROBLEMS.find((code) => code === params.get("server"));
  if (forced) return no(forced);
  if (!/^https?:\/\/[^\s/]+/.test(server)) return no("bad_address");
  if (server.includes("absent")) return no("unreachable");
  if (token.trim() === "" || token.includes("x")) return no("token_refused");
  return { ok: true, code: null, site_name: SITE_NAME, queues: tiles(5, "fr").map((tile) => `${tile.letter} · ${tile.name}`) };
}
