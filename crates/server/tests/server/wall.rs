//! The wall between tenants as PostgreSQL itself holds it: tried from outside with raw SQL, and through the ledger by a
//! caller that every check in our own code let pass. And the proof that these tries would notice a hole.

use super::house::{Ground, House, Premises};
use serde_json::json;
use smartqueue_protocol::event::StationState;
use smartqueue_server::ledger::events::Interest;
use smartqueue_server::ledger::store::{Connection, Whose};
use std::collections::BTreeSet;

/// Tables that belong to no tenant.
const NOBODYS: [&str; 3] = ["jobs", "meta", "schema_version"];

fn texts(connection: &Connection, sql: &str) -> Vec<String> {
    let mut statement = connection.prepare_cached(sql).unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

fn count(connection: &Connection, table: &str) -> i64 {
    connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
}

const TABLES: &str = "SELECT CAST(relname AS TEXT) FROM pg_class WHERE relkind = 'r'
                      AND relnamespace = CAST('public' AS regnamespace) ORDER BY 1";

/// A house in which both tenants have something, and the ids of the two.
async fn two_tenants() -> (House, i64, i64) {
    let house = House::open().await;
    house.take("A").await;
    let other = house.token("other_tenant_token");
    let body = json!({"queue_id": house.seed["other_queue"], "channel": "web"}).to_string();
    let path = "/api/v1/tenants/autre/tickets/";
    assert_eq!(house.ask_raw(reqwest::Method::POST, path, Some(&other), Some(body)).await.0, 201);
    let [own, others] =
        ["demo", "autre"].map(|slug| house.premises.number(&format!("SELECT id FROM tenants WHERE slug = '{slug}'")));
    (house, own, others)
}

/// What of the other tenant a session of one tenant sees, and what a session that says nothing sees: table by table.
fn holes(premises: &Premises<Ground>, own: i64, others: i64) -> BTreeSet<String> {
    let counts = |whose: Option<Whose>| -> Vec<(String, i64)> {
        premises.look(|connection| {
            let tables = texts(connection, TABLES).into_iter().filter(|table| !NOBODYS.contains(&table.as_str()));
            let tables: Vec<String> = tables.collect();
            match whose {
                Some(whose) => connection.stand_for(whose).unwrap(),
                None => connection.execute_batch("RESET smartqueue.tenant").unwrap(),
            }
            tables.into_iter().map(|table| (table.clone(), count(connection, &table))).collect()
        })
    };
    let (all, nobody) = (counts(Some(Whose::All)), counts(None));
    let (of_own, of_others) = (counts(Some(Whose::Tenant(own))), counts(Some(Whose::Tenant(others))));
    assert!(all.iter().filter(|(_, rows)| *rows > 0).count() > 12, "there is little to see: {all:?}");
    let mut holes = BTreeSet::new();
    for (((table, all), (_, nobody)), ((_, own), (_, others))) in
        all.iter().zip(&nobody).zip(of_own.iter().zip(&of_others))
    {
        // Each row belongs to one of the two, but for the secret, which is the servers' alone.
        let expected = if table == "server_secret" { 0 } else { *all };
        if own + others != expected || *nobody != 0 {
            holes.insert(table.clone());
        }
    }
    holes
}

#[tokio::test]
async fn every_table_of_a_tenant_stands_behind_the_wall_even_for_its_owner() {
    let premises = Premises::<Ground>::new();
    drop(premises.open_ledger());
    let open = premises.look(|connection| {
        let role = "SELECT count(*) FROM pg_roles WHERE rolname = current_user AND (rolsuper OR rolbypassrls)";
        assert_eq!(connection.query_row(role, [], |row| row.get::<i64>(0)).unwrap(), 0, "a superuser sees everything");
        texts(
            connection,
            "SELECT CAST(relname AS TEXT) FROM pg_class WHERE relkind = 'r'
             AND relnamespace = CAST('public' AS regnamespace) AND NOT (relrowsecurity AND relforcerowsecurity)
             ORDER BY 1",
        )
    });
    assert_eq!(open, NOBODYS);
}

#[tokio::test]
async fn raw_sql_of_one_tenant_neither_sees_nor_changes_anothers_rows() {
    let (house, own, others) = two_tenants().await;
    assert_eq!(holes(&house.premises, own, others), BTreeSet::new());
    house.premises.look(|connection| {
        connection.stand_for(Whose::Tenant(others)).unwrap();
        for (table, column) in [("tickets", "priority"), ("queues", "sla_seconds"), ("sites", "event_seq")] {
            let sql = format!("UPDATE {table} SET {column} = 1 WHERE tenant = ?1");
            assert_eq!(connection.execute(&sql, [own]).unwrap(), 0, "{table}");
            assert_eq!(connection.execute(&format!("DELETE FROM {table} WHERE tenant = ?1"), [own]).unwrap(), 0);
        }
        let site = "INSERT INTO sites (tenant, name, timezone, languages) VALUES (?1, 'x', 'UTC', '[]')";
        let refused = connection.execute(site, [own]).unwrap_err().to_string();
        assert!(refused.contains("row-level security"), "{refused}");
        let moved = connection.execute("UPDATE queues SET tenant = ?1", [own]).unwrap_err().to_string();
        assert!(moved.contains("row-level security"), "{moved}");
    });
}

#[tokio::test]
async fn a_hole_in_the_wall_is_noticed() {
    let (house, own, others) = two_tenants().await;
    for table in ["tickets", "users", "queues", "events", "series", "tenants", "server_secret"] {
        let name = table.to_owned();
        let (before, open, shut) = house.premises.look(|connection| {
            let policy = "SELECT pg_get_expr(polqual, polrelid) FROM pg_policy WHERE polrelid = to_regclass(?1)";
            let before: String = connection.query_row(policy, [table], |row| row.get(0)).unwrap();
            let (open, shut) = (
                format!("ALTER POLICY wall ON {table} USING (true)"),
                format!("ALTER POLICY wall ON {table} USING ({before})"),
            );
            (before, open, shut)
        });
        assert!(before.contains("smartqueue.tenant") || before.contains("EXISTS"), "{before}");
        house.premises.look(|connection| connection.execute_batch(&open).unwrap());
        let found = holes(&house.premises, own, others);
        assert!(found.contains(&name), "with {table} open to all, the tries found only {found:?}");
        house.premises.look(|connection| connection.execute_batch(&shut).unwrap());
    }
    assert_eq!(holes(&house.premises, own, others), BTreeSet::new(), "every table is shut again");
}

#[tokio::test]
async fn a_step_in_a_wrong_tenants_name_finds_nothing_and_changes_nothing() {
    let (mut house, own, others) = two_tenants().await;
    let kiosk = super::stations::pair(&house, "kiosk").await;
    house.close().await;
    let ledger = house.premises.open_ledger();
    let site = house.seed["site"].as_i64().unwrap();
    let queues = BTreeSet::from([house.queue("A")]);
    let interest = Interest { site, queues, agent: None };
    // The site's own tenant sees all of it; these calls have no check of their own besides the wall.
    assert_eq!(ledger.snapshot(own, interest.clone()).await.unwrap().tickets.len(), 1);
    assert!(ledger.events_after(own, site, 0, 100).await.is_ok());
    assert!(ledger.snapshot(others, interest).await.is_err());
    assert!(ledger.events_after(others, site, 0, 100).await.is_err());
    let state = |premises: &Premises<Ground>| {
        premises.number(&format!("SELECT count(*) FROM stations WHERE id = {} AND state IS NOT NULL", kiosk.id))
    };
    let before = state(&house.premises);
    ledger.keep_state(others, kiosk.id, StationState::default()).await.unwrap();
    assert_eq!(state(&house.premises), before);
    ledger.keep_state(own, kiosk.id, StationState::default()).await.unwrap();
    assert_eq!(state(&house.premises), before + 1);
}

#[tokio::test]
async fn a_request_to_be_paired_is_nobodys_until_it_is_answered() {
    let (house, own, others) = two_tenants().await;
    let asked = super::pairing::Machine::new().ask(&house).await;
    let seen = |premises: &Premises<Ground>| {
        [Whose::Tenant(own), Whose::Tenant(others), Whose::All].map(|whose| {
            premises.look(|connection| {
                connection.stand_for(whose).unwrap();
                count(connection, "pairing_requests")
            })
        })
    };
    assert_eq!(seen(&house.premises), [0, 0, 1]);
    let refusal = json!({"code": asked.code});
    assert_eq!(house.office(reqwest::Method::POST, "stations/pairing-requests/refuse/", refusal).await.0, 204);
    assert_eq!(seen(&house.premises), [1, 0, 1]);
    assert_eq!(holes(&house.premises, own, others), BTreeSet::new());
}
