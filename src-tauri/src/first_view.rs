//! The views that this program shows while no station speaks: nothing to show, starting, and out of service.
//!
//! They carry no business: no service, no ticket, no call. As soon as the station runs, its own views replace them.

use smartqueue_station::door::{
    BoardView, ClosedReason, ConnectionState, ConnectionView, FaultCode, FaultLine, KioskScreen, KioskView,
    LanguageCode, SessionView, StationCard, View,
};

use crate::arguments::Mode;
use crate::clock;
use crate::profile::Profile;

/// Before anything is known, and while the setup has stopped the station.
pub fn resting() -> View {
    view(Mode::Kiosk, LanguageCode::Fr, "", KioskScreen::Starting, vec![])
}

/// The station of this profile is starting.
pub fn starting(profile: &Profile) -> View {
    view(profile.mode, profile.language, &profile.name, KioskScreen::Starting, vec![])
}

/// The station of this profile cannot start: its journal is held by another program or damaged, or the profile cannot be
/// read. Customers read that nothing can be taken, staff read the fault, and the cause is in the log.
pub fn out_of_service(profile: &Profile) -> View {
    let fault = FaultLine { code: FaultCode::JournalFailed, since_ms: clock::wall_ms() };
    view(
        profile.mode,
        profile.language,
        &profile.name,
        KioskScreen::Closed { reason: ClosedReason::NoService, next_opening: None },
        vec![fault],
    )
}

fn view(mode: Mode, language: LanguageCode, name: &str, screen: KioskScreen, faults: Vec<FaultLine>) -> View {
    let kiosk = KioskView {
        screen,
        session: SessionView {
            language,
            large_text: false,
            high_contrast: false,
            low_reach: false,
            warning_until_ms: None,
        },
        languages: vec![],
        services: vec![],
    };
    let board = BoardView {
        // Not closed but unknown, unless something is wrong.
        open: faults.is_empty(),
        stale_since_ms: None,
        calling: vec![],
        recent: vec![],
        waiting: vec![],
        ticker: vec![],
        language,
    };
    let (mode, kiosk, board) = match mode {
        Mode::Kiosk | Mode::Setup => ("kiosk", Some(kiosk), None),
        Mode::Board => ("board", None, Some(board)),
        Mode::All => ("all", Some(kiosk), Some(board)),
    };
    View {
        mode,
        station: StationCard {
            name: name.to_owned(),
            site_name: String::new(),
            brand_colour: None,
            version: env!("CARGO_PKG_VERSION"),
            offset_minutes: clock::offset_minutes(),
        },
        connection: ConnectionView { state: ConnectionState::Connecting, since_ms: clock::wall_ms(), unsent: 0 },
        faults,
        kiosk,
        board,
        paper: None,
        tickets: vec![],
    }
}
