//! Lists, makes, changes and removes what `resources` describes, each change with its row in the trail and in one
//! transaction. This module knows no resource by name.

use super::audit::{self, Actor};
use super::fields::{Field, Given, Kind, Place};
use super::places::{Listed, Window};
use super::resources::{Resource, Shown};
use super::store::{Connection, Error, OptionalExtension, Row, Stored, Whose, params};
use super::writer::Writing;
use super::{Ledger, events, places};
use crate::trouble::Trouble;
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// A row as it is shown and asked for.
pub type Object = Map<String, Value>;

/// Which rows a list shows, in which order.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Fields and the values they must have.
    pub filters: Vec<(&'static str, Stored)>,
    /// The order in SQL, made of names of fields.
    pub order: Option<String>,
}

impl Selection {
    /// Reads a list's parameters: any scalar field by its name, and `ordering`, with `-` for the reverse. Parameters that
    /// are not of this resource are left to others.
    ///
    /// # Errors
    /// [`Trouble::Invalid`] names the parameter.
    pub fn read<'a>(
        resource: &'static Resource,
        parameters: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Selection, Trouble> {
        let scalar = |name: &str| resource.fields.iter().find(|field| field.name == name && field.is_scalar());
        let mut selection = Selection::default();
        for (name, text) in parameters.into_iter().filter(|(_, text)| !text.is_empty()) {
            if name == "ordering" {
                let (column, direction) = match text.strip_prefix('-') {
                    Some(column) => (column, " DESC NULLS LAST"),
                    None => (text, " NULLS FIRST"),
                };
                let expression = if column == "id" { Some("id") } else { scalar(column).and_then(Field::expression) };
                let expression = expression
                    .ok_or_else(|| Trouble::invalid("ordering", format!("`{column}` is no field to order by")))?;
                selection.order = Some(format!("{expression}{direction}, id{direction}"));
            } else if let Some(field) = scalar(name)
                && let Some(expression) = field.expression()
            {
                selection.filters.push((expression, field.check_filter(text)?));
            }
        }
        Ok(selection)
    }
}

fn columns(resource: &Resource) -> String {
    let mut columns = "id".to_owned();
    for expression in resource.fields.iter().filter_map(Field::expression) {
        columns.push_str(", ");
        columns.push_str(expression);
    }
    columns
}

fn read_row(resource: &Resource, row: &Row<'_>) -> Result<Object, Trouble> {
    let mut object = Object::new();
    object.insert("id".to_owned(), json!(row.get::<i64>(0)?));
    let shown = resource.fields.iter().filter(|field| field.expression().is_some());
    for (place, field) in (1..).zip(shown) {
        object.insert(field.name.to_owned(), field.read(row, place)?);
    }
    Ok(object)
}

fn add_links(connection: &Connection, resource: &Resource, id: i64, object: &mut Object) -> Result<(), Trouble> {
    for link in resource.links {
        let sql = format!("SELECT {0} FROM {1} WHERE {2} = ?1 ORDER BY {0}", link.other, link.table, link.own);
        object.insert(link.name.to_owned(), json!(places::integers(connection, &sql, id)?));
    }
    Ok(())
}

/// One row of the tenant.
pub(super) fn one(connection: &Connection, resource: &Resource, tenant: i64, id: i64) -> Result<Value, Trouble> {
    let sql = format!("SELECT {} FROM {} WHERE id = ?1 AND tenant = ?2", columns(resource), resource.table);
    let found =
        connection.prepare_cached(&sql)?.query_row([id, tenant], |row| Ok(read_row(resource, row))).optional()?;
    let mut object = found.ok_or(Trouble::NotFound(resource.name))??;
    match resource.shown {
        Shown::Own(show) => show(connection, tenant, id),
        Shown::Fields => {
            add_links(connection, resource, id, &mut object)?;
            Ok(Value::Object(object))
        }
    }
}

