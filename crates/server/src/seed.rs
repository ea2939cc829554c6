//! `seed-demo`: the demo tenants with tokens to use them at once, and provisioning files for two stations.
//! `invite-admin`: the first admin of a real tenant.

use crate::Place;
use crate::auth::keys::{fresh_token, token_hash};
use crate::auth::password;
use crate::auth::token::{Claims, Mint};
use crate::clock;
use crate::ledger::Ledger;
use crate::ledger::bus::Nobody;
use crate::ledger::demo::{self, DemoSecrets};
use crate::ledger::tenants::FirstAdmin;
use anyhow::{Context, ensure};
use serde_json::{Value, json};
use smartqueue_protocol::provisioning::{Mode, Provisioning, ScreenSection, SiteSection, SlipSection, SoundSection};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A demo that nobody repeated for a month no longer lets stations in.
const PAIRING_LIFE_MS: i64 = 30 * 24 * 3_600_000;

/// Makes the demo and returns the line that scripts read. The stations' files go into the folder `profiles`.
///
/// # Errors
/// The folder or the database cannot be written, or the address is not one of HTTP.
pub fn demo(place: &Place, profiles: &Path, base_url: &str, password: Option<String>) -> anyhow::Result<Value> {
    // A session with a server waits for answers, which a thread of a runtime may not.
    std::thread::scope(|scope| {
        let making = scope.spawn(|| make_demo(place, profiles, base_url, password));
        making.join().unwrap_or_else(|_| Err(anyhow::anyhow!("the demo could not be made because of a defect")))
    })
}

fn make_demo(place: &Place, folder: &Path, base_url: &str, password: Option<String>) -> anyhow::Result<Value> {
    let base_url = base_url.trim_end_matches('/');
    ensure!(
        base_url.starts_with("http://") || base_url.starts_with("https://"),
        "--base-url begins with http:// or https://"
    );
    std::fs::create_dir_all(folder).with_context(|| format!("the folder {} cannot be made", folder.display()))?;
    if let Place::Folder(data) = place {
        std::fs::create_dir_all(data).with_context(|| format!("the folder {} cannot be made", data.display()))?;
    }
    // Opened once, so that the tables and the secret are there.
    let ledger = Ledger::open(&place.database(), Arc::new(Nobody))?;
    let secret = crate::secret_of(place, &ledger)?;
    drop(ledger);
    // Both are drawn from the folder's secret, so that repeating the command gives the same again.
    let password = password.unwrap_or_else(|| secret.text_for("demo password").split_at(16).0.to_owned());
    let pairing_token = secret.text_for("demo pairing token");
    let pin = four_digits(&secret.text_for("demo pin"));
    let pin_hash = pin_hash(&folder.join("demo-kiosk.toml"), &pin)?;
    let now_ms = clock::now_ms();
    let secrets = DemoSecrets {
        password: password.clone(),
        pairing_token: token_hash(&pairing_token),
        pairing_ends_ms: now_ms + PAIRING_LIFE_MS,
    };
    let made = demo::make(&place.database(), &secrets)?;
    let mint = Mint::new(&secret);
    let token = |user: i64, tenant: i64, scopes: &[&str], from_ms: i64| {
        let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        mint.issue(&Claims::new(user, tenant, scopes, from_ms))
    };
    let clerk: &[&str] = &["read:queue", "write:queue"];
    let office: &[&str] = &["read:queue", "write:queue", "admin:tenant", "manage:devices"];
    let first_user = made.agents.first().map_or(0, |(_, user, _)| *user);
    let two_hours_ago = now_ms - 2 * 3_600_000;
    let profile = |mode, name: &str, file: &str| {
        let provisioning = Provisioning {
            mode,
            name: name.to_owned(),
            server: Some(base_url.to_owned()),
            pairing_token: Some(pairing_token.clone()),
            api: None,
            languages: ["fr", "en", "ar", "wo", "es", "pt"].map(str::to_owned).to_vec(),
            printer: None,
            pin_hash: Some(pin_hash.clone()),
            site: SiteSection {
                name: demo::SITE.to_owned(),
                timezone: demo::TIMEZONE.to_owned(),
                brand_colour: Some(demo::BRAND_COLOUR.to_owned()),
            },
            slip: SlipSection::default(),
            screen: ScreenSection::default(),
            sound: SoundSection::default(),
            queues: demo::queues(&made.queues),
        };
        write_profile(&folder.join(file), &provisioning)
    };
    let kiosk_profile = profile(Mode::Kiosk, "Borne du hall", "demo-kiosk.toml")?;
    let board_profile = profile(Mode::Board, "Écran du hall", "demo-board.toml")?;
    let [a, b, c] = made.queues;
    let mut sign_in: Vec<Value> = made
        .agents
        .iter()
        .map(|(agent, _, email)| json!({"email": email, "password": password, "agent": agent}))
        .collect();
    sign_in.push(json!({"email": made.manager.1, "password": password, "agent": null}));
    Ok(json!({
        "base_url": base_url,
        "ws_base_url": base_url.replacen("http", "ws", 1),
        "tenant": made.tenant,
        "site": made.site,
        "device_token": token(made.device_user, made.tenant_id, clerk, now_ms)?,
        "agent_token": token(first_user, made.tenant_id, clerk, now_ms)?,
        "readonly_token": token(made.device_user, made.tenant_id, &["read:queue"], now_ms)?,
        "expired_token": token(made.device_user, made.tenant_id, clerk, two_hours_ago)?,
        "admin_token": token(made.manager.0, made.tenant_id, office, now_ms)?,
        "queues": {"A": a, "B": b, "C": c},
        "agents": made.agents.iter().map(|(agent, _, _)| agent).collect::<Vec<_>>(),
        "counters": made.counters.iter().map(|(id, label)| json!({"id": id, "label": label})).collect::<Vec<_>>(),
        "display": made.display,
        "other_tenant": made.other_tenant,
        "other_tenant_token": token(made.other_user, made.other_tenant_id, clerk, now_ms)?,
        "other_queue": made.other_queue,
        "sign_in": sign_in,
        "pin": pin,
        "kiosk_profile": kiosk_profile,
        "board_profile": board_profile,
    }))
}

