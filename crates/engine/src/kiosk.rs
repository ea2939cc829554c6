//! The kiosk: what somebody in front of it asks for, and which screen stands. This module never draws, and a touch
//! becomes a number in `numbering`.

use crate::{
    ClosedReason, Command, DisplayOptions, Effect, KioskScreen, KioskView, Now, ServiceState, ServiceTile, SessionView,
    Station, TicketCard, UnlockState,
};
use smartqueue_domain::{Language, NextOpening, PrintOutcome, Queue, QueueId, Refusal, TicketId};

// Times from the experience design: idle, warning, result with paper, result without.
const IDLE_MS: u64 = 30_000;
const WARNING_MS: u64 = 20_000;
const RESULT_MS: u64 = 8_000;
const RESULT_WITHOUT_PAPER_MS: u64 = 30_000;
const REFUSAL_MS: u64 = 8_000;
const STAFF_IDLE_MS: u64 = 120_000;
const LOCK_OUT_MS: u64 = 60_000;
const WRONG_PINS: u32 = 5;

#[derive(Clone, Debug, PartialEq)]
enum Screen {
    Home,
    Issuing { queue: QueueId, ticket: TicketId },
    Result { ticket: TicketId, until_ms: u64 },
    Refused { reason: Refusal, until_ms: u64 },
    Unlock { state: UnlockState, until_ms: u64 },
    Maintenance { until_ms: u64 },
}

#[derive(Clone, Debug)]
pub(crate) struct Kiosk {
    screen: Screen,
    language: Language,
    display: DisplayOptions,
    last_touch_ms: u64,
    paused: bool,
    wrong_pins: u32,
    locked_until_ms: u64,
}

impl Kiosk {
    pub(crate) fn new(language: Language) -> Kiosk {
        Kiosk {
            screen: Screen::Home,
            language,
            display: DisplayOptions::default(),
            last_touch_ms: 0,
            paused: false,
            wrong_pins: 0,
            locked_until_ms: 0,
        }
    }

    fn is_fresh(&self, default_language: Language) -> bool {
        self.language == default_language && self.display == DisplayOptions::default()
    }

    fn end_session(&mut self, default_language: Language) {
        self.screen = Screen::Home;
        self.language = default_language;
        self.display = DisplayOptions::default();
    }
}

impl Station {
    pub(crate) fn handle_command(&mut self, command: Command, now: Now) {
        self.kiosk.last_touch_ms = now.elapsed_ms;
        match command {
            Command::TakeTicket { queue, language, ticket } => {
                let language = language.unwrap_or(self.kiosk.language);
                self.take_ticket(queue, ticket, language, now);
            }
            Command::Reprint { ticket } => self.reprint(ticket),
            Command::ChooseLanguage { language } if self.settings.languages.contains(&language) => {
                self.kiosk.language = language;
            }
            Command::ChooseLanguage { language: _ } | Command::Touch => {}
            Command::SetDisplay(display) => self.kiosk.display = display,
            Command::Finish => self.kiosk.end_session(self.settings.default_language()),
            Command::OpenMaintenance => {
                let locked = now.elapsed_ms < self.kiosk.locked_until_ms;
                let state = if locked { UnlockState::LockedOut } else { UnlockState::Ask };
                self.kiosk.screen = Screen::Unlock { state, until_ms: now.elapsed_ms + IDLE_MS };
            }
            Command::EnterPin { pin } => match self.kiosk.screen {
                Screen::Unlock { state: UnlockState::Ask | UnlockState::WrongPin, .. } => {
                    self.effects.push_back(Effect::CheckPin { pin });
                }
                Screen::Unlock { state: UnlockState::LockedOut, .. }
                | Screen::Home
                | Screen::Issuing { .. }
                | Screen::Result { .. }
                | Screen::Refused { .. }
                | Screen::Maintenance { .. } => {}
            },
            Command::LeaveMaintenance => self.kiosk.end_session(self.settings.default_language()),
            Command::Pause { paused } => {
                if self.staff_is_in(now) {
                    self.kiosk.paused = paused;
                }
            }
            Command::TestPrint => {
                if self.staff_is_in(now) {
                    self.effects.push_back(Effect::TestPrint);
                }
            }
            Command::TestSound => {
                if self.staff_is_in(now) {
                    self.effects.push_back(Effect::TestSound);
                }
            }
        }
    }

    /// Whether the maintenance page is open; if so its time starts again.
    fn staff_is_in(&mut self, now: Now) -> bool {
        let open = matches!(self.kiosk.screen, Screen::Maintenance { .. });
        if open {
            self.kiosk.screen = Screen::Maintenance { until_ms: now.elapsed_ms + STAFF_IDLE_MS };
        }
        open
    }

