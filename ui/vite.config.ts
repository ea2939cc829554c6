// One build, three pages: the app's window (kiosk, board, setup), the counter page and the office page. Paths are
// relative, so the same files work in the window, under /counter/ and under /office/.
import { fileURLToPath } from "node:url";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  base: "./",
  plugins: [svelte()],
  build: {
    outDir: "dist",
    emptyOutDir: true,
    // The oldest engine we ship on is Debian 12's WebKitGTK.
    target: "safari16",
    assetsInlineLimit: 0,
    rolldownOptions: {
      input: { app: here("index.html"), counter: here("counter/index.html"), office: here("office/index.html") },
    },
  },
  server: { port: 5173, strictPort: true, fs: { allow: [here("..")] } },
  preview: { port: 4173, strictPort: true },
});
