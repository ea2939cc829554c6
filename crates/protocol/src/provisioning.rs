//! The provisioning file and the profile: one TOML form says what a station is. The setup writes it, an operator's tool
//! ships it, and `DIR/profile.toml` keeps it. It holds no identity: that is drawn and stored by the journal.

use crate::ProtocolError;
use crate::configuration::QueueBody;
use crate::words::{read_language, read_letter};
use serde::{Deserialize, Serialize};
use smartqueue_domain::SeriesLetter;

/// What a station is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provisioning {
    /// What the station does.
    pub mode: Mode,
    /// The name that the office sees.
    #[serde(default = "default_name")]
    pub name: String,
    /// The server's address; nothing for a kiosk that works alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// The token for pairing; kept, because pairing may have to wait for the network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pairing_token: Option<String>,
    /// How this station is a client of a server that offers the documented API and knows nothing of stations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api: Option<ApiSection>,
    /// The languages offered, the site's own first; a server's configuration overrides them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub languages: Vec<String>,
    /// The printer's selector; nothing for a station without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub printer: Option<String>,
    /// The argon2id hash of the staff PIN; nothing means that the maintenance page cannot be reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pin_hash: Option<String>,
    /// The site, for a station that works alone or has not met its server yet.
    #[serde(default)]
    pub site: SiteSection,
    /// The slip.
    #[serde(default)]
    pub slip: SlipSection,
    /// The screen.
    #[serde(default)]
    pub screen: ScreenSection,
    /// The sound.
    #[serde(default)]
    pub sound: SoundSection,
    /// The queues, for a station that works alone or has not met its server yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub queues: Vec<QueueBody>,
}

fn default_name() -> String {
    "SmartQueue".to_owned()
}

/// A station as a client of the documented API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiSection {
    /// The tenant's slug.
    pub tenant: String,
    /// The token that it shows at each request.
    pub device_token: String,
    /// The letter of its own numbers while the server is away. No two stations of a site may have the same one, and only
    /// the installer can see to that.
    #[serde(default = "default_letter")]
    pub letter: String,
    /// The display whose events it listens to; nothing: those of each queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display: Option<i64>,
}

fn default_letter() -> String {
    "K".to_owned()
}

/// What a station does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Issues tickets.
    Kiosk,
    /// Shows and announces calls.
    Board,
    /// Both, on one machine.
    All,
}

impl Mode {
    /// The word in files and on the wire.
    pub fn word(self) -> &'static str {
        match self {
            Mode::Kiosk => "kiosk",
            Mode::Board => "board",
            Mode::All => "all",
        }
    }

    /// Whether the station issues tickets.
    pub fn issues(self) -> bool {
        match self {
            Mode::Kiosk | Mode::All => true,
            Mode::Board => false,
        }
    }

    /// Whether the station shows calls.
    pub fn shows_calls(self) -> bool {
        match self {
            Mode::Board | Mode::All => true,
            Mode::Kiosk => false,
        }
    }
}

/// The site in a provisioning file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SiteSection {
    /// Shown on screens and slips.
    #[serde(default)]
    pub name: String,
    /// The IANA name of the time zone.
    #[serde(default = "default_timezone")]
    pub timezone: String,
    /// `#rrggbb`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brand_colour: Option<String>,
}

impl Default for SiteSection {
    fn default() -> SiteSection {
        SiteSection { name: String::new(), timezone: default_timezone(), brand_colour: None }
    }
}

fn default_timezone() -> String {
    "Europe/Paris".to_owned()
}

/// The slip in a provisioning file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlipSection {
    /// 58 or 80.
    #[serde(default = "default_width")]
    pub width_mm: u32,
    /// The printer's model: the name of a printer profile. Nothing: any Epson.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub printer_profile: Option<String>,
    /// Length of a new roll in metres. Nothing: what rolls of this width usually have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roll_m: Option<u32>,
    /// Free text above the number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// Free text at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub footer: Option<String>,
}

impl Default for SlipSection {
    fn default() -> SlipSection {
        SlipSection { width_mm: default_width(), printer_profile: None, roll_m: None, header: None, footer: None }
    }
}

fn default_width() -> u32 {
    80
}

/// The screen in a provisioning file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScreenSection {
    /// The screen's diagonal in millimetres.
    #[serde(default = "default_diagonal")]
    pub diagonal_mm: u32,
    /// The distance of the farthest seat in metres.
    #[serde(default = "default_seat")]
    pub farthest_seat_m: f64,
}

impl Default for ScreenSection {
    fn default() -> ScreenSection {
        ScreenSection { diagonal_mm: default_diagonal(), farthest_seat_m: default_seat() }
    }
}

fn default_diagonal() -> u32 {
    546
}

fn default_seat() -> f64 {
    6.0
}

/// The sound in a provisioning file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SoundSection {
    /// The speaker's selector: `default:`, `wav:PATH` or `null:`.
    #[serde(default = "default_device")]
    pub device: String,
    /// 0 to 100.
    #[serde(default = "default_volume")]
    pub volume: u8,
    /// Whether calls are announced at all.
    #[serde(default = "default_enabled")]
    pub enabled: bool,
}