    pub(crate) fn handle_pin_checked(&mut self, right: bool, now: Now) {
        if !matches!(self.kiosk.screen, Screen::Unlock { .. }) {
            return;
        }
        if right {
            self.kiosk.wrong_pins = 0;
            self.kiosk.screen = Screen::Maintenance { until_ms: now.elapsed_ms + STAFF_IDLE_MS };
            return;
        }
        self.kiosk.wrong_pins += 1;
        let state = if self.kiosk.wrong_pins >= WRONG_PINS {
            self.kiosk.wrong_pins = 0;
            self.kiosk.locked_until_ms = now.elapsed_ms + LOCK_OUT_MS;
            UnlockState::LockedOut
        } else {
            UnlockState::WrongPin
        };
        self.kiosk.screen = Screen::Unlock { state, until_ms: now.elapsed_ms + IDLE_MS };
    }

    pub(crate) fn refusal(&self, queue: QueueId, now: Now) -> Option<Refusal> {
        if self.journal_failed() {
            return Some(Refusal::JournalFailed);
        }
        if self.kiosk.paused {
            return Some(Refusal::Paused);
        }
        let Some(queue) = self.settings.queue(queue).filter(|_| self.settings.issues) else {
            return Some(Refusal::UnknownQueue);
        };
        if !queue.is_open(now.local()) {
            return Some(Refusal::ServiceClosed);
        }
        self.is_full(queue).then_some(Refusal::QueueFull)
    }

    fn is_full(&self, queue: &Queue) -> bool {
        queue.max_capacity.is_some_and(|capacity| self.tickets.waiting(queue.id) >= capacity)
    }

    pub(crate) fn refuse(&mut self, reason: Refusal, now: Now) {
        self.kiosk.screen = Screen::Refused { reason, until_ms: now.elapsed_ms + REFUSAL_MS };
    }

    /// A touch was accepted; its number is on its way.
    pub(crate) fn kiosk_issuing(&mut self, queue: QueueId, ticket: TicketId) {
        self.kiosk.screen = Screen::Issuing { queue, ticket };
    }

    /// The number is durable: it stands on the screen.
    pub(crate) fn kiosk_issued(&mut self, ticket: TicketId, now: Now) {
        self.kiosk.screen = Screen::Result { ticket, until_ms: now.elapsed_ms + RESULT_WITHOUT_PAPER_MS };
    }

    pub(crate) fn kiosk_append_failed(&mut self, now: Now) {
        if matches!(self.kiosk.screen, Screen::Issuing { .. }) {
            self.refuse(Refusal::JournalFailed, now);
        }
    }

    pub(crate) fn kiosk_slip_ended(&mut self, ended: TicketId, outcome: PrintOutcome, now: Now) {
        if let Screen::Result { ticket, until_ms } = &mut self.kiosk.screen
            && *ticket == ended
        {
            let stays_ms = match outcome {
                PrintOutcome::Printed(_) | PrintOutcome::Unconfirmed => RESULT_MS,
                PrintOutcome::Failed(_) | PrintOutcome::Unknown(_) => RESULT_WITHOUT_PAPER_MS,
            };
            *until_ms = now.elapsed_ms + stays_ms;
        }
    }

    pub(crate) fn kiosk_time_passed(&mut self, now: Now) {
        let default_language = self.settings.default_language();
        match self.kiosk.screen {
            Screen::Result { until_ms, .. }
            | Screen::Refused { until_ms, .. }
            | Screen::Unlock { until_ms, .. }
            | Screen::Maintenance { until_ms }
                if until_ms <= now.elapsed_ms =>
            {
                self.kiosk.end_session(default_language);
            }
            Screen::Home if self.session_end(default_language).is_some_and(|end| end <= now.elapsed_ms) => {
                self.kiosk.end_session(default_language);
            }
            Screen::Home
            | Screen::Issuing { .. }
            | Screen::Result { .. }
            | Screen::Refused { .. }
            | Screen::Unlock { .. }
            | Screen::Maintenance { .. } => {}
        }
    }

    fn session_end(&self, default_language: Language) -> Option<u64> {
        (!self.kiosk.is_fresh(default_language)).then_some(self.kiosk.last_touch_ms + IDLE_MS + WARNING_MS)
    }

    fn session_warning(&self, default_language: Language) -> Option<u64> {
        self.session_end(default_language).filter(|_| self.kiosk.screen == Screen::Home).map(|end| end - WARNING_MS)
    }

