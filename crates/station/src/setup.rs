//! The setup's tools: what the first screens of a machine, and the commands of an installer without a screen, can try
//! and save. Every function blocks until it has an answer, and each answer is a code that finds its words.

use crate::clock::wall_ms;
use crate::door::{FaultCode, LanguageCode, PaperView};
use crate::link::{Client, ClientError};
use crate::pairing;
use crate::pin;
use crate::profile::{load_profile, profile_path, save_profile};
use crate::running::{known_printer, paper_width, roll_mm};
use crate::shell::{META_IDENTITY, META_ROLL};
use crate::slip::test_slip;
use crate::workers::{PaperLeft, Roll, fault_of};
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use smartqueue_domain::Language;
use smartqueue_hardware::printer::{self, DeviceKind, Missing, PrintOutcome, Printer, PrinterSelector};
use smartqueue_hardware::slip::{PaperWidth, PrinterProfile};
use smartqueue_hardware::speaker::{SpeakerSelector, Volume, chime};
use smartqueue_journal::Journal;
use smartqueue_protocol::provisioning::{Mode, Provisioning};
use smartqueue_protocol::station_sync::{CheckReply, CheckRequest};
use smartqueue_protocol::time::read_time;
use std::path::Path;
use ts_rs::TS;

/// A clock that is farther off than this cannot even hold a secure connection.
const CLOCK_TOLERANCE_MS: u64 = 5 * 60_000;

/// What the setup asks for, with what is already known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct SetupProfile {
    pub language: LanguageCode,
    #[ts(type = "\"kiosk\" | \"board\" | \"all\"")]
    pub mode: Mode,
    pub name: String,
    pub server: Option<String>,
    pub pairing_token: Option<String>,
    pub printer: Option<String>,
    #[ts(type = "58 | 80")]
    pub paper_width_mm: u32,
    /// The printer's model: a name from the list of models, or the path of a profile of one's own that ends in `.toml`.
    pub printer_profile: String,
    pub sound: bool,
    /// 0 to 100.
    pub volume: u8,
    /// Only goes down, never comes up.
    pub pin: Option<String>,
    pub screen_diagonal_mm: u32,
    pub farthest_seat_m: f64,
    pub paired: bool,
}

/// How a found printer is connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum PrinterKind {
    Usb,
    Serial,
    Network,
    Spooler,
    File,
    Virtual,
}

/// What is missing to use a found printer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum PrinterObstacle {
    Permission,
    Rule,
    Busy,
    Driver,
    Resumption,
}

/// A device that may be a printer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct FoundPrinter {
    pub selector: String,
    pub name: String,
    pub kind: PrinterKind,
    pub missing: Option<PrinterObstacle>,
}

/// A model of printer that can be chosen. What people call it stands in `assets/words`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct PrinterModel {
    /// The name of its profile.
    pub name: &'static str,
    /// The rolls that it takes, the widest first.
    #[ts(type = "Array<58 | 80>")]
    pub paper_widths_mm: Vec<u16>,
}

/// How a test slip ended.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, TS)]
pub struct PrinterTest {
    #[ts(type = "\"printed\" | \"unconfirmed\" | \"failed\" | \"unknown\"")]
    pub outcome: &'static str,
    pub code: Option<FaultCode>,
}

/// Why a server cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ServerProblem {
    Unreachable,
    NotAServer,
    TokenRefused,
    BadAddress,
    Clock,
    /// Too many machines ask at the same time.
    Busy,
    /// The folder of this machine's profile cannot be written.
    NotWritten,
}

/// What a server said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct ServerCheck {
    pub ok: bool,
    pub code: Option<ServerProblem>,
    pub site_name: Option<String>,
    pub queues: Vec<String>,
}

/// Whether the test sound was played.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, TS)]
pub struct SoundTest {
    pub played: bool,
    pub code: Option<FaultCode>,
}

/// Whether the profile was saved, else why not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct SaveOutcome {
    pub saved: bool,
    pub code: Option<String>,
}

