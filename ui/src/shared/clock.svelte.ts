// The one place where the screens look at a clock. Ticks only as often as it is asked to, so an idle screen stays idle.
export function ticking(every_ms: number): { readonly now: number } {
  let now = $state(Date.now());
  $effect(() => {
    const timer = setInterval(() => (now = Date.now()), every_ms);
    return () => clearInterval(timer);
  });
  return {
    get now() {
      return now;
    },
  };
}
