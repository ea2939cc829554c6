//! Routes and the API's document from one list: whoever adds a route says what it does, and the document follows.
//! This module handles no request.

use super::App;
use crate::auth::Scope;
use crate::ledger::catalogue::Extent;
use crate::ledger::fields::{Given, Place};
use crate::ledger::resources::Resource;
use axum::Router;
use axum::handler::Handler;
use axum::routing::{MethodRouter, delete, get, patch, post, put};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;

/// Schemas by name.
type Schemas = BTreeMap<String, Value>;

/// What one operation of the API is.
pub(super) struct Operation {
    summary: &'static str,
    needs: Option<Scope>,
    query: Vec<(String, Value)>,
    body: Option<Value>,
    answers: Vec<(u16, &'static str, Option<Value>)>,
    schemas: Schemas,
}

impl Operation {
    /// An operation in a few words. Without an answer of its own it answers 200.
    pub(super) fn new(summary: &'static str) -> Operation {
        let schemas = Schemas::new();
        Operation { summary, needs: None, query: Vec::new(), body: None, answers: Vec::new(), schemas }
    }

    /// What the caller's token must hold.
    pub(super) fn needs(mut self, scope: Scope) -> Operation {
        self.needs = Some(scope);
        self
    }

    /// A parameter of the query.
    pub(super) fn query(mut self, name: &str, schema: Value) -> Operation {
        self.query.push((name.to_owned(), schema));
        self
    }

    /// The parameters of every list.
    fn paged(self) -> Operation {
        let number = |most: Option<u32>| {
            let mut schema = json!({"type": "integer", "minimum": 1});
            if let Some(most) = most {
                schema["maximum"] = json!(most);
            }
            schema
        };
        self.query("page", number(None)).query("page_size", number(Some(super::answer::LARGEST_PAGE_SIZE)))
    }

    /// The body, as a schema.
    pub(super) fn takes(mut self, schema: Value) -> Operation {
        self.body = Some(schema);
        self
    }

    /// The body, as a type.
    pub(super) fn takes_a<T: ToSchema>(mut self) -> Operation {
        self.body = Some(reference::<T>(&mut self.schemas));
        self
    }

    /// An answer with a schema, or without a body.
    pub(super) fn answers(mut self, status: u16, what: &'static str, schema: Option<Value>) -> Operation {
        self.answers.push((status, what, schema));
        self
    }

    /// An answer with a type.
    pub(super) fn answers_a<T: ToSchema>(mut self, status: u16, what: &'static str) -> Operation {
        let schema = reference::<T>(&mut self.schemas);
        self.answers(status, what, Some(schema))
    }

    /// A page of a type.
    pub(super) fn lists_a<T: ToSchema>(mut self) -> Operation {
        let schema = reference::<T>(&mut self.schemas);
        self.lists(schema)
    }

    /// A page of rows.
    pub(super) fn lists(self, row: Value) -> Operation {
        let address = json!({"type": ["string", "null"]});
        let page = json!({"type": "object", "required": ["count", "next", "previous", "results"], "properties": {
            "count": {"type": "integer"}, "next": address, "previous": address,
            "results": {"type": "array", "items": row}}});
        self.paged().answers(200, "A page", Some(page))
    }

