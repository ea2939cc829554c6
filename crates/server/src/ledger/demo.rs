//! The demo tenants: a branch with three queues, and a second tenant to show the wall between tenants.
//! Repeating it changes nothing but the passwords, when other ones are given. Never called by the server itself.

use super::OpenError;
use super::store::rows::list;
use super::store::{self, Bind, Connection, Database, OptionalExtension, Whose, params};
use crate::auth::{Role, password};
use anyhow::Context;
use smartqueue_protocol::configuration::{NameBody, QueueBody};
use std::collections::BTreeMap;

/// What the demo needs from outside.
pub struct DemoSecrets {
    /// The password of every demo user.
    pub password: String,
    /// The hash of the pairing token of the demo's stations.
    pub pairing_token: Vec<u8>,
    /// When that token ends, UTC milliseconds.
    pub pairing_ends_ms: i64,
}

/// The ids of what is there.
#[derive(Debug)]
pub struct Demo {
    /// The tenant's slug.
    pub tenant: &'static str,
    /// The tenant's id.
    pub tenant_id: i64,
    /// The site.
    pub site: i64,
    /// The queues A, B and C.
    pub queues: [i64; 3],
    /// Each agent with the user behind it and the user's address.
    pub agents: Vec<(i64, i64, String)>,
    /// The counters with their labels.
    pub counters: Vec<(i64, &'static str)>,
    /// The display.
    pub display: i64,
    /// The manager's user and address.
    pub manager: (i64, String),
    /// The user whose token stands for a device.
    pub device_user: i64,
    /// The other tenant's slug.
    pub other_tenant: &'static str,
    /// The other tenant's id.
    pub other_tenant_id: i64,
    /// A user there.
    pub other_user: i64,
    /// The other tenant's queue.
    pub other_queue: i64,
}

struct DemoQueue {
    prefix: &'static str,
    name: &'static str,
    hint: &'static str,
    /// English, Arabic, Wolof, Spanish, Portuguese.
    names: [(&'static str, &'static str, &'static str); 5],
    icon: &'static str,
    colour: &'static str,
    max_capacity: Option<u32>,
}

const QUEUES: [DemoQueue; 3] = [
    DemoQueue {
        prefix: "A",
        name: "Accueil et comptes",
        hint: "Ouvrir un compte, carte, relevé",
        names: [
            ("en", "Reception and accounts", "Open an account, card, statement"),
            ("ar", "الاستقبال والحسابات", "فتح حساب، بطاقة، كشف"),
            ("wo", "Dalal ak sàq", "Ubbi sàq, kart, këyit"),
            ("es", "Recepción y cuentas", "Abrir una cuenta, tarjeta, extracto"),
            ("pt", "Atendimento e contas", "Abrir conta, cartão, extrato"),
        ],
        icon: "user",
        colour: "#1f4e79",
        max_capacity: Some(50),
    },
    DemoQueue {
        prefix: "B",
        name: "Retraits et dépôts",
        hint: "Espèces et chèques",
        names: [
            ("en", "Withdrawals and deposits", "Cash and cheques"),
            ("ar", "السحب والإيداع", "نقد وشيكات"),
            ("wo", "Génne ak dugal xaalis", "Xaalis ak seek"),
            ("es", "Retiros y depósitos", "Efectivo y cheques"),
            ("pt", "Levantamentos e depósitos", "Dinheiro e cheques"),
        ],
        icon: "banknote",
        colour: "#1b6e4b",
        max_capacity: None,
    },
    DemoQueue {
        prefix: "C",
        name: "Crédits et conseil",
        hint: "Prêt, épargne, projet",
        names: [
            ("en", "Loans and advice", "Loan, savings, project"),
            ("ar", "القروض والاستشارة", "قرض، ادخار، مشروع"),
            ("wo", "Lebu ak digle", "Lebu, denc, naal"),
            ("es", "Créditos y asesoría", "Préstamo, ahorro, proyecto"),
            ("pt", "Crédito e aconselhamento", "Empréstimo, poupança, projeto"),
        ],
        icon: "handshake",
        colour: "#7a3b69",
        max_capacity: None,
    },
];

/// The demo site's name.
pub const SITE: &str = "Agence Centre";
/// Its time zone.
pub const TIMEZONE: &str = "Europe/Paris";
/// Its colour.
pub const BRAND_COLOUR: &str = "#1f4e79";

/// The demo's queues as a provisioning file lists them, for a station that has not met its server yet.
pub fn queues(ids: &[i64; 3]) -> Vec<QueueBody> {
    let body = |(queue, id): (&DemoQueue, &i64)| QueueBody {
        id: *id,
        prefix: queue.prefix.to_owned(),
        name: queue.name.to_owned(),
        hint: Some(queue.hint.to_owned()),
        names: queue.translations(),
        icon: queue.icon.to_owned(),
        colour: queue.colour.to_owned(),
        is_active: true,
        max_capacity: queue.max_capacity,
        hours: None,
        algorithm: "fifo".to_owned(),
    };
    QUEUES.iter().zip(ids).map(body).collect()
}

impl DemoQueue {
    fn translations(&self) -> BTreeMap<String, NameBody> {
        let body = |(code, name, hint): &(&str, &str, &str)| {
            ((*code).to_owned(), NameBody { name: (*name).to_owned(), hint: Some((*hint).to_owned()) })
        };
        self.names.iter().map(body).collect()
    }
}

/// Makes what is missing and returns the ids of all.
///
/// # Errors
/// The database cannot be opened or written.
pub fn make(database: &Database, secrets: &DemoSecrets) -> anyhow::Result<Demo> {
    let connection = Connection::open(database).map_err(OpenError::from)?;
    store::migrate(&connection)?;
    connection.at_once(Whose::All, |connection| make_all(connection, secrets))
}

fn make_all(connection: &Connection, secrets: &DemoSecrets) -> anyhow::Result<Demo> {
    let tenant = "demo";
    let tenant_id = row(connection, "tenants", "slug", params![tenant], "name", params!["Banque de démonstration"])?;
    let languages = r#"["fr","en","ar","wo","es","pt"]"#;
    let site = row(
        connection,
        "sites",
        "tenant, name",
        params![tenant_id, SITE],
        "timezone, languages, brand_colour, ticker",
        params![TIMEZONE, languages, BRAND_COLOUR, r#"["Merci de préparer une pièce d'identité."]"#],
    )?;
    let mut queues = [0; 3];
    for (position, (queue, id)) in QUEUES.iter().zip(&mut queues).enumerate() {
        let service = row(connection, "services", "tenant, site, name", params![tenant_id, site, queue.name], "", &[])?;
        *id = row(
            connection,
            "queues",
            "site, prefix",
            params![site, queue.prefix],
            "tenant, service, position, name, hint, names, icon, colour, max_capacity",
            params![
                tenant_id,
                service,
                i64::try_from(position)?,
                queue.name,
                queue.hint,
                serde_json::to_string(&queue.translations())?,
                queue.icon,
                queue.colour,
                queue.max_capacity,
            ],
        )?;
    }
    let mut counters = Vec::new();
    for label in ["1", "2", "3"] {
        counters.push((
            row(connection, "counters", "site, label", params![site, label], "tenant", params![tenant_id])?,
            label,
        ));
    }
    let [a, b, c] = queues;
    // The first agent is the only one of queue A, so that its waiting times are easy to reckon by hand.
    let staff: [(&str, &str, &[i64]); 3] = [
        ("awa@demo.example", "Awa Ndiaye", &[a, b]),
        ("louis@demo.example", "Louis Martin", &[b, c]),
        ("sofia@demo.example", "Sofia Costa", &[c]),
    ];
    let mut agents = Vec::new();
    for ((email, name, serves), (counter, _)) in staff.into_iter().zip(&counters) {
        let user = user(connection, tenant_id, email, name, Role::Agent, secrets)?;
        let agent = row(
            connection,
            "agents",
            "tenant, \"user\"",
            params![tenant_id, user],
            "site, name, status, counter",
            params![site, name, "disponible", counter],
        )?;
        for queue in serves {
            connection.execute(
                "INSERT INTO agent_queues (agent, queue) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
                [agent, *queue],
            )?;
        }
        agents.push((agent, user, email.to_owned()));
    }
    for queue in queues {
        // The figures shown first are those of a queue that nobody waits in yet.
        connection.execute(
            "UPDATE queues SET shown_agents = (SELECT count(*) FROM agent_queues WHERE queue = ?1)
             WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM events WHERE site = ?2)",
            [queue, site],
        )?;
    }
    let display =
        row(connection, "displays", "site, name", params![site, "Écran du hall"], "tenant", params![tenant_id])?;
    let manager_email = "direction@demo.example".to_owned();
    let manager = user(connection, tenant_id, &manager_email, "Fatou Diop", Role::TenantAdmin, secrets)?;
    let device_user = user(connection, tenant_id, "borne@demo.example", "Borne", Role::Device, secrets)?;
    connection.execute(
        "INSERT INTO pairing_tokens (hash, tenant, site, expires_at) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (hash) DO UPDATE SET expires_at = excluded.expires_at",
        params![secrets.pairing_token, tenant_id, site, secrets.pairing_ends_ms],
    )?;

    let other_tenant = "autre";
    let other_tenant_id =
        row(connection, "tenants", "slug", params![other_tenant], "name", params!["Clinique voisine"])?;
    let other_site = row(
        connection,
        "sites",
        "tenant, name",
        params![other_tenant_id, "Clinique"],
        "timezone, languages",
        params!["Africa/Dakar", r#"["fr"]"#],
    )?;
    let other_queue = row(
        connection,
        "queues",
        "site, prefix",
        params![other_site, "A"],
        "tenant, name, position",
        params![other_tenant_id, "Consultations", 0],
    )?;
    let other_user = user(connection, other_tenant_id, "accueil@autre.example", "Accueil", Role::Agent, secrets)?;
    Ok(Demo {
        tenant,
        tenant_id,
        site,
        queues,
        agents,
        counters,
        display,
        manager: (manager, manager_email),
        device_user,
        other_tenant,
        other_tenant_id,
        other_user,
        other_queue,
    })
}

/// The id of the row with this key; if there is none, it is made with the key and the rest.
fn row(
    connection: &Connection,
    table: &str,
    key: &str,
    key_values: &[&dyn Bind],
    rest: &str,
    rest_values: &[&dyn Bind],
) -> anyhow::Result<i64> {
    let condition: Vec<String> =
        key.split(", ").zip(1..).map(|(column, place)| format!("{column} = ?{place}")).collect();
    let found = connection
        .query_row(&format!("SELECT id FROM {table} WHERE {}", condition.join(" AND ")), key_values, |row| row.get(0))
        .optional()?;
    if let Some(id) = found {
        return Ok(id);
    }
    let columns = if rest.is_empty() { key.to_owned() } else { format!("{key}, {rest}") };
    let values: Vec<&dyn Bind> = key_values.iter().chain(rest_values).copied().collect();
    connection
        .query_row(
            &format!("INSERT INTO {table} ({columns}) VALUES ({}) RETURNING id", list(values.len(), 0)),
            values.as_slice(),
            |row| row.get(0),
        )
        .with_context(|| format!("a row of {table} cannot be made"))
}

fn user(
    connection: &Connection,
    tenant: i64,
    email: &str,
    name: &str,
    role: Role,
    secrets: &DemoSecrets,
) -> anyhow::Result<i64> {
    let found: Option<(i64, String)> = connection
        .query_row(
            "SELECT id, password_hash FROM users WHERE tenant = ?1 AND email = ?2",
            params![tenant, email],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()?;
    match found {
        Some((id, held)) if password::verify(&secrets.password, Some(&held)) => Ok(id),
        Some((id, _)) => {
            connection.execute(
                "UPDATE users SET password_hash = ?2 WHERE id = ?1",
                params![id, new_hash(&secrets.password)?],
            )?;
            Ok(id)
        }
        None => {
            let id = row(
                connection,
                "users",
                "tenant, email",
                params![tenant, email],
                "name, password_hash",
                params![name, new_hash(&secrets.password)?],
            )?;
            connection.execute(
                "INSERT INTO memberships (\"user\", tenant, role) VALUES (?1, ?2, ?3)",
                params![id, tenant, role.word()],
            )?;
            Ok(id)
        }
    }
}

fn new_hash(text: &str) -> anyhow::Result<String> {
    password::hash(text).map_err(|error| anyhow::anyhow!("a password cannot be hashed: {error}"))
}
