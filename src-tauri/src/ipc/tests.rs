//! The door, invoked as a page invokes it, on Tauri's mock runtime: same commands, same capabilities, no display.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tauri::test::{INVOKE_KEY, MockRuntime, get_ipc_response, mock_builder};
use tauri::webview::InvokeRequest;
use tauri::{App, Manager as _, WebviewWindow};

use super::*;
use crate::arguments::Arguments;
use crate::windows;

/// An app with the windows of `faces`, whose profile would lie in `folder`.
fn app(folder: &std::path::Path, faces: &[Face]) -> App<MockRuntime> {
    let arguments = Arguments { profile: Some(folder.to_owned()), mode: None, windowed: false };
    let app = crate::assemble(mock_builder(), &arguments, Instant::now(), |_| vec![]).expect("assembled");
    windows::show(app.handle(), faces, false, &[]).expect("windows");
    app
}

fn window(app: &App<MockRuntime>, face: Face) -> WebviewWindow<MockRuntime> {
    app.get_webview_window(face.label()).expect("the window is open")
}

/// Invokes a command as the page of this window, or as a page from elsewhere that got into it.
fn invoke_from(
    window: &WebviewWindow<MockRuntime>,
    address: &str,
    command: &str,
    arguments: Value,
) -> Result<Value, Value> {
    let request = InvokeRequest {
        cmd: command.to_owned(),
        callback: tauri::ipc::CallbackFn(0),
        error: tauri::ipc::CallbackFn(1),
        url: address.parse().expect("an address"),
        body: arguments.into(),
        headers: tauri::http::HeaderMap::default(),
        invoke_key: INVOKE_KEY.to_owned(),
    };
    get_ipc_response(window, request).map(|body| body.deserialize().expect("JSON"))
}

fn invoke(window: &WebviewWindow<MockRuntime>, command: &str, arguments: Value) -> Result<Value, Value> {
    invoke_from(window, "tauri://localhost", command, arguments)
}

#[test]
fn a_window_learns_its_face() {
    let folder = tempfile::tempdir().unwrap();
    let app = app(folder.path(), &[Face::Kiosk, Face::Board]);
    for face in [Face::Kiosk, Face::Board] {
        let startup = invoke(&window(&app, face), "startup", json!({})).unwrap();
        assert_eq!(
            startup,
            json!({ "face": face.label(), "windowed": false, "screen_diagonal_mm": null, "farthest_seat_m": null })
        );
    }
}

#[test]
fn there_is_a_view_before_there_is_a_station() {
    let folder = tempfile::tempdir().unwrap();
    let app = app(folder.path(), &[Face::Kiosk]);
    let view = invoke(&window(&app, Face::Kiosk), "current_view", json!({})).unwrap();
    assert_eq!(view["kiosk"]["screen"], json!({ "kind": "starting" }));
    assert_eq!(view["connection"]["state"], "connecting");
    assert_eq!(view["tickets"], json!([]));
}

#[test]
fn commands_return_nothing_and_nonsense_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let app = app(folder.path(), &[Face::Kiosk]);
    let kiosk = window(&app, Face::Kiosk);
    assert_eq!(invoke(&kiosk, "send", json!({ "command": { "command": "status" } })), Ok(Value::Null));
    let take =
        json!({ "command": "take_ticket", "queue": 1, "language": "fr", "id": "018f4d0e-7c1a-7000-8000-000000000001" });
    assert_eq!(invoke(&kiosk, "send", json!({ "command": take })), Ok(Value::Null));
    for nonsense in [
        json!({}),
        json!({ "command": "status" }),
        json!({ "command": { "command": "open_the_safe" } }),
        json!({ "command": { "command": "take_ticket", "queue": "A" } }),
    ] {
        let refused = invoke(&kiosk, "send", nonsense.clone());
        assert!(refused.is_err(), "{nonsense} was taken: {refused:?}");
    }
}

#[test]
fn the_kiosk_has_no_tool_of_the_setup_and_the_setup_none_of_the_kiosk() {
    let folder = tempfile::tempdir().unwrap();
    let app = app(folder.path(), &[Face::Kiosk, Face::Setup]);
    for (face, command, arguments) in [
        (Face::Kiosk, "setup_load", json!({})),
        (Face::Kiosk, "setup_printers", json!({})),
        (Face::Kiosk, "setup_printer_models", json!({})),
        (
            Face::Kiosk,
            "setup_test_printer",
            json!({ "selector": "virtual:", "paperWidthMm": 58, "printerProfile": "generic" }),
        ),
        (Face::Kiosk, "setup_test_sound", json!({})),
        (Face::Kiosk, "setup_check_server", json!({ "server": "http://localhost", "pairingToken": "x" })),
        (Face::Kiosk, "setup_ask_pairing", json!({ "server": "http://localhost", "name": "x", "mode": "kiosk" })),
        (Face::Kiosk, "setup_poll_pairing", json!({})),
        (Face::Kiosk, "close_setup", json!({})),
        (Face::Setup, "send", json!({ "command": { "command": "status" } })),
        (Face::Setup, "open_setup", json!({})),
    ] {
        let refused = invoke(&window(&app, face), command, arguments).unwrap_err();
        assert!(refused.as_str().is_some_and(|text| text.contains("not allowed")), "{face:?} {command}: {refused}");
    }
}