    fn write(self, path: &str, schemas: &mut Schemas) -> Value {
        let Operation { summary, needs, query, body, mut answers, schemas: own } = self;
        schemas.extend(own);
        let mut parameters = Vec::new();
        for (at, _) in path.match_indices('{') {
            let name = path[at + 1..].split('}').next().unwrap_or_default();
            let kind = match name {
                "id" if path.contains("/tickets/") => json!({"type": "string", "format": "uuid"}),
                "id" => json!({"type": "integer"}),
                _ => json!({"type": "string"}),
            };
            parameters.push(json!({"name": name, "in": "path", "required": true, "schema": kind}));
        }
        for (name, schema) in query {
            parameters.push(json!({"name": name, "in": "query", "schema": schema}));
        }
        if answers.is_empty() {
            answers.push((200, "Done", None));
        }
        let mut responses = Map::new();
        for (status, what, schema) in answers {
            let mut response = json!({"description": what});
            if let Some(schema) = schema {
                response["content"] = json!({"application/json": {"schema": schema}});
            }
            responses.insert(status.to_string(), response);
        }
        let error = json!({"application/json": {"schema": {"$ref": "#/components/schemas/ErrorBody"}}});
        for (statuses, what) in [("4XX", "Refused"), ("5XX", "The server could not do it")] {
            responses.insert(statuses.to_owned(), json!({"description": what, "content": error}));
        }
        let mut operation = json!({"summary": summary, "parameters": parameters, "responses": responses});
        if let Some(scope) = needs {
            operation["security"] = json!([{"bearer": [scope.word()]}]);
        }
        if let Some(schema) = body {
            operation["requestBody"] = json!({"content": {"application/json": {"schema": schema}}});
        }
        operation
    }
}

/// Keeps the schema of a type and everything in it, and returns what points at it.
fn reference<T: ToSchema>(schemas: &mut Schemas) -> Value {
    let mut found: Vec<(String, RefOr<Schema>)> = vec![(T::name().into_owned(), T::schema())];
    T::schemas(&mut found);
    for (name, schema) in found {
        // A schema of our own types always has a JSON form.
        schemas.insert(name, serde_json::to_value(schema).unwrap_or(Value::Null));
    }
    json!({"$ref": format!("#/components/schemas/{}", T::name())})
}

/// The schema of a resource as it is shown, or as it is made, changed or replaced.
fn resource_schema(resource: &Resource, purpose: Purpose) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for field in resource.fields {
        let (is_there, is_needed) = match purpose {
            Purpose::Show => (field.expression().is_some(), false),
            Purpose::Make => (field.given != Given::Never, matches!(field.given, Given::Always | Given::Once)),
            Purpose::Change => (!matches!(field.given, Given::Never | Given::Once), false),
            Purpose::Replace => (
                field.given != Given::Never,
                // Nobody was shown a secret and could send it back: left out, it stays.
                matches!(field.given, Given::Always | Given::Once) && !matches!(field.place, Place::Secret(_)),
            ),
        };
        if is_there {
            let mut schema = field.schema();
            if let (Purpose::Show, Place::Beside(_), Some(schema)) = (purpose, field.place, schema.as_object_mut()) {
                // Others may have written there, with words that nobody may ask for here.
                schema.remove("enum");
            }
            properties.insert(field.name.to_owned(), schema);
        }
        if is_needed {
            required.push(field.name);
        }
    }
    for link in resource.links {
        properties.insert(link.name.to_owned(), json!({"type": "array", "items": {"type": "integer"}}));
    }
    match purpose {
        Purpose::Show => {
            properties.insert("id".to_owned(), json!({"type": "integer"}));
        }
        Purpose::Make => {
            let what = "made by the client, so that repeating the request makes nothing";
            properties.insert("client_id".to_owned(), json!({"type": "string", "format": "uuid", "description": what}));
        }
        Purpose::Change | Purpose::Replace => {}
    }
    json!({"type": "object", "required": required, "properties": properties})
}

/// The schema of a resource as it is made, for one that is made by a handler of its own.
pub(super) fn made_schema(resource: &Resource) -> Value {
    resource_schema(resource, Purpose::Make)
}

#[derive(Clone, Copy)]
enum Purpose {
    Show,
    Make,
    Change,
    Replace,
}

/// Routes with their document.
pub(super) struct Api {
    /// Before every path, for the document.
    prefix: &'static str,
    router: Router<Arc<App>>,
    paths: BTreeMap<String, Map<String, Value>>,
    schemas: Schemas,
}

macro_rules! methods {
    ($($method:ident),*) => {$(
        /// Adds a route.
        pub(super) fn $method<H, T>(self, path: &str, handler: H, operation: Operation) -> Api
        where
            H: Handler<T, Arc<App>>,
            T: 'static,
        {
            self.route(path, $method(handler)).describe(stringify!($method), path, operation)
        }
    )*};
}

impl Api {
    /// Nothing yet, under a prefix.
    pub(super) fn new(prefix: &'static str) -> Api {
        Api { prefix, router: Router::new(), paths: BTreeMap::new(), schemas: Schemas::new() }
    }

    methods!(get, post, put, patch, delete);

    /// Adds a route that is described by itself.
    pub(super) fn route(self, path: &str, handler: MethodRouter<Arc<App>>) -> Api {
        Api { router: self.router.route(path, handler), ..self }
    }

