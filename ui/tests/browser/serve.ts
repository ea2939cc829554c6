// Builds the pages once and serves them for all browser tests; the address and the folder reach the tests as provided values.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AddressInfo } from "node:net";
import { build, preview } from "vite";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  export interface ProvidedContext {
    address: string;
    built: string;
  }
}

export default async function serve(project: TestProject): Promise<() => Promise<void>> {
  const built = mkdtempSync(join(tmpdir(), "smartqueue-ui-"));
  await build({ logLevel: "warn", build: { outDir: built, emptyOutDir: true, manifest: true } });
  // Port 0: the tests of two checkouts never meet.
  const server = await preview({ logLevel: "warn", build: { outDir: built }, preview: { port: 0, strictPort: false, host: "127.0.0.1" } });
  const { port } = server.httpServer.address() as AddressInfo;
  project.provide("address", `http://127.0.0.1:${port}`);
  project.provide("built", built);
  return async () => {
    await server.close();
    rmSync(built, { recursive: true, force: true });
  };
}
