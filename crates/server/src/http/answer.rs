//! Turns what a step returned into an answer, and what arrived into values. Every error answer is `{code, detail}`.

use super::App;
use crate::trouble::Trouble;
use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, OriginalUri, Request};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use smartqueue_protocol::api::{ErrorBody, Page};
use std::collections::HashMap;
use std::sync::Arc;

/// What every handler returns.
pub(super) type Answer = Result<Response, Trouble>;

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        match &self {
            Trouble::Storage(_) | Trouble::Internal(_) => tracing::error!(error = %self, "a request failed"),
            Trouble::NotFound(_)
            | Trouble::Invalid { .. }
            | Trouble::Malformed { .. }
            | Trouble::Refused(_)
            | Trouble::Transition(_)
            | Trouble::Conflict { .. }
            | Trouble::Unauthorised { .. }
            | Trouble::Forbidden { .. }
            | Trouble::TooMany { .. }
            | Trouble::Busy => {}
        }
        let status = StatusCode::from_u16(self.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut body = serde_json::json!(ErrorBody { code: self.code().to_owned(), detail: self.detail() });
        if let Trouble::Invalid { field, detail, also } = &self {
            body["errors"] = serde_json::json!({ *field: [detail] });
            for field in also {
                body["errors"][field] = serde_json::json!([detail]);
            }
        }
        let mut response = (status, Json(body)).into_response();
        let headers = response.headers_mut();
        match &self {
            Trouble::Unauthorised { .. } => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            Trouble::TooMany { retry_after_seconds } => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(*retry_after_seconds));
            }
            Trouble::Busy => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(1));
            }
            Trouble::NotFound(_)
            | Trouble::Invalid { .. }
            | Trouble::Malformed { .. }
            | Trouble::Refused(_)
            | Trouble::Transition(_)
            | Trouble::Conflict { .. }
            | Trouble::Forbidden { .. }
            | Trouble::Storage(_)
            | Trouble::Internal(_) => {}
        }
        response
    }
}

/// An answer for what is no trouble of a step: a path, a method or a size that is not ours.
pub(super) fn plain_error(status: StatusCode, code: &str, detail: &str) -> Response {
    (status, Json(ErrorBody { code: code.to_owned(), detail: detail.to_owned() })).into_response()
}

/// A JSON answer.
pub(super) fn ok<T: serde::Serialize>(value: T) -> Answer {
    Ok(Json(value).into_response())
}

/// A JSON body, whatever the content type says. An empty body reads as the empty object.
pub(super) struct Body<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<Arc<App>> for Body<T> {
    type Rejection = Response;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Body<T>, Response> {
        let bytes = Bytes::from_request(request, app).await.map_err(|rejection| {
            if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
                plain_error(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", "a body holds at most 64 KiB")
            } else {
                plain_error(StatusCode::BAD_REQUEST, "body_unreadable", "the body could not be read to its end")
            }
        })?;
        let bytes: &[u8] = if bytes.is_empty() { b"{}" } else { &bytes };
        serde_json::from_slice(bytes).map(Body).map_err(|error| {
            use serde_json::error::Category;
            let code = match error.classify() {
                Category::Data => "invalid_field",
                Category::Syntax | Category::Eof | Category::Io => "broken_json",
            };
            Trouble::Malformed { code, detail: format!("the body is not what is needed here: {error}") }.into_response()
        })
    }
}

/// The parts of a list's address: which page, and every other parameter.
pub(super) struct Listing {
    pub(super) page: u32,
    pub(super) page_size: u32,
    pub(super) parameters: HashMap<String, String>,
    base: String,
}

const DEFAULT_PAGE_SIZE: u32 = 50;
/// The most rows of a page.
pub(super) const LARGEST_PAGE_SIZE: u32 = 500;

impl FromRequestParts<Arc<App>> for Listing {
    type Rejection = Trouble;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Listing, Trouble> {
        let query = parts.uri.query().unwrap_or("");
        let parameters: HashMap<String, String> = form_pairs(query).collect();
        let number = |field: &'static str, default: u32| match parameters.get(field) {
            None => Ok(default),
            Some(text) => match text.parse() {
                Ok(number) if number >= 1 => Ok(number),
                Ok(_) | Err(_) => Err(Trouble::invalid(field, "a number from 1 is needed")),
            },
        };
        let (page, page_size) = (number("page", 1)?, number("page_size", DEFAULT_PAGE_SIZE)?.min(LARGEST_PAGE_SIZE));
        // A nested router sees the end of the path only.
        let path = parts.extensions.get::<OriginalUri>().map_or_else(|| parts.uri.path(), |uri| uri.path());
        let base = format!("{}{}/", super::public_url(app, &parts.headers), path.trim_end_matches('/'));
        Ok(Listing { page, page_size, parameters, base })
    }
}

impl Listing {
    pub(super) fn window(&self) -> crate::ledger::places::Window {
        let offset = (self.page - 1).saturating_mul(self.page_size);
        crate::ledger::places::Window { offset, limit: self.page_size }
    }

    /// A parameter that is there and says something.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str).filter(|text| !text.is_empty())
    }

    /// A parameter that is an integer.
    pub(super) fn integer(&self, name: &'static str) -> Result<Option<i64>, Trouble> {
        let read = |text: &str| text.parse().map_err(|_| Trouble::invalid(name, "an integer is needed"));
        self.text(name).map(read).transpose()
    }

    /// The page with the addresses of its neighbours.
    pub(super) fn page<T: serde::Serialize>(&self, (count, results): (u32, Vec<T>)) -> Answer {
        let has_next = u64::from(self.page) * u64::from(self.page_size) < u64::from(count);
        let next = has_next.then(|| self.address(self.page + 1));
        let previous = (self.page > 1).then(|| self.address(self.page - 1));
        ok(Page { count, next, previous, results })
    }

    fn address(&self, page: u32) -> String {
        let mut others: Vec<(&String, &String)> = self.parameters.iter().filter(|(name, _)| *name != "page").collect();
        others.sort();
        let mut address = format!("{}?page={page}", self.base);
        for (name, value) in others {
            address.push_str(&format!("&{}={}", percent_encode(name), percent_encode(value)));
        }
        address
    }
}

/// The pairs of a query string, decoded.
pub(crate) fn form_pairs(query: &str) -> impl Iterator<Item = (String, String)> {
    query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (percent_decode(name), percent_decode(value))
    })
}

fn percent_decode(text: &str) -> String {
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'+' => decoded.push(b' '),
            b'%' => {
                let mut rest = bytes.clone();
                let pair =
                    [rest.next(), rest.next()].map(|digit| digit.and_then(|digit| char::from(digit).to_digit(16)));
                match pair {
                    [Some(high), Some(low)] => {
                        decoded.push((high * 16 + low) as u8);
                        bytes = rest;
                    }
                    [None | Some(_), None | Some(_)] => decoded.push(byte),
                }
            }
            other => decoded.push(other),
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

fn percent_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn query_strings_decode_and_encode() {
        let pairs: Vec<_> = form_pairs("status=termin%C3%A9&queue=1&&a=b+c&odd=%zz%4&flag").collect();
        let expected = [("status", "terminé"), ("queue", "1"), ("a", "b c"), ("odd", "%zz%4"), ("flag", "")];
        assert_eq!(pairs, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert_eq!(percent_decode(&percent_encode("terminé & co+%")), "terminé & co+%");
    }
}
