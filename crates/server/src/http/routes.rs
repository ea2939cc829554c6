//! Every path of the API with what it does. The router and the document are made from this list alone.

use super::api::{Api, Operation};
use super::{
    LARGEST_PUSH, agents, devices, health, incidents, intelligence, login, pairing, public, staff, stations, tenants,
    tickets, trail,
};
use crate::auth::Scope;
use crate::ledger::catalogue::Extent;
use crate::ledger::places::AGENT_STATUSES;
use crate::ledger::resources;
use crate::socket;
use axum::extract::DefaultBodyLimit;
use axum::routing::post;
use serde_json::{Value, json};
use smartqueue_protocol::api::{AgentBody, FollowAnswer, LoginReply, LoginRequest, RefreshRequest, TicketAnswer};
use smartqueue_protocol::intelligence::{
    AlgorithmRecommendation, LoadBalance, OptimizationReport, Overview, QueueHealth, QueuePrediction, QueueStats,
};
use smartqueue_protocol::pairing::{
    ApproveReply, ApproveRequest, AskReply, AskRequest, CodeRequest, PollReply, PollRequest, RequestShown,
};
use smartqueue_protocol::station_sync::{
    CheckReply, CheckRequest, HelloReply, HelloRequest, IssueReply, IssueRequest, PairReply, PairRequest, TokenReply,
    TokenRequest,
};

fn object(required: &[&str], properties: Value) -> Value {
    json!({"type": "object", "required": required, "properties": properties})
}

fn integer() -> Value {
    json!({"type": "integer"})
}

fn uuid() -> Value {
    json!({"type": "string", "format": "uuid"})
}

const STATUSES: [&str; 7] = ["en_attente", "appelé", "en_service", "terminé", "absent", "en_pause", "annulé"];

/// The whole API.
pub(super) fn api() -> Api {
    Api::new("")
        .nest(without_tenant())
        .nest(of_tenant())
        .nest(of_stations())
        .nest(sockets())
        .get("/health", health::ready, Operation::new("Whether the server can work"))
        .get("/health/live", health::alive, Operation::new("Whether the process lives"))
        .get(
            "/health/ready",
            health::ready,
            Operation::new("Whether steps can be made durable, and whether other servers are heard"),
        )
        .get("/metrics", health::metrics, Operation::new("Everything that is counted, for Prometheus"))
        .get("/health/startup", health::started, Operation::new("Whether the server has started"))
}

fn without_tenant() -> Api {
    let tenant = || {
        object(
            &["slug", "name"],
            json!({"slug": {"type": "string", "pattern": "^[a-z0-9][a-z0-9-]{1,49}$"},
        "name": {"type": "string", "minLength": 1, "maxLength": 100}}),
        )
    };
    Api::new("/api/v1")
        .post(
            "/auth/login",
            login::login,
            Operation::new("Sign in").takes_a::<LoginRequest>().answers_a::<LoginReply>(200, "Signed in"),
        )
        .post(
            "/auth/refresh",
            login::refresh,
            Operation::new("Exchange a refresh token for the next pair")
                .takes_a::<RefreshRequest>()
                .answers_a::<LoginReply>(200, "Exchanged"),
        )
        .post(
            "/auth/logout",
            login::logout,
            Operation::new("End a refresh token and all of its family")
                .takes_a::<RefreshRequest>()
                .answers(204, "Ended", None),
        )
        .post(
            "/auth/accept",
            login::accept,
            Operation::new("Take an invitation and choose a password")
                .takes(object(
                    &["invitation", "password"],
                    json!({"invitation": {"type": "string"},
                    "password": {"type": "string", "minLength": 10, "maxLength": 1024}}),
                ))
                .answers(204, "Taken", None),
        )
        .get("/tenants", tenants::list, Operation::new("List tenants").needs(Scope::AdminAll).lists(tenant()))
        .post(
            "/tenants",
            tenants::create,
            Operation::new("Make a tenant").needs(Scope::AdminAll).takes(tenant()).answers(201, "Made", Some(tenant())),
        )
        .get(
            "/public/tenants/{tenant}/tickets/{id}",
            public::follow,
            Operation::new("Follow one's own ticket").answers_a::<FollowAnswer>(200, "Found"),
        )
        .get("/openapi.json", public::openapi, Operation::new("This document"))
}

fn of_tenant() -> Api {
    let api = Api::new("/api/v1/tenants/{tenant}");
    let api = of_queues(of_tickets(api));
    of_office(api)
}

