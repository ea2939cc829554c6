//! `queues/`, `sites/`, `services/`, `counters/`, `displays/`, `stations/`: looked at by everybody, changed by the office.

use super::App;
use super::answer::{Answer, Body, Listing, ok};
use super::caller::{Caller, integer_id};
use crate::auth::Scope;
use crate::ledger::places::{Listed, QueueChange, Window};
use crate::trouble::Trouble;
use axum::extract::{Path, State};
use serde_json::Value;
use smartqueue_domain::OpeningPeriod;
use smartqueue_protocol::configuration::PeriodBody;
use smartqueue_protocol::words::read_algorithm;
use std::sync::Arc;

/// The whole of a list that is short by nature, to find one row in it.
const ALL: Window = Window { offset: 0, limit: u32::MAX };

fn row<T: serde::Serialize>((_, rows): Listed<T>, is_it: impl Fn(&T) -> bool, what: &'static str) -> Answer {
    ok(rows.into_iter().find(is_it).ok_or(Trouble::NotFound(what))?)
}

macro_rules! list_and_one {
    ($($list:ident, $one:ident, $read:ident, $scope:ident, $what:literal;)*) => {$(
        pub(super) async fn $list(State(app): State<Arc<App>>, caller: Caller, listing: Listing) -> Answer {
            let tenant = caller.at(Scope::$scope)?;
            listing.page(app.ledger.$read(tenant, listing.window()).await?)
        }

        pub(super) async fn $one(
            State(app): State<Arc<App>>,
            caller: Caller,
            Path((_, id)): Path<(String, String)>,
        ) -> Answer {
            let tenant = caller.at(Scope::$scope)?;
            let id = integer_id(&id, $what)?;
            row(app.ledger.$read(tenant, ALL).await?, |row| row.id == id, $what)
        }
    )*};
}

list_and_one! {
    sites, site, sites, ReadQueue, "site";
    services, service, services, ReadQueue, "service";
    counters, counter, counters, ReadQueue, "counter";
    displays, display, displays, ReadQueue, "display";
    stations, station, stations, ManageDevices, "station";
}

pub(super) async fn queues(State(app): State<Arc<App>>, caller: Caller, listing: Listing) -> Answer {
    let tenant = caller.at(Scope::ReadQueue)?;
    listing.page(app.ledger.queues(tenant, listing.window()).await?)
}

pub(super) async fn queue(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((_, id)): Path<(String, String)>,
) -> Answer {
    let tenant = caller.at(Scope::ReadQueue)?;
    ok(app.ledger.queue(tenant, integer_id(&id, "queue")?).await?)
}

pub(super) async fn change_queue(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((_, id)): Path<(String, String)>,
    Body(body): Body<Value>,
) -> Answer {
    let tenant = caller.at(Scope::AdminTenant)?;
    let id = integer_id(&id, "queue")?;
    ok(app.ledger.change_queue(tenant, id, queue_change(&body)?).await?)
}

fn queue_change(body: &Value) -> Result<QueueChange, Trouble> {
    let Value::Object(fields) = body else {
        return Err(Trouble::Malformed { code: "invalid_field", detail: "an object is needed".to_owned() });
    };
    let mut change = QueueChange::default();
    for (name, value) in fields {
        match name.as_str() {
            "is_active" => {
                let wrong = || Trouble::invalid("is_active", "true or false is needed");
                change.is_active = Some(value.as_bool().ok_or_else(wrong)?);
            }
            "max_capacity" => {
                let wrong = || Trouble::invalid("max_capacity", "an integer from 1 or null is needed");
                let limit = value.as_u64().and_then(|limit| u32::try_from(limit).ok()).filter(|limit| *limit > 0);
                change.max_capacity = Some(if value.is_null() { None } else { Some(limit.ok_or_else(wrong)?) });
            }
            "hours" => {
                let hours: Option<Vec<PeriodBody>> = serde_json::from_value(value.clone())
                    .map_err(|error| Trouble::invalid("hours", error.to_string()))?;
                for period in hours.iter().flatten() {
                    let OpeningPeriod { weekday, from_minute, until_minute } = OpeningPeriod::try_from(period)
                        .map_err(|error| Trouble::invalid("hours", error.to_string()))?;
                    if !(1..=7).contains(&weekday) || from_minute >= until_minute {
                        return Err(Trouble::invalid(
                            "hours",
                            "a period has a weekday from 1 to 7 and ends after it begins",
                        ));
                    }
                }
                change.hours = Some(hours);
            }
            "algorithm" => {
                let algorithm = value.as_str().and_then(|word| read_algorithm(word).ok());
                let wrong = || Trouble::invalid("algorithm", "fifo, priority or sla is needed");
                change.algorithm = Some(algorithm.ok_or_else(wrong)?);
            }
            _ => {
                let detail = format!("`{name}` cannot be changed here");
                return Err(Trouble::Malformed { code: "invalid_field", detail });
            }
        }
    }
    Ok(change)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_change_holds_what_it_names_and_nothing_else() {
        let change = queue_change(&json!({"is_active": false, "max_capacity": null})).unwrap();
        assert_eq!(change.is_active, Some(false));
        assert_eq!(change.max_capacity, Some(None));
        assert!(change.hours.is_none() && change.algorithm.is_none());
        for wrong in [
            json!([]),
            json!({"is_active": 1}),
            json!({"max_capacity": 0}),
            json!({"max_capacity": "x"}),
            json!({"hours": [{"weekday": 8, "from": "08:00", "until": "09:00"}]}),
            json!({"hours": [{"weekday": 1, "from": "09:00", "until": "08:00"}]}),
            json!({"algorithm": "random"}),
            json!({"prefix": "Z"}),
        ] {
            assert!(queue_change(&wrong).is_err(), "{wrong}");
        }
    }
}
