//! `tickets/`: taken, listed, called, ended.

use super::App;
use super::answer::{Answer, Body, Listing, ok};
use super::caller::{Caller, integer_id, ticket_id};
use crate::auth::Scope;
use crate::ledger::new_tickets::NewTicket;
use crate::ledger::places::CounterChoice;
use crate::ledger::ticket_list::{Ordering, TicketFilter};
use crate::ledger::tickets::Step;
use crate::trouble::Trouble;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde_json::{Map, Value, json};
use smartqueue_protocol::words::{read_channel, read_status};
use std::sync::Arc;
use uuid::Uuid;

type Object = Map<String, Value>;

/// Fields that a client sends and the server chooses; a client's own wish is ignored.
const CHOSEN_HERE: [&str; 12] = [
    "id",
    "number",
    "status",
    "queue",
    "queue_id",
    "channel",
    "priority",
    "eta_seconds",
    "created_at",
    "called_at",
    "started_at",
    "ended_at",
];

pub(super) async fn create(State(app): State<Arc<App>>, caller: Caller, Body(body): Body<Value>) -> Answer {
    let tenant = caller.at(Scope::WriteQueue)?;
    let created = app.ledger.create_ticket(tenant, new_ticket(body)?).await?;
    let status = if created.is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(created.ticket)).into_response())
}

fn new_ticket(body: Value) -> Result<NewTicket, Trouble> {
    let Value::Object(body) = body else {
        return Err(Trouble::Malformed { code: "invalid_field", detail: "an object is needed".to_owned() });
    };
    let queue = match body.get("queue_id").or_else(|| body.get("queue")) {
        None | Some(Value::Null) => return Err(Trouble::invalid("queue_id", "a queue is needed")),
        Some(Value::String(text)) => text.parse().ok(),
        Some(other) => other.as_i64(),
    };
    let queue = queue.ok_or_else(|| Trouble::invalid("queue_id", "an integer is needed"))?;
    let channel = match body.get("channel") {
        None | Some(Value::Null) => return Err(Trouble::invalid("channel", "a channel is needed")),
        Some(value) => value.as_str().and_then(|word| read_channel(word).ok()),
    };
    let channel = channel
        .ok_or_else(|| Trouble::invalid("channel", "one of kiosk, web, mobile, counter, appointment is needed"))?;
    let priority = match body.get("priority") {
        None | Some(Value::Null) => 0,
        Some(value) => value
            .as_i64()
            .filter(|priority| (-1_000..=1_000).contains(priority))
            .ok_or_else(|| Trouble::invalid("priority", "an integer from -1000 to 1000 is needed"))?,
    };
    let id = match body.get("id") {
        None | Some(Value::Null) => None,
        Some(value) => Some(
            value
                .as_str()
                .and_then(|text| Uuid::try_parse(text).ok())
                .ok_or_else(|| Trouble::invalid("id", "a UUID is needed"))?,
        ),
    };
    Ok(NewTicket { id, queue, channel, priority, customer: customer(body)? })
}

/// Customer fields come in an object of their own, or beside the ticket's fields.
fn customer(mut body: Object) -> Result<Object, Trouble> {
    let mut customer = match body.remove("customer") {
        None | Some(Value::Null) => Object::new(),
        Some(Value::Object(customer)) => customer,
        Some(Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_)) => {
            return Err(Trouble::invalid("customer", "an object is needed"));
        }
    };
    for (name, value) in body {
        if !CHOSEN_HERE.contains(&name.as_str()) && !matches!(name.as_str(), "agent" | "counter") {
            customer.insert(name, value);
        }
    }
    if Value::Object(customer.clone()).to_string().len() > 4_096 {
        return Err(Trouble::invalid("customer", "at most 4096 bytes are kept"));
    }
    Ok(customer)
}

pub(super) async fn list(State(app): State<Arc<App>>, caller: Caller, listing: Listing) -> Answer {
    let tenant = caller.at(Scope::ReadQueue)?;
    let parameter = |name: &str| listing.parameters.get(name).map(String::as_str).filter(|text| !text.is_empty());
    let statuses = match parameter("status") {
        None => Vec::new(),
        Some(words) => words
            .split(',')
            .map(|word| read_status(word).map_err(|error| Trouble::invalid("status", error.to_string())))
            .collect::<Result<_, _>>()?,
    };
    let queue = match parameter("queue") {
        None => None,
        Some(text) => Some(text.parse().map_err(|_| Trouble::invalid("queue", "an integer is needed"))?),
    };
    let ordering = match parameter("ordering") {
        None | Some("created_at") => Ordering::CreatedAt,
        Some("-created_at") => Ordering::CreatedAtDescending,
        Some("priority") => Ordering::Priority,
        Some("-priority") => Ordering::PriorityDescending,
        Some(_) => {
            return Err(Trouble::invalid("ordering", "created_at or priority is needed, with - for the reverse"));
        }
    };
    let window = listing.window();
    let filter = TicketFilter { statuses, queue, ordering, offset: window.offset, limit: window.limit };
    listing.page(app.ledger.tickets(tenant, filter).await?)
}

