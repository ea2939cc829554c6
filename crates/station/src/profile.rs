//! A profile: the folder that says what a station is. `profile.toml` is the installer's word, the journal's `meta` the
//! server's last word; settings for the engine are made of both. Nothing here talks to a server or a device.

use anyhow::{Context, Result, bail};
use jiff::tz::TimeZone;
use smartqueue_domain::{Language, Queue, Rollover};
use smartqueue_engine::Settings;
use smartqueue_protocol::configuration::Configuration;
use smartqueue_protocol::provisioning::Provisioning;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Where a profile's own file stands.
pub fn profile_path(folder: &Path) -> PathBuf {
    folder.join("profile.toml")
}

/// Reads a profile.
///
/// # Errors
/// When there is none, or when it cannot be meant; the message names the file and the place.
pub fn load_profile(folder: &Path) -> Result<Provisioning> {
    let path = profile_path(folder);
    let text = fs::read_to_string(&path).with_context(|| format!("no profile at {}", path.display()))?;
    Provisioning::read(&text).with_context(|| format!("{} cannot be used", path.display()))
}

/// Writes a profile so that a power cut leaves the old one or the new one, never a half.
///
/// # Errors
/// When a value cannot be meant or the folder cannot be written.
pub fn save_profile(folder: &Path, profile: &Provisioning) -> Result<()> {
    profile.check().context("the profile cannot be used")?;
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let path = profile_path(folder);
    let draft = folder.join("profile.toml.new");
    let mut file = fs::File::create(&draft).with_context(|| format!("cannot write {}", draft.display()))?;
    file.write_all(profile.write()?.as_bytes())?;
    file.sync_all()?;
    fs::rename(&draft, &path).with_context(|| format!("cannot write {}", path.display()))?;
    fs::File::open(folder)?.sync_all()?;
    Ok(())
}

/// The engine's settings from the profile and, once the server published one, its configuration.
///
/// # Errors
/// When a queue of either cannot be meant.
pub fn settings_from(profile: &Provisioning, configuration: Option<&Configuration>) -> Result<Settings> {
    let bodies = configuration.map_or(&profile.queues, |configuration| &configuration.queues);
    let queues = bodies.iter().map(Queue::try_from).collect::<Result<Vec<_>, _>>().context("a queue is wrong")?;
    let languages = match configuration {
        Some(configuration) => configuration.site.known_languages(),
        None => known_languages(&profile.languages),
    };
    let published_words = configuration.map(|configuration| configuration.slip.clone()).unwrap_or_default();
    Ok(Settings {
        issues: profile.mode.issues(),
        shows_calls: profile.mode.shows_calls(),
        name: profile.name.clone(),
        site_name: configuration.map_or(&profile.site.name, |configuration| &configuration.site.name).clone(),
        brand_colour: configuration
            .and_then(|configuration| configuration.site.brand_colour.clone())
            .or_else(|| profile.site.brand_colour.clone()),
        languages,
        queues,
        ticker: configuration.map(|configuration| configuration.ticker.clone()).unwrap_or_default(),
        follow_url_base: configuration.and_then(|configuration| configuration.follow_url_base.clone()),
        slip_header: published_words.header.or_else(|| profile.slip.header.clone()),
        slip_footer: published_words.footer.or_else(|| profile.slip.footer.clone()),
        has_server: profile.server.is_some(),
        has_printer: profile.printer.is_some(),
        speaks: profile.sound.enabled && profile.sound.volume > 0,
        rollovers: configuration
            .map(|configuration| configuration.rollovers.iter().map(Rollover::try_from).collect::<Result<_, _>>())
            .transpose()
            .context("a rollover is wrong")?
            .unwrap_or_default(),
    })
}

fn known_languages(codes: &[String]) -> Vec<Language> {
    let known: Vec<_> = codes.iter().filter_map(|code| Language::from_code(code)).collect();
    if known.is_empty() { vec![Language::French] } else { known }
}

/// The site's time zone from the configuration or the profile.
///
/// # Errors
/// When the zone's name is not in the database.
pub fn zone_from(profile: &Provisioning, configuration: Option<&Configuration>) -> Result<TimeZone> {
    let name = configuration.map_or(&profile.site.timezone, |configuration| &configuration.site.timezone);
    match TimeZone::get(name) {
        Ok(zone) => Ok(zone),
        Err(error) => bail!("time zone {name}: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_written_whole_and_reads_back() {
        let folder = tempfile::tempdir().unwrap();
        assert!(load_profile(folder.path()).unwrap_err().to_string().contains("no profile"));
        let profile = Provisioning::read("mode = \"kiosk\"\nprinter = \"virtual:\"").unwrap();
        save_profile(folder.path(), &profile).unwrap();
        assert_eq!(load_profile(folder.path()).unwrap(), profile);
        std::fs::write(profile_path(folder.path()), "mode = 3").unwrap();
        assert!(load_profile(folder.path()).is_err());
    }

    #[test]
    fn the_servers_configuration_overrides_the_profile() {
        let profile = Provisioning::read(
            "mode = \"kiosk\"\nlanguages = [\"en\"]\n[site]\nname = \"Old\"\n[[queues]]\nid = 1\nprefix = \"A\"\nname = \"One\"",
        )
        .unwrap();
        let alone = settings_from(&profile, None).unwrap();
        assert_eq!((alone.site_name.as_str(), alone.queues.len()), ("Old", 1));
        let configuration: Configuration = serde_json::from_str(
            r#"{"version":1,"site":{"id":1,"name":"New","timezone":"Africa/Dakar","languages":["fr","xx"]},"queues":[]}"#,
        )
        .unwrap();
        let published = settings_from(&profile, Some(&configuration)).unwrap();
        assert_eq!((published.site_name.as_str(), published.queues.len()), ("New", 0));
        assert_eq!(published.languages, [Language::French]);
        assert_eq!(zone_from(&profile, Some(&configuration)).unwrap().iana_name(), Some("Africa/Dakar"));
    }
}
