//! Tenants, their settings, and the first admin of each. This module never makes a token; it keeps hashes.

use super::audit::{self, Actor};
use super::catalogue::{self, Extent, Object};
use super::fields::{Field, Given, Kind, field};
use super::places::{Listed, Window, tenant_id};
use super::resources::USERS;
use super::store::{Connection, Error, OptionalExtension, Row, Stored, Whose, params};
use super::writer::Writing;
use super::{Ledger, people};
use crate::auth::Role;
use crate::trouble::Trouble;
use serde_json::{Value, json};

const NAME: Field = field("name", Kind::Text(100), Given::Always);
const RETENTION: Field = field("data_retention_days", Kind::Integer(1, 3_650), Given::Always);

/// A tenant that somebody asks for.
pub struct NewTenant {
    slug: String,
    name: Value,
}

impl NewTenant {
    /// Reads a request.
    ///
    /// # Errors
    /// [`Trouble::Invalid`] names the field.
    pub fn read(body: &Object) -> Result<NewTenant, Trouble> {
        let is_slug = |slug: &str| {
            (2..=50).contains(&slug.len())
                && slug.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
                && !slug.starts_with('-')
        };
        let slug = body.get("slug").and_then(Value::as_str).filter(|slug| is_slug(slug));
        let wanted = "2 to 50 small letters, digits and hyphens are needed";
        let slug = slug.ok_or_else(|| Trouble::invalid("slug", wanted))?.to_owned();
        let name = body.get("name").cloned().unwrap_or(Value::Null);
        NAME.check(&name)?;
        Ok(NewTenant { slug, name })
    }
}

/// What of its settings a tenant's admin changes; nothing leaves one as it is.
pub struct SettingsChange {
    name: Option<Stored>,
    data_retention_days: Option<Stored>,
    noted: Value,
}

impl SettingsChange {
    /// Reads a request.
    ///
    /// # Errors
    /// [`Trouble::Invalid`] names the field.
    pub fn read(body: &Object, extent: Extent) -> Result<SettingsChange, Trouble> {
        let is_shown = |name: &str| matches!(name, "id" | "slug" | "name" | "data_retention_days");
        if let Some(name) = body.keys().find(|name| !is_shown(name)) {
            let detail = format!("`{name}` is no setting");
            return Err(Trouble::Malformed { code: "invalid_field", detail });
        }
        match extent {
            Extent::Named => {}
            Extent::Whole => {
                let missing = [NAME.name, RETENTION.name].into_iter().filter(|name| !body.contains_key(*name));
                Trouble::refuse_without(&missing.collect::<Vec<_>>())?;
            }
        }
        let read = |field: Field| body.get(field.name).map(|value| field.check(value)).transpose();
        Ok(SettingsChange {
            name: read(NAME)?,
            data_retention_days: read(RETENTION)?,
            noted: Value::Object(body.clone()),
        })
    }
}

fn settings(connection: &Connection, tenant: i64) -> Result<Value, Trouble> {
    connection
        .prepare_cached("SELECT id, slug, name, data_retention_days FROM tenants WHERE id = ?1")?
        .query_row([tenant], read_tenant)
        .optional()?
        .ok_or(Trouble::NotFound("tenant"))
}

fn read_tenant(row: &Row<'_>) -> Result<Value, Error> {
    Ok(json!({
        "id": row.get::<i64>(0)?,
        "slug": row.get::<String>(1)?,
        "name": row.get::<String>(2)?,
        "data_retention_days": row.get::<i64>(3)?,
    }))
}

fn create(writing: &Writing<'_>, new: &NewTenant) -> Result<i64, Trouble> {
    if tenant_id(writing.connection, &new.slug)?.is_some() {
        return Err(Trouble::invalid("slug", "another tenant has this already"));
    }
    Ok(writing
        .connection
        .prepare_cached("INSERT INTO tenants (slug, name) VALUES (?1, ?2) RETURNING id")?
        .query_row(params![new.slug, new.name.as_str()], |row| row.get(0))?)
}

