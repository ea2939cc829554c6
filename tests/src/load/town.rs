//! A town: many sites with a queue and a display each, written into the demo tenant's database before its server starts.
//!
//! The rows are those that the office's calls would make; making thousands of them over HTTP would take longer than what is
//! measured.

use anyhow::{Context, Result};
use smartqueue_server::ledger::file::database_path;
use smartqueue_server::ledger::store::{Connection, Database, Whose, params};

use crate::server_program::DemoSite;

/// One site of the town.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// Its one queue.
    pub queue: i64,
    /// Its one display.
    pub display: i64,
}

/// Adds so many sites to the tenant of a demo whose server does not run.
///
/// # Errors
/// When the database is not the demo's.
pub fn build(site: &DemoSite, sites: usize) -> Result<Vec<Place>> {
    let database = match &site.database {
        Some(address) => Database::postgres(address)?,
        None => Database::File(database_path(&site.data)),
    };
    let connection = Connection::open(&database)?;
    connection.at_once(Whose::All, |connection| {
        let tenant: i64 = connection
            .query_row("SELECT id FROM tenants WHERE slug = ?1", [site.text("tenant")], |row| row.get(0))
            .context("the demo's tenant is missing")?;
        (0..sites).map(|number| add(connection, tenant, number)).collect()
    })
}

fn add(connection: &Connection, tenant: i64, number: usize) -> Result<Place> {
    let place: i64 = connection
        .prepare_cached(
            "INSERT INTO sites (tenant, name, timezone, languages) VALUES (?1, ?2, 'Europe/Paris', '[\"fr\"]')
             RETURNING id",
        )?
        .query_row(params![tenant, format!("Agence {number}")], |row| row.get(0))?;
    let queue = connection
        .prepare_cached("INSERT INTO queues (tenant, site, prefix, name) VALUES (?1, ?2, 'A', 'Accueil') RETURNING id")?
        .query_row([tenant, place], |row| row.get(0))?;
    let display = connection
        .prepare_cached("INSERT INTO displays (tenant, site, name) VALUES (?1, ?2, 'Salle') RETURNING id")?
        .query_row([tenant, place], |row| row.get(0))?;
    Ok(Place { queue, display })
}
