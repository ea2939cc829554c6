//! An independent record of what people in the lobby can see: touches, papers, numbers on screens, calls on boards. It is
//! written by the simulator where things become visible, never read out of the programs that are judged by it.

use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// A touch on a service.
#[derive(Clone, Debug)]
pub struct Touch {
    /// True time.
    pub at_ms: i64,
    /// When the same touch came again, because the first one seemed to come to nothing.
    pub again_ms: Vec<i64>,
    /// Which machine.
    pub machine: usize,
    /// The machine's boot at that moment.
    pub boot: Uuid,
    /// How wrong its wall clock was.
    pub clock_error_ms: i64,
    /// Whether it had heard the server's time in that boot.
    pub knew_server_time: bool,
}

/// A slip that came out of a printer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paper {
    /// True time.
    pub at_ms: i64,
    /// Which machine's printer.
    pub machine: usize,
    /// Whose ticket it is; the customer could follow the link on it.
    pub ticket: Uuid,
    /// The number in large type.
    pub label: String,
    /// Whether it says that it is a copy.
    pub says_copy: bool,
}

/// A call as a board took it up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heard {
    /// Which life of the board.
    pub life: u64,
    /// The call's place in the site's log.
    pub seq: u64,
}

/// A call as the server published it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Called {
    /// Which life of the server's database.
    pub database: u64,
    /// Its place in the site's log.
    pub seq: u64,
}

/// From where on a board's life must have every call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listening {
    /// Which life of the board.
    pub life: u64,
    /// Which life of the server's database.
    pub database: u64,
    /// Every call after this one.
    pub after: u64,
}

/// A number that the server gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// Which life of the server's database.
    pub database: u64,
    /// The series: queue, day and letter, as the server named them.
    pub series: String,
    /// The number in its series.
    pub value: u32,
    /// For whom.
    pub ticket: Uuid,
}

/// Everything that was seen.
#[derive(Clone, Debug, Default)]
pub struct Witness {
    /// Touches by ticket.
    pub touches: BTreeMap<Uuid, Touch>,
    /// Tickets taken on the web.
    pub web: BTreeSet<Uuid>,
    /// Papers in the order in which they came out.
    pub papers: Vec<Paper>,
    /// Numbers that stood on a kiosk's screen.
    pub screens: BTreeMap<Uuid, BTreeSet<String>>,
    /// Touches that a kiosk refused to the visitor's face.
    pub refused: BTreeSet<Uuid>,
    /// Calls that each board took up, in its order.
    pub heard: BTreeMap<usize, Vec<Heard>>,
    /// What each board must have heard.
    pub listening: BTreeMap<usize, Vec<Listening>>,
    /// Calls that the server published.
    pub called: Vec<Called>,
    /// Numbers that the server gave, in its order.
    pub given: Vec<Given>,
    /// Processes and machines that died.
    pub deaths: u64,
    /// Whatever is wrong on the spot.
    pub alarms: Vec<(&'static str, String)>,
}

impl Witness {
    /// The original slips, in their order.
    pub fn originals(&self) -> impl Iterator<Item = &Paper> {
        self.papers.iter().filter(|paper| !paper.says_copy)
    }

    /// Something is wrong on the spot.
    pub fn alarm(&mut self, invariant: &'static str, text: String) {
        self.alarms.push((invariant, text));
    }

    /// A number is on a kiosk's screen.
    pub fn see(&mut self, ticket: Uuid, label: &str) {
        let labels = self.screens.entry(ticket).or_default();
        if !labels.contains(label) {
            labels.insert(label.to_owned());
        }
    }
}