    /// Describes an operation whose route is there.
    pub(super) fn describe(mut self, method: &str, path: &str, operation: Operation) -> Api {
        let is_probe = path.starts_with("/health") || path == "/metrics";
        let slash = if path.contains('.') || is_probe { "" } else { "/" };
        let path = format!("{}{path}{slash}", self.prefix);
        let operation = operation.write(&path, &mut self.schemas);
        self.paths.entry(path).or_default().insert(method.to_owned(), operation);
        self
    }

    /// Takes another list in, under its prefix.
    pub(super) fn nest(self, other: Api) -> Api {
        let Api { prefix, router, mut paths, mut schemas } = self;
        let router =
            if other.prefix == prefix { router.merge(other.router) } else { router.nest(other.prefix, other.router) };
        paths.extend(other.paths);
        schemas.extend(other.schemas);
        Api { prefix, router, paths, schemas }
    }

    /// Takes routes in that are described one by one.
    pub(super) fn merge_router(self, router: Router<Arc<App>>) -> Api {
        Api { router: self.router.merge(router), ..self }
    }

    /// The list of a resource, and nothing else.
    pub(super) fn list(self, resource: &'static Resource, summary: &'static str) -> Api {
        use super::catalogue as rows;
        let shown = resource_schema(resource, Purpose::Show);
        let mut listing = Operation::new(summary).needs(resource.read).lists(shown);
        let mut orders = vec!["id".to_owned(), "-id".to_owned()];
        for field in resource.fields.iter().filter(|field| field.is_scalar()) {
            listing = listing.query(field.name, json!({"type": "string"}));
            orders.extend([field.name.to_owned(), format!("-{}", field.name)]);
        }
        let listing = listing.query("ordering", json!({"enum": orders}));
        let path = format!("/{}", resource.path);
        self.get(&path, move |app, caller, listing| rows::list(resource, app, caller, listing), listing)
    }

    /// The routes of a resource: list, one, and what may be done to it.
    pub(super) fn resource(self, resource: &'static Resource) -> Api {
        use super::catalogue as rows;
        let list = format!("/{}", resource.path);
        let one = format!("{list}/{{id}}");
        let shown = || resource_schema(resource, Purpose::Show);
        let api = self
            .list(resource, "List")
            .get(
                &one,
                move |app, caller, path| rows::one(resource, app, caller, path),
                Operation::new("One").needs(resource.read).answers(200, "Found", Some(shown())),
            )
            .patch(
                &one,
                move |app, caller, path, body| rows::change((resource, Extent::Named), app, caller, path, body),
                Operation::new("Change what is named")
                    .needs(resource.write)
                    .takes(resource_schema(resource, Purpose::Change))
                    .answers(200, "Changed", Some(shown())),
            )
            .put(
                &one,
                move |app, caller, path, body| rows::change((resource, Extent::Whole), app, caller, path, body),
                Operation::new("Change all of it: what is left out goes back to its default")
                    .needs(resource.write)
                    .takes(resource_schema(resource, Purpose::Replace))
                    .answers(200, "Changed", Some(shown())),
            );
        if !resource.is_made_here {
            return api;
        }
        api.post(
            &list,
            move |app, caller, body| rows::create(resource, app, caller, body),
            Operation::new("Make")
                .needs(resource.write)
                .takes(resource_schema(resource, Purpose::Make))
                .answers(201, "Made", Some(shown()))
                .answers(200, "The same request made it before", Some(shown())),
        )
        .delete(
            &one,
            move |app, caller, path| rows::remove(resource, app, caller, path),
            Operation::new("Remove").needs(resource.write).answers(204, "Removed", None),
        )
    }

    /// The routes.
    pub(super) fn router(self) -> Router<Arc<App>> {
        self.router
    }

    /// The OpenAPI 3.1 document.
    pub(super) fn document(mut self) -> Value {
        reference::<smartqueue_protocol::api::ErrorBody>(&mut self.schemas);
        let mut paths = json!(self.paths);
        // Every operation has a name of its own, made of its method and path.
        for (path, operations) in paths.as_object_mut().into_iter().flatten() {
            let name = path.replace(|sign: char| !sign.is_ascii_alphanumeric(), "_");
            for (method, operation) in operations.as_object_mut().into_iter().flatten() {
                operation["operationId"] = json!(format!("{method}{}", name.trim_end_matches('_')));
                let tag = path.trim_start_matches("/api/v1/").trim_start_matches("tenants/{tenant}/");
                operation["tags"] = json!([tag.trim_start_matches('/').split('/').next().unwrap_or_default()]);
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
                "schemas": self.schemas,
            },
        })
    }
}
