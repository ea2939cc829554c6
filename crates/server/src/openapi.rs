//! The API's document, kept by hand beside the routes; a test asks the router for every path that it lists.

use serde_json::{Map, Value, json};

/// One operation: method, path, what it does, what the caller's token needs.
struct Operation {
    method: &'static str,
    path: &'static str,
    summary: &'static str,
    needs: &'static str,
}

const fn operation(method: &'static str, path: &'static str, summary: &'static str, needs: &'static str) -> Operation {
    Operation { method, path, summary, needs }
}

const OPERATIONS: [Operation; 45] = [
    operation("post", "/api/v1/auth/login/", "Sign in", ""),
    operation("post", "/api/v1/auth/refresh/", "Exchange a refresh token for the next pair", ""),
    operation("get", "/api/v1/openapi.json", "This document", ""),
    operation("get", "/api/v1/public/tenants/{tenant}/tickets/{id}/", "Follow one's own ticket", ""),
    operation("post", "/api/v1/stations/pair/", "Pair a station", ""),
    operation("post", "/api/v1/stations/check/", "Whether a pairing token is good, and for which site", ""),
    operation("get", "/api/v1/tenants/{tenant}/tickets/", "List tickets", "read:queue"),
    operation("post", "/api/v1/tenants/{tenant}/tickets/", "Take a ticket", "write:queue"),
    operation("get", "/api/v1/tenants/{tenant}/tickets/{id}/", "One ticket", "read:queue"),
    operation("post", "/api/v1/tenants/{tenant}/tickets/{id}/call/", "Call a ticket", "write:queue"),
    operation("post", "/api/v1/tenants/{tenant}/tickets/{id}/recall/", "Call the same person again", "write:queue"),
    operation("post", "/api/v1/tenants/{tenant}/tickets/{id}/start/", "Begin to serve", "write:queue"),
    operation("post", "/api/v1/tenants/{tenant}/tickets/{id}/end/", "Finish serving", "write:queue"),
    operation("post", "/api/v1/tenants/{tenant}/tickets/{id}/no-show/", "The person did not come", "write:queue"),
    operation("post", "/api/v1/tenants/{tenant}/tickets/{id}/hold/", "Set aside", "write:queue"),
    operation("post", "/api/v1/tenants/{tenant}/tickets/{id}/cancel/", "Withdraw", "write:queue"),
    operation("post", "/api/v1/tenants/{tenant}/tickets/{id}/transfer/", "Send to another queue", "write:queue"),
    operation("get", "/api/v1/tenants/{tenant}/queues/", "List queues", "read:queue"),
    operation("get", "/api/v1/tenants/{tenant}/queues/{id}/", "One queue", "read:queue"),
    operation("patch", "/api/v1/tenants/{tenant}/queues/{id}/", "Change a queue", "admin:tenant"),
    operation("get", "/api/v1/tenants/{tenant}/agents/", "List agents", "read:queue"),
    operation("get", "/api/v1/tenants/{tenant}/agents/{id}/", "One agent", "read:queue"),
    operation("post", "/api/v1/tenants/{tenant}/agents/{id}/call-next/", "Call the next ticket", "write:queue"),
    operation("post", "/api/v1/tenants/{tenant}/agents/{id}/set-status/", "Set an agent's state", "write:queue"),
    operation("post", "/api/v1/tenants/{tenant}/agents/{id}/set-counter/", "Put an agent at a counter", "write:queue"),
    operation("get", "/api/v1/tenants/{tenant}/sites/", "List sites", "read:queue"),
    operation("get", "/api/v1/tenants/{tenant}/sites/{id}/", "One site", "read:queue"),
    operation("get", "/api/v1/tenants/{tenant}/services/", "List services", "read:queue"),
    operation("get", "/api/v1/tenants/{tenant}/services/{id}/", "One service", "read:queue"),
    operation("get", "/api/v1/tenants/{tenant}/counters/", "List counters", "read:queue"),
    operation("get", "/api/v1/tenants/{tenant}/counters/{id}/", "One counter", "read:queue"),
    operation("get", "/api/v1/tenants/{tenant}/displays/", "List displays", "read:queue"),
    operation("get", "/api/v1/tenants/{tenant}/displays/{id}/", "One display", "read:queue"),
    operation("get", "/api/v1/tenants/{tenant}/stations/", "List stations", "manage:devices"),
    operation("get", "/api/v1/tenants/{tenant}/stations/{id}/", "One station", "manage:devices"),
    operation("post", "/api/v1/tenants/{tenant}/stations/{id}/token/", "An access token for a station's secret", ""),
    operation("post", "/api/v1/tenants/{tenant}/stations/{id}/hello/", "A station connects", "station"),
    operation("post", "/api/v1/tenants/{tenant}/stations/{id}/issue/", "A number for a station's touch", "station"),
    operation("post", "/api/v1/tenants/{tenant}/stations/{id}/records/", "A station pushes its records", "station"),
    operation("get", "/ws/tenants/{tenant}/queues/{id}/", "Events of a queue (WebSocket)", "read:queue"),
    operation("get", "/ws/tenants/{tenant}/displays/{id}/", "Events of a display (WebSocket)", "read:queue"),
    operation("get", "/ws/tenants/{tenant}/agents/{id}/", "Events of an agent (WebSocket)", "read:queue"),
    operation("get", "/ws/tenants/{tenant}/stations/{id}/", "Events of a station (WebSocket)", "station"),
    operation("get", "/health/live", "Whether the process lives", ""),
    operation("get", "/health/ready", "Whether steps can be made durable", ""),
];

