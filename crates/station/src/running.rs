//! A station that runs: a handle for whoever shows it. The window and the headless binary start the same one.

use crate::clock::{Clock, present_boot};
use crate::door::{Command, View};
use crate::link::{Link, LinkOrder, LinkProfile, keep_identity, kept_identity};
use crate::machine::MachineMark;
use crate::pairing::StationKey;
use crate::profile::{load_profile, settings_from, zone_from};
use crate::setup::named_printer;
use crate::shell::{
    KeptServerTime, META_ACKNOWLEDGED, META_CONFIGURATION, META_ENROLMENT, META_MACHINE, META_ROLL, META_SERVER_TIME,
    Message, Shell,
};
use crate::slip::SlipDesign;
use crate::workers::{PrinterNews, PrinterWorker, Roll, SoundWorker, usual_roll_mm};
use anyhow::{Context, Result};
use smartqueue_domain::{BootId, StationId};
use smartqueue_engine::{Memory, ServerTime, Settings, Station, StoredFact};
use smartqueue_hardware::printer::PrinterSelector;
use smartqueue_hardware::slip::{PaperWidth, PrinterProfile};
use smartqueue_hardware::speaker::{SpeakerSelector, Volume};
use smartqueue_journal::Journal;
use smartqueue_protocol::configuration::Configuration;
use smartqueue_protocol::event::StationState;
use smartqueue_protocol::provisioning::Provisioning;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;
use tokio::sync::{mpsc, watch};
use uuid::Uuid;

/// A station's loop, its workers and its link. Dropping it without [`RunningStation::stop`] stops it all the same, but
/// does not wait.
pub struct RunningStation {
    outbox: Sender<Message>,
    view: watch::Receiver<Arc<View>>,
    shell: Option<JoinHandle<()>>,
    /// The link's runtime; it ends when this is dropped.
    runtime: Option<tokio::runtime::Runtime>,
}

impl RunningStation {
    /// Starts the station of a profile.
    ///
    /// # Errors
    /// When the profile or the journal cannot be used, or another process runs it. Printer, speaker and server may all be
    /// away: those are faults on the screen, not errors.
    pub fn start(folder: &Path) -> Result<RunningStation> {
        let profile = load_profile(folder)?;
        let mut journal = Journal::open(folder, Uuid::new_v4()).context("the journal cannot be used")?;
        notice_another_machine(&mut journal)?;
        let configuration = last_configuration(&journal)?;
        // A configuration that an earlier program kept and this one cannot use must not keep the station from starting.
        let configuration = configuration.filter(|kept| match usable(&profile, kept) {
            Ok(()) => true,
            Err(error) => {
                tracing::warn!(%error, version = kept.version, "the kept configuration cannot be used");
                false
            }
        });
        let settings = settings_from(&profile, configuration.as_ref())?;
        let clock = Clock::new(zone_from(&profile, configuration.as_ref())?);
        let boot = present_boot();
        let station = restore(&journal, settings, boot, &clock)?;
        let enrolled_anew = journal.meta(META_ENROLMENT)?.is_some();
        let paired = station.is_paired();
        let acknowledged = station.server_holds();
        let (outbox, inbox) = channel();
        let (link_state, link_state_seen) = watch::channel(StationState::default());
        let first_view = Arc::new(View::of(&station.view(), profile.mode, clock.zone()));
        let (view, view_seen) = watch::channel(first_view);
        let (link, runtime) = match &profile.server {
            Some(server) => {
                let link_profile = LinkProfile {
                    server: server.clone(),
                    epoch: enrolment(&journal)?,
                    boot,
                    identity: kept_identity(&journal)?.filter(|_| paired),
                    enrolled_anew,
                    key: key_of(folder).map(Arc::new),
                    configuration: configuration.clone(),
                    acknowledged,
                    profile: profile.clone(),
                };
                let (orders, runtime) = start_link(link_profile, link_state_seen, outbox.clone())?;
                (Some(orders), Some(runtime))
            }
            None => (None, None),
        };
        let kept_roll = journal.meta(META_ROLL)?;
        let shell = Shell {
            boot,
            mode: profile.mode,
            station,
            journal,
            clock,
            inbox,
            outbox: outbox.clone(),
            printer: start_printer(folder, &profile, kept_roll, &outbox)?,
            sound: start_sound(&profile, &outbox)?,
            link,
            link_state,
            view,
            listeners: Vec::new(),
            pin_hash: profile.pin_hash.clone(),
            paper: None,
        };
        let shell = std::thread::Builder::new()
            .name("station".to_owned())
            .spawn(move || shell.run())
            .context("the station's thread does not start")?;
        Ok(RunningStation { outbox, view: view_seen, shell: Some(shell), runtime })
    }

