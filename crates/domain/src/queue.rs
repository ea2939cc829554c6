//! What a queue is: its names, its prefix, its order and its hours. Values only; who waits in it is kept elsewhere.

use crate::{Language, LocalTime, NextOpening, QueueId, WeeklyHours};
use std::collections::BTreeMap;

/// How the next ticket of a queue is chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// By arrival.
    #[default]
    Fifo,
    /// By priority, then arrival.
    Priority,
    /// Tickets past their promised waiting time first, oldest first, then by arrival.
    Sla,
}

/// A queue's name and hint in one language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueName {
    /// The name on the tile, on the slip and on the board.
    pub name: String,
    /// One short line under the name, when the name alone does not say enough.
    pub hint: Option<String>,
}

/// A queue as a station knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queue {
    /// The server's identity of the queue.
    pub id: QueueId,
    /// One to four capital letters before each number.
    pub prefix: String,
    /// The name in the site's own language.
    pub name: QueueName,
    /// The name in other languages, where the office gave one.
    pub translations: BTreeMap<Language, QueueName>,
    /// The icon's name in the Lucide set.
    pub icon: String,
    /// The colour as `#rrggbb`.
    pub colour: String,
    /// Whether the queue takes tickets at all.
    pub is_active: bool,
    /// At most this many people wait; nothing means no limit.
    pub max_capacity: Option<u32>,
    /// When the queue is open; nothing means always.
    pub hours: Option<WeeklyHours>,
    /// How the next ticket is chosen.
    pub algorithm: Algorithm,
}

impl Queue {
    /// The name in a language, or in the site's own where the office gave none.
    pub fn name_in(&self, language: Language) -> &QueueName {
        self.translations.get(&language).unwrap_or(&self.name)
    }

    /// Whether a ticket can be taken at this local time, capacity aside.
    pub fn is_open(&self, now: LocalTime) -> bool {
        self.is_active && self.hours.as_ref().is_none_or(|hours| hours.is_open(now))
    }

    /// When a closed queue opens next, if its hours tell.
    pub fn next_opening(&self, now: LocalTime) -> Option<NextOpening> {
        if !self.is_active {
            return None;
        }
        self.hours.as_ref().and_then(|hours| hours.next_opening(now))
    }
}