fn of_tickets(api: Api) -> Api {
    let new = object(
        &["queue_id", "channel"],
        json!({"queue_id": integer(), "channel": {"enum": ["kiosk", "web", "mobile", "counter", "appointment"]},
               "priority": {"type": "integer", "minimum": -1000, "maximum": 1000},
               "customer": {"type": "object"}, "id": uuid()}),
    );
    let mut api = api
        .get(
            "/tickets",
            tickets::list,
            Operation::new("List tickets")
                .needs(Scope::ReadQueue)
                .query(
                    "status",
                    json!({"type": "string", "description": STATUSES.join(", "), "examples": ["en_attente"]}),
                )
                .query("queue", integer())
                .query("ordering", json!({"enum": ["created_at", "-created_at", "priority", "-priority"]}))
                .lists_a::<TicketAnswer>(),
        )
        .post(
            "/tickets",
            tickets::create,
            Operation::new("Take a ticket")
                .needs(Scope::WriteQueue)
                .takes(new)
                .answers_a::<TicketAnswer>(201, "Taken")
                .answers_a::<TicketAnswer>(200, "The same id was taken before"),
        )
        .get(
            "/tickets/{id}",
            tickets::one,
            Operation::new("One ticket").needs(Scope::ReadQueue).answers_a::<TicketAnswer>(200, "Found"),
        )
        .route("/tickets/{id}/{step}", post(tickets::step));
    let called = object(&["status"], json!({"status": {"const": "called"}}));
    let caller = object(
        &[],
        json!({"agent": {"type": ["integer", "null"]},
                                    "counter": {"type": ["string", "integer", "null"]}}),
    );
    api = api.describe(
        "post",
        "/tickets/{id}/call",
        Operation::new("Call a ticket").needs(Scope::WriteQueue).takes(caller).answers(200, "Called", Some(called)),
    );
    for (step, summary) in [
        ("recall", "Call the same person again"),
        ("start", "Begin to serve"),
        ("end", "Finish serving"),
        ("no-show", "The person did not come"),
        ("hold", "Set aside"),
        ("cancel", "Withdraw"),
    ] {
        let operation = Operation::new(summary).needs(Scope::WriteQueue).answers_a::<TicketAnswer>(200, "Done");
        api = api.describe("post", &format!("/tickets/{{id}}/{step}"), operation);
    }
    api.describe(
        "post",
        "/tickets/{id}/transfer",
        Operation::new("Send to another queue")
            .needs(Scope::WriteQueue)
            .takes(object(&["queue_id"], json!({"queue_id": integer()})))
            .answers_a::<TicketAnswer>(200, "Waits there"),
    )
}

fn of_queues(api: Api) -> Api {
    let about = |summary| Operation::new(summary).needs(Scope::ReadQueue);
    let over_all = |summary| about(summary).query("site", integer());
    api.resource(&resources::QUEUES)
        .get(
            "/queues/overview",
            intelligence::overview,
            over_all("Every queue at a glance").answers_a::<Overview>(200, "Now"),
        )
        .get(
            "/queues/load_balance",
            intelligence::load_balance,
            over_all("How evenly the load lies").answers_a::<LoadBalance>(200, "Now"),
        )
        .get(
            "/queues/optimization_report",
            intelligence::optimization_report,
            over_all("What would help").answers_a::<OptimizationReport>(200, "Now"),
        )
        .get("/queues/{id}/stats", intelligence::stats, about("A queue's figures").answers_a::<QueueStats>(200, "Now"))
        .get(
            "/queues/{id}/health",
            intelligence::health,
            about("A queue's health").answers_a::<QueueHealth>(200, "Now"),
        )
        .get(
            "/queues/{id}/predictions",
            intelligence::predictions,
            about("The next hour").answers_a::<QueuePrediction>(200, "Predicted"),
        )
        .get(
            "/queues/{id}/algorithm_recommendation",
            intelligence::algorithm_recommendation,
            about("The order that would serve best").answers_a::<AlgorithmRecommendation>(200, "Recommended"),
        )
}

