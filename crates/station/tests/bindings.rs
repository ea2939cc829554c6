//! The TypeScript forms of the door are made from the Rust types. This test fails when the committed file differs;
//! with `SMARTQUEUE_WRITE_BINDINGS=1` it writes the file instead (`cargo xtask bindings`).

use smartqueue_station::door::*;
use smartqueue_station::pairing::PairingStep;
use smartqueue_station::setup::*;
use std::path::Path;
use ts_rs::{Config, TS};

const HEADER: &str = "\
// Made by `cargo xtask bindings` from crates/station/src/door.rs, setup.rs and pairing.rs. Do not edit: a test fails when it differs.
//
// The types that cross the door between the station and its faces: views come up whole, commands go down and return
// nothing. All times are UTC milliseconds unless a name says otherwise.
";

fn declaration<T: TS>(config: &Config) -> String {
    let docs = T::docs().unwrap_or_default();
    format!("\n{docs}export {}\n", T::decl(config).trim_end())
}

macro_rules! declarations {
    ($config:expr, $($type:ty),* $(,)?) => { [$(declaration::<$type>($config)),*].concat() };
}

#[test]
fn the_committed_bindings_are_those_of_the_code() {
    let config = Config::default();
    let body = declarations!(
        &config,
        LanguageCode,
        View,
        PaperView,
        StationCard,
        ConnectionView,
        ConnectionState,
        FaultLine,
        FaultCode,
        PrintState,
        TicketLine,
        KioskView,
        SessionView,
        KioskScreen,
        ClosedReason,
        UnlockOutcome,
        RefusalReason,
        NextOpening,
        TicketCard,
        ServiceState,
        ServiceTile,
        BoardView,
        AnnouncedState,
        CallLine,
        WaitingLine,
        Command,
        SetupProfile,
        PrinterKind,
        PrinterObstacle,
        FoundPrinter,
        PrinterModel,
        PrinterTest,
        ServerProblem,
        ServerCheck,
        PairingStep,
        SoundTest,
        SaveOutcome,
    );
    let made = format!("{HEADER}{body}");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ui/src/bindings/door.ts");
    if std::env::var_os("SMARTQUEUE_WRITE_BINDINGS").is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap();
    assert!(committed == made, "ui/src/bindings/door.ts is not what the code says: run `cargo xtask bindings`");
}