impl Default for SoundSection {
    fn default() -> SoundSection {
        SoundSection { device: default_device(), volume: default_volume(), enabled: default_enabled() }
    }
}

fn default_device() -> String {
    "default:".to_owned()
}

fn default_volume() -> u8 {
    80
}

fn default_enabled() -> bool {
    true
}

impl Provisioning {
    /// Reads a provisioning file or a profile.
    ///
    /// # Errors
    /// [`ProtocolError::Form`] with the place in the file, or the error of the first value that cannot be meant.
    pub fn read(text: &str) -> Result<Provisioning, ProtocolError> {
        let provisioning: Provisioning =
            toml::from_str(text).map_err(|error| ProtocolError::Form(error.to_string()))?;
        provisioning.check()?;
        Ok(provisioning)
    }

    /// Whether every value can be meant.
    ///
    /// # Errors
    /// The error of the first value that cannot.
    pub fn check(&self) -> Result<(), ProtocolError> {
        if !matches!(self.slip.width_mm, 58 | 80) {
            return Err(unknown("slip.width_mm", &self.slip.width_mm.to_string()));
        }
        if let Some(metres) = self.slip.roll_m
            && !(1..=1_000).contains(&metres)
        {
            return Err(unknown("slip.roll_m", &metres.to_string()));
        }
        if self.sound.volume > 100 {
            return Err(unknown("sound.volume", &self.sound.volume.to_string()));
        }
        if let Some(server) = &self.server
            && !(server.starts_with("http://") || server.starts_with("https://"))
        {
            return Err(unknown("server", server));
        }
        if jiff::tz::TimeZone::get(&self.site.timezone).is_err() {
            return Err(unknown("site.timezone", &self.site.timezone));
        }
        for code in &self.languages {
            read_language(code)?;
        }
        if let Some(api) = &self.api
            && read_letter(&api.letter)? == SeriesLetter::Main
        {
            return Err(unknown("api.letter", &api.letter));
        }
        for queue in &self.queues {
            smartqueue_domain::Queue::try_from(queue)?;
        }
        Ok(())
    }

    /// The TOML text.
    ///
    /// # Errors
    /// [`ProtocolError::Form`] if the values have no TOML form.
    pub fn write(&self) -> Result<String, ProtocolError> {
        toml::to_string(self).map_err(|error| ProtocolError::Form(error.to_string()))
    }
}

fn unknown(field: &'static str, value: &str) -> ProtocolError {
    ProtocolError::UnknownWord { field, value: value.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shortest_file_gets_every_default_and_reads_back() {
        let provisioning = Provisioning::read("mode = \"kiosk\"").unwrap();
        assert_eq!(provisioning.slip.width_mm, 80);
        assert!(provisioning.sound.enabled);
        assert_eq!(Provisioning::read(&provisioning.write().unwrap()), Ok(provisioning));
    }

    #[test]
    fn a_whole_file_reads_back() {
        let text = r##"
            mode = "all"
            name = "Borne 1"
            server = "https://queue.example"
            pairing_token = "t"
            api = { tenant = "demo", device_token = "d", letter = "L", display = 3 }
            languages = ["fr", "ar"]
            printer = "serial:/dev/ttyS0@19200,rtscts"
            pin_hash = "$argon2id$"
            [site]
            name = "Agence"
            timezone = "Africa/Dakar"
            [slip]
            width_mm = 58
            roll_m = 40
            header = "Bienvenue"
            [screen]
            diagonal_mm = 1400
            farthest_seat_m = 8.5
            [sound]
            device = "null:"
            volume = 0
            enabled = false
            [[queues]]
            id = 1
            prefix = "A"
            name = "Accueil"
            hours = [{ weekday = 1, from = "08:00", until = "17:00" }]
        "##;
        let provisioning = Provisioning::read(text).unwrap();
        assert_eq!(Provisioning::read(&provisioning.write().unwrap()), Ok(provisioning));
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for text in [
            "",
            "mode = \"fridge\"",
            "mode = \"kiosk\"\nserver = \"ftp://x\"",
            "mode = \"kiosk\"\nlanguages = [\"xx\"]",
            "mode = \"kiosk\"\nunknown = 1",
            "mode = \"kiosk\"\n[api]\ntenant = \"t\"\ndevice_token = \"d\"\nletter = \"\"",
            "mode = \"kiosk\"\n[slip]\nwidth_mm = 70",
            "mode = \"kiosk\"\n[slip]\nroll_m = 0",
            "mode = \"kiosk\"\n[sound]\nvolume = 101",
            "mode = \"kiosk\"\n[site]\ntimezone = \"Mars/Olympus\"",
            "mode = \"kiosk\"\n[[queues]]\nid = 1\nprefix = \"a\"\nname = \"x\"",
            "\u{0}\u{1}",
        ] {
            assert!(Provisioning::read(text).is_err(), "{text}");
        }
    }
}
