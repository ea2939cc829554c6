//! A town: many sites with a queue and a display each, written into the demo tenant's file before its server starts.
//!
//! The rows are those that the office's calls would make; making thousands of them over HTTP would take longer than what is
//! measured.

use anyhow::{Context, Result};
use rusqlite::{Connection, params};

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
/// When the file is not the demo's.
pub fn build(site: &DemoSite, sites: usize) -> Result<Vec<Place>> {
    let mut file = Connection::open(smartqueue_server::ledger::file::database_path(&site.data))?;
    let tenant: i64 = file
        .query_row("SELECT id FROM tenants WHERE slug = ?1", [site.text("tenant")], |row| row.get(0))
        .context("the demo's tenant is missing")?;
    let step = file.transaction()?;
    let places = (0..sites)
        .map(|number| {
            let place: i64 = step
                .prepare_cached(
                    "INSERT INTO sites (tenant, name, timezone, languages) VALUES (?1, ?2, 'Europe/Paris', '[\"fr\"]')
                     RETURNING id",
                )?
                .query_row(params![tenant, format!("Agence {number}")], |row| row.get(0))?;
            let queue = step
                .prepare_cached(
                    "INSERT INTO queues (tenant, site, prefix, name) VALUES (?1, ?2, 'A', 'Accueil') RETURNING id",
                )?
                .query_row([tenant, place], |row| row.get(0))?;
            let display = step
                .prepare_cached("INSERT INTO displays (tenant, site, name) VALUES (?1, ?2, 'Salle') RETURNING id")?
                .query_row([tenant, place], |row| row.get(0))?;
            Ok(Place { queue, display })
        })
        .collect::<Result<Vec<Place>>>()?;
    step.commit()?;
    Ok(places)
}