/// What a folder's profile says, or what a new one starts from.
pub fn load(folder: &Path) -> SetupProfile {
    let known = load_profile(folder).ok();
    let profile = known.clone().unwrap_or_else(fresh_profile);
    // A profile that names no model has printed as the default until now, and goes on doing so unless somebody chooses. On a
    // machine that has none yet, nothing is known of the printer.
    let unnamed = if known.is_some() { DEFAULT_PRINTER_PROFILE } else { UNKNOWN_PRINTER_PROFILE };
    let language = profile.languages.first().and_then(|code| Language::from_code(code)).unwrap_or_default();
    SetupProfile {
        language: language.into(),
        mode: profile.mode,
        name: if known.is_some() { profile.name } else { String::new() },
        server: profile.server,
        pairing_token: profile.pairing_token,
        printer: profile.printer,
        paper_width_mm: profile.slip.width_mm,
        printer_profile: profile.slip.printer_profile.unwrap_or_else(|| unnamed.to_owned()),
        sound: profile.sound.enabled,
        volume: profile.sound.volume,
        pin: None,
        screen_diagonal_mm: profile.screen.diagonal_mm,
        farthest_seat_m: profile.screen.farthest_seat_m,
        paired: has_identity(folder),
    }
}

/// Whether the station is known to its server, as far as it knows: one that was shut out has to be paired again.
pub fn has_identity(folder: &Path) -> bool {
    let identity = Journal::meta_beside(folder, META_IDENTITY).ok().flatten();
    Journal::is_paired(folder) && identity.is_some_and(|identity| !identity.is_empty())
}

/// What a machine starts from that was never set up.
pub fn fresh_profile() -> Provisioning {
    Provisioning {
        mode: Mode::Kiosk,
        name: "SmartQueue".to_owned(),
        server: None,
        pairing_token: None,
        api: None,
        languages: Vec::new(),
        printer: None,
        pin_hash: None,
        site: Default::default(),
        slip: Default::default(),
        screen: Default::default(),
        sound: Default::default(),
        queues: Vec::new(),
    }
}

/// Saves a profile, keeping what the setup does not ask for.
pub fn save(folder: &Path, wanted: &SetupProfile) -> SaveOutcome {
    match try_save(folder, wanted) {
        Ok(()) => SaveOutcome { saved: true, code: None },
        Err(code) => SaveOutcome { saved: false, code: Some(code.to_owned()) },
    }
}

fn try_save(folder: &Path, wanted: &SetupProfile) -> Result<(), &'static str> {
    let SetupProfile {
        language,
        mode,
        name,
        server,
        pairing_token,
        printer,
        paper_width_mm,
        printer_profile: model,
        sound,
        volume,
        pin: new_pin,
        screen_diagonal_mm,
        farthest_seat_m,
        paired: _,
    } = wanted;
    let mut profile = if profile_path(folder).exists() {
        // A profile that does not read is replaced: that is what the installer came for.
        load_profile(folder).unwrap_or_else(|_| fresh_profile())
    } else {
        fresh_profile()
    };
    let blank =
        |text: &Option<String>| text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
    profile.mode = *mode;
    if !name.trim().is_empty() {
        profile.name = name.trim().to_owned();
    }
    profile.server = blank(server);
    profile.pairing_token = blank(pairing_token);
    profile.printer = blank(printer);
    if let Some(selector) = &profile.printer
        && selector.parse::<PrinterSelector>().is_err()
    {
        return Err("bad_printer");
    }
    if profile.server.is_none() && profile.queues.is_empty() {
        return Err("server_needed");
    }
    let own = Language::from(*language).code().to_owned();
    let others = std::mem::take(&mut profile.languages);
    profile.languages = std::iter::once(own.clone()).chain(others.into_iter().filter(|code| *code != own)).collect();
    profile.slip.width_mm = *paper_width_mm;
    // Without a printer nobody was asked for its model.
    if profile.printer.is_some() {
        profile.slip.printer_profile = Some(model.trim().to_owned());
    }
    profile.sound.enabled = *sound;
    profile.sound.volume = *volume;
    profile.screen.diagonal_mm = *screen_diagonal_mm;
    profile.screen.farthest_seat_m = *farthest_seat_m;
    if let Some(new_pin) = blank(new_pin) {
        profile.pin_hash = Some(pin::hash(&new_pin).map_err(|_| "bad_pin")?);
    }
    profile.check().map_err(|_| "bad_value")?;
    if profile.printer.is_some() {
        named_printer(&profile).map_err(|error| {
            tracing::warn!("{error:#}");
            "bad_printer_profile"
        })?;
    }
    save_profile(folder, &profile).map_err(|error| {
        tracing::error!(%error, "the profile cannot be saved");
        "not_written"
    })?;
    pairing::forget_used(folder, profile.pairing_token.as_deref());
    Ok(())
}

