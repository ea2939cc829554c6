//! The doctor: looks at everything that a station needs on this machine and says what it found. Changes nothing and
//! prints nothing.

use crate::door::FaultCode;
use crate::profile::load_profile;
use crate::running::known_printer;
use crate::setup;
use crate::slip::{own_layout, own_logo};
use crate::workers::fault_of;
use serde::Serialize;
use smartqueue_hardware::printer::{BackChannel, Behaviour, Printer, PrinterSelector, Proof};
use smartqueue_hardware::slip::{Fence, PrinterProfile};
use smartqueue_hardware::speaker::SpeakerSelector;
use smartqueue_journal::Journal;
use smartqueue_protocol::provisioning::Provisioning;
use std::path::Path;

/// One thing looked at.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    /// What was looked at: `profile`, `journal`, `slip`, `printer`, `sound`, `server`.
    pub part: &'static str,
    /// Whether it can be used.
    pub ok: bool,
    /// A fault's or problem's code, where there is one.
    pub code: Option<String>,
    /// One line for whoever repairs it.
    pub detail: String,
}

impl Finding {
    fn good(part: &'static str, detail: impl Into<String>) -> Finding {
        Finding { part, ok: true, code: None, detail: detail.into() }
    }

    fn bad(part: &'static str, code: impl Into<String>, detail: impl Into<String>) -> Finding {
        Finding { part, ok: false, code: Some(code.into()), detail: detail.into() }
    }
}

/// Looks at a profile and everything it names.
pub fn examine(folder: &Path) -> Vec<Finding> {
    let profile = match load_profile(folder) {
        Ok(profile) => profile,
        Err(error) => return vec![Finding::bad("profile", "profile_unusable", format!("{error:#}"))],
    };
    let mut findings = vec![Finding::good("profile", format!("{} called {}", profile.mode.word(), profile.name))];
    findings.push(match Journal::read_beside(folder) {
        Ok(records) => Finding::good("journal", format!("{} records", records.len())),
        Err(error) => Finding::bad("journal", "journal_failed", error.to_string()),
    });
    if let Some(selector) = profile.printer.as_deref().filter(|_| profile.mode.issues()) {
        findings.extend(examine_slip(folder, &profile));
        findings.push(examine_printer(selector, &known_printer(&profile)));
    }
    if profile.sound.enabled && profile.mode.shows_calls() {
        let opened = profile.sound.device.parse::<SpeakerSelector>().map_err(|error| error.to_string());
        findings.push(match opened.and_then(|selector| selector.open().map_err(|error| error.to_string())) {
            Ok(_) => Finding::good("sound", profile.sound.device.clone()),
            Err(error) => Finding::bad("sound", "sound_unavailable", error),
        });
    }
    if let Some(server) = &profile.server {
        let check = setup::check_server(server, profile.pairing_token.as_deref().unwrap_or_default());
        findings.push(match check.code {
            None => Finding::good("server", format!("{server}: {}", check.site_name.unwrap_or_default())),
            Some(problem) => Finding::bad("server", code_text(&problem), server.clone()),
        });
    }
    findings
}

/// What decides how a slip looks: the printer's profile, the layout and the logo. A mistake in one of them costs nobody a ticket,
/// because the station then prints without it; here it is named, with what to do.
fn examine_slip(folder: &Path, profile: &Provisioning) -> Vec<Finding> {
    let named = setup::named_printer(profile);
    let layout = own_layout(folder);
    let logo = own_logo(folder);
    let mut findings = Vec::new();
    if let (Ok(printer), Ok(layout), Ok(logo)) = (&named, &layout, &logo) {
        let layout = if layout.is_some() { "its own layout" } else { "the built-in layout" };
        let logo = if logo.is_some() { "a logo" } else { "no logo" };
        let paper = printer.paper.millimetres();
        findings.push(Finding::good("slip", format!("{} on {paper} mm, {layout}, {logo}", printer.title)));
    }
    if let Err(error) = named {
        let known = PrinterProfile::names().join(", ");
        let detail = format!(
            "{error:#}. The printer is used as an unknown model until then: put one of {known}, or the path of a .toml file, \
             into printer_profile under [slip], or leave it out"
        );
        findings.push(Finding::bad("slip", "printer_profile_unusable", detail));
    }
    if let Err(error) = layout {
        let detail = format!(
            "{error:#}. The built-in layout is printed until then: mend the file there, or remove it; \
             `smartqueue-station slip --layout` shows what it prints"
        );
        findings.push(Finding::bad("slip", "layout_unusable", detail));
    }
    if let Err(error) = logo {
        let detail = format!("{error:#}. Slips are printed without a logo until then: save it as a PNG picture");
        findings.push(Finding::bad("slip", "logo_unusable", detail));
    }
    findings
}

fn examine_printer(selector: &str, profile: &PrinterProfile) -> Finding {
    let parsed = match selector.parse::<PrinterSelector>() {
        Ok(parsed) => parsed,
        Err(error) => return Finding::bad("printer", "printer_missing", error.to_string()),
    };
    let mut printer = Printer::new(parsed, profile.clone());
    let status = printer.status();
    let seen = printer.probe();
    printer.close();
    if let Some(fault) = status.fault {
        return Finding::bad("printer", code_text(&FaultCode::from(fault_of(fault))), format!("{selector}: {fault}"));
    }
    match seen {
        Ok(seen) => judge_behaviour(selector, profile, &seen),
        Err(fault) => {
            Finding::bad("printer", code_text(&FaultCode::from(fault_of(fault))), format!("{selector}: {fault}"))
        }
    }
}