    pub(crate) fn kiosk_timeout(&self, now: Now) -> Option<u64> {
        match self.kiosk.screen {
            Screen::Result { until_ms, .. }
            | Screen::Refused { until_ms, .. }
            | Screen::Unlock { until_ms, .. }
            | Screen::Maintenance { until_ms } => Some(until_ms),
            Screen::Home => {
                let default_language = self.settings.default_language();
                let warning = self.session_warning(default_language).filter(|warning| *warning > now.elapsed_ms);
                warning.or(self.session_end(default_language))
            }
            Screen::Issuing { .. } => None,
        }
    }

    pub(crate) fn kiosk_view(&self, now: Now) -> KioskView {
        let default_language = self.settings.default_language();
        let warning_until_ms = self
            .session_warning(default_language)
            .filter(|warning| *warning <= now.elapsed_ms)
            .map(|warning| now.wall_at(warning + WARNING_MS));
        KioskView {
            screen: self.kiosk_screen(now),
            session: SessionView { language: self.kiosk.language, display: self.kiosk.display, warning_until_ms },
            languages: self.settings.languages.clone(),
            services: self.settings.queues.iter().map(|queue| self.service_tile(queue, now)).collect(),
        }
    }

    fn kiosk_screen(&self, now: Now) -> KioskScreen {
        match &self.kiosk.screen {
            Screen::Home => self.resting_screen(now),
            Screen::Issuing { queue, .. } => KioskScreen::Issuing { queue: *queue },
            Screen::Result { ticket, until_ms } => match self.ticket_card(*ticket) {
                Some(ticket) => KioskScreen::Result { ticket, until_ms: now.wall_at(*until_ms) },
                None => self.resting_screen(now),
            },
            Screen::Refused { reason, until_ms } => {
                KioskScreen::Refused { reason: *reason, until_ms: now.wall_at(*until_ms) }
            }
            Screen::Unlock { state, .. } => KioskScreen::Unlock(*state),
            Screen::Maintenance { .. } => KioskScreen::Maintenance,
        }
    }

    /// What stands when nobody is being served: the tiles, or why there are none.
    fn resting_screen(&self, now: Now) -> KioskScreen {
        let open = self.settings.queues.iter().any(|queue| queue.is_open(now.local()));
        let any_active = self.settings.queues.iter().any(|queue| queue.is_active);
        if self.kiosk.paused {
            return KioskScreen::Closed { reason: ClosedReason::Paused, next_opening: None };
        }
        if self.settings.queues.is_empty() && self.settings.has_server && self.link.cursor.is_none() {
            return KioskScreen::Starting;
        }
        if !any_active {
            return KioskScreen::Closed { reason: ClosedReason::NoService, next_opening: None };
        }
        if !open {
            return KioskScreen::Closed { reason: ClosedReason::Hours, next_opening: self.next_opening(now) };
        }
        KioskScreen::Home
    }

    fn next_opening(&self, now: Now) -> Option<NextOpening> {
        self.settings
            .queues
            .iter()
            .filter_map(|queue| queue.next_opening(now.local()))
            .min_by_key(|opening| (opening.in_days, opening.minute))
    }

    fn ticket_card(&self, id: TicketId) -> Option<TicketCard> {
        let (ticket, own) = self.tickets.own(id)?;
        let queue = self.settings.queue(ticket.queue)?;
        Some(TicketCard {
            id,
            number: ticket.number.clone(),
            letter: queue.prefix.clone(),
            service_name: queue.name_in(own.language).name.clone(),
            colour: queue.colour.clone(),
            icon: queue.icon.clone(),
            issued_at_ms: ticket.created_at_ms,
            people_ahead: own.people_ahead,
            wait: own.wait,
            print: own.print,
            follow_url: self.follow_url(id),
        })
    }

    fn service_tile(&self, queue: &Queue, now: Now) -> ServiceTile {
        let name = queue.name_in(self.kiosk.language);
        let waiting = self.link.is_online().then(|| self.tickets.waiting(queue.id));
        let state = if !queue.is_open(now.local()) {
            ServiceState::Closed
        } else if self.is_full(queue) {
            ServiceState::Full
        } else {
            ServiceState::Open
        };
        ServiceTile {
            queue: queue.id,
            name: name.name.clone(),
            hint: name.hint.clone(),
            icon: queue.icon.clone(),
            colour: queue.colour.clone(),
            letter: queue.prefix.clone(),
            waiting,
            wait: waiting.map(|waiting| self.tickets.wait_behind(waiting, queue.id)),
            state,
            next_opening: if state == ServiceState::Closed { queue.next_opening(now.local()) } else { None },
        }
    }
}
