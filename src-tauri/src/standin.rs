//! Stand-in until the station's crate lands.
pub mod door {
    use serde::{Deserialize, Serialize};
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum Language {
        Fr,
        En,
        Ar,
        Wo,
        Es,
        Pt,
    }
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum Mode {
        Kiosk,
        Board,
        All,
    }
    #[derive(Clone, Debug, Serialize)]
    pub struct View {
        pub mode: Mode,
        pub station: StationCard,
        pub connection: ConnectionView,
        pub faults: Vec<FaultLine>,
        pub kiosk: Option<KioskView>,
        pub board: Option<BoardView>,
        pub tickets: Vec<String>,
    }
    #[derive(Clone, Debug, Serialize)]
    pub struct StationCard {
        pub name: String,
        pub site_name: String,
        pub brand_colour: Option<String>,
        pub version: String,
        pub offset_minutes: i32,
    }
    #[derive(Clone, Debug, Serialize)]
    #[serde(rename_all = "snake_case")]
    pub enum ConnectionState {
        Online,
        Connecting,
        Offline,
        Standalone,
    }
    #[derive(Clone, Debug, Serialize)]
    pub struct ConnectionView {
        pub state: ConnectionState,
        pub since_ms: i64,
        pub unsent: u64,
    }
    #[derive(Clone, Debug, Serialize)]
    #[serde(rename_all = "snake_case")]
    pub enum FaultCode {
        JournalFailed,
    }
    #[derive(Clone, Debug, Serialize)]
    pub struct FaultLine {
        pub code: FaultCode,
        pub since_ms: i64,
    }
    #[derive(Clone, Debug, Serialize)]
    pub struct KioskView {
        pub screen: KioskScreen,
        pub session: SessionView,
        pub languages: Vec<Language>,
        pub services: Vec<String>,
    }
    #[derive(Clone, Debug, Serialize)]
    #[serde(tag = "kind", rename_all = "snake_case")]
    pub enum KioskScreen {
        Starting,
        Home,
        Maintenance,
        Closed { reason: ClosedReason, next_opening: Option<String> },
    }
    #[derive(Clone, Debug, Serialize)]
    #[serde(rename_all = "snake_case")]
    pub enum ClosedReason {
        Hours,
        Paused,
        NoService,
    }
    #[derive(Clone, Debug, Serialize)]
    pub struct SessionView {
        pub language: Language,
        pub large_text: bool,
        pub high_contrast: bool,
        pub low_reach: bool,
        pub warning_until_ms: Option<i64>,
    }
    #[derive(Clone, Debug, Serialize)]
    pub struct BoardView {
        pub open: bool,
        pub stale_since_ms: Option<i64>,
        pub calling: Vec<String>,
        pub recent: Vec<String>,
        pub waiting: Vec<String>,
        pub ticker: Vec<String>,
        pub language: Language,
    }
    #[derive(Clone, Debug, Deserialize)]
    #[serde(tag = "command", rename_all = "snake_case")]
    pub enum Command {
        Status,
        OpenMaintenance,
    }
}
pub struct RunningStation {
    view: std::sync::Mutex<std::sync::Arc<door::View>>,
}
impl RunningStation {
    pub fn start(folder: &std::path::Path) -> anyhow::Result<Self> {
        let _ = std::fs::read(folder.join("profile.toml"))?;
        let p = crate::profile::Profile {
            mode: crate::arguments::Mode::All,
            language: door::Language::Fr,
            name: "s".into(),
            screen_diagonal_mm: 800,
            farthest_seat_m: 8.0,
        };
        Ok(Self { view: std::sync::Mutex::new(std::sync::Arc::new(crate::first_view::starting(&p))) })
    }
    pub fn send(&self, _command: door::Command) {}
    pub fn current_view(&self) -> std::sync::Arc<door::View> {
        self.view.lock().unwrap_or_else(|e| e.into_inner()).clone()
    }
    pub fn on_view(&self, _listener: impl Fn(std::sync::Arc<door::View>) + Send + 'static) {}
    pub fn stop(self) {}
}
pub mod setup {
    use super::door::*;
    use serde::{Deserialize, Serialize};
    use std::path::Path;
    #[derive(Clone, Debug, Serialize, Deserialize)]
    pub struct SetupProfile {
        pub language: Language,
        pub mode: Mode,
        pub name: String,
        pub server: Option<String>,
        pub pairing_token: Option<String>,
        pub printer: Option<String>,
        pub paper_width_mm: u8,
        pub sound: bool,
        pub volume: u8,
        pub pin: Option<String>,
        pub screen_diagonal_mm: u32,
        pub farthest_seat_m: f64,
        pub paired: bool,
    }
    #[derive(Serialize)]
    pub struct FoundPrinter {
        pub selector: String,
        pub name: String,
        pub kind: String,
        pub missing: Option<String>,
    }
    #[derive(Serialize)]
    pub struct PrintTest {
        pub outcome: String,
        pub code: Option<FaultCode>,
    }
    #[derive(Serialize)]
    pub struct ServerCheck {
        pub ok: bool,
        pub code: Option<String>,
        pub site_name: Option<String>,
        pub queues: Vec<String>,
    }
    #[derive(Serialize)]
    pub struct SoundTest {
        pub played: bool,
        pub code: Option<FaultCode>,
    }
    #[derive(Serialize)]
    pub struct SaveReply {
        pub saved: bool,
        pub code: Option<String>,
    }
    pub fn load(_f: &Path) -> SetupProfile {
        SetupProfile {
            language: Language::Fr,
            mode: Mode::Kiosk,
            name: "".into(),
            server: None,
            pairing_token: None,
            printer: None,
            paper_width_mm: 80,
            sound: true,
            volume: 70,
            pin: None,
            screen_diagonal_mm: 800,
            farthest_seat_m: 8.0,
            paired: false,
        }
    }
    pub fn printers() -> Vec<FoundPrinter> {
        vec![]
    }
    pub fn test_printer(_s: &str) -> PrintTest {
        PrintTest { outcome: "failed".into(), code: None }
    }
    pub fn check_server(_s: &str, _t: &str) -> ServerCheck {
        ServerCheck { ok: false, code: Some("unreachable".into()), site_name: None, queues: vec![] }
    }
    pub fn test_sound(_v: u8) -> SoundTest {
        SoundTest { played: false, code: None }
    }
    pub fn save(f: &Path, _p: SetupProfile) -> SaveReply {
        SaveReply { saved: std::fs::write(f.join("profile.toml"), "x").is_ok(), code: None }
    }
}
