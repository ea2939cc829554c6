// Real sizes on a real screen. Sets --mm on the page from the screen's diagonal; knows nothing of any face.

/** A 21.5 inch touchscreen, the common kiosk. */
export const KIOSK_DIAGONAL_MM = 546;
/** A 43 inch television, the common waiting-room board. */
export const BOARD_DIAGONAL_MM = 1092;

/** Capital height of the shipped Latin fonts, as a share of the font size (Atkinson Hyperlegible Next: 668/1000). */
export const CAPITAL_SHARE = 0.668;
/** EN 301 549 5.1.4: 0.7 degrees at the eye, in millimetres of capital height per metre of distance. */
export const NUMBER_MM_PER_METRE = 12.2;
/** For text beside the number. */
export const TEXT_MM_PER_METRE = 4;

/** CSS pixels in one millimetre of a screen of this size. */
export function pixelsPerMillimetre(width_px: number, height_px: number, diagonal_mm: number): number {
  return Math.hypot(width_px, height_px) / diagonal_mm;
}

/** Keeps --mm true while the window changes size. Returns what stops it. */
export function followScreen(diagonal_mm: number): () => void {
  const apply = () => {
    const size = pixelsPerMillimetre(window.innerWidth, window.innerHeight, diagonal_mm);
    document.documentElement.style.setProperty("--mm", `${size.toFixed(4)}px`);
  };
  apply();
  window.addEventListener("resize", apply);
  return () => window.removeEventListener("resize", apply);
}

/**
 * Capital height of a called number on the board as a share of the screen's short side, in the tightest of its layouts: two
 * calls at once, four characters, one of them a recall, 16:9. The browser test measures the real board against it.
 */
export const BOARD_CAPITAL_SHARE = 0.12;

/** How far away a called number can be read on a 16:9 screen of this diagonal, in metres to one decimal. */
export function legibleMetres(diagonal_mm: number): number {
  const short_side_mm = (diagonal_mm * 9) / Math.hypot(16, 9);
  return Math.floor(((short_side_mm * BOARD_CAPITAL_SHARE) / NUMBER_MM_PER_METRE) * 10) / 10;
}
