//! The office: what stands in a branch is made, changed and removed; people are invited, get roles and are shut out; every
//! change leaves its row in the trail.

use super::house::{House, PASSWORD};
use reqwest::Method;
use serde_json::{Value, json};

impl House {
    /// Asks as the tenant's admin.
    pub async fn office(&self, method: Method, path: &str, body: Value) -> (u16, Value) {
        let token = self.token("admin_token");
        let body = (!body.is_null()).then(|| body.to_string());
        self.ask_raw(method, &format!("/api/v1/tenants/demo/{path}"), Some(&token), body).await
    }

    async fn made(&self, path: &str, body: Value) -> Value {
        let (status, answer) = self.office(Method::POST, path, body).await;
        assert_eq!(status, 201, "{path}: {answer}");
        answer
    }

    async fn sign_in(&self, email: &str, password: &str) -> (u16, Value) {
        let body = json!({"tenant": "demo", "email": email, "password": password}).to_string();
        self.ask_raw(Method::POST, "/api/v1/auth/login/", None, Some(body)).await
    }
}

#[tokio::test]
async fn a_branch_is_built_used_and_taken_down() {
    let house = House::open().await;
    let site =
        house.made("sites/", json!({"name": "Gare", "timezone": "Africa/Dakar", "languages": ["wo", "fr"]})).await;
    let at = site["id"].clone();
    let service = house.made("services/", json!({"site": at, "name": "Billets"})).await;
    let queue = house
        .made(
            "queues/",
            json!({"site": at, "service": service["id"], "prefix": "G", "name": "Guichet", "max_capacity": 5,
                   "names": {"en": {"name": "Counter"}}, "algorithm": "priority"}),
        )
        .await;
    assert_eq!((&queue["prefix"], &queue["waiting"], &queue["sla_seconds"]), (&json!("G"), &json!(0), &json!(900)));
    let playlist = house
        .made(
            "playlists/",
            json!({"site": at, "name": "Matin", "items": [{"kind": "text", "what": "Jàmm", "seconds": 9}]}),
        )
        .await;
    let display = house
        .made("displays/", json!({"site": at, "name": "Hall", "queues": [queue["id"]], "playlist": playlist["id"]}))
        .await;
    assert_eq!(display["queues"], json!([queue["id"]]));
    let counter = house.made("counters/", json!({"site": at, "label": "1"})).await;
    assert_eq!(counter["agent"], Value::Null);

    let (status, ticket) = house.post("tickets/", json!({"queue_id": queue["id"], "channel": "web"})).await;
    assert_eq!((status, &ticket["number"]), (201, &json!("G001")));
    let path = format!("queues/{}/", queue["id"]);
    let (status, changed) = house.office(Method::PATCH, &path, json!({"name": "Départs", "sla_seconds": 60})).await;
    assert_eq!((status, &changed["name"], &changed["prefix"]), (200, &json!("Départs"), &json!("G")));
    // What was shown can be sent back as it is.
    let (status, same) =
        house.office(Method::PATCH, &path, json!({"prefix": "G", "site": at, "name": "Départs"})).await;
    assert_eq!((status, &same), (200, &changed));
    let (status, refused) = house.office(Method::PATCH, &path, json!({"prefix": "H"})).await;
    assert_eq!((status, refused["errors"]["prefix"].is_array()), (400, true), "{refused}");

    // A queue whose numbers stand on paper stays; what nobody needs goes.
    let unused = house.made("queues/", json!({"site": at, "prefix": "U", "name": "Essai"})).await;
    let served = json!({"site": at, "name": "Awa", "queues": [unused["id"], queue["id"]]});
    let agent = house.made("agents/", served).await;
    let unused = format!("queues/{}/", unused["id"]);
    assert_eq!(house.office(Method::DELETE, &unused, Value::Null).await, (204, Value::Null));
    assert_eq!(house.office(Method::GET, &unused, Value::Null).await.0, 404);
    let agent = format!("agents/{}/", agent["id"]);
    assert_eq!(house.office(Method::GET, &agent, Value::Null).await.1["queues"], json!([queue["id"]]));
    assert_eq!(house.office(Method::DELETE, &agent, Value::Null).await, (204, Value::Null));
    let (status, answer) = house.office(Method::DELETE, &path, Value::Null).await;
    assert_eq!((status, &answer["code"]), (409, &json!("in_use")));
    let display = format!("displays/{}/", display["id"]);
    assert_eq!(house.office(Method::DELETE, &display, Value::Null).await.0, 204);
    assert_eq!(house.office(Method::GET, &display, Value::Null).await.0, 404);
    assert_eq!(house.office(Method::DELETE, &format!("playlists/{}/", playlist["id"]), Value::Null).await.0, 204);
}

