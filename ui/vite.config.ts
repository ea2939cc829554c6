// One build, four pages: the app's window (kiosk, board, setup) and the pages a server serves: counter, office and follow.
// Assets are named from the root, /assets/: the window loads its page from the root too, and the follow page is served
// under /t/<tenant>/, where a relative path would miss them.
import { fileURLToPath } from "node:url";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  base: "/",
  plugins: [svelte()],
  build: {
    outDir: "dist",
    emptyOutDir: true,
    // The oldest engine we ship on is Debian 12's WebKitGTK.
    target: "safari16",
    assetsInlineLimit: 0,
    rolldownOptions: {
      input: {
        app: here("index.html"),
        counter: here("counter/index.html"),
        office: here("office/index.html"),
        follow: here("follow/index.html"),
      },
    },
  },
  server: {
    port: 5173,
    strictPort: true,
    fs: { allow: [here("..")] },
    // With SMARTQUEUE_SERVER=http://127.0.0.1:8080 the pages under `npm run dev` speak to a real server (add ?real). The
    // host stays this one's: the server opens sockets only for pages of the host it is asked by.
    ...(process.env.SMARTQUEUE_SERVER && {
      proxy: {
        "/api": { target: process.env.SMARTQUEUE_SERVER },
        "/ws": { target: process.env.SMARTQUEUE_SERVER, ws: true },
      },
    }),
  },
  preview: { port: 4173, strictPort: true },
});
