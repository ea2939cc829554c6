//! The voice's owner: calls in, how they ended out. Without a speaker every call ends as failed, and the speaker is
//! looked for again at the next call: a television that was switched on late is found.

use crate::clock::wall_ms;
use crate::voice::{Announcement, Announcer, Outcome};
use anyhow::{Context, Result};
use smartqueue_engine::{AnnouncementOutcome, CallToAnnounce, Input};
use smartqueue_hardware::speaker::{Speaker, SpeakerSelector, Volume, chime};
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;

/// What the loop asks of the voice.
enum SoundOrder {
    Call(CallToAnnounce),
    Test,
}

/// The voice's thread and its mailbox. Opening a sound device can take a while, so it is not done in the loop.
pub(crate) struct SoundWorker {
    orders: Option<Sender<SoundOrder>>,
    thread: Option<JoinHandle<()>>,
}

impl SoundWorker {
    pub(crate) fn start(
        selector: SpeakerSelector,
        volume: Volume,
        report: impl Fn(Input) + Send + Sync + 'static,
    ) -> Result<SoundWorker> {
        let (orders, mailbox) = channel();
        let mut voice = Voice { selector, volume, announcer: None, report: Arc::new(report) };
        let thread = std::thread::Builder::new()
            .name("sound".to_owned())
            .spawn(move || {
                for order in mailbox {
                    match order {
                        SoundOrder::Call(call) => voice.announce(call),
                        SoundOrder::Test => voice.test(),
                    }
                }
            })
            .context("the sound's thread does not start")?;
        Ok(SoundWorker { orders: Some(orders), thread: Some(thread) })
    }

    pub(crate) fn announce(&self, call: CallToAnnounce) {
        self.order(SoundOrder::Call(call));
    }

    pub(crate) fn test(&self) {
        self.order(SoundOrder::Test);
    }

    fn order(&self, order: SoundOrder) {
        if let Some(orders) = &self.orders {
            // The thread ends only after its mailbox closed, so a send cannot fail while this worker lives.
            let _ = orders.send(order);
        }
    }

    pub(crate) fn stop(mut self) {
        self.orders = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Voice {
    selector: SpeakerSelector,
    volume: Volume,
    announcer: Option<Announcer>,
    report: Arc<dyn Fn(Input) + Send + Sync>,
}

impl Voice {
    fn announce(&mut self, call: CallToAnnounce) {
        let CallToAnnounce { call: id, number, counter, languages, recall } = call;
        let report = Arc::clone(&self.report);
        let done = move |outcome: AnnouncementOutcome| report(Input::Announced { call: id, outcome });
        let Some(announcer) = self.announcer() else {
            done(AnnouncementOutcome::Failed);
            return;
        };
        let announcement = Announcement {
            call_id: id.to_string(),
            languages: languages.iter().map(|language| language.code().to_owned()).collect(),
            prefix: number.prefix().to_owned(),
            value: number.value(),
            counter,
            recall,
            called_at_ms: wall_ms(),
        };
        announcer.announce(announcement, move |outcome| {
            done(match outcome {
                Outcome::Spoken => AnnouncementOutcome::Spoken,
                Outcome::Silent => AnnouncementOutcome::Silent,
                Outcome::Failed => AnnouncementOutcome::Failed,
            });
        });
    }

    fn announcer(&mut self) -> Option<&Announcer> {
        if self.announcer.is_none() {
            let speaker = self.open()?;
            match Announcer::start(speaker, self.volume) {
                Ok(announcer) => self.announcer = Some(announcer),
                Err(error) => tracing::warn!(%error, "the announcer does not start"),
            }
        }
        self.announcer.as_ref()
    }

    fn open(&self) -> Option<Box<dyn Speaker>> {
        match self.selector.open() {
            Ok(speaker) => Some(speaker),
            Err(error) => {
                tracing::warn!(%error, speaker = %self.selector, "no speaker");
                None
            }
        }
    }

    /// Plays the chime alone, past the line of calls: staff stand before the machine and listen.
    fn test(&self) {
        let mut sound = chime();
        sound.apply_gain(self.volume.gain());
        if let Some(mut speaker) = self.open()
            && let Err(error) = speaker.play(&sound)
        {
            tracing::warn!(%error, "the test sound was not played");
        }
    }
}