#[tokio::test]
async fn what_cannot_be_meant_names_its_field_and_changes_nothing() {
    let house = House::open().await;
    let site = house.seed["site"].clone();
    let other = house.seed["other_queue"].clone();
    let cases = [
        ("sites/", json!({"timezone": "Africa/Dakar", "languages": ["fr"]}), "name"),
        ("sites/", json!({"name": "x", "timezone": "Mars/Olympus", "languages": ["fr"]}), "timezone"),
        ("sites/", json!({"name": "x", "timezone": "Africa/Dakar", "languages": []}), "languages"),
        ("sites/", json!({"name": "", "timezone": "Africa/Dakar", "languages": ["fr"]}), "name"),
        ("services/", json!({"site": 999_999, "name": "x"}), "site"),
        ("queues/", json!({"site": site, "prefix": "abc", "name": "x"}), "prefix"),
        ("queues/", json!({"site": site, "prefix": "A", "name": "x"}), "prefix"),
        // A kiosk with the letter K counts for the queue A under AK.
        ("queues/", json!({"site": site, "prefix": "AK", "name": "x"}), "prefix"),
        ("queues/", json!({"site": site, "prefix": "Z", "name": "x", "max_capacity": 0}), "max_capacity"),
        ("queues/", json!({"site": site, "prefix": "Z", "name": "x", "hours": [{"weekday": 9}]}), "hours"),
        ("queues/", json!({"site": site, "prefix": "Z", "name": "x", "algorithm": "random"}), "algorithm"),
        ("counters/", json!({"site": site, "label": "1"}), "label"),
        ("displays/", json!({"site": site, "name": "x", "queues": [other]}), "queues"),
        ("displays/", json!({"site": site, "name": "x", "queues": "all"}), "queues"),
        ("displays/", json!({"site": site, "name": "x", "playlist": 999_999}), "playlist"),
        ("playlists/", json!({"site": site, "name": "x", "items": [{"kind": "page"}]}), "items"),
        ("users/", json!({"email": "x", "name": "x", "role": "agent", "password": "long enough"}), "email"),
        ("users/", json!({"email": "x@y.z", "name": "x", "role": "superadmin", "password": "long enough"}), "role"),
        ("users/", json!({"email": "x@y.z", "name": "x", "role": "agent", "password": "short"}), "password"),
        (
            "users/",
            json!({"email": "AWA@demo.example", "name": "x", "role": "agent", "password": "long enough"}),
            "email",
        ),
        ("users/", json!({"email": "x@y.z", "name": "x", "role": "agent"}), "password"),
        (
            "sites/",
            json!({"name": "x", "timezone": "Africa/Dakar", "languages": ["fr"], "client_id": "x"}),
            "client_id",
        ),
    ];
    let count = async |path: &str| house.office(Method::GET, path, Value::Null).await.1["count"].clone();
    for (path, body, field) in cases {
        let before = count(path).await;
        let (status, answer) = house.office(Method::POST, path, body.clone()).await;
        assert_eq!(status, 400, "{path} {body}: {answer}");
        assert!(answer["errors"][field].is_array(), "{path} {body}: {answer}");
        assert_eq!(count(path).await, before);
    }
    let (status, answer) = house.office(Method::POST, "sites/", json!({"colour": "x"})).await;
    assert_eq!((status, &answer["code"]), (400, &json!("invalid_field")));
    for body in ["[]", "{", "null", "3"] {
        let token = house.token("admin_token");
        let answer =
            house.ask_raw(Method::POST, "/api/v1/tenants/demo/sites/", Some(&token), Some(body.to_owned())).await;
        assert_eq!(answer.0, 400, "{body}");
    }
}

#[tokio::test]
async fn repeating_a_request_makes_nothing() {
    let house = House::open().await;
    let body =
        json!({"site": house.seed["site"], "name": "Crédit", "client_id": "018f2f10-0000-7000-8000-000000000001"});
    let first = house.made("services/", body.clone()).await;
    let (status, again) = house.office(Method::POST, "services/", body.clone()).await;
    assert_eq!((status, &again), (200, &first));
    let (status, answer) = house.office(Method::POST, "displays/", body).await;
    assert_eq!((status, &answer["code"]), (409, &json!("id_taken")));
}

