//! What the servers of one database say to each other: which events of which sites came to be, and no more. What these
//! events are stands in the table. This module carries nothing.

use crate::ledger::events::Published;
use std::collections::BTreeMap;

/// A hint holds fewer bytes than a notification of PostgreSQL may; a longer one says only that there is something.
const LONGEST: usize = 7_500;

/// Which events of which sites came to be: the first and the last `seq` of each site.
pub(super) type Spans = BTreeMap<i64, (u64, u64)>;

/// What a hint of another server means.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Hint {
    /// These events came to be.
    Spans(Spans),
    /// Something did.
    Something,
}

/// `SERVER SITE:FIRST-LAST SITE:FIRST-LAST ...`, or `SERVER *` when that is too long.
pub(super) fn write(server: &str, events: &[Published]) -> String {
    let mut spans = Spans::new();
    for event in events {
        let span = spans.entry(event.site).or_insert((event.seq, event.seq));
        *span = (span.0.min(event.seq), span.1.max(event.seq));
    }
    let mut text = server.to_owned();
    for (site, (first, last)) in spans {
        text.push_str(&format!(" {site}:{first}-{last}"));
    }
    if text.len() > LONGEST { format!("{server} *") } else { text }
}

/// Reads a hint; nothing for one of our own. What does not read may mean anything.
pub(super) fn read(own: &str, text: &str) -> Option<Hint> {
    let mut parts = text.split(' ');
    if parts.next() == Some(own) {
        return None;
    }
    let span = |part: &str| -> Option<(i64, (u64, u64))> {
        let (site, span) = part.split_once(':')?;
        let (first, last) = span.split_once('-')?;
        Some((site.parse().ok()?, (first.parse().ok()?, last.parse().ok()?)))
    };
    Some(parts.map(span).collect::<Option<Spans>>().map_or(Hint::Something, Hint::Spans))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_says_what_came_to_be_and_is_not_for_the_own_ear() {
        let events = [(7, 3), (9, 1), (7, 4)].map(|(site, seq)| Published::bare(site, seq));
        let text = write("me", &events);
        assert_eq!(text, "me 7:3-4 9:1-1");
        assert_eq!(read("me", &text), None);
        assert_eq!(read("other", &text), Some(Hint::Spans(Spans::from([(7, (3, 4)), (9, (1, 1))]))));
        for unreadable in ["me 7:x", "me *", "me *3", "me 7:1-2 ", "me 7:1-99999999999999999999"] {
            assert_eq!(read("other", unreadable), Some(Hint::Something), "{unreadable}");
        }
    }

    #[test]
    fn a_hint_that_is_too_long_says_only_that_there_is_something() {
        let events: Vec<_> = (1_000_000..1_001_000).map(|site| Published::bare(site, 1)).collect();
        let text = write("me", &events);
        assert_eq!(text, "me *");
        assert_eq!(read("other", &text), Some(Hint::Something));
    }
}
