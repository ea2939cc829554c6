//! What a station works from: its profile and the configuration that its server published. Values only.

use smartqueue_domain::{Language, Queue, QueueId, Rollover};

/// What a station is and which queues it knows.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Whether this station issues tickets.
    pub issues: bool,
    /// Whether this station shows and announces calls.
    pub shows_calls: bool,
    /// The name that the office sees.
    pub name: String,
    /// The site's name, on screens and slips.
    pub site_name: String,
    /// The site's brand colour, `#rrggbb`.
    pub brand_colour: Option<String>,
    /// The languages offered, the site's own first; never empty.
    pub languages: Vec<Language>,
    /// The queues, in the order of their tiles.
    pub queues: Vec<Queue>,
    /// Lines that run under the calls.
    pub ticker: Vec<String>,
    /// Where a customer follows a ticket; the ticket's id is appended.
    pub follow_url_base: Option<String>,
    /// Free text above the number on the slip.
    pub slip_header: Option<String>,
    /// Free text at the end of the slip.
    pub slip_footer: Option<String>,
    /// Whether the profile names a server; without one the station owns its series by itself.
    pub has_server: bool,
    /// Whether the profile names a printer.
    pub has_printer: bool,
    /// Whether calls are spoken.
    pub speaks: bool,
    /// When the site's service days begin, in order, as the server worked it out.
    pub rollovers: Vec<Rollover>,
}

impl Settings {
    /// The site's own language.
    pub fn default_language(&self) -> Language {
        self.languages.first().copied().unwrap_or_default()
    }

    /// A queue by its id.
    pub fn queue(&self, id: QueueId) -> Option<&Queue> {
        self.queues.iter().find(|queue| queue.id == id)
    }
}

/// How the customer in front wants the screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DisplayOptions {
    /// Larger text.
    pub large_text: bool,
    /// More contrast.
    pub high_contrast: bool,
    /// All controls within reach from a wheelchair.
    pub low_reach: bool,
}