/// Everything on this machine that may be a printer.
pub fn printers() -> Vec<FoundPrinter> {
    printer::discover()
        .into_iter()
        .map(|found| FoundPrinter {
            selector: found.selector.to_string(),
            name: found.name,
            kind: match found.kind {
                DeviceKind::Usb => PrinterKind::Usb,
                DeviceKind::Serial => PrinterKind::Serial,
                DeviceKind::Network => PrinterKind::Network,
                DeviceKind::Spooler => PrinterKind::Spooler,
                DeviceKind::File => PrinterKind::File,
                DeviceKind::Virtual => PrinterKind::Virtual,
            },
            missing: found.missing.map(|missing| match missing {
                Missing::Permission => PrinterObstacle::Permission,
                Missing::Rule => PrinterObstacle::Rule,
                Missing::Busy => PrinterObstacle::Busy,
                Missing::Driver => PrinterObstacle::Driver,
                Missing::Resumption => PrinterObstacle::Resumption,
            }),
        })
        .collect()
}

/// The profile of a printer whose model nobody has named.
pub const DEFAULT_PRINTER_PROFILE: &str = "epson-tm";

/// The profile of a printer of which an installer does not know the model: right for any, if not the best for one.
const UNKNOWN_PRINTER_PROFILE: &str = "generic";

/// Every model that can be chosen; the one for a printer that nobody knows comes first.
pub fn printer_models() -> Vec<PrinterModel> {
    let mut models: Vec<_> = PrinterProfile::names()
        .into_iter()
        .map(|name| PrinterModel {
            name,
            paper_widths_mm: [PaperWidth::Mm80, PaperWidth::Mm58]
                .into_iter()
                .filter(|paper| PrinterProfile::by_name(name, *paper).is_ok())
                .map(PaperWidth::millimetres)
                .collect(),
        })
        .collect();
    models.sort_by_key(|model| model.name != UNKNOWN_PRINTER_PROFILE);
    models
}

/// A printer's profile by its name, or from a file whose path ends in `.toml`.
///
/// # Errors
/// When there is no such profile, or when the model does not take that paper.
pub fn printer_profile(name: &str, paper: PaperWidth) -> Result<PrinterProfile> {
    if !name.ends_with(".toml") {
        return Ok(PrinterProfile::by_name(name, paper)?);
    }
    let text = std::fs::read_to_string(name).with_context(|| format!("{name} cannot be read"))?;
    PrinterProfile::read(&text, paper).with_context(|| name.to_owned())
}

/// The printer that a profile names, on the paper that it names.
///
/// # Errors
/// As [`printer_profile`].
pub fn named_printer(profile: &Provisioning) -> Result<PrinterProfile> {
    let name = profile.slip.printer_profile.as_deref().unwrap_or(DEFAULT_PRINTER_PROFILE);
    printer_profile(name, paper_width(profile.slip.width_mm))
}

/// Prints a test slip as the printer, the paper and the model that the setup shows, and says what became of it.
pub fn test_printer(folder: &Path, selector: &str, paper_width_mm: u32, model: &str) -> PrinterTest {
    let mut profile = load_profile(folder).unwrap_or_else(|_| fresh_profile());
    profile.slip.width_mm = paper_width_mm;
    profile.slip.printer_profile = Some(model.to_owned());
    test_printer_as(selector, known_printer(&profile), load(folder).language.into())
}

/// The same on a given model.
pub fn test_printer_as(selector: &str, profile: PrinterProfile, language: Language) -> PrinterTest {
    let failed = |code| PrinterTest { outcome: "failed", code: Some(code) };
    let Ok(selector) = selector.parse::<PrinterSelector>() else { return failed(FaultCode::PrinterMissing) };
    let mut device = Printer::new(selector, profile);
    let report = device.print(&test_slip(language), &mut |_| {});
    device.close();
    match report.outcome {
        PrintOutcome::Printed(_) => PrinterTest { outcome: "printed", code: None },
        PrintOutcome::Unconfirmed => PrinterTest { outcome: "unconfirmed", code: None },
        PrintOutcome::Failed(fault) => failed(fault_of(fault).into()),
        PrintOutcome::Unknown(fault) => PrinterTest { outcome: "unknown", code: Some(fault_of(fault).into()) },
    }
}