fn of_office(api: Api) -> Api {
    let invitation = object(
        &["email", "name", "site"],
        json!({"email": {"type": "string", "format": "email"}, "name": {"type": "string"}, "site": integer(),
               "role": {"enum": crate::auth::Role::WORDS_OF_A_TENANT}, "queues": {"type": "array", "items": integer()},
               "client_id": uuid()}),
    );
    let invited =
        object(&["invitation", "expires_in"], json!({"invitation": {"type": "string"}, "expires_in": integer()}));
    let settings = || {
        json!({"name": {"type": "string", "minLength": 1, "maxLength": 100},
               "data_retention_days": {"type": "integer", "minimum": 1, "maximum": 3650}})
    };
    api.resource(&resources::AGENTS)
        .post(
            "/agents/invite",
            staff::invite_agent,
            Operation::new("Make a user, an agent and an invitation in one step")
                .needs(Scope::AdminTenant)
                .takes(invitation)
                .answers(201, "Invited", Some(invited.clone())),
        )
        .post(
            "/agents/{id}/call-next",
            agents::call_next,
            Operation::new("Call the next ticket")
                .needs(Scope::WriteQueue)
                .answers_a::<TicketAnswer>(200, "Called")
                .answers(204, "Nobody waits", None),
        )
        .post(
            "/agents/{id}/set-status",
            agents::set_status,
            Operation::new("Set an agent's state")
                .needs(Scope::WriteQueue)
                .takes(object(&["status"], json!({"status": {"enum": AGENT_STATUSES}})))
                .answers_a::<AgentBody>(200, "Set"),
        )
        .post(
            "/agents/{id}/set-counter",
            agents::set_counter,
            Operation::new("Put an agent at a counter")
                .needs(Scope::WriteQueue)
                .takes(object(&["counter_id"], json!({"counter_id": {"type": ["integer", "null"]}})))
                .answers_a::<AgentBody>(200, "Set"),
        )
        .resource(&resources::USERS)
        .post(
            "/users/{id}/invite",
            staff::invite_user,
            Operation::new("Let a user choose a new password").needs(Scope::AdminTenant).answers(
                201,
                "Invited",
                Some(invited),
            ),
        )
        .post(
            "/users/{id}/revoke",
            staff::revoke_user,
            Operation::new("End every token of a user").needs(Scope::AdminTenant).answers(204, "Ended", None),
        )
        .resource(&resources::SITES)
        .resource(&resources::SERVICES)
        .resource(&resources::COUNTERS)
        .resource(&resources::DISPLAYS)
        .resource(&resources::PLAYLISTS)
        .get("/settings", tenants::settings, Operation::new("The tenant's own settings").needs(Scope::AdminTenant))
        .patch(
            "/settings",
            |app, caller, body| tenants::change_settings(Extent::Named, app, caller, body),
            Operation::new("Change what is named of the tenant's own settings")
                .needs(Scope::AdminTenant)
                .takes(object(&[], settings())),
        )
        .put(
            "/settings",
            |app, caller, body| tenants::change_settings(Extent::Whole, app, caller, body),
            Operation::new("Change all of the tenant's own settings")
                .needs(Scope::AdminTenant)
                .takes(object(&["name", "data_retention_days"], settings())),
        )
        .list(&resources::REMINDERS, "Who took a number from afar and comes near their turn; each ticket once")
        .resource(&resources::INCIDENTS)
        .post(
            "/incidents",
            incidents::create,
            Operation::new("File an incident")
                .needs(Scope::WriteQueue)
                .takes(super::api::made_schema(&resources::INCIDENTS))
                .answers(201, "Filed", None),
        )
        .get("/incidents/summary", incidents::summary, Operation::new("How many there are").needs(Scope::ReadQueue))
        .get(
            "/incidents/trends",
            incidents::trends,
            Operation::new("Filed and resolved by day")
                .needs(Scope::ReadQueue)
                .query("days", json!({"type": "integer", "minimum": 1, "maximum": 366})),
        )
        .get(
            "/incidents/{id}/comments",
            incidents::comments,
            Operation::new("What was said about an incident").needs(Scope::ReadQueue),
        )
        .post(
            "/incidents/{id}/comments",
            incidents::comment,
            Operation::new("Say something about an incident")
                .needs(Scope::WriteQueue)
                .takes(object(&["text"], json!({"text": {"type": "string", "minLength": 1, "maxLength": 4000}})))
                .answers(201, "Said", None),
        )
        .get(
            "/audit",
            trail::list,
            Operation::new("Who changed what, newest first")
                .needs(Scope::AdminTenant)
                .query("user", integer())
                .query("subject", json!({"type": "string"}))
                .query("subject_id", integer())
                .lists(object(
                    &["id", "at", "user", "action", "subject", "subject_id", "detail"],
                    json!({"id": integer(), "at": {"type": "string", "format": "date-time"},
                           "user": {"type": ["integer", "null"]}, "action": {"type": "string"},
                           "subject": {"type": "string"}, "subject_id": {"type": ["integer", "null"]},
                           "detail": {"type": "object"}}),
                )),
        )
}

