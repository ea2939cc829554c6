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
    setup: {
      load: () => invoke("setup_load"),
      printers: () => invoke("setup_printers"),
      testPrinter: (selector) => invoke("setup_test_printer", { selector }),
      checkServer: (server, pairingToken) => invoke("setup_check_server", { server, pairingToken }),
      testSound: () => invoke("setup_test_sound"),
      save: (profile) => invoke("setup_save", { profile }),
    },
  };
}
