//! A machine asks for a code, an administrator approves it, and the machine is a station: through the setup's tools, and
//! through the command of an installer without a screen.

use crate::house::{Site, Watched, newest};
use reqwest::Method;
use serde_json::{Value, json};
use smartqueue_protocol::provisioning::Mode;
use smartqueue_station::pairing::{self, PairingStep};
use smartqueue_station::profile::{load_profile, save_profile};
use smartqueue_station::setup;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

fn waiting(step: &PairingStep) -> (String, String) {
    match step {
        PairingStep::Waiting { code, fingerprint, expires_in, poll_interval } => {
            assert!((1..=600).contains(expires_in) && *poll_interval > 0, "{step:?}");
            (code.clone(), fingerprint.clone())
        }
        PairingStep::Approved { .. } | PairingStep::Refused | PairingStep::Expired | PairingStep::Failed { .. } => {
            panic!("a code was expected, not {step:?}")
        }
    }
}

/// What an administrator does with a code.
fn office(site: &Site, verb: &str, body: Value) -> (u16, Value) {
    site.office(Method::POST, &format!("stations/pairing-requests/{verb}/"), body)
}

fn approve(site: &Site, code: &str, name: &str) {
    let body =
        json!({"code": code, "site": site.seed["site"], "queues": [site.queue()], "mode": "kiosk", "name": name});
    let (status, answer) = office(site, "approve", body);
    assert_eq!(status, 200, "{answer}");
}

/// Does with an approval what the setup does, and starts the station.
fn set_up(site: &Site, folder: &Path, approved: PairingStep) -> Watched {
    let PairingStep::Approved { pairing_token, mode, name, site_name: _, queues: _ } = approved else {
        panic!("{approved:?} is no approval")
    };
    let mut wanted = setup::load(folder);
    wanted.server = Some(address(site));
    (wanted.pairing_token, wanted.mode, wanted.name) = (Some(pairing_token), mode, name);
    wanted.printer = Some("virtual:".to_owned());
    wanted.pin = Some("2468".to_owned());
    assert_eq!(setup::save(folder, &wanted).code, None);
    let mut profile = load_profile(folder).unwrap();
    profile.sound.device = "null:".to_owned();
    save_profile(folder, &profile).unwrap();
    Watched::start(folder)
}

fn address(site: &Site) -> String {
    format!("http://{}", site.server.address())
}

fn is_online(view: &Value) -> bool {
    view["connection"]["state"] == "online"
}

#[test]
fn what_is_approved_while_the_machine_is_off_is_not_lost() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::open(&folder.path().join("server"));
    let machine = folder.path().join("machine");
    let server = address(&site);
    let (code, fingerprint) = waiting(&pairing::ask(&machine, &server, "Borne neuve", Mode::Kiosk));
    assert_eq!(waiting(&pairing::poll(&machine)), (code.clone(), fingerprint.clone()));
    let (_, shown) = office(&site, "look", json!({"code": code}));
    assert_eq!((&shown["name"], &shown["fingerprint"]), (&json!("Borne neuve"), &json!(fingerprint)));

    // The program ends and comes back: the same code; the installer renames the machine: another code, the same key.
    assert_eq!(waiting(&pairing::ask(&machine, &format!("{server}/"), " Borne neuve ", Mode::Kiosk)).0, code);
    let first = fs::read(machine.join("pairing.json")).unwrap();
    let (second, same_key) = waiting(&pairing::ask(&machine, &server, "Borne 2", Mode::Kiosk));
    assert_ne!(second, code);
    assert_eq!(same_key, fingerprint);
    // A request that is over, found in the folder: the next question is a new one.
    fs::write(machine.join("pairing.json"), first).unwrap();
    let (third, _) = waiting(&pairing::ask(&machine, &server, "Borne neuve", Mode::Kiosk));
    assert!(third != code && third != second);

    approve(&site, &third, "Hall 3");
    let approved = pairing::ask(&machine, &server, "Borne neuve", Mode::Kiosk);
    assert_eq!(pairing::poll(&machine), approved, "it may be heard again until it is used");
    assert_eq!(pairing::ask(&machine, &server, "Hall 3", Mode::Kiosk), approved);
    let station = set_up(&site, &machine, approved);
    assert!(!machine.join("pairing.json").exists(), "what was used is forgotten");
    station.wait("a station that is online", is_online);
    let ticket = station.take(site.queue());
    let view = station.wait("a ticket that the server has", |view| newest(view, ticket, true));
    assert_eq!(view["tickets"][0]["number"], "A001");
    assert_eq!(view["kiosk"]["services"].as_array().unwrap().len(), 1, "one queue of three was approved");
    assert!(setup::load(&machine).paired);

    // Shut out, it may be paired again, and is another station then.
    let (_, listed) = site.office(Method::GET, "stations/?name=Hall%203", Value::Null);
    let path = format!("stations/{}/revoke/", listed["results"][0]["id"]);
    assert_eq!(site.office(Method::POST, &path, Value::Null).0, 204);
    // The loss of its identity is on record before it says that it is refused.
    station.wait("a station that knows it", |view| !is_online(view) && !setup::has_identity(&machine));
    station.station.stop();
    let (code, _) = waiting(&pairing::ask(&machine, &server, "Hall 3", Mode::Kiosk));
    approve(&site, &code, "Hall 3 bis");
    let station = set_up(&site, &machine, pairing::poll(&machine));
    station.wait("a station that is online again", is_online);
    let (_, listed) = site.office(Method::GET, "stations/?name=Hall%203%20bis", Value::Null);
    assert_eq!((&listed["count"], &listed["results"][0]["letter"]), (&json!(1), &json!("L")));
    station.station.stop();
}

