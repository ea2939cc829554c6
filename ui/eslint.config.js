// What must not be mixed in the UI: only backend/ talks to Tauri, shared/ knows no face, and no face reaches into another.
import js from "@eslint/js";
import svelte from "eslint-plugin-svelte";
import globals from "globals";
import ts from "typescript-eslint";
import svelteConfig from "./svelte.config.js";

const faces = ["kiosk", "board", "setup", "counter", "office", "follow"];
const tauri = { group: ["@tauri-apps/*"], message: "Only src/backend/ may talk to Tauri." };
const restricted = (...patterns) => ({ "no-restricted-imports": ["error", { patterns }] });

export default ts.config(
  { ignores: ["dist/", "node_modules/", "src/bindings/generated/"] },
  js.configs.recommended,
  ...ts.configs.recommended,
  ...svelte.configs.recommended,
  {
    languageOptions: { globals: { ...globals.browser, ...globals.node } },
    rules: {
      "@typescript-eslint/switch-exhaustiveness-check": "off",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
      "no-console": "error",
      eqeqeq: "error",
      ...restricted(tauri),
    },
  },
  {
    files: ["**/*.svelte", "**/*.svelte.ts"],
    languageOptions: { parserOptions: { parser: ts.parser, extraFileExtensions: [".svelte"], svelteConfig } },
    rules: { "svelte/no-at-html-tags": "error", "svelte/require-each-key": "error" },
  },
  ...faces.map((face) => ({
    files: [`src/${face}/**`],
    rules: restricted(tauri, {
      group: faces.filter((other) => other !== face).map((other) => `**/${other}/**`),
      message: "A face does not reach into another face; share through src/shared/.",
    }),
  })),
  {
    files: ["src/shared/**"],
    rules: restricted(tauri, {
      group: [...faces, "backend", "server"].map((face) => `../**/${face}/**`),
      message: "Shared pieces know no face and no backend.",
    }),
  },
  { files: ["src/backend/**"], rules: { "no-restricted-imports": "off" } },
);