#[test]
fn a_page_from_elsewhere_has_no_voice() {
    let folder = tempfile::tempdir().unwrap();
    let app = app(folder.path(), &[Face::Kiosk]);
    let refused = invoke_from(&window(&app, Face::Kiosk), "https://example.org/", "current_view", json!({}));
    assert!(refused.is_err(), "{refused:?}");
}

#[test]
fn the_setup_does_not_open_without_the_pin() {
    let folder = tempfile::tempdir().unwrap();
    let app = app(folder.path(), &[Face::Kiosk]);
    let refused = invoke(&window(&app, Face::Kiosk), "open_setup", json!({}));
    assert_eq!(refused, Err(json!({ "code": "not_in_maintenance" })));
    assert!(app.get_webview_window("setup").is_none());
}

#[test]
fn an_empty_folder_has_the_defaults_of_a_profile() {
    let folder = tempfile::tempdir().unwrap();
    let app = app(folder.path(), &[Face::Setup]);
    let profile = invoke(&window(&app, Face::Setup), "setup_load", json!({})).unwrap();
    assert_eq!(profile["paired"], false);
    assert_eq!(profile["pin"], Value::Null, "a PIN only goes down");
    assert_eq!(profile["server"], Value::Null);
}

#[test]
fn a_server_that_is_not_there_is_named_as_such() {
    let folder = tempfile::tempdir().unwrap();
    let app = app(folder.path(), &[Face::Setup]);
    // A port that was free a moment ago and that nobody listens on.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let arguments = json!({ "server": format!("http://127.0.0.1:{port}"), "pairingToken": "x" });
    let check = invoke(&window(&app, Face::Setup), "setup_check_server", arguments).unwrap();
    assert_eq!(check, json!({ "ok": false, "code": "unreachable", "site_name": null, "queues": [] }));
    let question = json!({ "server": format!("http://127.0.0.1:{port}"), "name": "Borne", "mode": "board" });
    let step = invoke(&window(&app, Face::Setup), "setup_ask_pairing", question).unwrap();
    assert_eq!(step, json!({ "state": "failed", "code": "unreachable" }));
    let step = invoke(&window(&app, Face::Setup), "setup_poll_pairing", json!({})).unwrap();
    assert_eq!(step, json!({ "state": "expired" }), "nothing was asked");
}

#[test]
fn a_saved_profile_replaces_the_setup_by_its_faces() {
    let folder = tempfile::tempdir().unwrap();
    let app = app(folder.path(), &[Face::Setup]);
    let setup_window = window(&app, Face::Setup);
    let mut profile = invoke(&setup_window, "setup_load", json!({})).unwrap();
    profile["mode"] = json!("all");
    profile["printer"] = json!("virtual:");
    profile["sound"] = json!(false);
    // A machine that works alone needs queues, which the setup cannot make: it wants a server.
    let refused = invoke(&setup_window, "setup_save", json!({ "profile": profile })).unwrap();
    assert_eq!(refused, json!({ "saved": false, "code": "server_needed" }));
    assert!(app.get_webview_window("kiosk").is_none());

    profile["server"] = json!("http://127.0.0.1:9");
    let saved = invoke(&setup_window, "setup_save", json!({ "profile": profile })).unwrap();
    assert_eq!(saved, json!({ "saved": true, "code": null }));
    let until = Instant::now() + Duration::from_secs(20);
    while app.get_webview_window("kiosk").is_none() || app.get_webview_window("board").is_none() {
        assert!(Instant::now() < until, "the faces never opened");
        std::thread::sleep(Duration::from_millis(5));
    }
    let startup = invoke(&window(&app, Face::Board), "startup", json!({})).unwrap();
    assert_eq!(startup["screen_diagonal_mm"], profile["screen_diagonal_mm"]);
    app.state::<Host>().stop();
}

#[test]
fn every_command_can_be_granted_and_is_granted_to_somebody() {
    let in_handler = words_between(include_str!("../ipc.rs"), "generate_handler![", "]");
    let in_manifest: BTreeSet<String> = words_between(include_str!("../../build.rs"), "COMMANDS: &[&str] = &[", "];")
        .into_iter()
        .map(|word| word.trim_matches('"').to_owned())
        .collect();
    assert!(in_handler.len() > 10, "the list was not found: {in_handler:?}");
    // Tauri lets every window invoke a command that is not in the manifest.
    assert_eq!(in_handler, in_manifest);
    let granted =
        [include_str!("../../capabilities/face.json"), include_str!("../../capabilities/setup.json")].concat();
    for command in in_manifest {
        assert!(granted.contains(&format!("\"allow-{}\"", command.replace('_', "-"))), "nobody may {command}");
    }
}

fn words_between(text: &str, start: &str, end: &str) -> BTreeSet<String> {
    let (_, rest) = text.split_once(start).expect("the list begins");
    let (list, _) = rest.split_once(end).expect("the list ends");
    list.split(',').map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}