/// Whether a printer that is well does what its profile says. One that says nothing at all may be any model behind a line of one
/// way, and contradicts nobody.
fn judge_behaviour(selector: &str, profile: &PrinterProfile, seen: &Behaviour) -> Finding {
    let name = match &seen.identity {
        Some(identity) => format!(", calls itself {} {}", identity.maker, identity.model),
        None => String::new(),
    };
    let does = match (seen.back_channel, seen.proof) {
        (BackChannel::Absent | BackChannel::Unknown, _) => "says nothing; no slip can be confirmed",
        (BackChannel::Present, Some(Proof::Echo)) => "proves each slip by an echo",
        (BackChannel::Present, Some(Proof::AnswerInTurn)) => "proves slips by answers in their turn",
        (BackChannel::Present, None) => "answers and proves no slip",
    };
    let keeps_word = match (seen.back_channel, profile.fence) {
        (BackChannel::Absent | BackChannel::Unknown, _) | (BackChannel::Present, Fence::Detect) => true,
        (BackChannel::Present, Fence::ProcessId) => seen.proof == Some(Proof::Echo),
        (BackChannel::Present, Fence::PaperStatus) => seen.proof.is_some(),
    };
    if keeps_word {
        return Finding::good("printer", format!("{selector}: {does}{name}"));
    }
    let detail = format!(
        "{selector}: {does}{name}; {} would do more. Choose another printer_profile under [slip], or leave it out",
        profile.title
    );
    Finding::bad("printer", "printer_profile_doubtful", detail)
}

fn code_text(code: &impl Serialize) -> String {
    serde_json::to_value(code).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use smartqueue_hardware::virtual_printer::{Ability, Instruction, VirtualPrinter, VirtualPrinterOptions};

    /// What is found in a kiosk with this printer, model and layout.
    fn found(printer: &str, model: &str, layout: Option<&str>) -> Vec<Finding> {
        let folder = tempfile::tempdir().unwrap();
        let profile = format!(
            "mode = \"kiosk\"\nprinter = \"{printer}\"\n[slip]\nprinter_profile = \"{model}\"\n\
             [[queues]]\nid = 1\nprefix = \"A\"\nname = \"Accueil\"\n"
        );
        std::fs::write(folder.path().join("profile.toml"), profile).unwrap();
        if let Some(layout) = layout {
            std::fs::write(folder.path().join("slip.toml"), layout).unwrap();
        }
        examine(folder.path())
    }

    fn of<'a>(part: &str, findings: &'a [Finding]) -> Vec<(bool, Option<&'a str>, &'a str)> {
        let of_part = findings.iter().filter(|finding| finding.part == part);
        of_part.map(|finding| (finding.ok, finding.code.as_deref(), finding.detail.as_str())).collect()
    }

    #[test]
    fn a_slip_and_a_printer_in_order_are_described() {
        let findings = found("virtual:", "epson-tm-t20iii", None);
        let [(true, None, slip)] = of("slip", &findings)[..] else { panic!("{findings:?}") };
        assert!(slip.contains("TM-T20III") && slip.contains("80 mm") && slip.contains("built-in"), "{slip}");
        let [(true, None, printer)] = of("printer", &findings)[..] else { panic!("{findings:?}") };
        assert!(printer.contains("proves each slip by an echo") && printer.contains("SmartQueue virtual"), "{printer}");
    }

    #[test]
    fn mistakes_in_files_are_named_with_what_to_do() {
        let findings = found("virtual:", "epson-tm-t21", Some("[[block]]\nkind = \"poem\"\n"));
        let [(false, Some(first), model), (false, Some(second), layout)] = of("slip", &findings)[..] else {
            panic!("{findings:?}");
        };
        assert_eq!((first, second), ("printer_profile_unusable", "layout_unusable"));
        assert!(model.contains("epson-tm-t21") && model.contains("epson-tm-t20iii"), "{model}");
        assert!(
            layout.contains("slip.toml") && layout.contains("poem") && layout.contains("mend the file"),
            "{layout}"
        );
    }

    #[test]
    fn a_model_that_does_less_than_its_profile_says_is_named() {
        let faults = vec![Instruction::ProcessId(Ability::Unknown)];
        let options = VirtualPrinterOptions { faults, ..VirtualPrinterOptions::default() };
        let tray = VirtualPrinter::start_tcp("127.0.0.1:0", options).expect("listener");
        let selector = tray.selector().to_string();
        let proves_by_echo = PrinterProfile::names().into_iter().find(|name| {
            setup::printer_profile(name, smartqueue_hardware::slip::PaperWidth::Mm80)
                .is_ok_and(|profile| profile.fence == Fence::ProcessId)
        });
        let findings = found(&selector, proves_by_echo.expect("one that is known to"), None);
        let [(false, Some(code), _)] = of("printer", &findings)[..] else { panic!("{findings:?}") };
        assert_eq!(code, "printer_profile_doubtful");
        let findings = found(&selector, setup::DEFAULT_PRINTER_PROFILE, None);
        assert!(matches!(of("printer", &findings)[..], [(true, None, _)]), "{findings:?}");
    }
}
