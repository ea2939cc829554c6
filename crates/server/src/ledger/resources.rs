//! What the office keeps: sites, services, queues, counters, agents, users, displays, playlists, as tables of fields.
//! Routes, checks, filters, orders and the API's document are all made from these tables; this module does nothing.

use super::fields::{Fallback, Field, Given, Kind, Place, field};
use super::store::{Connection, Stored};
use super::writer::Writing;
use super::{incidents, numbers, people, places};
use crate::auth::{Role, Scope};
use crate::trouble::Trouble;
use serde_json::Value;

/// Rows of one kind that belong to a row, through a table of pairs.
#[derive(Clone, Copy, Debug)]
pub struct Link {
    /// The field's name on the wire: a list of ids.
    pub name: &'static str,
    /// The table of pairs.
    pub table: &'static str,
    /// Its column for this row.
    pub own: &'static str,
    /// Its column for the other.
    pub other: &'static str,
    /// The other's table.
    pub of: &'static str,
}

/// How a row is shown.
#[derive(Clone, Copy)]
pub enum Shown {
    /// By its fields.
    Fields,
    /// By a form of its own that holds the fields and more.
    Own(fn(&Connection, i64, i64) -> Result<Value, Trouble>),
}

/// What follows from a change of a tenant's row: the fields that are kept beside the table, and the columns that changed.
pub type AfterChange =
    fn(&mut Writing<'_>, i64, i64, &[(&'static str, Stored)], &[(&'static str, Stored)]) -> Result<(), Trouble>;

/// A kind of thing that the office keeps.
pub struct Resource {
    /// One of them, for sentences and the trail.
    pub name: &'static str,
    /// The path.
    pub path: &'static str,
    /// The table; every one has `id` and `tenant`.
    pub table: &'static str,
    /// The fields besides `id`.
    pub fields: &'static [Field],
    /// Lists of ids.
    pub links: &'static [Link],
    /// The site of a row, as SQL.
    pub site: Option<&'static str>,
    /// The order of a list when nobody asks for another.
    pub order: &'static str,
    /// What is unique in the table, for an answer that names it.
    pub unique: &'static str,
    /// Tables whose rows go with a row, with their column for it.
    pub goes_along: &'static [(&'static str, &'static str)],
    /// SQL for the queues whose figures depend on a row.
    pub queues: Option<&'static str>,
    /// What else follows from a change, with the fields that are kept beside and the columns that changed.
    pub after: Option<AfterChange>,
    /// Who may look.
    pub read: Scope,
    /// Who may change.
    pub write: Scope,
    /// Whether rows are made by a request to the list.
    pub is_made_here: bool,
    /// How a row is shown.
    pub shown: Shown,
}

const SITE: Field = field("site", Kind::Reference("sites"), Given::Once);
const NAME: Field = field("name", Kind::Text(100), Given::Always);

const fn queues_of(table: &'static str, own: &'static str) -> Link {
    Link { name: "queues", table, own, other: "queue", of: "queues" }
}

/// Branches, clinics, shops.
pub static SITES: Resource = Resource {
    name: "site",
    path: "sites",
    table: "sites",
    fields: &[
        NAME,
        field("timezone", Kind::Zone, Given::Always),
        field("languages", Kind::Languages, Given::Always),
        field("brand_colour", Kind::Colour, Given::OrNull),
        field("ticker", Kind::Lines(50), Given::Freely(Fallback::NoList)),
        field("slip_header", Kind::Text(400), Given::OrNull),
        field("slip_footer", Kind::Text(400), Given::OrNull),
        field("configuration_version", Kind::Integer(0, i64::MAX), Given::Never),
    ],
    links: &[],
    site: Some("id"),
    order: "id",
    unique: "name",
    goes_along: &[],
    queues: None,
    after: None,
    read: Scope::ReadQueue,
    write: Scope::AdminTenant,
    is_made_here: true,
    shown: Shown::Fields,
};

/// What a site offers.
pub static SERVICES: Resource = Resource {
    name: "service",
    path: "services",
    table: "services",
    fields: &[SITE, NAME],
    links: &[],
    site: Some("site"),
    order: "id",
    unique: "name",
    goes_along: &[],
    queues: None,
    after: None,
    read: Scope::ReadQueue,
    write: Scope::AdminTenant,
    is_made_here: true,
    shown: Shown::Fields,
};

/// Lines of waiting people. The prefix stands on paper and never changes.
pub static QUEUES: Resource = Resource {
    name: "queue",
    path: "queues",
    table: "queues",
    fields: &[
        SITE,
        field("service", Kind::Reference("services"), Given::OrNull),
        field("prefix", Kind::Prefix, Given::Once),
        NAME,
        field("hint", Kind::Text(200), Given::OrNull),
        field("names", Kind::Names, Given::Freely(Fallback::NoNames)),
        field("icon", Kind::Text(40), Given::Freely(Fallback::Text("ticket"))),
        field("colour", Kind::Colour, Given::Freely(Fallback::Text("#1f4e79"))),
        field("algorithm", Kind::Word(&["fifo", "priority", "sla"]), Given::Freely(Fallback::Text("fifo"))),
        field("sla_seconds", Kind::Integer(1, 86_400), Given::Freely(Fallback::Integer(900))),
        field("max_capacity", Kind::Integer(1, 1_000_000), Given::OrNull),
        field("is_active", Kind::Truth, Given::Freely(Fallback::Truth(true))),
        field("hours", Kind::Hours, Given::OrNull),
        field("position", Kind::Integer(0, 10_000), Given::Freely(Fallback::Integer(0))),
    ],
    links: &[],
    site: Some("site"),
    order: "position, id",
    unique: "prefix",
    goes_along: &[
        ("agent_queues", "queue"),
        ("display_queues", "queue"),
        ("station_queues", "queue"),
        ("queue_hours", "queue"),
        ("queue_health", "queue"),
    ],
    queues: Some("SELECT id FROM queues WHERE id = ?1"),
    after: Some(numbers::keep_prefixes_apart),
    read: Scope::ReadQueue,
    write: Scope::AdminTenant,
    is_made_here: true,
    shown: Shown::Own(places::queue_value),
};

/// Desks that called people walk to.
pub static COUNTERS: Resource = Resource {
    name: "counter",
    path: "counters",
    table: "counters",
    fields: &[
        SITE,
        field("label", Kind::Text(20), Given::Always),
        Field {
            name: "agent",
            kind: Kind::Reference("agents"),
            place: Place::Expression("(SELECT min(agents.id) FROM agents WHERE agents.counter = counters.id)"),
            given: Given::Never,
        },
    ],
    links: &[],
    site: Some("site"),
    order: "id",
    unique: "label",
    goes_along: &[],
    queues: None,
    after: None,
    read: Scope::ReadQueue,
    write: Scope::AdminTenant,
    is_made_here: true,
    shown: Shown::Fields,
};

/// People who serve.
pub static AGENTS: Resource = Resource {
    name: "agent",
    path: "agents",
    table: "agents",
    fields: &[
        SITE,
        NAME,
        Field {
            name: "user",
            kind: Kind::Reference("users"),
            // The bare word means something else in PostgreSQL.
            place: Place::Column("\"user\""),
            given: Given::OrNull,
        },
        // Both change all day long, by calls of their own.
        field("status", Kind::Word(&places::AGENT_STATUSES), Given::Never),
        field("counter", Kind::Counter, Given::Never),
    ],
    links: &[queues_of("agent_queues", "agent")],
    site: Some("site"),
    order: "id",
    unique: "user",
    goes_along: &[("agent_queues", "agent")],
    queues: Some("SELECT queue FROM agent_queues WHERE agent = ?1"),
    after: None,
    read: Scope::ReadQueue,
    write: Scope::AdminTenant,
    is_made_here: true,
    shown: Shown::Own(places::agent_value),
};

/// People and devices with a password. The password arrives here as a hash.
pub static USERS: Resource = Resource {
    name: "user",
    path: "users",
    table: "users",
    fields: &[
        field("email", Kind::Email, Given::Always),
        NAME,
        Field {
            name: "role",
            kind: Kind::Word(&Role::WORDS_OF_A_TENANT),
            place: Place::Beside(
                "(SELECT role FROM memberships WHERE memberships.user = users.id AND memberships.tenant = users.tenant)",
            ),
            given: Given::Always,
        },
        field("is_active", Kind::Truth, Given::Freely(Fallback::Truth(true))),
        Field {
            name: "password",
            kind: Kind::Text(1_024),
            place: Place::Secret("password_hash"),
            given: Given::Always,
        },
    ],
    links: &[],
    site: None,
    order: "id",
    unique: "email",
    goes_along: &[("memberships", "\"user\""), ("refresh_tokens", "\"user\""), ("invitations", "\"user\"")],
    queues: None,
    after: Some(people::after_change),
    read: Scope::AdminTenant,
    write: Scope::AdminTenant,
    is_made_here: true,
    shown: Shown::Own(people::user_value),
};

/// Screens that show calls. One without queues shows every queue of its site.
pub static DISPLAYS: Resource = Resource {
    name: "display",
    path: "displays",
    table: "displays",
    fields: &[SITE, NAME, field("playlist", Kind::Reference("playlists"), Given::OrNull)],
    links: &[queues_of("display_queues", "display")],
    site: Some("site"),
    order: "id",
    unique: "name",
    goes_along: &[("display_queues", "display")],
    queues: None,
    after: None,
    read: Scope::ReadQueue,
    write: Scope::AdminTenant,
    is_made_here: true,
    shown: Shown::Fields,
};

/// What screens show between calls.
pub static PLAYLISTS: Resource = Resource {
    name: "playlist",
    path: "playlists",
    table: "playlists",
    fields: &[
        SITE,
        NAME,
        field("items", Kind::PlaylistItems, Given::Freely(Fallback::NoList)),
        field("schedule", Kind::Hours, Given::OrNull),
    ],
    links: &[],
    site: Some("site"),
    order: "id",
    unique: "name",
    goes_along: &[],
    queues: None,
    after: None,
    read: Scope::ReadQueue,
    write: Scope::AdminTenant,
    is_made_here: true,
    shown: Shown::Fields,
};

/// Machines in the lobby. They are made by pairing and shut out by revoking; the office names them and gives them queues.
pub static STATIONS: Resource = Resource {
    name: "station",
    path: "stations",
    table: "stations",
    fields: &[
        NAME,
        Field { given: Given::Never, ..SITE },
        field("mode", Kind::Word(&["kiosk", "board", "all"]), Given::Never),
        field("letter", Kind::Text(1), Given::Never),
        field("version", Kind::Text(100), Given::Never),
        field("seen_at", Kind::Instant, Given::Never),
        field("revoked_at", Kind::Instant, Given::Never),
    ],
    links: &[queues_of("station_queues", "station")],
    site: Some("site"),
    order: "id",
    unique: "name",
    goes_along: &[],
    queues: None,
    after: None,
    read: Scope::ManageDevices,
    write: Scope::ManageDevices,
    is_made_here: false,
    shown: Shown::Own(places::station_value),
};

/// What went wrong in a branch.
pub static INCIDENTS: Resource = Resource {
    name: "incident",
    path: "incidents",
    table: "incidents",
    fields: &[
        field("site", Kind::Reference("sites"), Given::OrNull),
        field("title", Kind::Text(200), Given::Always),
        field("description", Kind::Text(10_000), Given::Freely(Fallback::Text(""))),
        field("severity", Kind::Word(&["low", "medium", "high", "critical"]), Given::Freely(Fallback::Text("medium"))),
        field("priority", Kind::Word(&["low", "normal", "high", "urgent"]), Given::Freely(Fallback::Text("normal"))),
        field("category", Kind::Text(40), Given::Freely(Fallback::Text("other"))),
        field(
            "status",
            Kind::Word(&["open", "in_progress", "resolved", "closed"]),
            Given::Freely(Fallback::Text("open")),
        ),
        Field {
            name: "device_id",
            kind: Kind::Reference("stations"),
            place: Place::Column("device"),
            given: Given::OrNull,
        },
        field("reported_by", Kind::Reference("users"), Given::Never),
        field("created_at", Kind::Instant, Given::Never),
        field("updated_at", Kind::Instant, Given::Never),
        field("resolved_at", Kind::Instant, Given::Never),
    ],
    links: &[],
    // An incident is nothing that stations are told.
    site: None,
    order: "created_at DESC, id DESC",
    unique: "title",
    goes_along: &[("incident_comments", "incident")],
    queues: None,
    after: Some(incidents::after_change),
    read: Scope::ReadQueue,
    write: Scope::WriteQueue,
    is_made_here: false,
    shown: Shown::Fields,
};

/// Whose turn comes near, for the gateway of a tenant that sends messages. The server makes the rows; nobody changes them.
pub static REMINDERS: Resource = Resource {
    name: "reminder",
    path: "reminders",
    table: "reminders",
    fields: &[
        field("ticket", Kind::Text(36), Given::Never),
        Field {
            name: "number",
            kind: Kind::Text(20),
            place: Place::Expression("(SELECT number FROM tickets WHERE tickets.id = reminders.ticket)"),
            given: Given::Never,
        },
        field("queue", Kind::Reference("queues"), Given::Never),
        field("people_ahead", Kind::Integer(0, i64::MAX), Given::Never),
        field("eta_seconds", Kind::Integer(0, i64::MAX), Given::Never),
        field("created_at", Kind::Instant, Given::Never),
    ],
    links: &[],
    site: None,
    order: "id",
    unique: "ticket",
    goes_along: &[],
    queues: None,
    after: None,
    read: Scope::ReadQueue,
    write: Scope::AdminTenant,
    is_made_here: false,
    shown: Shown::Fields,
};
