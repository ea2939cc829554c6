//! Who may pass: tokens, scopes, the wall between tenants, signing in and staying signed in.

use super::house::{House, PASSWORD};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Method;
use serde_json::{Value, json};

fn claims_of(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

#[tokio::test]
async fn tokens_that_are_not_good_are_refused_and_change_nothing() {
    let house = House::open().await;
    let good = house.token("device_token");
    let parts: Vec<&str> = good.split('.').collect();
    let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#);
    let mut other = claims_of(&good);
    other["user_id"] = json!(1);
    let other = URL_SAFE_NO_PAD.encode(other.to_string());
    let body = json!({"queue_id": house.queue("A"), "channel": "web"}).to_string();
    for (token, code) in [
        (None, "token_missing"),
        (Some(String::new()), "token_missing"),
        (Some("nonsense".to_owned()), "token_invalid"),
        (Some(house.token("expired_token")), "token_expired"),
        (Some(format!("{none}.{}.", parts[1])), "token_invalid"),
        (Some(format!("{}.{other}.{}", parts[0], parts[2])), "token_invalid"),
        (Some(format!("{}.{}.{}", parts[0], parts[1], parts[2].chars().rev().collect::<String>())), "token_invalid"),
    ] {
        let token = token.as_deref();
        let (status, answer) =
            house.ask_raw(Method::POST, "/api/v1/tenants/demo/tickets/", token, Some(body.clone())).await;
        assert_eq!(status, 401, "{token:?}: {answer}");
        let missing_or = |answer: &Value| answer["code"] == code || token == Some("");
        assert!(missing_or(&answer), "{token:?}: {answer}");
        assert!(answer["detail"].is_string());
    }
    assert_eq!(house.get("tickets/").await.1["count"], 0);
    let claims = claims_of(&good);
    for name in ["user_id", "tenant_id", "scopes", "exp", "iat"] {
        assert!(!claims[name].is_null(), "{name}");
    }
    assert!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap() <= 3_600);
}

#[tokio::test]
async fn a_reader_may_not_write() {
    let house = House::open().await;
    let reader = house.token("readonly_token");
    let ticket = house.take("A").await["id"].as_str().unwrap().to_owned();
    assert_eq!(house.ask_raw(Method::GET, "/api/v1/tenants/demo/tickets/", Some(&reader), None).await.0, 200);
    let body = json!({"queue_id": house.queue("A"), "channel": "web"}).to_string();
    for (path, body) in [
        ("tickets/".to_owned(), Some(body)),
        (format!("tickets/{ticket}/call/"), None),
        (format!("agents/{}/call-next/", house.agent(0)), None),
    ] {
        let path = format!("/api/v1/tenants/demo/{path}");
        let (status, answer) = house.ask_raw(Method::POST, &path, Some(&reader), body).await;
        assert_eq!((status, answer["code"].as_str()), (403, Some("scope_missing")), "{path}");
    }
    // The list of stations is the office's, not every clerk's.
    assert_eq!(house.get("stations/").await.0, 403);
    assert_eq!(house.get("tickets/").await.1["count"], 1);
    assert_eq!(house.get(&format!("tickets/{ticket}/")).await.1["status"], "en_attente");
}

#[tokio::test]
async fn the_wall_between_tenants_holds() {
    let house = House::open().await;
    let stranger = house.token("other_tenant_token");
    let ticket = house.take("A").await["id"].as_str().unwrap().to_owned();
    for (method, path) in [
        (Method::GET, "/api/v1/tenants/demo/tickets/".to_owned()),
        (Method::GET, format!("/api/v1/tenants/demo/tickets/{ticket}/")),
        (Method::POST, format!("/api/v1/tenants/demo/tickets/{ticket}/cancel/")),
        (Method::POST, format!("/api/v1/tenants/demo/agents/{}/call-next/", house.agent(0))),
        (Method::GET, "/api/v1/tenants/nobody/tickets/".to_owned()),
    ] {
        let (status, answer) = house.ask_raw(method, &path, Some(&stranger), None).await;
        assert_eq!((status, answer["code"].as_str()), (403, Some("other_tenant")), "{path}");
    }
    // At the own tenant, the objects of the other one do not exist.
    for (method, path, body) in [
        (Method::GET, format!("tickets/{ticket}/"), None),
        (Method::POST, format!("tickets/{ticket}/call/"), None),
        (Method::GET, format!("queues/{}/", house.queue("A")), None),
        (Method::POST, format!("agents/{}/call-next/", house.agent(0)), None),
        (
            Method::POST,
            "tickets/".to_owned(),
            Some(json!({"queue_id": house.queue("A"), "channel": "web"}).to_string()),
        ),
    ] {
        let path = format!("/api/v1/tenants/autre/{path}");
        assert_eq!(house.ask_raw(method, &path, Some(&stranger), body).await.0, 404, "{path}");
    }
    assert_eq!(house.get(&format!("tickets/{ticket}/")).await.1["status"], "en_attente");
    assert_eq!(house.get("tickets/").await.1["count"], 1);
}

#[tokio::test]
async fn a_clerk_signs_in_and_stays_signed_in() {
    let house = House::open().await;
    let login = json!({"tenant": "demo", "email": " Awa@demo.example ", "password": PASSWORD});
    let ask = async |path: &str, body: &Value| house.ask_raw(Method::POST, path, None, Some(body.to_string())).await;
    let (status, reply) = ask("/api/v1/auth/login/", &login).await;
    assert_eq!(status, 200, "{reply}");
    assert_eq!((reply["expires_in"].as_i64(), reply["agent"]["id"].as_i64()), (Some(3_600), Some(house.agent(0))));
    assert_eq!(reply["agent"]["counter"]["label"], "1");
    let access = reply["access"].as_str().unwrap();
    assert_eq!(house.ask_raw(Method::GET, "/api/v1/tenants/demo/queues/", Some(access), None).await.0, 200);

    let first = json!({"refresh": reply["refresh"]});
    let (status, second) = ask("/api/v1/auth/refresh/", &first).await;
    assert_eq!(status, 200);
    assert_ne!(second["refresh"], reply["refresh"]);
    // A token that is used twice was stolen by one of its users: the whole family ends.
    assert_eq!(ask("/api/v1/auth/refresh/", &first).await.1["code"], "refresh_refused");
    let (status, answer) = ask("/api/v1/auth/refresh/", &json!({"refresh": second["refresh"]})).await;
    assert_eq!((status, answer["code"].as_str()), (401, Some("refresh_refused")));
}

#[tokio::test]
async fn guessing_passwords_is_slow_and_tells_nothing() {
    let house = House::open().await;
    let ask = async |tenant: &str, email: &str, password: &str| {
        let body = json!({"tenant": tenant, "email": email, "password": password}).to_string();
        house.ask_raw(Method::POST, "/api/v1/auth/login/", None, Some(body)).await
    };
    let (status, wrong) = ask("demo", "awa@demo.example", "guess").await;
    assert_eq!(status, 401);
    for (tenant, email) in
        [("demo", "nobody@demo.example"), ("nobody", "awa@demo.example"), ("autre", "awa@demo.example")]
    {
        assert_eq!(ask(tenant, email, "guess").await, (401, wrong.clone()));
    }
    for _ in 0..9 {
        ask("demo", "awa@demo.example", "guess").await;
    }
    let (status, answer) = ask("demo", "awa@demo.example", PASSWORD).await;
    assert_eq!((status, answer["code"].as_str()), (429, Some("too_many_requests")));
    // Somebody else's tries do not lock anybody else out.
    assert_eq!(ask("demo", "louis@demo.example", PASSWORD).await.0, 200);
}
