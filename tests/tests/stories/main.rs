//! Stories on the shipped programs: a real journal, a real server, and paper whose truth is known because the virtual
//! printer keeps its own log. Nothing here waits for a time; everything waits for a fact.

#![expect(clippy::unwrap_used, reason = "a test that meets the unexpected should stop")]

mod bad_input;
mod claims;
mod power_cuts;
mod storm;
mod street;

use smartqueue_hardware::virtual_printer::{VirtualPrinter, VirtualPrinterOptions};
use smartqueue_tests::measure::http_client;
use smartqueue_tests::server_program::DemoSite;
use smartqueue_tests::station_program::provision;
use std::path::{Path, PathBuf};

/// A fast virtual printer: these stories are about order and truth, not about speed.
fn printer() -> VirtualPrinter {
    VirtualPrinter::start_tcp(
        "127.0.0.1:0",
        VirtualPrinterOptions { speed_mm_s: 2_000.0, ..VirtualPrinterOptions::default() },
    )
    .unwrap()
}

/// A kiosk's profile in a folder, made of the demo site's provisioning file.
fn kiosk(folder: &Path, site: &DemoSite, printer: &str) -> PathBuf {
    let profile = folder.join("kiosk");
    provision(&profile, Path::new(site.text("kiosk_profile")), &["--printer", printer]).unwrap();
    profile
}

/// The ticket numbers on paper, in order; a copy carries its mark.
fn numbers_on_paper(printer: &VirtualPrinter) -> Vec<String> {
    printer
        .slips()
        .iter()
        .map(|slip| {
            let number = slip.lines.iter().find(|line| is_number(line.trim())).map(|line| line.trim().to_owned());
            let copy = slip.lines.iter().find(|line| line.contains("COPIE"));
            match (number, copy) {
                (Some(number), None) => number,
                (Some(number), Some(copy)) => format!("{number} {}", copy.trim()),
                (None, _) => panic!("a slip without a number: {:?}", slip.lines),
            }
        })
        .collect()
}

fn is_number(text: &str) -> bool {
    let letters = text.chars().take_while(char::is_ascii_uppercase).count();
    letters >= 1 && text.len() >= letters + 3 && text.chars().skip(letters).all(|digit| digit.is_ascii_digit())
}

/// A GET with the agent's token, as JSON.
fn get(site: &DemoSite, path: &str) -> serde_json::Value {
    request(site, "GET", path)
}

/// A POST without a body, with the agent's token; the answer as JSON.
fn post(site: &DemoSite, path: &str) -> serde_json::Value {
    request(site, "POST", path)
}

fn request(site: &DemoSite, method: &str, path: &str) -> serde_json::Value {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let client = http_client().unwrap();
        let answer = client.request(method, site.url(path)).bearer_auth(site.text("agent_token")).send().await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or(serde_json::Value::Null)
    })
}
