// Which field the on-screen keyboard writes into, for machines that have only a touchscreen.
import { getContext, setContext } from "svelte";

export type Target = { insert: (text: string) => void; erase: () => void };

export class Keyboard {
  open = $state(false);
  target: Target | null = $state.raw(null);
}

const KEY = Symbol("keyboard");

export function provideKeyboard(): Keyboard {
  return setContext(KEY, new Keyboard());
}
export function useKeyboard(): Keyboard {
  return getContext<Keyboard>(KEY);
}