/// The first admin of a tenant.
pub struct Admin {
    /// The tenant's slug.
    pub tenant: String,
    /// The tenant's name, when it is made.
    pub tenant_name: String,
    /// The address.
    pub email: String,
    /// The name.
    pub name: String,
    /// Whether the admin runs the whole server.
    pub superadmin: bool,
}

/// Makes a tenant's first admin, and the tenant, and returns the line with the invitation.
///
/// # Errors
/// The folder cannot be written, or what was given cannot be meant.
pub fn invite_admin(place: &Place, admin: &Admin) -> anyhow::Result<Value> {
    if let Place::Folder(folder) = place {
        std::fs::create_dir_all(folder).with_context(|| format!("the folder {} cannot be made", folder.display()))?;
    }
    let invitation = fresh_token().context("no randomness")?;
    let unknown = fresh_token().context("no randomness")?;
    let first = FirstAdmin {
        tenant: admin.tenant.clone(),
        tenant_name: admin.tenant_name.clone(),
        email: admin.email.clone(),
        name: admin.name.clone(),
        is_superadmin: admin.superadmin,
        password_hash: password::hash(&unknown).map_err(|error| anyhow::anyhow!("no hash: {error}"))?,
        invitation: token_hash(&invitation),
    };
    let ledger = Ledger::open(&place.database(), Arc::new(Nobody))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (tenant, user) = runtime.block_on(ledger.first_admin(first))?;
    Ok(json!({"tenant": admin.tenant, "tenant_id": tenant, "user": user, "invitation": invitation,
              "accept": "/api/v1/auth/accept/"}))
}

/// Four digits from a secret's text, for hands that have no keyboard.
fn four_digits(text: &str) -> String {
    let number = text.bytes().fold(0u32, |number, byte| (number * 31 + u32::from(byte)) % 10_000);
    format!("{number:04}")
}

/// The hash of the demo's PIN: the one that an earlier run wrote, so that repeating the command changes no file.
fn pin_hash(written: &Path, pin: &str) -> anyhow::Result<String> {
    let known = std::fs::read_to_string(written)
        .ok()
        .and_then(|text| Provisioning::read(&text).ok())
        .and_then(|provisioning| provisioning.pin_hash)
        .filter(|hash| password::verify(pin, Some(hash)));
    match known {
        Some(hash) => Ok(hash),
        None => password::hash(pin).map_err(|error| anyhow::anyhow!("the PIN has no hash: {error}")),
    }
}

fn write_profile(path: &Path, provisioning: &Provisioning) -> anyhow::Result<PathBuf> {
    let path = std::path::absolute(path)?;
    std::fs::write(&path, provisioning.write()?).with_context(|| format!("{} cannot be written", path.display()))?;
    Ok(path)
}
