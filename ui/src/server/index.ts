// The way in for the pages that a server serves: what lies behind is this folder's own.
export { default as FakePanel } from "./FakePanel.svelte";
export { default as LanguageChoice } from "./LanguageChoice.svelte";
export { default as LinkMark } from "./LinkMark.svelte";
export { default as SignIn } from "./SignIn.svelte";
export { Client } from "./client";
export { chooseDoor, type Door } from "./door";
export { nameIn, rememberLanguage, startLanguage } from "./language";
export { Live, type LinkState } from "./live";
export { asProblem, Problem, PROBLEMS, type ProblemCode } from "./problem";
export { rest } from "./rest";
export { Session, type Remembered, type SignIn as SignedIn } from "./session";
export * from "./wire";

/** The fake lobby, loaded only when asked for. */
export const loadFake = () => import("./fake/door");