/// Asks a server whether it is one of ours and takes the token. Nothing changes there.
pub fn check_server(server: &str, pairing_token: &str) -> ServerCheck {
    match ask_server(server.trim(), pairing_token.trim()) {
        Ok(CheckReply { server_time: _, site_name, queues }) => {
            ServerCheck { ok: true, code: None, site_name: Some(site_name), queues }
        }
        Err(problem) => ServerCheck { ok: false, code: Some(problem), site_name: None, queues: Vec::new() },
    }
}

fn ask_server(server: &str, pairing_token: &str) -> Result<CheckReply, ServerProblem> {
    if !(server.starts_with("http://") || server.starts_with("https://")) {
        return Err(ServerProblem::BadAddress);
    }
    let client = Client::new(server).map_err(|_| ServerProblem::BadAddress)?;
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|_| ServerProblem::Unreachable)?;
    let request = CheckRequest { pairing_token: pairing_token.to_owned() };
    let reply = runtime.block_on(client.check(&request)).map_err(|error| match error {
        ClientError::Failed(429) => ServerProblem::Busy,
        ClientError::Unreachable(_) | ClientError::Failed(_) => ServerProblem::Unreachable,
        ClientError::Refused { .. } => ServerProblem::TokenRefused,
        ClientError::Garbage(_) | ClientError::NoSuchPath => ServerProblem::NotAServer,
    })?;
    let server_ms = read_time("server_time", &reply.server_time).map_err(|_| ServerProblem::NotAServer)?;
    if server_ms.abs_diff(wall_ms()) > CLOCK_TOLERANCE_MS { Err(ServerProblem::Clock) } else { Ok(reply) }
}

/// Plays the chime on a speaker.
pub fn test_sound(device: &str, volume: u8) -> SoundTest {
    let mut sound = chime();
    sound.apply_gain(Volume::new(volume).gain());
    let played = device
        .parse::<SpeakerSelector>()
        .map_err(|error| error.to_string())
        .and_then(|selector| selector.open().map_err(|error| error.to_string()))
        .and_then(|mut speaker| speaker.play(&sound).map_err(|error| error.to_string()));
    match played {
        Ok(_) => SoundTest { played: true, code: None },
        Err(error) => {
            tracing::warn!(error, device, "the test sound was not played");
            SoundTest { played: false, code: Some(FaultCode::SoundUnavailable) }
        }
    }
}