#[test]
fn a_refused_machine_may_ask_again() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::open(&folder.path().join("server"));
    let machine = folder.path().join("machine");
    let (code, _) = waiting(&pairing::ask(&machine, &address(&site), "", Mode::Board));
    assert_eq!(office(&site, "look", json!({"code": code})).1["name"], "SmartQueue", "nobody has named it");
    assert_eq!(office(&site, "refuse", json!({"code": code})).0, 204);
    assert_eq!(pairing::poll(&machine), PairingStep::Refused);
    assert_eq!(pairing::poll(&machine), PairingStep::Expired, "a no is heard once");
    let (another, _) = waiting(&pairing::ask(&machine, &address(&site), "", Mode::Board));
    assert_ne!(another, code);
    // Somebody else's answer, or none of ours at all, is no pairing.
    let elsewhere = format!("http://{}", site.door.address);
    assert!(matches!(pairing::ask(&machine, &elsewhere, "", Mode::Board), PairingStep::Failed { .. }));
}

/// The command of an installer without a screen.
struct Installer {
    command: Child,
    lines: BufReader<ChildStdout>,
}

impl Installer {
    fn start(site: &Site, machine: &Path) -> Installer {
        let mut command = Command::new(env!("CARGO_BIN_EXE_smartqueue-station"))
            .args(["pair", "--mode", "kiosk", "--name", "Borne", "--server", &address(site), "--profile"])
            .arg(machine)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(command.stdout.take().unwrap());
        Installer { command, lines }
    }

    fn line(&mut self) -> Value {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or(Value::Null)
    }
}

#[test]
fn the_command_shows_a_code_and_saves_what_is_approved() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::open(&folder.path().join("server"));
    let machine = folder.path().join("machine");
    let mut installer = Installer::start(&site, &machine);
    let first = installer.line();
    assert_eq!((&first["state"], &first["office"]), (&json!("waiting"), &json!(format!("{}/office/", address(&site)))));
    // Killed and started again, it goes on with the same code.
    installer.command.kill().unwrap();
    installer.command.wait().unwrap();
    let mut installer = Installer::start(&site, &machine);
    let again = installer.line();
    assert_eq!(again["code"], first["code"]);
    approve(&site, first["code"].as_str().unwrap(), "Hall 1");
    let approved = installer.line();
    assert_eq!((&approved["state"], &approved["name"]), (&json!("approved"), &json!("Hall 1")), "{approved}");
    assert_eq!((&approved["site"], &approved["queues"]), (&json!("Agence Centre"), &json!(["Accueil et comptes"])));
    assert!(installer.command.wait().unwrap().success());
    let profile = load_profile(&machine).unwrap();
    assert!(!approved.to_string().contains(profile.pairing_token.as_ref().unwrap()), "the token is nobody's to read");
    let station = Watched::start(&machine);
    station.wait("a station that is online", is_online);
    station.station.stop();

    // Who is paired is not paired again; whoever is refused is told so.
    let mut installer = Installer::start(&site, &machine);
    assert_eq!(installer.line(), Value::Null);
    assert_eq!(installer.command.wait().unwrap().code(), Some(1));
    let mut installer = Installer::start(&site, &folder.path().join("other"));
    let code = installer.line()["code"].clone();
    assert_eq!(office(&site, "refuse", json!({"code": code})).0, 204);
    assert_eq!(installer.line(), json!({"state": "refused"}));
    assert_eq!(installer.command.wait().unwrap().code(), Some(1));
}
