//! PUT: the whole of a thing is replaced. What must be there is asked for by name, what is left out goes back to its default,
//! and whatever was shown can be sent back as it is.

use super::house::{House, PASSWORD};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Somebody who is no agent yet.
const FREE_USER: &str = "SELECT min(id) FROM users WHERE id NOT IN (SELECT agents.user FROM agents WHERE agents.user IS NOT NULL) AND tenant = 1";

/// Every kind that the office makes: its path, the least of it, and everything else that somebody may set.
fn kinds(house: &House) -> Vec<(&'static str, Value, Value)> {
    let (site, queue) = (&house.seed["site"], house.queue("A"));
    let hours = json!([{"weekday": 1, "from": "08:00", "until": "12:00"}]);
    vec![
        (
            "sites",
            json!({"name": "Gare", "timezone": "Africa/Dakar", "languages": ["wo", "fr"]}),
            json!({"brand_colour": "#123456", "ticker": ["Jàmm"], "slip_header": "Gare", "slip_footer": "À bientôt"}),
        ),
        ("services", json!({"site": site, "name": "Crédit"}), json!({"name": "Prêts"})),
        (
            "queues",
            json!({"site": site, "prefix": "Z", "name": "Caisse"}),
            json!({"hint": "2e étage", "names": {"en": {"name": "Desk", "hint": null}}, "icon": "star", "colour": "#123456", "hours": hours,
                   "algorithm": "sla", "sla_seconds": 60, "max_capacity": 3, "is_active": false, "position": 7}),
        ),
        ("counters", json!({"site": site, "label": "9"}), json!({"label": "10"})),
        (
            "agents",
            json!({"site": site, "name": "Awa"}),
            json!({"queues": [queue], "user": house.premises.number(FREE_USER)}),
        ),
        (
            "users",
            json!({"email": "new@demo.example", "name": "Awa", "role": "agent", "password": PASSWORD}),
            json!({"is_active": false, "role": "manager"}),
        ),
        ("displays", json!({"site": site, "name": "Hall"}), json!({"queues": [queue]})),
        (
            "playlists",
            json!({"site": site, "name": "Matin"}),
            json!({"items": [{"kind": "text", "what": "Jàmm", "seconds": 9}], "schedule": hours}),
        ),
    ]
}

/// What counts the changes goes on with each of them.
fn without_version(mut row: Value) -> Value {
    if let Some(row) = row.as_object_mut() {
        row.remove("configuration_version");
    }
    row
}

/// The names of an object, or of a list.
fn names(value: &Value) -> BTreeSet<String> {
    match value.as_object() {
        Some(object) => object.keys().cloned().collect(),
        None => value.as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect(),
    }
}

#[tokio::test]
async fn what_is_left_out_goes_back_to_its_default_and_what_is_needed_is_named() {
    let house = House::open().await;
    let (_, document) = house.ask_raw(Method::GET, "/api/v1/openapi.json", None, None).await;
    for (kind, least, rest) in kinds(&house) {
        let (status, made) = house.office(Method::POST, &format!("{kind}/"), least.clone()).await;
        assert_eq!(status, 201, "{kind}: {made}");
        let path = format!("{kind}/{}/", made["id"]);
        let (status, changed) = house.office(Method::PATCH, &path, rest.clone()).await;
        assert_eq!(status, 200, "{kind}: {changed}");
        for (name, value) in rest.as_object().unwrap() {
            assert_eq!(&changed[name], value, "{kind}: PATCH of {name}");
            assert_ne!(changed[name], made[name], "{kind}: {name} must differ for the rest to mean anything");
        }

        // Nothing of a thing is not a thing, and each name is said.
        let mut needed = names(&least);
        needed.remove("password");
        let (status, refused) = house.office(Method::PUT, &path, json!({})).await;
        assert_eq!((status, names(&refused["errors"])), (400, needed.clone()), "{kind}: {refused}");
        let (status, same) = house.office(Method::GET, &path, Value::Null).await;
        assert_eq!((status, &same), (200, &changed), "{kind}: a refused PUT changes nothing");

        // What was shown can be sent back, and the least of it is what it was when it was made.
        let (status, same) = house.office(Method::PUT, &path, changed.clone()).await;
        assert_eq!((status, &same), (200, &changed), "{kind}");
        let mut body = least.clone();
        body.as_object_mut().unwrap().remove("password");
        let (status, whole) = house.office(Method::PUT, &path, body.clone()).await;
        assert_eq!((status, without_version(whole)), (200, without_version(made.clone())), "{kind}");

        // The document says the same: what is needed, and what stands there otherwise.
        let operation = &document["paths"][format!("/api/v1/tenants/{{tenant}}/{kind}/{{id}}/")]["put"];
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
        assert_eq!(names(&schema["required"]), needed, "{kind}: {operation}");
        for (name, property) in schema["properties"].as_object().unwrap() {
            if let Some(default) = property.get("default") {
                assert_eq!(&made[name], default, "{kind}: the document's default of {name}");
            }
        }

        // What never changes is refused by name, and so is what is no field.
        if body.get("site").is_some() {
            body["site"] = json!(999_999);
            let (status, refused) = house.office(Method::PUT, &path, body.clone()).await;
            assert_eq!((status, refused["errors"]["site"].is_array()), (400, true), "{kind}: {refused}");
        }
        body = made.clone();
        body["no_such_field"] = json!(1);
        assert_eq!(house.office(Method::PUT, &path, body).await.0, 400, "{kind}");
        assert_eq!(house.office(Method::PUT, &format!("{kind}/999999/"), made.clone()).await.0, 404, "{kind}");
        let token = house.token("device_token");
        let address = format!("/api/v1/tenants/demo/{path}");
        let answer = house.ask_raw(Method::PUT, &address, Some(&token), Some(made.to_string())).await;
        assert_eq!(answer.0, 403, "{kind}: a device changes nothing");
    }
}

