// Runs in every window before the face does. It makes a page into an appliance, and says that the page lives: a beat
// every two seconds, the first one as soon as the face has drawn something. It knows no face and shows nothing.
(() => {
  "use strict";
  // Only the page itself: a frame inside it, should one ever appear, has no voice here.
  if (window.top !== window) return;

  const BEAT_MS = 2000;

  const refuse = (event) => event.preventDefault();
  const isField = (target) => target instanceof Element && target.closest("input, textarea") !== null;

  document.addEventListener("contextmenu", refuse, { capture: true });
  document.addEventListener("dragstart", refuse, { capture: true });
  document.addEventListener("selectstart", (event) => isField(event.target) || refuse(event), { capture: true });
  // Zoom, by wheel, by keys and by two fingers. A page that is zoomed cannot be brought back by a customer.
  document.addEventListener("wheel", (event) => event.ctrlKey && refuse(event), { capture: true, passive: false });
  document.addEventListener("keydown", (event) => event.ctrlKey && "+-=0".includes(event.key) && refuse(event), { capture: true });
  for (const name of ["touchstart", "touchmove"]) {
    document.addEventListener(name, (event) => event.touches.length > 1 && refuse(event), { capture: true, passive: false });
  }

  const beat = (drawn) => {
    // A beat that is lost is a beat that did not come: the program below draws its conclusion from that.
    window.__TAURI_INTERNALS__.invoke("alive", { drawn }).catch(() => {});
  };

  const hasFace = () => (document.getElementById("app")?.childElementCount ?? 0) > 0;

  // The first frame callback runs before the frame that shows the face is painted, the second one after it.
  const afterNextFrame = (action) => requestAnimationFrame(() => requestAnimationFrame(action));

  const watch = () => {
    if (window.__SMARTQUEUE_HIDE_POINTER__ === true) {
      // A constructed sheet, because the page's own rules forbid inline styles.
      const sheet = new CSSStyleSheet();
      sheet.replaceSync("*, *::before, *::after { cursor: none !important; }");
      document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
    }
    if (hasFace()) {
      afterNextFrame(() => beat(true));
    } else {
      const observer = new MutationObserver(() => {
        if (!hasFace()) return;
        observer.disconnect();
        afterNextFrame(() => beat(true));
      });
      observer.observe(document.documentElement, { childList: true, subtree: true });
    }
    setInterval(() => beat(hasFace()), BEAT_MS);
  };

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", watch, { once: true });
  else watch();
})();
