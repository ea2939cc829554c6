//! The voice of a waiting room: "Ticket A, quarante-cinq, guichet trois", offline, in the site's languages.
//!
//! `phrase` plans which clips make a call (pure), `clips` decodes them, `queue` decides what is said next and what is left
//! out under load (pure), `announcer` is the thread that owns the speaker. Nothing here decides whether a call is
//! announced, and nothing here touches the network or a file.

mod announcer;
mod clips;
mod phrase;
mod queue;

pub use announcer::{Announcement, Announcer, Outcome};
pub use clips::{ClipError, Clips};
pub use phrase::{Called, ClipId, Pass, SpokenLanguage, Word, plan};
