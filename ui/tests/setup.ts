// What happy-dom lacks and the screens use.
import { afterEach } from "vitest";
import { cleanup } from "@testing-library/svelte";

afterEach(cleanup);