/// The OpenAPI 3.1 document.
pub fn document() -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for Operation { method, path, summary, needs } in OPERATIONS {
        let entry = paths.entry(path).or_insert_with(|| json!({}));
        entry[method] = json!({
            "summary": summary,
            "parameters": parameters(method, path),
            "responses": responses(method, path),
        });
        if !needs.is_empty() {
            entry[method]["security"] = json!([{ "bearer": [needs] }]);
        }
        if let Some(schema) = body(method, path) {
            entry[method]["requestBody"] = json!({"content": {"application/json": {"schema": schema}}});
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "SmartQueue",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Paths are good with and without a slash at the end. Times are RFC 3339 with a zone.",
        },
        "paths": paths,
        "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
            "schemas": {
                "Error": {
                    "type": "object",
                    "required": ["code", "detail"],
                    "properties": {"code": {"type": "string"}, "detail": {"type": "string"}},
                },
                "Ticket": ticket(),
            },
        },
    })
}

fn parameters(method: &str, path: &str) -> Vec<Value> {
    let mut parameters = Vec::new();
    for name in ["tenant", "id"] {
        if path.contains(&format!("{{{name}}}")) {
            let kind = match name {
                "id" if path.contains("/tickets/") => json!({"type": "string", "format": "uuid"}),
                "id" => json!({"type": "integer"}),
                _ => json!({"type": "string"}),
            };
            parameters.push(json!({"name": name, "in": "path", "required": true, "schema": kind}));
        }
    }
    let mut query = |names: &[(&str, &str)]| {
        for (name, kind) in names {
            parameters.push(json!({"name": name, "in": "query", "schema": {"type": kind}}));
        }
    };
    if path.starts_with("/ws/") {
        query(&[("token", "string"), ("after", "integer")]);
    } else if method == "get" && path.starts_with("/api/v1/tenants/") && !path.contains("{id}") {
        query(&[("page", "integer"), ("page_size", "integer")]);
        if path.ends_with("/tickets/") {
            query(&[("status", "string"), ("queue", "integer"), ("ordering", "string")]);
        }
    }
    parameters
}

