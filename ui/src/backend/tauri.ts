// The real station, through Tauri. The only file of the screens that knows Tauri.
import { invoke } from "@tauri-apps/api/core";
import { listen } from "@tauri-apps/api/event";
import type { View } from "../bindings";
import type { Backend } from "./port";

export function tauriBackend(): Backend {
  return {
    kind: "tauri",
    startup: () => invoke("startup"),
    currentView: () => invoke("current_view"),
    onView: (listener) => listen<View>("view", (event) => listener(event.payload)),
    send: (command) => invoke("send", { command }),
    openSetup: () => invoke("open_setup"),
    // After a save the windows are replaced from below.
    closeSetup: async (saved) => {
      if (!saved) await invoke("close_setup");
    },
    setup: {
      load: () => invoke("setup_load"),
      printers: () => invoke("setup_printers"),
      printerModels: () => invoke("setup_printer_models"),
      testPrinter: (selector, paperWidthMm, printerProfile) => invoke("setup_test_printer", { selector, paperWidthMm, printerProfile }),
      checkServer: (server, pairingToken) => invoke("setup_check_server", { server, pairingToken }),
      askPairing: (server, name, mode) => invoke("setup_ask_pairing", { server, name, mode }),
      pollPairing: () => invoke("setup_poll_pairing"),
      testSound: (volume) => invoke("setup_test_sound", { volume }),
      save: (profile) => invoke("setup_save", { profile }),
    },
  };
}
