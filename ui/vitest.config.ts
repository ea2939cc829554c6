// Component and unit tests in a simulated DOM; the browser tests have their own configuration.
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { svelteTesting } from "@testing-library/svelte/vite";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [svelte(), svelteTesting()],
  // Words and icons lie beside the UI, in assets/.
  server: { fs: { allow: [".."] } },
  test: {
    environment: "happy-dom",
    include: ["src/**/*.test.ts"],
    setupFiles: ["tests/setup.ts"],
    restoreMocks: true,
    // The longest story presses fifty buttons; a busy machine needs its time for it.
    testTimeout: 30_000,
  },
});
