// Every screen of the app's window, as the address that poses the fake backend so.
const of = (face: string, poses: string[]) => poses.map((pose) => `face=${face}${pose === "" ? "" : `&${pose}`}`);

export const KIOSK = of("kiosk", [
  "", "services=2", "services=8", "services=8&tile=1", "services=6&text=large", "services=8&text=large", "services=8&contrast=high", "services=8&reach=low",
  "services=4&reach=low&text=large", "connection=offline", "fault=paper_out", "fault=journal_failed", "services=8&connection=offline&fault=paper_out",
  "screen=starting", "screen=issuing", "screen=result", "screen=result&print=printing", "screen=result&print=unconfirmed",
  "screen=result&print=failed&text=large&fault=paper_out&connection=offline", "screen=result&print=unknown", "screen=result&contrast=high&follow=0",
  "screen=refused&reason=queue_full", "screen=refused&reason=journal_failed&text=large", "screen=closed", "screen=closed&reason=paused",
  "screen=closed&reason=no_service&contrast=high", "screen=unlock", "screen=unlock&outcome=wrong_pin", "screen=unlock&outcome=locked_out",
  "screen=maintenance", "screen=maintenance&fault=paper_out,clock_doubtful,journal_failed&connection=offline", "warning=1", "warning=1&text=large",
]);

export const BOARD = of("board", [
  "", "calls=1", "calls=1&recall=1", "calls=1&late=1&services=8", "calls=2", "calls=2&recall=1", "calls=1&connection=offline", "connection=offline&recent=0",
  "calls=2&connection=offline&services=8", "closed=1", "recent=0&services=2",
]);

export const SETUP = of("setup", [
  "", "step=mode", "step=server", "step=server&pairing=waiting", "step=server&pairing=busy", "step=printer", "step=printer&printers=none", "step=printer&profile=old", "step=sound", "step=screen", "step=screen&mode=board",
  "step=pin", "step=pin&profile=old", "step=summary", "step=summary&profile=old",
]);

export const ALL = [...KIOSK, ...BOARD, ...SETUP];