    /// Sends a command; its effect, if any, is a changed view.
    pub fn send(&self, command: Command) {
        // A station that has stopped takes no commands; its last view stands.
        let _ = self.outbox.send(Message::Command(command));
    }

    /// The view as it is now.
    pub fn current_view(&self) -> Arc<View> {
        Arc::clone(&self.view.borrow())
    }

    /// Calls `listener` with the present view and then with each changed one, on the station's own thread: it must not
    /// block.
    pub fn on_view(&self, listener: impl Fn(Arc<View>) + Send + 'static) {
        let _ = self.outbox.send(Message::Listen(Box::new(listener)));
    }

    /// Lets the slip at the printer come to its end, writes its outcome, and stops.
    pub fn stop(mut self) {
        self.shut();
    }

    fn shut(&mut self) {
        let _ = self.outbox.send(Message::Stop);
        if let Some(shell) = self.shell.take()
            && shell.join().is_err()
        {
            tracing::error!("the station had panicked");
        }
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Drop for RunningStation {
    fn drop(&mut self) {
        let _ = self.outbox.send(Message::Stop);
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Without its key a station pairs only with a token that anybody may use, but it must not stop issuing for that.
fn key_of(folder: &Path) -> Option<StationKey> {
    StationKey::of(folder).inspect_err(|error| tracing::error!("the station has no key: {error:#}")).ok()
}

fn last_configuration(journal: &Journal) -> Result<Option<Configuration>> {
    let Some(text) = journal.meta(META_CONFIGURATION)? else { return Ok(None) };
    match serde_json::from_str(&text) {
        Ok(configuration) => Ok(Some(configuration)),
        // The server will publish it again; until then the profile's own queues serve.
        Err(error) => {
            tracing::warn!(%error, "the kept configuration does not read");
            Ok(None)
        }
    }
}

fn usable(profile: &Provisioning, configuration: &Configuration) -> Result<()> {
    settings_from(profile, Some(configuration))?;
    zone_from(profile, Some(configuration))?;
    Ok(())
}

/// On another machine than before, the profile is a copy or its original, and nobody here knows which: it is enrolled
/// anew, under another name.
fn notice_another_machine(journal: &mut Journal) -> Result<()> {
    let here = MachineMark::of_this_machine();
    let before = journal.meta(META_MACHINE)?.map(|text| MachineMark::from_text(&text)).unwrap_or_default();
    if here.is_another(&before) {
        tracing::error!(before = before.as_text(), here = here.as_text(), "the profile runs on another machine");
        journal.set_meta(META_ENROLMENT, &Uuid::new_v4().to_string())?;
        keep_identity(journal, None)?;
    }
    // Last, so that a power cut before it only notices the move once more.
    if here != MachineMark::default() && here != before {
        journal.set_meta(META_MACHINE, &here.as_text())?;
    }
    Ok(())
}

/// The name under which the server knows the journal.
fn enrolment(journal: &Journal) -> Result<Uuid> {
    let renewed = journal.meta(META_ENROLMENT)?.and_then(|text| Uuid::parse_str(&text).ok());
    Ok(renewed.unwrap_or(journal.epoch()))
}

fn restore(journal: &Journal, settings: Settings, boot: BootId, clock: &Clock) -> Result<Station> {
    let facts = journal.read_all().context("the journal does not read")?;
    let server_holds = journal.meta(META_ACKNOWLEDGED)?.and_then(|text| text.parse().ok()).unwrap_or(0);
    let server_time = journal
        .meta(META_SERVER_TIME)?
        .and_then(|text| serde_json::from_str::<KeptServerTime>(&text).ok())
        .filter(|kept| kept.boot == boot.0)
        .map(|KeptServerTime { boot: _, server_ms, doubt_ms, elapsed_ms }| ServerTime {
            server_ms,
            doubt_ms,
            elapsed_ms,
        });
    let facts = facts.into_iter().map(|(seq, record)| StoredFact { seq, record });
    let identity = kept_identity(journal)?.map(|identity| StationId(identity.station));
    let enrolled_anew = journal.meta(META_ENROLMENT)?.is_some();
    let memory = Memory { server_holds, boot, server_time, identity, enrolled_anew };
    Ok(Station::restore(settings, facts, memory, clock.now()))
}

fn start_link(
    profile: LinkProfile,
    state: watch::Receiver<StationState>,
    outbox: Sender<Message>,
) -> Result<(mpsc::UnboundedSender<LinkOrder>, tokio::runtime::Runtime)> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("link")
        .enable_all()
        .build()
        .context("the link's runtime does not start")?;
    let (orders, mailbox) = mpsc::unbounded_channel();
    let tell = move |news| outbox.send(Message::Link(news)).is_ok();
    let link = Link::new(profile, mailbox, state, tell).context("the link cannot be made")?;
    runtime.spawn(link.run());
    Ok((orders, runtime))
}

fn start_printer(
    folder: &Path,
    profile: &Provisioning,
    kept_roll: Option<String>,
    outbox: &Sender<Message>,
) -> Result<Option<PrinterWorker>> {
    let Some(selector) = profile.printer.as_deref().filter(|_| profile.mode.issues()) else { return Ok(None) };
    let selector: PrinterSelector = selector.parse().with_context(|| format!("printer {selector}"))?;
    let outbox = outbox.clone();
    let report = move |news| {
        let _ = outbox.send(match news {
            PrinterNews::Input(input) => Message::Input(input),
            PrinterNews::PaperCounted(counted) => Message::PaperCounted(counted),
        });
    };
    let roll = Roll::new(roll_mm(profile), kept_roll.as_deref());
    PrinterWorker::start(selector, known_printer(profile), SlipDesign::of_profile(folder), roll, report).map(Some)
}

/// The length of a new roll.
pub(crate) fn roll_mm(profile: &Provisioning) -> u64 {
    let usual = || usual_roll_mm(paper_width(profile.slip.width_mm));
    profile.slip.roll_m.map_or_else(usual, |metres| u64::from(metres) * 1_000)
}

/// The printer that a profile names. One that is not known, or does not take the paper, is named in the log and used as any
/// other: a mistake here must not cost anybody a ticket.
pub(crate) fn known_printer(profile: &Provisioning) -> PrinterProfile {
    named_printer(profile).unwrap_or_else(|error| {
        tracing::error!("{error:#}; the printer is used as any other");
        PrinterProfile::generic(paper_width(profile.slip.width_mm))
    })
}

/// The paper of a profile.
pub(crate) fn paper_width(millimetres: u32) -> PaperWidth {
    if millimetres == 58 { PaperWidth::Mm58 } else { PaperWidth::Mm80 }
}

fn start_sound(profile: &Provisioning, outbox: &Sender<Message>) -> Result<Option<SoundWorker>> {
    if !profile.sound.enabled {
        return Ok(None);
    }
    let selector: SpeakerSelector =
        profile.sound.device.parse().with_context(|| format!("sound device {}", profile.sound.device))?;
    let outbox = outbox.clone();
    let report = move |input| {
        let _ = outbox.send(Message::Input(input));
    };
    SoundWorker::start(selector, Volume::new(profile.sound.volume), report).map(Some)
}
