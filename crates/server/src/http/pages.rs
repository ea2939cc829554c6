//! The pages that the server hands out: counter, office, follow. Embedded when the server was built; a server built
//! before the pages says so. This module never makes a page.

use super::App;
use super::answer::plain_error;
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use rust_embed::{Embed, EmbeddedFile};
use std::borrow::Cow;
use std::sync::Arc;

#[derive(Embed)]
#[folder = "../../ui/dist"]
#[allow_missing = true]
struct Built;

/// Only our own scripts, styles, fonts and sockets; nobody may put the page into a frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                      font-src 'self'; connect-src 'self'; media-src 'self'; manifest-src 'self'; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'";

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/", get(|| async { Redirect::temporary("/counter/") }))
        .route("/counter", get(|| async { Redirect::permanent("/counter/") }))
        .route("/office", get(|| async { Redirect::permanent("/office/") }))
        .route("/counter/", get(|headers: HeaderMap| async move { page("counter/index.html", &headers) }))
        .route("/office/", get(|headers: HeaderMap| async move { page("office/index.html", &headers) }))
        .route(
            "/t/{tenant}",
            get(|Path(tenant): Path<String>, headers: HeaderMap| async move { slashed(&tenant, &headers) }),
        )
        .route("/t/{tenant}/", get(|headers: HeaderMap| async move { page("follow/index.html", &headers) }))
        .route("/assets/{*file}", get(asset))
}

/// A follow link without its slash: the ticket is in the query, which a redirect to the path alone would lose.
fn slashed(tenant: &str, headers: &HeaderMap) -> Response {
    let safe = !tenant.is_empty() && tenant.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    if safe {
        page("follow/index.html", headers)
    } else {
        plain_error(StatusCode::NOT_FOUND, "not_found", "there is no such tenant")
    }
}

fn page(file: &str, headers: &HeaderMap) -> Response {
    match Built::get(file) {
        // A page names its assets by their hashes, so it must be asked for each time; the tag makes that cheap.
        Some(found) => answer(file, found, headers, "no-cache"),
        None => plain_error(
            StatusCode::SERVICE_UNAVAILABLE,
            "pages_not_built",
            "this server was built without its pages: run `npm run build` in ui/ and build the server again",
        ),
    }
}

async fn asset(State(_): State<Arc<App>>, Path(file): Path<String>, headers: HeaderMap) -> Response {
    match Built::get(&format!("assets/{file}")) {
        // The name holds a hash of the content.
        Some(found) => answer(&file, found, &headers, "public, max-age=31536000, immutable"),
        None => plain_error(StatusCode::NOT_FOUND, "not_found", "there is no such file"),
    }
}

fn answer(file: &str, found: EmbeddedFile, headers: &HeaderMap, cache: &'static str) -> Response {
    let tag: String = found.metadata.sha256_hash().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    let tag = format!("\"{tag}\"");
    let held = headers.get(header::IF_NONE_MATCH).is_some_and(|held| held.as_bytes() == tag.as_bytes());
    let mut response = if held {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let body = match found.data {
            Cow::Borrowed(bytes) => Body::from(bytes),
            Cow::Owned(bytes) => Body::from(bytes),
        };
        let mut response = Response::new(body);
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(file)));
        response
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    response
}

fn content_type(file: &str) -> &'static str {
    match file.rsplit_once('.').map(|(_, ending)| ending) {
        Some("html") => "text/html; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("json" | "map") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("webp") => "image/webp",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("ico") => "image/x-icon",
        Some("woff2") => "font/woff2",
        Some("wav") => "audio/wav",
        Some("ogg") => "audio/ogg",
        Some("webmanifest") => "application/manifest+json",
        Some("ftl" | "txt") => "text/plain; charset=utf-8",
        Some(_) | None => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_have_the_types_that_browsers_insist_on() {
        for (file, expected) in [
            ("a/index.html", "text/html; charset=utf-8"),
            ("base-X_.js", "text/javascript; charset=utf-8"),
            ("font.woff2", "font/woff2"),
            ("LICENSE", "application/octet-stream"),
        ] {
            assert_eq!(content_type(file), expected);
        }
    }
}
