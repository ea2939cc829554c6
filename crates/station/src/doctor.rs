//! The doctor: looks at everything that a station needs on this machine and says what it found. Changes nothing and
//! prints nothing.

use crate::door::FaultCode;
use crate::profile::load_profile;
use crate::running::paper_width;
use crate::setup;
use crate::workers::fault_of;
use serde::Serialize;
use smartqueue_hardware::printer::{Printer, PrinterSelector};
use smartqueue_hardware::slip::PrinterProfile;
use smartqueue_hardware::speaker::SpeakerSelector;
use smartqueue_journal::Journal;
use std::path::Path;

/// One thing looked at.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    /// What was looked at: `profile`, `journal`, `printer`, `sound`, `server`.
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
        findings.push(examine_printer(selector, profile.slip.width_mm));
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

fn examine_printer(selector: &str, width_mm: u32) -> Finding {
    let parsed = match selector.parse::<PrinterSelector>() {
        Ok(parsed) => parsed,
        Err(error) => return Finding::bad("printer", "printer_missing", error.to_string()),
    };
    let mut printer = Printer::new(parsed, PrinterProfile::epson_tm(paper_width(width_mm)));
    let status = printer.status();
    printer.close();
    match status.fault {
        None => Finding::good("printer", format!("{selector}: {:?}", status.back_channel)),
        Some(fault) => {
            Finding::bad("printer", code_text(&FaultCode::from(fault_of(fault))), format!("{selector}: {fault}"))
        }
    }
}

fn code_text(code: &impl Serialize) -> String {
    serde_json::to_value(code).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}