#[tokio::test]
async fn lists_are_filtered_ordered_and_paged() {
    let house = House::open().await;
    let names = async |path: &str| -> Vec<String> {
        let (status, page) = house.office(Method::GET, path, Value::Null).await;
        assert_eq!(status, 200, "{path}: {page}");
        page["results"].as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names("queues/?ordering=-prefix").await[0], "Crédits et conseil");
    assert_eq!(names("queues/?prefix=B").await, ["Retraits et dépôts"]);
    assert_eq!(names("queues/?is_active=false").await, [""; 0]);
    assert_eq!(names("agents/?ordering=name&page_size=2&page=2").await, ["Sofia Costa"]);
    assert_eq!(names("users/?role=tenant_admin").await, ["Fatou Diop"]);
    assert_eq!(names("users/?email=awa@demo.example&is_active=true").await, ["Awa Ndiaye"]);
    let (_, page) = house.office(Method::GET, "users/?page_size=2&ordering=-name", Value::Null).await;
    assert!(page["next"].as_str().unwrap().contains("ordering=-name"), "{page}");
    for (path, field) in
        [("users/?ordering=password", "ordering"), ("queues/?site=x", "site"), ("queues/?is_active=maybe", "is_active")]
    {
        let (status, answer) = house.office(Method::GET, path, Value::Null).await;
        assert_eq!((status, answer["errors"][field].is_array()), (400, true), "{path}: {answer}");
    }
}

#[tokio::test]
async fn an_invited_clerk_chooses_a_password_and_serves() {
    let house = House::open().await;
    let invitation = json!({"email": "Moussa@demo.example", "name": "Moussa Ba", "site": house.seed["site"],
                            "queues": [house.queue("A"), house.queue("C")]});
    let invited = house.made("agents/invite/", invitation.clone()).await;
    assert_eq!(invited["agent"]["queues"], json!([house.queue("A"), house.queue("C")]));
    // All or nothing: the address is taken, so there is no second agent either.
    let (_, before) = house.get("agents/").await;
    let (status, answer) = house.office(Method::POST, "agents/invite/", invitation).await;
    assert_eq!((status, answer["errors"]["email"].is_array()), (400, true), "{answer}");
    let wrong_queue =
        json!({"email": "new@demo.example", "name": "x", "site": house.seed["site"], "queues": [999_999]});
    assert_eq!(house.office(Method::POST, "agents/invite/", wrong_queue).await.0, 400);
    assert_eq!(house.get("agents/").await.1, before);
    let (_, users) = house.office(Method::GET, "users/?email=new@demo.example", Value::Null).await;
    assert_eq!(users["count"], 0);

    let accept = async |password: &str| {
        let body = json!({"invitation": invited["invitation"], "password": password}).to_string();
        house.ask_raw(Method::POST, "/api/v1/auth/accept/", None, Some(body)).await
    };
    assert_eq!(house.sign_in("moussa@demo.example", "a good password").await.0, 401);
    assert_eq!(accept("short").await.0, 400);
    assert_eq!(accept("a good password").await.0, 204);
    assert_eq!(accept("another password").await.1["code"], "invitation_refused");
    let (status, reply) = house.sign_in("moussa@demo.example", "a good password").await;
    assert_eq!((status, &reply["user"]["role"]), (200, &json!("agent")), "{reply}");
    assert_eq!(reply["agent"]["id"], invited["agent"]["id"]);
    let access = reply["access"].as_str().unwrap();
    house.take("A").await;
    let call = format!("/api/v1/tenants/demo/agents/{}/call-next/", invited["agent"]["id"]);
    assert_eq!(house.ask_raw(Method::POST, &call, Some(access), None).await.0, 200);
}

