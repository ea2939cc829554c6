//! The one form in which commands come in and views go out: JSON lines of `smartqueue-station run`, and the window's
//! bridge. Everything is converted by hand from the engine's values, and taken apart in full. No decision is made here.
//!
//! The TypeScript forms in `ui/src/bindings/door.ts` are made from these types; a test fails when they differ.
//!
//! It is long because every type of the door stands in it beside its one conversion: split, neither half could be read alone.

use crate::clock::offset_minutes_now;
use serde::{Deserialize, Serialize};
use smartqueue_domain::{Language, QueueId, TicketId, WaitRange};
use smartqueue_engine as engine;
use smartqueue_protocol::provisioning::Mode;
use smartqueue_protocol::time::write_time;
use ts_rs::TS;
use uuid::Uuid;

/// Everything that a station shows.
#[derive(Clone, Debug, PartialEq, Serialize, TS)]
pub struct View {
    #[ts(type = "\"kiosk\" | \"board\" | \"all\"")]
    pub mode: &'static str,
    pub station: StationCard,
    pub connection: ConnectionView,
    pub faults: Vec<FaultLine>,
    pub kiosk: Option<KioskView>,
    pub board: Option<BoardView>,
    /// What is left on the printer's roll; not there without a printer whose sensors it is counted by.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub paper: Option<PaperView>,
    /// Issued by this station, newest first, at most 50.
    pub tickets: Vec<TicketLine>,
}

/// Counted since the roll was changed: an estimate, and the printer's own sensors have the last word.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, TS)]
pub struct PaperView {
    /// Paper left, in millimetres.
    #[ts(type = "number")]
    pub left_mm: u64,
    /// Slips left, of the length that they had so far.
    #[ts(type = "number")]
    pub slips_left: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, TS)]
pub struct StationCard {
    pub name: String,
    pub site_name: String,
    /// `#rrggbb`, or null for the house colour.
    pub brand_colour: Option<String>,
    pub version: &'static str,
    /// Minutes to add to UTC for the site's wall clock.
    pub offset_minutes: i32,
}