#[tokio::test]
async fn a_password_that_nobody_was_shown_stays_and_one_that_is_sent_is_taken() {
    let house = House::open().await;
    let user = json!({"email": "new@demo.example", "name": "Awa", "role": "agent", "password": PASSWORD});
    let (_, made) = house.office(Method::POST, "users/", user.clone()).await;
    let path = format!("users/{}/", made["id"]);
    let enter = async |password: &str| {
        let body = json!({"tenant": "demo", "email": "new@demo.example", "password": password}).to_string();
        house.ask_raw(Method::POST, "/api/v1/auth/login/", None, Some(body)).await.0
    };
    let mut body = json!({"email": "new@demo.example", "name": "Awa Ndiaye", "role": "agent"});
    let (status, answer) = house.office(Method::PUT, &path, body.clone()).await;
    assert_eq!((status, &answer["name"]), (200, &json!("Awa Ndiaye")), "{answer}");
    assert_eq!(enter(PASSWORD).await, 200);
    body["password"] = json!("another good password");
    assert_eq!(house.office(Method::PUT, &path, body).await.0, 200);
    assert_eq!((enter(PASSWORD).await, enter("another good password").await), (401, 200));
}

#[tokio::test]
async fn stations_incidents_and_settings_are_replaced_as_well() {
    let house = House::open().await;
    let kiosk = super::stations::pair(&house, "kiosk").await;
    let path = format!("stations/{}/", kiosk.id);
    let (_, before) = house.office(Method::GET, &path, Value::Null).await;
    let named = json!({"name": "Borne 1", "queues": [house.queue("A")]});
    let (status, changed) = house.office(Method::PATCH, &path, named).await;
    assert_eq!((status, &changed["queues"]), (200, &json!([house.queue("A")])), "{changed}");
    let (status, whole) = house.office(Method::PUT, &path, json!({"name": before["name"]})).await;
    assert_eq!((status, &whole["name"], &whole["queues"]), (200, &before["name"], &json!([])), "{whole}");
    let (status, refused) = house.office(Method::PUT, &path, json!({"queues": []})).await;
    assert_eq!((status, refused["errors"]["name"].is_array()), (400, true), "{refused}");

    let body =
        json!({"title": "Écran noir", "description": "Depuis midi", "severity": "high", "status": "in_progress"});
    let (_, incident) = house.post("incidents/", body).await;
    let path = format!("incidents/{}/", incident["id"]);
    let (status, whole) = house.ask(Method::PUT, &path, json!({"title": "Écran noir"})).await;
    assert_eq!((status, &whole["description"], &whole["severity"]), (200, &json!(""), &json!("medium")), "{whole}");
    assert_eq!((&whole["status"], &whole["reported_by"]), (&json!("open"), &incident["reported_by"]));
    assert_eq!(house.ask(Method::PUT, &path, whole.clone()).await.0, 200, "what was shown can be sent back");

    let (_, settings) = house.office(Method::GET, "settings/", Value::Null).await;
    let (status, refused) = house.office(Method::PUT, "settings/", json!({})).await;
    assert_eq!((status, names(&refused["errors"])), (400, ["name", "data_retention_days"].map(str::to_owned).into()));
    let mut wished = settings.clone();
    wished["data_retention_days"] = json!(30);
    let (status, changed) = house.office(Method::PUT, "settings/", wished.clone()).await;
    assert_eq!((status, changed), (200, wished));
}