#[tokio::test]
async fn roles_bound_what_somebody_may_do() {
    let house = House::open().await;
    let mut tokens = Vec::new();
    for role in ["manager", "agent", "device"] {
        let email = format!("{role}@demo.example");
        let body = json!({"email": email, "name": role, "role": role, "password": "a good password"});
        let user = house.made("users/", body).await;
        assert!(user["password"].is_null() && user["password_hash"].is_null());
        let (_, reply) = house.sign_in(&email, "a good password").await;
        tokens.push((role, reply["access"].as_str().unwrap().to_owned()));
    }
    for (role, token) in tokens {
        let ask = async |method, path: &str| {
            let body = (method == Method::POST).then(|| "{}".to_owned());
            house.ask_raw(method, &format!("/api/v1/tenants/demo/{path}"), Some(&token), body).await.0
        };
        assert_eq!(ask(Method::GET, "queues/").await, 200);
        assert_eq!(ask(Method::GET, "stations/").await == 200, role == "manager", "{role}");
        for path in ["users/", "sites/", "agents/invite/"] {
            assert_eq!(ask(Method::POST, path).await, 403, "{role} {path}");
        }
        assert_eq!(ask(Method::GET, "users/").await, 403);
        assert_eq!(ask(Method::GET, "audit/").await, 403);
    }
    let body = json!({"slug": "third", "name": "Third"}).to_string();
    let admin = house.token("admin_token");
    assert_eq!(house.ask_raw(Method::POST, "/api/v1/tenants/", Some(&admin), Some(body)).await.0, 403);
}

#[tokio::test]
async fn whoever_is_shut_out_stays_out() {
    let house = House::open().await;
    let (_, reply) = house.sign_in("louis@demo.example", PASSWORD).await;
    let user = reply["user"]["id"].clone();
    // A token knows its second only, and one of the second of the change is let through.
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    let path = format!("users/{user}/revoke/");
    assert_eq!(house.office(Method::POST, &path, Value::Null).await.0, 204);
    let access = reply["access"].as_str().unwrap();
    let (status, answer) = house.ask_raw(Method::GET, "/api/v1/tenants/demo/queues/", Some(access), None).await;
    assert_eq!((status, &answer["code"]), (401, &json!("token_revoked")));
    let refresh = json!({"refresh": reply["refresh"]}).to_string();
    assert_eq!(house.ask_raw(Method::POST, "/api/v1/auth/refresh/", None, Some(refresh)).await.0, 401);

    let path = format!("users/{user}/");
    assert_eq!(house.office(Method::PATCH, &path, json!({"is_active": false})).await.0, 200);
    assert_eq!(house.sign_in("louis@demo.example", PASSWORD).await.0, 401);
    assert_eq!(house.office(Method::PATCH, &path, json!({"is_active": true})).await.0, 200);
    let (status, reply) = house.sign_in("louis@demo.example", PASSWORD).await;
    assert_eq!(status, 200);
    let refresh = json!({"refresh": reply["refresh"]}).to_string();
    assert_eq!(house.ask_raw(Method::POST, "/api/v1/auth/logout/", None, Some(refresh.clone())).await.0, 204);
    assert_eq!(house.ask_raw(Method::POST, "/api/v1/auth/refresh/", None, Some(refresh)).await.0, 401);
}

#[tokio::test]
async fn a_station_pairs_with_a_token_of_the_office_and_is_shut_out_alone() {
    let house = House::open().await;
    let (status, allowed) =
        house.office(Method::POST, "stations/pairing-tokens/", json!({"site": house.seed["site"]})).await;
    assert_eq!(status, 201, "{allowed}");
    let mut stations = Vec::new();
    for name in ["Gauche", "Droite"] {
        let body = json!({"pairing_token": allowed["pairing_token"], "name": name, "mode": "board", "version": "1",
                          "epoch": uuid::Uuid::new_v4()});
        let (status, paired) =
            house.ask_raw(Method::POST, "/api/v1/stations/pair/", None, Some(body.to_string())).await;
        assert_eq!(status, 200, "{paired}");
        stations.push(paired);
    }
    let token = async |paired: &Value| {
        let path = format!("/api/v1/tenants/demo/stations/{}/token/", paired["station"]);
        house.ask_raw(Method::POST, &path, None, Some(json!({"secret": paired["secret"]}).to_string())).await
    };
    let (status, held) = token(&stations[0]).await;
    assert_eq!(status, 200);
    let left = format!("stations/{}/", stations[0]["station"]);
    let change = json!({"name": "Entrée", "queues": [house.queue("B")]});
    let (status, changed) = house.office(Method::PATCH, &left, change).await;
    assert_eq!((status, &changed["name"], &changed["queues"]), (200, &json!("Entrée"), &json!([house.queue("B")])));
    assert_eq!(house.office(Method::POST, &format!("{left}revoke/"), Value::Null).await.0, 204);
    assert_eq!(token(&stations[0]).await.0, 403);
    let access = held["access"].as_str().unwrap();
    let (status, answer) = house.ask_raw(Method::GET, "/api/v1/tenants/demo/queues/", Some(access), None).await;
    assert_eq!((status, &answer["code"]), (401, &json!("token_revoked")));
    assert_eq!(token(&stations[1]).await.0, 200);
    assert!(house.office(Method::GET, &left, Value::Null).await.1["revoked_at"].is_string());
}