fn responses(method: &str, path: &str) -> Value {
    let error = |what: &str| {
        json!({"description": what,
               "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}})
    };
    let ticket = json!({"application/json": {"schema": {"$ref": "#/components/schemas/Ticket"}}});
    let mut responses = json!({"4XX": error("Refused"), "5XX": error("The server could not do it")});
    if path.starts_with("/ws/") {
        responses["101"] = json!({"description": "The socket is open"});
    } else if method == "post" && path.ends_with("/tickets/") {
        responses["201"] = json!({"description": "Taken", "content": ticket});
        responses["200"] = json!({"description": "The same id was taken before", "content": ticket});
    } else if path.ends_with("/call-next/") {
        responses["200"] = json!({"description": "Called", "content": ticket});
        responses["204"] = json!({"description": "Nobody waits"});
    } else {
        responses["200"] = json!({"description": "Done"});
    }
    responses
}

fn body(method: &str, path: &str) -> Option<Value> {
    let object = |required: &[&str], properties: Value| json!({"type": "object", "required": required, "properties": properties});
    let text = json!({"type": "string"});
    let integer = json!({"type": "integer"});
    let last = path.trim_end_matches('/').rsplit('/').next().unwrap_or("");
    match (method, last) {
        ("post", "login") => {
            Some(object(&["tenant", "email", "password"], json!({"tenant": text, "email": text, "password": text})))
        }
        ("post", "check") => Some(object(&["pairing_token"], json!({"pairing_token": text}))),
        ("post", "refresh") => Some(object(&["refresh"], json!({"refresh": text}))),
        ("post", "pair") => Some(object(
            &["pairing_token", "name", "mode", "epoch", "version"],
            json!({"pairing_token": text, "name": text, "mode": {"enum": ["kiosk", "board", "all"]},
                   "epoch": {"type": "string", "format": "uuid"}, "version": text}),
        )),
        ("post", "tickets") => Some(object(
            &["queue_id", "channel"],
            json!({"queue_id": integer, "channel": {"enum": ["kiosk", "web", "mobile", "counter", "appointment"]},
                   "priority": integer, "customer": {"type": "object"}, "id": {"type": "string", "format": "uuid"}}),
        )),
        ("post", "call") => Some(object(&[], json!({"agent": integer, "counter": {"type": ["string", "integer"]}}))),
        ("post", "transfer") => Some(object(&["queue_id"], json!({"queue_id": integer}))),
        ("post", "set-status") => {
            Some(object(&["status"], json!({"status": {"enum": crate::ledger::places::AGENT_STATUSES}})))
        }
        ("post", "set-counter") => Some(object(&["counter_id"], json!({"counter_id": {"type": ["integer", "null"]}}))),
        ("post", "token") => Some(object(&["secret"], json!({"secret": text}))),
        ("post", "hello") => Some(object(
            &["epoch", "mode", "version"],
            json!({"epoch": {"type": "string", "format": "uuid"}, "mode": text, "version": text,
                   "applied_configuration": {"type": ["integer", "null"]}, "service_day": {"type": ["string", "null"]},
                   "word": {"type": ["string", "null"]}, "next_word": {"type": ["string", "null"]}}),
        )),
        ("post", "issue") => Some(object(
            &["epoch", "ticket", "queue"],
            json!({"epoch": {"type": "string", "format": "uuid"}, "ticket": {"type": "string", "format": "uuid"},
                   "queue": integer}),
        )),
        ("post", "records") => Some(object(
            &["epoch", "records"],
            json!({"epoch": {"type": "string", "format": "uuid"},
                   "records": {"type": "array", "maxItems": 200, "items": {"type": "object", "required": ["seq", "kind"]}},
                   "moment": {"type": ["object", "null"]}}),
        )),
        ("patch", _) => Some(object(
            &[],
            json!({"is_active": {"type": "boolean"}, "max_capacity": {"type": ["integer", "null"]},
                   "hours": {"type": ["array", "null"]}, "algorithm": {"enum": ["fifo", "priority", "sla"]}}),
        )),
        _ => None,
    }
}

fn ticket() -> Value {
    let time = json!({"type": ["string", "null"], "format": "date-time"});
    json!({
        "type": "object",
        "required": ["id", "number", "queue", "channel", "priority", "status", "created_at"],
        "properties": {
            "id": {"type": "string", "format": "uuid"},
            "number": {"type": "string"},
            "queue": {"type": "integer"},
            "channel": {"type": "string"},
            "priority": {"type": "integer"},
            "status": {"enum": ["en_attente", "appelé", "en_service", "terminé", "absent", "en_pause", "annulé"]},
            "eta_seconds": {"type": ["integer", "null"]},
            "customer": {"type": "object"},
            "agent": {"type": ["integer", "null"]},
            "counter": {"type": ["string", "null"]},
            "created_at": {"type": "string", "format": "date-time"},
            "called_at": time,
            "started_at": time,
            "ended_at": time,
            "print_state": {"type": "string"},
        },
    })
}
