//! `/docs`: the API's document for people, a page that needs nothing from elsewhere. The page asks for the document
//! and draws it; this module hands out the page.

use super::App;
use axum::Router;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use std::sync::Arc;

/// Only the page's own script and style, and the document.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'";

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/docs", get(|| async { file("text/html; charset=utf-8", include_str!("docs/index.html")) }))
        .route(
            "/docs/script.js",
            get(|| async { file("text/javascript; charset=utf-8", include_str!("docs/script.js")) }),
        )
        .route("/docs/style.css", get(|| async { file("text/css; charset=utf-8", include_str!("docs/style.css")) }))
}

fn file(kind: &'static str, text: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    (headers, text).into_response()
}
