//! What is said next, and what is left out when calls come faster than they can be said. Pure: no clock, no sound.
//!
//! Calls are said in the order in which they came, never two at once. A batch is what was waiting when the speaker became
//! free; it begins with one chime. When the last caller in line would have to wait more than eight seconds for the first
//! word, repeats are dropped, oldest call first, then every language but the first. Nothing that was begun is cut off, and
//! the first pass in the first language is never dropped.

use std::collections::VecDeque;

use super::phrase::{Pass, SpokenLanguage};

/// The longest that the last call in line may have to wait for its first word, in milliseconds.
pub(super) const LONGEST_BACKLOG_MS: u64 = 8_000;

/// A call that could not be begun within a minute is not said any more: whoever it was for has seen the board or has
/// gone, and the announcement would send people to a counter that is busy with somebody else.
pub(super) const STALE_AFTER_MS: u64 = 60_000;

/// Calls remembered as said, so that one delivered twice is said once.
const REMEMBERED: usize = 64;

/// One stretch of an announcement: one pass in one language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub language: SpokenLanguage,
    pub pass: Pass,
    pub duration_ms: u64,
}

/// An announcement in line. `Token` is whatever the owner wants back with the outcome.
#[derive(Debug)]
struct Entry<Call, Token> {
    id: String,
    call: Call,
    first_language: SpokenLanguage,
    parts: VecDeque<Part>,
    queued_at_ms: u64,
    begun: bool,
    tokens: Vec<Token>,
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// At least its first pass in its first language was said.
    Said,
    /// Its time had passed before it was begun.
    Stale,
    /// The speaker failed before anything was said.
    Failed,
    /// It was given up on purpose before anything was said.
    Silenced,
}

/// What the owner of the speaker does next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step<Call, Token> {
    /// Nothing waits.
    Rest,
    /// Say this, with a chime in front if it opens a batch; then report with `said` or `break_off`.
    Say { call: Call, part: Part, chime: bool },
    /// A call is over; tell everybody who asked for it.
    Over { ending: Ending, tokens: Vec<Token> },
}

/// Calls in line.
#[derive(Debug)]
pub(super) struct Queue<Call, Token> {
    line: VecDeque<Entry<Call, Token>>,
    /// How many entries at the head of the line belong to the batch that has had its chime.
    batch: usize,
    said: VecDeque<String>,
    chime_ms: u64,
}

impl<Call: Clone, Token> Queue<Call, Token> {
    /// An empty line; the chime takes this long.
    pub(super) fn new(chime_ms: u64) -> Queue<Call, Token> {
        Queue { line: VecDeque::new(), batch: 0, said: VecDeque::new(), chime_ms }
    }

    /// Puts a call in line. A call already in line is not put there twice: its token joins the first. For a call that was
    /// said lately the token comes straight back, since nothing is left to do. The parts are first passes by language,
    /// then repeats; there is at least one.
    pub(super) fn push(
        &mut self,
        id: String,
        call: Call,
        parts: Vec<Part>,
        token: Token,
        now_ms: u64,
    ) -> Option<Token> {
        if self.said.contains(&id) {
            return Some(token);
        }
        if let Some(entry) = self.line.iter_mut().find(|entry| entry.id == id) {
            entry.tokens.push(token);
            return None;
        }
        let Some(first) = parts.first() else { return Some(token) };
        self.line.push_back(Entry {
            id,
            call,
            first_language: first.language,
            parts: parts.into(),
            queued_at_ms: now_ms,
            begun: false,
            tokens: vec![token],
        });
        None
    }

    /// The next step.
    pub(super) fn next(&mut self, now_ms: u64) -> Step<Call, Token> {
        let stale =
            |entry: &Entry<Call, Token>| !entry.begun && now_ms.saturating_sub(entry.queued_at_ms) > STALE_AFTER_MS;
        if self.line.front().is_some_and(stale) {
            return self.end(Ending::Stale);
        }
        self.relieve();
        let opens_batch = self.batch == 0;
        let waiting = self.line.len();
        let Some(front) = self.line.front_mut() else { return Step::Rest };
        let Some(part) = front.parts.front().copied() else { return self.end(Ending::Said) };
        front.begun = true;
        if opens_batch {
            self.batch = waiting;
        }
        Step::Say { call: front.call.clone(), part, chime: opens_batch }
    }

    /// The part given by `next` was heard.
    pub(super) fn said(&mut self) {
        if let Some(front) = self.line.front_mut() {
            front.parts.pop_front();
        }
    }

    /// Ends the first call in line, whose next part was not heard. It ends as given if nothing of it was heard before;
    /// otherwise it is over, since its most important part was said.
    pub(super) fn break_off(&mut self, ending: Ending) -> Step<Call, Token> {
        let Some(front) = self.line.front() else { return Step::Rest };
        let nothing_said =
            front.parts.iter().any(|part| part.pass == Pass::First && part.language == front.first_language);
        self.end(if nothing_said { ending } else { Ending::Said })
    }