pub(super) async fn one(State(app): State<Arc<App>>, caller: Caller, Path((_, id)): Path<(String, String)>) -> Answer {
    let tenant = caller.at(Scope::ReadQueue)?;
    ok(app.ledger.ticket(tenant, ticket_id(&id)?).await?)
}

pub(super) async fn step(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((_, id, step)): Path<(String, String, String)>,
    Body(body): Body<Value>,
) -> Answer {
    let tenant = caller.at(Scope::WriteQueue)?;
    let id = ticket_id(&id)?;
    let step = match step.as_str() {
        "call" => {
            let (agent, counter) = named_caller(&body)?;
            let agent = match agent {
                Some(agent) => Some(agent),
                None if caller.claims.user_id > 0 => app.ledger.agent_of_user(tenant, caller.claims.user_id).await?,
                None => None,
            };
            Step::Call(app.ledger.caller(tenant, agent, counter).await?)
        }
        "recall" => Step::Recall,
        "start" => Step::Start,
        "end" => Step::End,
        "no-show" => Step::NoShow,
        "hold" => Step::Hold,
        "cancel" => Step::Cancel,
        "transfer" => {
            let queue = body.get("queue_id").ok_or_else(|| Trouble::invalid("queue_id", "a queue is needed"))?;
            let queue = queue.as_i64().ok_or_else(|| Trouble::invalid("queue_id", "an integer is needed"))?;
            Step::Transfer { queue }
        }
        _ => return Err(Trouble::NotFound("step")),
    };
    let is_call = matches!(step, Step::Call(_));
    let ticket = app.ledger.take_step(tenant, id, step).await?;
    if is_call { ok(json!({"status": "called"})) } else { ok(ticket) }
}

fn named_caller(body: &Value) -> Result<(Option<i64>, Option<CounterChoice>), Trouble> {
    let agent = match body.get("agent") {
        None | Some(Value::Null) => None,
        Some(value) => Some(value.as_i64().ok_or_else(|| Trouble::invalid("agent", "an integer is needed"))?),
    };
    let counter = match body.get("counter") {
        None | Some(Value::Null) => None,
        Some(Value::String(label)) if (1..=20).contains(&label.chars().count()) => {
            Some(CounterChoice::Label(label.clone()))
        }
        Some(value) => Some(CounterChoice::Id(
            value.as_i64().ok_or_else(|| Trouble::invalid("counter", "a label of 1 to 20 signs or an id is needed"))?,
        )),
    };
    if let Some(agent) = agent {
        integer_id(&agent.to_string(), "agent")?;
    }
    Ok((agent, counter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_is_read_from_its_body_and_the_clients_own_number_is_ignored() {
        let new = new_ticket(json!({
            "queue_id": 3, "channel": "web", "priority": 5, "status": "terminé", "number": "Z999",
            "customer": {"name": "Awa"}, "phone": "+221"
        }))
        .unwrap();
        assert_eq!((new.id, new.queue, new.priority), (None, 3, 5));
        assert_eq!(Value::Object(new.customer), json!({"name": "Awa", "phone": "+221"}));
    }

    #[test]
    fn what_cannot_be_meant_names_its_field() {
        for (body, field) in [
            (json!({"channel": "web"}), "queue_id"),
            (json!({"queue_id": "x", "channel": "web"}), "queue_id"),
            (json!({"queue_id": 1}), "channel"),
            (json!({"queue_id": 1, "channel": "fax"}), "channel"),
            (json!({"queue_id": 1, "channel": 5}), "channel"),
            (json!({"queue_id": 1, "channel": "web", "priority": "high"}), "priority"),
            (json!({"queue_id": 1, "channel": "web", "priority": 1.5}), "priority"),
            (json!({"queue_id": 1, "channel": "web", "priority": true}), "priority"),
            (json!({"queue_id": 1, "channel": "web", "id": "x"}), "id"),
            (json!({"queue_id": 1, "channel": "web", "customer": []}), "customer"),
            (json!({"queue_id": 1, "channel": "web", "customer": {"note": "x".repeat(5_000)}}), "customer"),
        ] {
            match new_ticket(body.clone()) {
                Err(Trouble::Invalid { field: wrong, .. }) => assert_eq!(wrong, field, "{body}"),
                other => panic!("{body} gave {:?}", other.err()),
            }
        }
        assert!(matches!(new_ticket(json!([])), Err(Trouble::Malformed { .. })));
    }
}