fn of_stations() -> Api {
    let allowed = object(
        &["site"],
        json!({"site": integer(), "expires_in": {"type": "integer", "minimum": 60, "maximum": 2_592_000}}),
    );
    let token = object(
        &["pairing_token", "expires_at"],
        json!({"pairing_token": {"type": "string"},
        "expires_at": {"type": "string", "format": "date-time"}}),
    );
    let revoke = || Operation::new("Shut one station out").needs(Scope::ManageDevices).answers(204, "Shut out", None);
    let of_tenant = Api::new("/api/v1/tenants/{tenant}")
        .resource(&resources::STATIONS)
        .delete("/stations/{id}", devices::revoke, revoke())
        .post("/stations/{id}/revoke", devices::revoke, revoke())
        .post(
            "/stations/pairing-tokens",
            devices::allow_pairing,
            Operation::new("Let stations of a site pair").needs(Scope::ManageDevices).takes(allowed).answers(
                201,
                "Allowed",
                Some(token),
            ),
        )
        .post(
            "/stations/pairing-requests/look",
            pairing::look,
            Operation::new("The station that shows a code")
                .needs(Scope::ManageDevices)
                .takes_a::<CodeRequest>()
                .answers_a::<RequestShown>(200, "It waits"),
        )
        .post(
            "/stations/pairing-requests/approve",
            pairing::approve,
            Operation::new("Let the station that shows a code pair, once, as this station")
                .needs(Scope::ManageDevices)
                .takes_a::<ApproveRequest>()
                .answers_a::<ApproveReply>(200, "Approved"),
        )
        .post(
            "/stations/pairing-requests/refuse",
            pairing::refuse,
            Operation::new("Tell the station that shows a code no")
                .needs(Scope::ManageDevices)
                .takes_a::<CodeRequest>()
                .answers(204, "Refused", None),
        )
        .post(
            "/stations/{id}/token",
            stations::token,
            Operation::new("An access token for a station's secret")
                .takes_a::<TokenRequest>()
                .answers_a::<TokenReply>(200, "Made"),
        )
        .post(
            "/stations/{id}/hello",
            stations::hello,
            Operation::new("A station connects")
                .needs(Scope::Station)
                .takes_a::<HelloRequest>()
                .answers_a::<HelloReply>(200, "Welcome"),
        )
        .post(
            "/stations/{id}/issue",
            stations::issue,
            Operation::new("A number for a station's touch")
                .needs(Scope::Station)
                .takes_a::<IssueRequest>()
                .answers_a::<IssueReply>(200, "Allocated"),
        )
        .route("/stations/{id}/records", post(stations::records).layer(DefaultBodyLimit::max(LARGEST_PUSH)))
        .describe(
            "post",
            "/stations/{id}/records",
            Operation::new("A station pushes its records").needs(Scope::Station).takes(object(
                &["epoch", "records"],
                json!({"epoch": uuid(), "moment": {"type": ["object", "null"]}, "records": {"type": "array",
                       "maxItems": 200, "items": {"type": "object", "required": ["seq", "kind"]}}}),
            )),
        );
    let without_tenant = Api::new("/api/v1")
        .post(
            "/stations/pairing-requests",
            pairing::ask,
            Operation::new("A station asks to be paired and gets a code to show")
                .takes_a::<AskRequest>()
                .answers_a::<AskReply>(201, "Asked"),
        )
        .post(
            "/stations/pairing-requests/poll",
            pairing::poll,
            Operation::new("What became of a station's request")
                .takes_a::<PollRequest>()
                .answers_a::<PollReply>(200, "Known"),
        )
        .post(
            "/stations/pair",
            stations::pair,
            Operation::new("Pair a station").takes_a::<PairRequest>().answers_a::<PairReply>(200, "Paired"),
        )
        .post(
            "/stations/check",
            stations::check,
            Operation::new("Whether a pairing token is good, and for which site")
                .takes_a::<CheckRequest>()
                .answers_a::<CheckReply>(200, "Good"),
        );
    Api::new("").nest(without_tenant).nest(of_tenant)
}

fn sockets() -> Api {
    let mut api = Api::new("").merge_router(socket::routes());
    for (kind, summary, scope) in [
        ("queues", "Events of a queue (WebSocket)", Scope::ReadQueue),
        ("displays", "Events of a display (WebSocket)", Scope::ReadQueue),
        ("agents", "Events of an agent (WebSocket)", Scope::ReadQueue),
        ("stations", "Events of a station (WebSocket)", Scope::Station),
    ] {
        let operation = Operation::new(summary)
            .needs(scope)
            .query("token", json!({"type": "string"}))
            .query("after", json!({"type": "integer", "minimum": 0}))
            .answers(101, "The socket is open", None);
        api = api.describe("get", &format!("/ws/tenants/{{tenant}}/{kind}/{{id}}"), operation);
    }
    api
}