    fn end(&mut self, ending: Ending) -> Step<Call, Token> {
        let Some(entry) = self.line.pop_front() else { return Step::Rest };
        self.batch = self.batch.saturating_sub(1);
        match ending {
            Ending::Said => {
                if self.said.len() == REMEMBERED {
                    self.said.pop_front();
                }
                self.said.push_back(entry.id);
            }
            // Not remembered: the same call may be asked for again.
            Ending::Stale | Ending::Failed | Ending::Silenced => {}
        }
        Step::Over { ending, tokens: entry.tokens }
    }

    /// How long the last call in line waits for its first word.
    fn backlog_ms(&self) -> u64 {
        let ahead = self.line.len().saturating_sub(1);
        let parts: u64 = self.line.iter().take(ahead).flat_map(|entry| &entry.parts).map(|part| part.duration_ms).sum();
        if self.batch == 0 { parts + self.chime_ms } else { parts }
    }

    /// Drops what may be dropped until the backlog is bearable. The last call in line keeps all its parts: nobody waits
    /// behind it yet.
    fn relieve(&mut self) {
        let ahead = self.line.len().saturating_sub(1);
        for position in 0..ahead {
            if self.backlog_ms() <= LONGEST_BACKLOG_MS {
                return;
            }
            self.line[position].parts.retain(|part| part.pass == Pass::First);
        }
        for position in 0..ahead {
            if self.backlog_ms() <= LONGEST_BACKLOG_MS {
                return;
            }
            let entry = &mut self.line[position];
            let first_language = entry.first_language;
            entry.parts.retain(|part| part.language == first_language);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRENCH: SpokenLanguage = SpokenLanguage::French;
    const ARABIC: SpokenLanguage = SpokenLanguage::Arabic;

    fn part(language: SpokenLanguage, pass: Pass, duration_ms: u64) -> Part {
        Part { language, pass, duration_ms }
    }

    /// A call of 3 s with a repeat of 1.5 s.
    fn one_language() -> Vec<Part> {
        vec![part(FRENCH, Pass::First, 3_000), part(FRENCH, Pass::Repeat, 1_500)]
    }

    fn two_languages() -> Vec<Part> {
        vec![
            part(FRENCH, Pass::First, 3_000),
            part(ARABIC, Pass::First, 4_000),
            part(FRENCH, Pass::Repeat, 1_500),
            part(ARABIC, Pass::Repeat, 2_000),
        ]
    }

    /// A virtual waiting room: says everything, each part taking its time, and writes down what happens. `arrivals` are
    /// calls with the time at which they come.
    fn run(arrivals: Vec<(u64, &'static str, Vec<Part>)>) -> (Vec<String>, u64) {
        let mut queue: Queue<&str, &str> = Queue::new(1_100);
        let mut arrivals: VecDeque<_> = arrivals.into();
        let (mut now_ms, mut story) = (0, Vec::new());
        loop {
            while arrivals.front().is_some_and(|(at_ms, _, _)| *at_ms <= now_ms) {
                if let Some((at_ms, name, parts)) = arrivals.pop_front()
                    && let Some(token) = queue.push(name.to_owned(), name, parts, name, at_ms)
                {
                    story.push(format!("{token} known"));
                }
            }
            match queue.next(now_ms) {
                Step::Rest => match arrivals.front() {
                    Some((at_ms, _, _)) => now_ms = *at_ms,
                    None => return (story, now_ms),
                },
                Step::Say { call, part, chime } => {
                    if chime {
                        story.push("chime".to_owned());
                        now_ms += 1_100;
                    }
                    now_ms += part.duration_ms;
                    story.push(format!("{call} {} {:?}", part.language.code(), part.pass));
                    queue.said();
                }
                Step::Over { ending, tokens } => {
                    story.push(format!("{} {ending:?}", tokens.join("+")));
                }
            }
        }
    }

    #[test]
    fn a_call_alone_is_said_whole_whatever_its_length() {
        let (story, now_ms) = run(vec![(0, "a", two_languages())]);
        assert_eq!(story, ["chime", "a fr First", "a ar First", "a fr Repeat", "a ar Repeat", "a Said"]);
        assert_eq!(now_ms, 11_600);
    }

    #[test]
    fn two_calls_at_once_follow_each_other_behind_one_chime() {
        let (story, _) = run(vec![(0, "a", one_language()), (0, "b", one_language())]);
        assert_eq!(story, ["chime", "a fr First", "a fr Repeat", "a Said", "b fr First", "b fr Repeat", "b Said"]);
    }

    #[test]
    fn a_call_that_comes_during_a_batch_opens_the_next_one() {
        let (story, _) = run(vec![(0, "a", one_language()), (1_000, "b", one_language())]);
        assert_eq!(
            story,
            ["chime", "a fr First", "a fr Repeat", "a Said", "chime", "b fr First", "b fr Repeat", "b Said"]
        );
    }

    #[test]
    fn a_long_backlog_drops_repeats_first_oldest_first() {
        // Three calls: the last would wait 1.1 + 4.5 + 4.5 s. Without the first repeat it is 8.6 s, without both 7.1 s.
        let (story, _) = run(vec![(0, "a", one_language()), (0, "b", one_language()), (0, "c", one_language())]);
        assert_eq!(
            story,
            ["chime", "a fr First", "a Said", "b fr First", "b Said", "c fr First", "c fr Repeat", "c Said"]
        );
    }

    #[test]
    fn then_second_languages_and_the_last_in_line_keeps_everything() {
        // Without repeats the last of three would wait 1.1 + 7 + 7 s, without the oldest's Arabic still 11.1 s, and
        // without both 7.1 s.
        let (story, _) = run(vec![(0, "a", two_languages()), (0, "b", two_languages()), (0, "c", two_languages())]);
        assert_eq!(
            story,
            [
                "chime",
                "a fr First",
                "a Said",
                "b fr First",
                "b Said",
                "c fr First",
                "c ar First",
                "c fr Repeat",
                "c ar Repeat",
                "c Said"
            ]
        );
    }

    #[test]
    fn calls_that_come_while_one_is_said_shorten_what_is_left_of_it() {
        let mut arrivals = vec![(0, "a", two_languages())];
        arrivals.extend([(2_000, "b", one_language()), (2_000, "c", one_language())]);
        let (story, _) = run(arrivals);
        // After the first part of a, 4 + 1.5 + 2 s of it and 4.5 s of b stand before c: both repeats of a go (8.5 s), and
        // the repeat of b (7 s); its Arabic can stay.
        assert_eq!(
            story,
            [
                "chime",
                "a fr First",
                "a ar First",
                "a Said",
                "chime",
                "b fr First",
                "b Said",
                "c fr First",
                "c fr Repeat",
                "c Said"
            ]
        );
    }

    #[test]
    fn a_rush_keeps_the_order_and_says_every_call_once_in_its_first_language() {
        let names: Vec<&'static str> = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"].into();
        let (story, _) = run(names.iter().map(|name| (0, *name, two_languages())).collect());
        let firsts: Vec<&str> = story.iter().filter_map(|line| line.strip_suffix(" fr First")).collect();
        assert_eq!(firsts, names);
        assert_eq!(story.iter().filter(|line| *line == "chime").count(), 1);
        assert_eq!(story.iter().filter(|line| line.ends_with("Said")).count(), 10);
        assert!(!story.iter().any(|line| line.starts_with('a') && line.contains(" ar ")));
    }

    #[test]
    fn a_call_that_waited_a_minute_is_not_said_any_more() {
        // One call every second, each of 3 s: the line grows until the oldest in it are too old.
        let names: Vec<String> = (0..100).map(|number| format!("n{number}")).collect();
        let mut queue: Queue<String, String> = Queue::new(1_100);
        for name in &names {
            assert_eq!(queue.push(name.clone(), name.clone(), one_language(), name.clone(), 0), None);
        }
        let (mut now_ms, mut said, mut stale) = (0, 0, 0);
        loop {
            match queue.next(now_ms) {
                Step::Rest => break,
                Step::Say { part, .. } => {
                    assert!(now_ms <= STALE_AFTER_MS);
                    now_ms += part.duration_ms;
                    queue.said();
                }
                Step::Over { ending: Ending::Said, .. } => said += 1,
                Step::Over { ending: Ending::Stale, .. } => stale += 1,
                Step::Over { ending: Ending::Failed | Ending::Silenced, .. } => panic!("nothing failed"),
            }
        }
        assert_eq!((said, stale), (21, 79));
    }

    #[test]
    fn a_call_delivered_twice_is_said_once_and_both_hear_of_it() {
        let (story, _) = run(vec![(0, "a", one_language()), (10, "a", one_language()), (9_000, "a", one_language())]);
        assert_eq!(story, ["chime", "a fr First", "a fr Repeat", "a+a Said", "a known"]);
    }

    #[test]
    fn a_failure_before_the_first_word_is_a_failure_and_after_it_is_not() {
        let mut queue: Queue<&str, u8> = Queue::new(1_100);
        queue.push("a".to_owned(), "a", one_language(), 1, 0);
        assert!(matches!(queue.next(0), Step::Say { .. }));
        assert_eq!(queue.break_off(Ending::Failed), Step::Over { ending: Ending::Failed, tokens: vec![1] });
        // A failed call may be asked for again.
        assert_eq!(queue.push("a".to_owned(), "a", one_language(), 2, 0), None);
        assert!(matches!(queue.next(0), Step::Say { chime: true, .. }));
        queue.said();
        assert!(matches!(queue.next(0), Step::Say { .. }));
        assert_eq!(queue.break_off(Ending::Failed), Step::Over { ending: Ending::Said, tokens: vec![2] });
        assert_eq!(queue.next(0), Step::Rest);
    }
}