#[tokio::test]
async fn the_trail_shows_every_change_and_is_never_changed() {
    let house = House::open().await;
    let site = house.seed["site"].clone();
    let display = house.made("displays/", json!({"site": site, "name": "Vitrine"})).await;
    let path = format!("displays/{}/", display["id"]);
    house.office(Method::PATCH, &path, json!({"name": "Vitrine sud"})).await;
    house.office(Method::DELETE, &path, Value::Null).await;
    let body = json!({"email": "new@demo.example", "name": "New", "role": "agent", "password": "never in the trail"});
    house.made("users/", body).await;
    house.sign_in("new@demo.example", "wrong").await;
    let filter = format!("audit/?subject=display&subject_id={}", display["id"]);
    let (status, trail) = house.office(Method::GET, &filter, Value::Null).await;
    assert_eq!(status, 200);
    let actions: Vec<_> = trail["results"].as_array().unwrap().iter().map(|row| row["action"].clone()).collect();
    assert_eq!(actions, ["delete", "change", "create"]);
    assert_eq!(trail["results"][1]["detail"], json!({"name": "Vitrine sud"}));
    assert!(trail["results"][0]["user"].is_i64());
    let (_, all) = house.office(Method::GET, "audit/", Value::Null).await;
    assert_eq!(all["results"][0]["action"], "sign_in_refused");
    assert!(!all.to_string().contains("never in the trail") && !all.to_string().contains("argon2"));
    for sql in ["UPDATE audit SET action = 'nothing'", "DELETE FROM audit"] {
        let refused = house.premises.look(|connection| connection.execute(sql, []).unwrap_err().to_string());
        assert!(refused.contains("only grows"), "{refused}");
    }
}

#[tokio::test]
async fn settings_belong_to_the_tenant() {
    let house = House::open().await;
    let (status, settings) = house.office(Method::GET, "settings/", Value::Null).await;
    assert_eq!((status, &settings["data_retention_days"]), (200, &json!(365)));
    let (status, settings) = house.office(Method::PATCH, "settings/", json!({"data_retention_days": 30})).await;
    assert_eq!((status, &settings["data_retention_days"], &settings["slug"]), (200, &json!(30), &json!("demo")));
    for body in [json!({"data_retention_days": 0}), json!({"name": ""}), json!({"colour": "red"})] {
        assert_eq!(house.office(Method::PATCH, "settings/", body.clone()).await.0, 400, "{body}");
    }
}

#[tokio::test]
async fn the_page_of_the_document_needs_nothing_from_elsewhere() {
    let house = House::open().await;
    let client = super::house::client();
    let base = format!("http://{}", house.running().address());
    for (path, kind) in
        [("/docs", "text/html"), ("/docs/script.js", "text/javascript"), ("/docs/style.css", "text/css")]
    {
        let answer = client.get(format!("{base}{path}")).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 200, "{path}");
        assert!(answer.headers()["content-type"].to_str().unwrap().starts_with(kind), "{path}");
        let text = answer.text().await.unwrap();
        assert!(!text.contains("http://") && !text.contains("https://"), "{path} asks for something elsewhere");
    }
    let (_, document) = house.ask_raw(Method::GET, "/api/v1/openapi.json", None, None).await;
    for (path, schema) in [("sites", "post"), ("users", "post"), ("playlists", "post"), ("queues/{id}/health", "get")] {
        assert!(document["paths"][format!("/api/v1/tenants/{{tenant}}/{path}/")][schema].is_object(), "{path}");
    }
    // Everything that is pointed at is there.
    let text = document.to_string();
    let pointed: Vec<&str> =
        text.split("#/components/schemas/").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(pointed.len() > 20);
    for name in pointed {
        assert!(document["components"]["schemas"][name].is_object(), "{name}");
    }
}