/// The first admin of a tenant, who finds nobody to be invited by.
pub struct FirstAdmin {
    /// The tenant's slug; the tenant is made if it is not there.
    pub tenant: String,
    /// The tenant's name, when it is made.
    pub tenant_name: String,
    /// The admin's address.
    pub email: String,
    /// The admin's name.
    pub name: String,
    /// Whether the admin runs the whole server.
    pub is_superadmin: bool,
    /// A hash of a password that nobody knows.
    pub password_hash: String,
    /// The hash of the invitation.
    pub invitation: Vec<u8>,
}

fn first_admin(writing: &mut Writing<'_>, first: FirstAdmin) -> Result<(i64, i64), Trouble> {
    let FirstAdmin { tenant, tenant_name, email, name, is_superadmin, password_hash, invitation } = first;
    let body = Object::from_iter([("slug".to_owned(), json!(tenant)), ("name".to_owned(), json!(tenant_name))]);
    let tenant = match tenant_id(writing.connection, &tenant)? {
        Some(tenant) => tenant,
        None => create(writing, &NewTenant::read(&body)?)?,
    };
    let body = json!({"email": email, "name": name, "password": password_hash, "role": Role::TenantAdmin.word()});
    let Value::Object(body) = body else { return Err(Trouble::Internal("an object is one".to_owned())) };
    let actor = Actor::at_home(tenant, None);
    let (user, _) = catalogue::create(writing, &USERS, actor, body)?;
    if is_superadmin {
        // No request over the network gives this role; whoever has the folder has everything.
        writing
            .connection
            .prepare_cached("UPDATE memberships SET role = ?2 WHERE \"user\" = ?1")?
            .execute(params![user, Role::Superadmin.word()])?;
    }
    people::keep_invitation(writing, user, &invitation)?;
    Ok((tenant, user))
}

impl Ledger {
    /// A tenant's id by its slug.
    pub async fn tenant_by_slug(&self, slug: String) -> Result<Option<i64>, Trouble> {
        self.read(Whose::All, move |connection| tenant_id(connection, &slug)).await
    }

    /// Every tenant.
    pub async fn tenants(&self, window: Window) -> Result<Listed<Value>, Trouble> {
        self.read(Whose::All, move |connection| {
            let count = connection.query_row("SELECT count(*) FROM tenants", [], |row| row.get(0))?;
            let mut statement = connection.prepare_cached(
                "SELECT id, slug, name, data_retention_days FROM tenants ORDER BY id LIMIT ?1 OFFSET ?2",
            )?;
            let rows = statement.query_map([window.limit, window.offset], read_tenant)?;
            Ok((count, rows.collect::<Result<_, _>>()?))
        })
        .await
    }

    /// Makes a tenant.
    pub async fn create_tenant(&self, actor: Actor, new: NewTenant) -> Result<Value, Trouble> {
        self.write(Whose::All, move |writing| {
            let tenant = create(writing, &new)?;
            let actor = Actor { tenant, ..actor };
            audit::note(writing, actor, "create", "tenant", Some(tenant), &json!({"slug": new.slug}))?;
            settings(writing.connection, tenant)
        })
        .await
    }

    /// A tenant's settings.
    pub async fn settings(&self, tenant: i64) -> Result<Value, Trouble> {
        self.read(Whose::Tenant(tenant), move |connection| settings(connection, tenant)).await
    }

    /// Changes a tenant's settings.
    pub async fn change_settings(&self, actor: Actor, change: SettingsChange) -> Result<Value, Trouble> {
        self.write(actor.whose(), move |writing| {
            let SettingsChange { name, data_retention_days, noted } = change;
            writing
                .connection
                .prepare_cached(
                    "UPDATE tenants SET name = coalesce(?2, name),
                     data_retention_days = coalesce(?3, data_retention_days) WHERE id = ?1",
                )?
                .execute(params![actor.tenant, name, data_retention_days])?;
            audit::note(writing, actor, "change", "tenant", Some(actor.tenant), &noted)?;
            settings(writing.connection, actor.tenant)
        })
        .await
    }

    /// Makes the first admin of a tenant, and the tenant; returns both ids.
    pub async fn first_admin(&self, first: FirstAdmin) -> Result<(i64, i64), Trouble> {
        self.write(Whose::All, move |writing| first_admin(writing, first)).await
    }
}