#[derive(Clone, Debug, PartialEq, Serialize, TS)]
pub struct ConnectionView {
    pub state: ConnectionState,
    #[ts(type = "number")]
    pub since_ms: i64,
    /// Records not yet acknowledged by the server.
    #[ts(type = "number")]
    pub unsent: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ConnectionState {
    Online,
    Connecting,
    Offline,
    Standalone,
}

#[derive(Clone, Debug, PartialEq, Serialize, TS)]
pub struct FaultLine {
    pub code: FaultCode,
    #[ts(type = "number")]
    pub since_ms: i64,
}

macro_rules! codes {
    ($(#[$meta:meta])* $name:ident from $source:path { $($variant:ident),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Serialize, TS)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($variant),* }

        impl From<$source> for $name {
            fn from(source: $source) -> $name {
                use $source as Source;
                match source { $(Source::$variant => $name::$variant),* }
            }
        }
    };
}

codes!(
    /// The code of a standing fault.
    FaultCode from engine::Fault {
    PrinterMissing, PrinterOffline, PaperOut, PaperNearEnd, CoverOpen, CutterJam, PrinterHot, PrinterDefect,
    PrinterUnknown, PrinterBusy,
    SoundUnavailable, JournalFailed, ServerRefused, NotPaired, ClockDoubtful, NumbersRunLow, RecordsSetAside,
    ConfigurationRefused,
});

codes!(
    /// Why a ticket was not given.
    RefusalReason from smartqueue_domain::Refusal {
    UnknownQueue, ServiceClosed, QueueFull, Paused, NotPaired, JournalFailed,
});

codes!(
    /// How far a ticket's paper is.
    PrintState from engine::PrintState { Issued, Printing, Printed, Unconfirmed, Failed, Unknown });

codes!(
    /// Why nothing can be taken.
    ClosedReason from engine::ClosedReason { Hours, Paused, NoService });

codes!(
    /// How the PIN pad stands.
    UnlockOutcome from engine::UnlockState { Ask, WrongPin, LockedOut });

codes!(
    /// Whether a ticket can be taken for a service.
    ServiceState from engine::ServiceState { Open, Closed, Full });

#[derive(Clone, Debug, PartialEq, Serialize, TS)]
pub struct TicketLine {
    #[ts(type = "string")]
    pub id: Uuid,
    pub number: String,
    #[ts(type = "number")]
    pub queue: i64,
    pub state: PrintState,
    /// RFC 3339.
    pub issued_at: String,
    pub synced: bool,
}

/// A language's ISO 639-1 code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(rename = "Language")]
pub enum LanguageCode {
    Fr,
    En,
    Ar,
    Wo,
    Es,
    Pt,
}

impl From<Language> for LanguageCode {
    fn from(language: Language) -> LanguageCode {
        match language {
            Language::French => LanguageCode::Fr,
            Language::English => LanguageCode::En,
            Language::Arabic => LanguageCode::Ar,
            Language::Wolof => LanguageCode::Wo,
            Language::Spanish => LanguageCode::Es,
            Language::Portuguese => LanguageCode::Pt,
        }
    }
}

impl From<LanguageCode> for Language {
    fn from(code: LanguageCode) -> Language {
        match code {
            LanguageCode::Fr => Language::French,
            LanguageCode::En => Language::English,
            LanguageCode::Ar => Language::Arabic,
            LanguageCode::Wo => Language::Wolof,
            LanguageCode::Es => Language::Spanish,
            LanguageCode::Pt => Language::Portuguese,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, TS)]
pub struct KioskView {
    pub screen: KioskScreen,
    pub session: SessionView,
    pub languages: Vec<LanguageCode>,
    pub services: Vec<ServiceTile>,
}

#[derive(Clone, Debug, PartialEq, Serialize, TS)]
pub struct SessionView {
    pub language: LanguageCode,
    pub large_text: bool,
    pub high_contrast: bool,
    pub low_reach: bool,
    /// While set, the "more time?" question is open and the session ends at this time.
    #[ts(type = "number | null")]
    pub warning_until_ms: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Serialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum KioskScreen {
    Starting,
    Home,
    Issuing {
        #[ts(type = "number")]
        queue: i64,
    },
    Result {
        ticket: TicketCard,
        #[ts(type = "number")]
        until_ms: i64,
    },
    Refused {
        reason: RefusalReason,
        #[ts(type = "number")]
        until_ms: i64,
    },
    Closed {
        reason: ClosedReason,
        next_opening: Option<NextOpening>,
    },
    Unlock {
        outcome: UnlockOutcome,
    },
    Maintenance,
}

#[derive(Clone, Debug, PartialEq, Serialize, TS)]
pub struct NextOpening {
    /// 0 is today.
    pub in_days: u8,
    /// 1 is Monday, 7 is Sunday.
    pub weekday: u8,
    /// Minute of the site's local day.
    pub minute: u16,
}

#[derive(Clone, Debug, PartialEq, Serialize, TS)]
pub struct TicketCard {
    #[ts(type = "string")]
    pub id: Uuid,
    pub number: String,
    pub letter: String,
    pub service_name: String,
    /// `#rrggbb`.
    pub colour: String,
    /// A Lucide icon's name.
    pub icon: String,
    #[ts(type = "number")]
    pub issued_at_ms: i64,
    /// Null when it is not known, as while the server is away.
    pub people_ahead: Option<u32>,
    pub wait_minutes: Option<(u32, u32)>,
    pub print: PrintState,
    pub follow_url: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, TS)]
pub struct ServiceTile {
    #[ts(type = "number")]
    pub queue: i64,
    pub name: String,
    pub hint: Option<String>,
    /// A Lucide icon's name.
    pub icon: String,
    /// `#rrggbb`.
    pub colour: String,
    pub letter: String,
    /// People waiting; null when not known.
    pub waiting: Option<u32>,
    pub wait_minutes: Option<(u32, u32)>,
    pub state: ServiceState,
    pub next_opening: Option<NextOpening>,
}

#[derive(Clone, Debug, PartialEq, Serialize, TS)]
pub struct BoardView {
    pub open: bool,
    /// Set while the connection is lost: what the board shows is as old as this.
    #[ts(type = "number | null")]
    pub stale_since_ms: Option<i64>,
    /// Highlighted now, newest first, at most 2.
    pub calling: Vec<CallLine>,
    /// The last 6, newest first, without those in `calling`.
    pub recent: Vec<CallLine>,
    pub waiting: Vec<WaitingLine>,
    pub ticker: Vec<String>,
    pub language: LanguageCode,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum AnnouncedState {
    Pending,
    Spoken,
    Silent,
    Failed,
}

#[derive(Clone, Debug, PartialEq, Serialize, TS)]
pub struct CallLine {
    /// Unique per call, so a recall is another call.
    pub call: String,
    #[ts(type = "string")]
    pub ticket: Uuid,
    pub number: String,
    #[ts(type = "number")]
    pub queue: i64,
    pub service_name: String,
    pub letter: String,
    pub colour: String,
    pub icon: String,
    /// The counter's label, for example "3".
    pub counter: String,
    #[ts(type = "number")]
    pub called_at_ms: i64,
    pub recall: bool,
    pub late: bool,
    pub announced: AnnouncedState,
}

#[derive(Clone, Debug, PartialEq, Serialize, TS)]
pub struct WaitingLine {
    #[ts(type = "number")]
    pub queue: i64,
    pub name: String,
    pub letter: String,
    pub colour: String,
    pub icon: String,
    pub waiting: u32,
    pub wait_minutes: Option<(u32, u32)>,
}

/// What somebody asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "command", rename_all = "snake_case", deny_unknown_fields)]
pub enum Command {
    TakeTicket {
        #[ts(type = "number")]
        queue: i64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        language: Option<LanguageCode>,
        /// Drawn by the sender: the same id again is the same ticket.
        #[ts(type = "string")]
        id: Uuid,
    },
    Reprint {
        #[ts(type = "string")]
        ticket: Uuid,
    },
    Status,
    ChooseLanguage {
        language: LanguageCode,
    },
    SetDisplay {
        large_text: bool,
        high_contrast: bool,
        low_reach: bool,
    },
    Touched,
    Finish,
    OpenMaintenance,
    EnterPin {
        pin: String,
    },
    LeaveMaintenance,
    Pause {
        paused: bool,
    },
    TestPrint,
    TestSound,
}

impl Command {
    /// What it means to the engine; nothing for a question that only the shell answers.
    pub(crate) fn to_engine(&self) -> Option<engine::Command> {
        Some(match self {
            Command::TakeTicket { queue, language, id } => engine::Command::TakeTicket {
                queue: QueueId(*queue),
                language: language.map(Language::from),
                ticket: TicketId(*id),
            },
            Command::Reprint { ticket } => engine::Command::Reprint { ticket: TicketId(*ticket) },
            Command::Status => return None,
            Command::ChooseLanguage { language } => {
                engine::Command::ChooseLanguage { language: Language::from(*language) }
            }
            Command::SetDisplay { large_text, high_contrast, low_reach } => {
                engine::Command::SetDisplay(engine::DisplayOptions {
                    large_text: *large_text,
                    high_contrast: *high_contrast,
                    low_reach: *low_reach,
                })
            }
            Command::Touched => engine::Command::Touch,
            Command::Finish => engine::Command::Finish,
            Command::OpenMaintenance => engine::Command::OpenMaintenance,
            Command::EnterPin { pin } => engine::Command::EnterPin { pin: pin.clone() },
            Command::LeaveMaintenance => engine::Command::LeaveMaintenance,
            Command::Pause { paused } => engine::Command::Pause { paused: *paused },
            Command::TestPrint => engine::Command::TestPrint,
            Command::TestSound => engine::Command::TestSound,
        })
    }
}

impl View {
    /// The view of a station in this mode, in this time zone.
    pub(crate) fn of(view: &engine::View, mode: Mode, zone: &jiff::tz::TimeZone) -> View {
        let engine::View { name, site_name, brand_colour, connection, faults, kiosk, board, tickets } = view;
        let engine::Connection { state, since_ms, unsent } = connection;
        View {
            mode: mode.word(),
            station: StationCard {
                name: name.clone(),
                site_name: site_name.clone(),
                brand_colour: brand_colour.clone(),
                version: env!("CARGO_PKG_VERSION"),
                offset_minutes: offset_minutes_now(zone),
            },
            connection: ConnectionView {
                state: match state {
                    engine::ConnectionState::Online => ConnectionState::Online,
                    engine::ConnectionState::Connecting => ConnectionState::Connecting,
                    engine::ConnectionState::Offline => ConnectionState::Offline,
                    engine::ConnectionState::Standalone => ConnectionState::Standalone,
                },
                since_ms: *since_ms,
                unsent: *unsent,
            },
            faults: faults
                .iter()
                .map(|(fault, since_ms)| FaultLine { code: (*fault).into(), since_ms: *since_ms })
                .collect(),
            kiosk: kiosk.as_ref().map(KioskView::from),
            board: board.as_ref().map(BoardView::from),
            // The shell knows it; the engine does not.
            paper: None,
            tickets: tickets.iter().map(TicketLine::from).collect(),
        }
    }
}

impl From<&engine::TicketLine> for TicketLine {
    fn from(line: &engine::TicketLine) -> TicketLine {
        let engine::TicketLine { id, number, queue, state, issued_at_ms, synced } = line;
        TicketLine {
            id: id.0,
            number: number.clone(),
            queue: queue.0,
            state: (*state).into(),
            issued_at: write_time(*issued_at_ms),
            synced: *synced,
        }
    }
}

impl From<&engine::KioskView> for KioskView {
    fn from(view: &engine::KioskView) -> KioskView {
        let engine::KioskView { screen, session, languages, services } = view;
        let engine::SessionView { language, display, warning_until_ms } = session;
        let engine::DisplayOptions { large_text, high_contrast, low_reach } = display;
        KioskView {
            screen: screen.into(),
            session: SessionView {
                language: (*language).into(),
                large_text: *large_text,
                high_contrast: *high_contrast,
                low_reach: *low_reach,
                warning_until_ms: *warning_until_ms,
            },
            languages: languages.iter().map(|language| (*language).into()).collect(),
            services: services.iter().map(ServiceTile::from).collect(),
        }
    }
}

impl From<&engine::KioskScreen> for KioskScreen {
    fn from(screen: &engine::KioskScreen) -> KioskScreen {
        match screen {
            engine::KioskScreen::Starting => KioskScreen::Starting,
            engine::KioskScreen::Home => KioskScreen::Home,
            engine::KioskScreen::Issuing { queue } => KioskScreen::Issuing { queue: queue.0 },
            engine::KioskScreen::Result { ticket, until_ms } => {
                KioskScreen::Result { ticket: ticket.into(), until_ms: *until_ms }
            }
            engine::KioskScreen::Refused { reason, until_ms } => {
                KioskScreen::Refused { reason: (*reason).into(), until_ms: *until_ms }
            }
            engine::KioskScreen::Closed { reason, next_opening } => KioskScreen::Closed {
                reason: (*reason).into(),
                next_opening: next_opening.as_ref().map(NextOpening::from),
            },
            engine::KioskScreen::Unlock(state) => KioskScreen::Unlock { outcome: (*state).into() },
            engine::KioskScreen::Maintenance => KioskScreen::Maintenance,
        }
    }
}

impl From<&smartqueue_domain::NextOpening> for NextOpening {
    fn from(next: &smartqueue_domain::NextOpening) -> NextOpening {
        let smartqueue_domain::NextOpening { in_days, weekday, minute } = next;
        NextOpening { in_days: *in_days, weekday: *weekday, minute: *minute }
    }
}

fn minutes(wait: Option<WaitRange>) -> Option<(u32, u32)> {
    wait.map(|WaitRange { min_minutes, max_minutes }| (min_minutes, max_minutes))
}

impl From<&engine::TicketCard> for TicketCard {
    fn from(card: &engine::TicketCard) -> TicketCard {
        let engine::TicketCard {
            id,
            number,
            letter,
            service_name,
            colour,
            icon,
            issued_at_ms,
            people_ahead,
            wait,
            print,
            follow_url,
        } = card;
        TicketCard {
            id: id.0,
            number: number.clone(),
            letter: letter.clone(),
            service_name: service_name.clone(),
            colour: colour.clone(),
            icon: icon.clone(),
            issued_at_ms: *issued_at_ms,
            people_ahead: *people_ahead,
            wait_minutes: minutes(*wait),
            print: (*print).into(),
            follow_url: follow_url.clone(),
        }
    }
}

impl From<&engine::ServiceTile> for ServiceTile {
    fn from(tile: &engine::ServiceTile) -> ServiceTile {
        let engine::ServiceTile { queue, name, hint, icon, colour, letter, waiting, wait, state, next_opening } = tile;
        ServiceTile {
            queue: queue.0,
            name: name.clone(),
            hint: hint.clone(),
            icon: icon.clone(),
            colour: colour.clone(),
            letter: letter.clone(),
            waiting: *waiting,
            wait_minutes: minutes(*wait),
            state: (*state).into(),
            next_opening: next_opening.as_ref().map(NextOpening::from),
        }
    }
}

impl From<&engine::BoardView> for BoardView {
    fn from(view: &engine::BoardView) -> BoardView {
        let engine::BoardView { open, stale_since_ms, calling, recent, waiting, ticker, language } = view;
        BoardView {
            open: *open,
            stale_since_ms: *stale_since_ms,
            calling: calling.iter().map(CallLine::from).collect(),
            recent: recent.iter().map(CallLine::from).collect(),
            waiting: waiting.iter().map(WaitingLine::from).collect(),
            ticker: ticker.clone(),
            language: (*language).into(),
        }
    }
}

impl From<&engine::CallLine> for CallLine {
    fn from(line: &engine::CallLine) -> CallLine {
        let engine::CallLine {
            call,
            ticket,
            number,
            queue,
            service_name,
            letter,
            colour,
            icon,
            counter,
            called_at_ms,
            recall,
            late,
            announced,
        } = line;
        CallLine {
            call: call.clone(),
            ticket: ticket.0,
            number: number.clone(),
            queue: queue.0,
            service_name: service_name.clone(),
            letter: letter.clone(),
            colour: colour.clone(),
            icon: icon.clone(),
            counter: counter.clone(),
            called_at_ms: *called_at_ms,
            recall: *recall,
            late: *late,
            announced: match announced {
                None => AnnouncedState::Pending,
                Some(engine::AnnouncementOutcome::Spoken) => AnnouncedState::Spoken,
                Some(engine::AnnouncementOutcome::Silent) => AnnouncedState::Silent,
                Some(engine::AnnouncementOutcome::Failed) => AnnouncedState::Failed,
            },
        }
    }
}

impl From<&engine::WaitingLine> for WaitingLine {
    fn from(line: &engine::WaitingLine) -> WaitingLine {
        let engine::WaitingLine { queue, name, letter, colour, icon, waiting, wait } = line;
        WaitingLine {
            queue: queue.0,
            name: name.clone(),
            letter: letter.clone(),
            colour: colour.clone(),
            icon: icon.clone(),
            waiting: *waiting,
            wait_minutes: minutes(*wait),
        }
    }
}