/// What the station of a profile has counted on its roll; nothing before its printer was first heard.
///
/// # Errors
/// When the profile or its journal cannot be read.
pub fn paper_left(folder: &Path) -> Result<Option<PaperView>> {
    let profile = load_profile(folder)?;
    let kept = Journal::meta_beside(folder, META_ROLL).context("the journal cannot be read")?;
    Ok(kept.map(|kept| {
        let PaperLeft { left_mm, slips_left } = Roll::new(roll_mm(&profile), Some(&kept)).left();
        PaperView { left_mm, slips_left }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted() -> SetupProfile {
        let folder = tempfile::tempdir().unwrap();
        let mut wanted = load(folder.path());
        wanted.server = Some(" http://127.0.0.1:9 ".to_owned());
        wanted.name = "Borne 1".to_owned();
        wanted.printer = Some("virtual:".to_owned());
        wanted.pin = Some("2468".to_owned());
        wanted
    }

    #[test]
    fn what_is_saved_is_loaded_again_without_the_pin() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(save(folder.path(), &wanted()), SaveOutcome { saved: true, code: None });
        let loaded = load(folder.path());
        assert_eq!((loaded.pin.as_deref(), loaded.server.as_deref()), (None, Some("http://127.0.0.1:9")));
        let first_hash = load_profile(folder.path()).unwrap().pin_hash.unwrap();
        assert_eq!(save(folder.path(), &loaded).code, None);
        assert_eq!(load_profile(folder.path()).unwrap().pin_hash, Some(first_hash), "no new PIN keeps the old one");
    }

    #[test]
    fn the_model_that_is_chosen_is_the_one_that_prints() {
        let folder = tempfile::tempdir().unwrap();
        let mut wanted = wanted();
        assert_eq!(wanted.printer_profile, "generic", "of a new machine's printer nothing is known");
        wanted.printer_profile = "custom-kiosk".to_owned();
        assert_eq!(save(folder.path(), &wanted).code, None);
        assert_eq!(load(folder.path()).printer_profile, "custom-kiosk");
        let profile = load_profile(folder.path()).unwrap();
        assert_eq!(named_printer(&profile).unwrap().name, "custom-kiosk");
        wanted.printer = None;
        wanted.printer_profile = "epson-tm-m30".to_owned();
        assert_eq!(save(folder.path(), &wanted).code, None);
        assert_eq!(load(folder.path()).printer_profile, "custom-kiosk", "without a printer nobody was asked");
    }

    #[test]
    fn a_profile_that_names_no_model_prints_as_before() {
        let folder = tempfile::tempdir().unwrap();
        save_profile(folder.path(), &Provisioning::read("mode = \"kiosk\"\nprinter = \"virtual:\"").unwrap()).unwrap();
        assert_eq!(load(folder.path()).printer_profile, DEFAULT_PRINTER_PROFILE);
    }

    #[test]
    fn every_model_takes_some_paper_and_the_unknown_one_comes_first_and_takes_all() {
        let models = printer_models();
        assert_eq!(models.len(), PrinterProfile::names().len());
        assert_eq!(models[0], PrinterModel { name: "generic", paper_widths_mm: vec![80, 58] });
        assert!(models.iter().all(|model| !model.paper_widths_mm.is_empty()), "{models:?}");
        let narrow = models.iter().find(|model| model.name == "pos-5890").unwrap();
        assert_eq!(narrow.paper_widths_mm, [58]);
    }

    #[test]
    fn what_cannot_be_meant_is_named_and_nothing_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let change = |change: fn(&mut SetupProfile)| {
            let mut wanted = wanted();
            change(&mut wanted);
            save(folder.path(), &wanted).code
        };
        assert_eq!(change(|wanted| wanted.printer = Some("lpt1".to_owned())).as_deref(), Some("bad_printer"));
        for model in ["epson-tm-t21", "pos-5890", "nowhere.toml", ""] {
            let mut wanted = wanted();
            wanted.printer_profile = model.to_owned();
            assert_eq!(save(folder.path(), &wanted).code.as_deref(), Some("bad_printer_profile"), "{model} on 80 mm");
        }
        assert_eq!(change(|wanted| wanted.server = None).as_deref(), Some("server_needed"));
        assert_eq!(change(|wanted| wanted.pin = Some("12".to_owned())).as_deref(), Some("bad_pin"));
        assert_eq!(change(|wanted| wanted.server = Some("ftp://x".to_owned())).as_deref(), Some("bad_value"));
        assert_eq!(change(|wanted| wanted.paper_width_mm = 70).as_deref(), Some("bad_value"));
        assert!(!profile_path(folder.path()).exists());
    }

    #[test]
    fn a_server_that_is_none_is_named_as_such() {
        assert_eq!(check_server("queue.example", "t").code, Some(ServerProblem::BadAddress));
        assert_eq!(check_server("http://127.0.0.1:9", "t").code, Some(ServerProblem::Unreachable));
    }

    #[test]
    fn a_test_slip_says_what_became_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let test_printer = |selector| test_printer(folder.path(), selector, 80, "epson-tm-t20iii");
        let printed = test_printer("virtual:");
        assert_eq!((printed.outcome, printed.code), ("printed", None));
        let nowhere = test_printer("tcp:127.0.0.1:9");
        assert_eq!((nowhere.outcome, nowhere.code), ("failed", Some(FaultCode::PrinterMissing)));
        assert_eq!(test_printer("lpt1").outcome, "failed");
    }

    #[test]
    fn a_test_sound_is_played_or_its_absence_is_said() {
        assert!(test_sound("null:", 50).played);
        assert!(!test_sound("gramophone:", 50).played);
    }
}