fn list(
    connection: &Connection,
    resource: &Resource,
    tenant: i64,
    selection: &Selection,
    window: Window,
) -> Result<Listed<Value>, Trouble> {
    let mut condition = format!("FROM {} WHERE tenant = ?1", resource.table);
    let mut values = vec![Stored::Integer(tenant)];
    for (expression, value) in &selection.filters {
        values.push(value.clone());
        condition.push_str(&format!(" AND {expression} = ?{}", values.len()));
    }
    let count =
        connection.prepare_cached(&format!("SELECT count(*) {condition}"))?.query_row(&values[..], |row| row.get(0))?;
    let order = selection.order.as_deref().unwrap_or(resource.order);
    values.extend([Stored::Integer(window.limit.into()), Stored::Integer(window.offset.into())]);
    let sql = format!(
        "SELECT {} {condition} ORDER BY {order} LIMIT ?{} OFFSET ?{}",
        columns(resource),
        values.len() - 1,
        values.len()
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(&values[..], |row| Ok((row.get::<i64>(0)?, read_row(resource, row))))?;
    let mut found = Vec::new();
    for row in rows {
        let (id, object) = row?;
        let mut object = object?;
        found.push(match resource.shown {
            Shown::Own(show) => show(connection, tenant, id)?,
            Shown::Fields => {
                add_links(connection, resource, id, &mut object)?;
                Value::Object(object)
            }
        });
    }
    Ok((count, found))
}

/// What a request asks for, checked field by field.
struct Wish {
    columns: Vec<(&'static str, Stored)>,
    links: Vec<(usize, Vec<i64>)>,
    beside: Vec<(&'static str, Stored)>,
    /// What the trail keeps of it.
    noted: Object,
}

/// How much of a row a change is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// What the request names; the rest stays.
    Named,
    /// All of it: what is left out goes back to what it is without anybody's word. Only a secret, which nobody was shown
    /// and could send back, stays as it is.
    Whole,
}

/// Adds to a request for the whole of a row what it leaves out.
fn complete(resource: &Resource, body: &mut Object) -> Result<(), Trouble> {
    let mut missing = Vec::new();
    for field in resource.fields {
        match (field.given, field.place) {
            (Given::Never, _) | (Given::Always, Place::Secret(_)) => {}
            (Given::Always | Given::Once, _) => {
                if !body.contains_key(field.name) {
                    missing.push(field.name);
                }
            }
            (Given::Freely(fallback), _) => {
                body.entry(field.name).or_insert_with(|| fallback.shown());
            }
            (Given::OrNull, _) => {
                body.entry(field.name).or_insert(Value::Null);
            }
        }
    }
    for link in resource.links {
        body.entry(link.name).or_insert_with(|| json!([]));
    }
    Trouble::refuse_without(&missing)
}

/// Whether a name is one that requests use.
fn is_known(resource: &Resource, name: &str) -> bool {
    name == "id"
        || resource.fields.iter().any(|field| field.name == name)
        || resource.links.iter().any(|link| link.name == name)
}

/// Reads a request. A new row (`is_new`) needs every field that is always given.
fn wish(resource: &Resource, body: &Object, is_new: bool) -> Result<Wish, Trouble> {
    let mut wish = Wish { columns: Vec::new(), links: Vec::new(), beside: Vec::new(), noted: Object::new() };
    let mut missing = Vec::new();
    for name in body.keys() {
        if !is_known(resource, name) {
            let detail = format!("`{name}` is no field of a {}", resource.name);
            return Err(Trouble::Malformed { code: "invalid_field", detail });
        }
    }
    for field in resource.fields {
        let is_open = match field.given {
            Given::Always | Given::Freely(_) | Given::OrNull => true,
            Given::Once => is_new,
            Given::Never => false,
        };
        let Some(value) = body.get(field.name) else {
            if is_new && matches!(field.given, Given::Always | Given::Once) {
                missing.push(field.name);
            }
            continue;
        };
        if !is_open {
            if field.given == Given::Once {
                return Err(Trouble::invalid(field.name, "this field never changes"));
            }
            continue;
        }
        let stored = field.check(value)?;
        match field.place {
            Place::Column(column) => {
                wish.noted.insert(field.name.to_owned(), value.clone());
                wish.columns.push((column, stored));
            }
            Place::Secret(column) => {
                wish.noted.insert(field.name.to_owned(), json!("***"));
                wish.columns.push((column, stored));
            }
            Place::Beside(_) => {
                wish.noted.insert(field.name.to_owned(), value.clone());
                wish.beside.push((field.name, stored));
            }
            Place::Expression(_) => {}
        }
    }
    for (place, link) in resource.links.iter().enumerate() {
        if let Some(value) = body.get(link.name) {
            let ids: Option<Vec<i64>> = value
                .as_array()
                .and_then(|ids| ids.iter().map(Value::as_i64).collect())
                .filter(|ids: &Vec<i64>| ids.len() <= 500);
            let ids = ids.ok_or_else(|| Trouble::invalid(link.name, "a list of ids is needed"))?;
            wish.noted.insert(link.name.to_owned(), value.clone());
            wish.links.push((place, ids));
        }
    }
    Trouble::refuse_without(&missing)?;
    Ok(wish)
}

/// The site of a row, for resources that stand at one.
fn site_of(connection: &Connection, resource: &Resource, id: i64) -> Result<Option<i64>, Trouble> {
    let Some(site) = resource.site else { return Ok(None) };
    let sql = format!("SELECT {site} FROM {} WHERE id = ?1", resource.table);
    Ok(Some(connection.prepare_cached(&sql)?.query_row([id], |row| row.get(0))?))
}

/// Checks that what a field names is there, at this tenant, and at the same site where both stand at one.
fn check_reference(
    connection: &Connection,
    (tenant, site): (i64, Option<i64>),
    (field, table): (&'static str, &str),
    id: i64,
) -> Result<(), Trouble> {
    let has_site = !matches!(table, "sites" | "users");
    let column = if has_site { "site" } else { "NULL" };
    let found: Option<Option<i64>> = connection
        .prepare_cached(&format!("SELECT {column} FROM {table} WHERE id = ?1 AND tenant = ?2"))?
        .query_row([id, tenant], |row| row.get(0))
        .optional()?;
    match (found, site) {
        (None, _) => Err(Trouble::invalid(field, format!("{id} is none of the {table} here"))),
        (Some(Some(theirs)), Some(ours)) if theirs != ours => {
            Err(Trouble::invalid(field, format!("{id} stands at another site")))
        }
        (Some(_), _) => Ok(()),
    }
}

fn check_references(
    connection: &Connection,
    resource: &Resource,
    tenant: i64,
    site: Option<i64>,
    wish: &Wish,
) -> Result<(), Trouble> {
    for (column, stored) in &wish.columns {
        let field = resource.fields.iter().find(|field| matches!(field.place, Place::Column(own) if own == *column));
        if let (Some(Field { name, kind: Kind::Reference(table), .. }), Stored::Integer(id)) = (field, stored) {
            check_reference(connection, (tenant, site), (name, table), *id)?;
        }
    }
    for (place, ids) in &wish.links {
        let link = &resource.links[*place];
        for id in ids {
            check_reference(connection, (tenant, site), (link.name, link.of), *id)?;
        }
    }
    Ok(())
}

/// What the table itself refuses, in words for whoever asked.
fn refused(resource: &Resource, error: Error) -> Trouble {
    if error.is_not_unique() {
        return Trouble::invalid(resource.unique, "another one has this already");
    }
    if error.is_reference() {
        let detail = format!("this {} is used elsewhere and stays; it can be changed", resource.name);
        return Trouble::Conflict { code: "in_use", detail };
    }
    error.into()
}

fn store_links(connection: &Connection, resource: &Resource, id: i64, wish: &Wish) -> Result<(), Trouble> {
    for (place, ids) in &wish.links {
        let link = &resource.links[*place];
        connection.prepare_cached(&format!("DELETE FROM {} WHERE {} = ?1", link.table, link.own))?.execute([id])?;
        let mut insert = connection.prepare_cached(&format!(
            "INSERT INTO {} ({}, {}) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            link.table, link.own, link.other
        ))?;
        for other in ids {
            insert.execute([id, *other])?;
        }
    }
    Ok(())
}

/// Has the figures looked at that depend on a row.
fn touch_queues(writing: &mut Writing<'_>, resource: &Resource, id: i64) -> Result<(), Trouble> {
    if let Some(sql) = resource.queues {
        for queue in places::integers(writing.connection, sql, id)? {
            writing.touch(queue);
        }
    }
    Ok(())
}

/// The row that a request with this id made before, if it was of this kind.
fn made_before(
    connection: &Connection,
    resource: &Resource,
    tenant: i64,
    client_id: Uuid,
) -> Result<Option<i64>, Trouble> {
    let found: Option<(String, i64)> = connection
        .prepare_cached("SELECT subject, row_id FROM client_requests WHERE tenant = ?1 AND client_id = ?2")?
        .query_row(params![tenant, client_id.to_string()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    match found {
        Some((subject, _)) if subject != resource.name => {
            let detail = format!("this client_id made a {subject}");
            Err(Trouble::Conflict { code: "id_taken", detail })
        }
        Some((_, row)) => Ok(Some(row)),
        None => Ok(None),
    }
}

/// The row that a request with this `client_id` made before.
pub(super) fn made_by(
    connection: &Connection,
    resource: &Resource,
    tenant: i64,
    client_id: &Value,
) -> Result<Option<i64>, Trouble> {
    let mut body = Object::from_iter([("client_id".to_owned(), client_id.clone())]);
    match take_client_id(&mut body)? {
        Some(client_id) => made_before(connection, resource, tenant, client_id),
        None => Ok(None),
    }
}

/// The id that a client gave its request, so that repeating it is harmless.
fn take_client_id(body: &mut Object) -> Result<Option<Uuid>, Trouble> {
    match body.remove("client_id") {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value
            .as_str()
            .and_then(|text| Uuid::try_parse(text).ok())
            .map(Some)
            .ok_or_else(|| Trouble::invalid("client_id", "a UUID is needed")),
    }
}

/// Makes a row; false says that a request with the same `client_id` made it before.
pub(super) fn create(
    writing: &mut Writing<'_>,
    resource: &Resource,
    actor: Actor,
    body: Object,
) -> Result<(i64, bool), Trouble> {
    create_with(writing, resource, actor, body, &[])
}

/// Makes a row with columns that no request gives.
pub(super) fn create_with(
    writing: &mut Writing<'_>,
    resource: &Resource,
    actor: Actor,
    mut body: Object,
    given: &[(&'static str, Stored)],
) -> Result<(i64, bool), Trouble> {
    let client_id = take_client_id(&mut body)?;
    if let Some(client_id) = client_id
        && let Some(id) = made_before(writing.connection, resource, actor.tenant, client_id)?
    {
        return Ok((id, false));
    }
    let wish = wish(resource, &body, true)?;
    let site = wish.columns.iter().find_map(|(column, stored)| match stored {
        Stored::Integer(site) if *column == "site" => Some(*site),
        Stored::Integer(_) | Stored::Null | Stored::Real(_) | Stored::Text(_) | Stored::Blob(_) => None,
    });
    check_references(writing.connection, resource, actor.tenant, site, &wish)?;
    let mut names = "tenant".to_owned();
    let mut places = "?1".to_owned();
    let mut values = vec![Stored::Integer(actor.tenant)];
    for (column, stored) in wish.columns.iter().chain(given) {
        values.push(stored.clone());
        names.push_str(&format!(", {column}"));
        places.push_str(&format!(", ?{}", values.len()));
    }
    let id: i64 = writing
        .connection
        .prepare_cached(&format!("INSERT INTO {} ({names}) VALUES ({places}) RETURNING id", resource.table))?
        .query_row(&values[..], |row| row.get(0))
        .map_err(|error| refused(resource, error))?;
    if let Some(client_id) = client_id {
        writing
            .connection
            .prepare_cached(
                "INSERT INTO client_requests (tenant, client_id, subject, row_id, made_at) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![actor.tenant, client_id.to_string(), resource.name, id, writing.now_ms])?;
    }
    finish(writing, resource, actor, ("create", id), wish)?;
    Ok((id, true))
}

/// What follows every change, in its transaction.
fn finish(
    writing: &mut Writing<'_>,
    resource: &Resource,
    actor: Actor,
    (action, id): (&str, i64),
    wish: Wish,
) -> Result<(), Trouble> {
    touch_queues(writing, resource, id)?;
    store_links(writing.connection, resource, id, &wish)?;
    touch_queues(writing, resource, id)?;
    if let Some(after) = resource.after {
        after(writing, actor.tenant, id, &wish.beside, &wish.columns)?;
    }
    if let Some(site) = site_of(writing.connection, resource, id)? {
        let event = events::configuration_changed(writing.connection, site)?;
        writing.publish(event)?;
    }
    audit::note(writing, actor, action, resource.name, Some(id), &Value::Object(wish.noted))
}

fn change(
    writing: &mut Writing<'_>,
    resource: &Resource,
    actor: Actor,
    id: i64,
    (extent, mut body): (Extent, Object),
) -> Result<(), Trouble> {
    let before = one(writing.connection, resource, actor.tenant, id)?;
    match extent {
        Extent::Named => {}
        Extent::Whole => complete(resource, &mut body)?,
    }
    // Clients send back what they were shown; what is as it was is no wish, and neither is a figure that goes on by itself.
    body.retain(|name, value| {
        before.get(name) != Some(value) && (is_known(resource, name) || before.get(name).is_none())
    });
    if body.is_empty() {
        return Ok(());
    }
    let wish = wish(resource, &body, false)?;
    let site = site_of(writing.connection, resource, id)?;
    check_references(writing.connection, resource, actor.tenant, site, &wish)?;
    if !wish.columns.is_empty() {
        let mut values = vec![Stored::Integer(id)];
        let mut sets = Vec::new();
        for (column, stored) in &wish.columns {
            values.push(stored.clone());
            sets.push(format!("{column} = ?{}", values.len()));
        }
        writing
            .connection
            .prepare_cached(&format!("UPDATE {} SET {} WHERE id = ?1", resource.table, sets.join(", ")))?
            .execute(&values[..])
            .map_err(|error| refused(resource, error))?;
    }
    finish(writing, resource, actor, ("change", id), wish)
}

fn remove(writing: &mut Writing<'_>, resource: &Resource, actor: Actor, id: i64) -> Result<(), Trouble> {
    let before = one(writing.connection, resource, actor.tenant, id)?;
    let site = site_of(writing.connection, resource, id)?;
    touch_queues(writing, resource, id)?;
    for (table, column) in resource.goes_along {
        writing.connection.prepare_cached(&format!("DELETE FROM {table} WHERE {column} = ?1"))?.execute([id])?;
    }
    writing
        .connection
        .prepare_cached(&format!("DELETE FROM {} WHERE id = ?1", resource.table))?
        .execute([id])
        .map_err(|error| refused(resource, error))?;
    if let Some(site) = site.filter(|site| !(resource.table == "sites" && *site == id)) {
        let event = events::configuration_changed(writing.connection, site)?;
        writing.publish(event)?;
    }
    audit::note(writing, actor, "delete", resource.name, Some(id), &before)
}

impl Ledger {
    /// How many rows a selection has, and those of a window.
    pub async fn rows(
        &self,
        resource: &'static Resource,
        tenant: i64,
        selection: Selection,
        window: Window,
    ) -> Result<Listed<Value>, Trouble> {
        self.read(Whose::Tenant(tenant), move |connection| list(connection, resource, tenant, &selection, window)).await
    }

    /// One row.
    pub async fn row(&self, resource: &'static Resource, tenant: i64, id: i64) -> Result<Value, Trouble> {
        self.read(Whose::Tenant(tenant), move |connection| one(connection, resource, tenant, id)).await
    }

    /// Makes a row, or finds the one that the same request made before; the flag says whether it is new.
    pub async fn create_row(
        &self,
        resource: &'static Resource,
        actor: Actor,
        body: Object,
    ) -> Result<(Value, bool), Trouble> {
        self.write(actor.whose(), move |writing| {
            let (id, is_new) = create(writing, resource, actor, body)?;
            Ok((one(writing.connection, resource, actor.tenant, id)?, is_new))
        })
        .await
    }

    /// Changes what the body names of a row, or all of it.
    pub async fn change_row(
        &self,
        resource: &'static Resource,
        actor: Actor,
        id: i64,
        (extent, body): (Extent, Object),
    ) -> Result<Value, Trouble> {
        self.write(actor.whose(), move |writing| {
            change(writing, resource, actor, id, (extent, body))?;
            one(writing.connection, resource, actor.tenant, id)
        })
        .await
    }

    /// Removes a row that nothing else needs.
    pub async fn remove_row(&self, resource: &'static Resource, actor: Actor, id: i64) -> Result<(), Trouble> {
        self.write(actor.whose(), move |writing| remove(writing, resource, actor, id)).await
    }
}
