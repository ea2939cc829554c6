//! Around every request: the connection's limits and end, the time-out, a request's id and its line in the log, the
//! headers that every answer carries. This module never looks into a body.

use super::answer::plain_error;
use super::peer::Peer;
use crate::auth::limiter::Limiter;
use crate::clock;
use crate::metrics::metrics;
use crate::trouble::Trouble;
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use ipnet::IpNet;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio_rustls::TlsAcceptor;
use tower_service::Service;
use uuid::Uuid;

/// Connections beyond this wait in the system's own queue.
const CONNECTIONS: usize = 8_192;
/// A client that sends its request slower than this is not a browser.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest that a request may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(20);
/// How long requests in flight may go on after the stop was asked for.
const DRAIN: Duration = Duration::from_secs(30);

/// A client that needs longer for its handshake is not there.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// What is asked of everybody before anything is done for them.
#[derive(Clone)]
pub(crate) struct Doorstep {
    requests: Option<Arc<Limiter>>,
    trusted_proxies: Arc<[IpNet]>,
}

impl Doorstep {
    /// So many requests a minute from one address, any number without it; and whose word on an address counts.
    pub(crate) fn new(requests_a_minute: Option<u32>, trusted_proxies: &[IpNet]) -> Doorstep {
        let requests = requests_a_minute.map(|limit| Arc::new(Limiter::new(limit)));
        Doorstep { requests, trusted_proxies: trusted_proxies.into() }
    }

    fn peer(&self, connection: SocketAddr, headers: &HeaderMap) -> Peer {
        Peer::of(connection, headers, &self.trusted_proxies)
    }

    fn count(&self, peer: Peer) -> Result<(), Trouble> {
        self.requests.as_ref().map_or(Ok(()), |limiter| limiter.count(peer.network(), clock::monotonic()))
    }
}

/// Accepts connections until told to stop, then lets requests in flight finish.
pub(crate) async fn serve_connections(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    router: Router,
    doorstep: Doorstep,
    mut stopping: watch::Receiver<bool>,
) {
    let graceful = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let mut builder = Builder::new(TokioExecutor::new()).http1_only();
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT).max_buf_size(64 * 1024);
    loop {
        let place = tokio::select! {
            place = Arc::clone(&places).acquire_owned() => place,
            () = stop(&mut stopping) => break,
        };
        let Ok(place) = place else { break };
        let (stream, connection) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of descriptors, or a client that left already: go on, but do not spin.
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    continue;
                }
            },
            () = stop(&mut stopping) => break,
        };
        // Events are small and must leave at once.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a socket cannot be set to send at once");
        }
        let service = service(connection, router.clone(), doorstep.clone());
        let (builder, tls, watcher) = (builder.clone(), tls.clone(), graceful.watcher());
        tokio::spawn(async move {
            let _place = place;
            let served = match tls {
                None => {
                    let connection = builder.serve_connection_with_upgrades(TokioIo::new(stream), service).into_owned();
                    watcher.watch(connection).await
                }
                Some(tls) => match tokio::time::timeout(HANDSHAKE_TIMEOUT, tls.accept(stream)).await {
                    Ok(Ok(stream)) => {
                        let connection =
                            builder.serve_connection_with_upgrades(TokioIo::new(stream), service).into_owned();
                        watcher.watch(connection).await
                    }
                    Ok(Err(error)) => Err(error.into()),
                    Err(_) => Err("the handshake took too long".into()),
                },
            };
            if let Err(error) = served {
                tracing::debug!(%error, "a connection ended early");
            }
        });
    }
    drop(listener);
    if tokio::time::timeout(DRAIN, graceful.shutdown()).await.is_err() {
        tracing::warn!("requests were cut off because they did not finish in time");
    }
}

/// Waits until the server is told to stop.
pub(crate) async fn stop(stopping: &mut watch::Receiver<bool>) {
    // A sender that is gone means the same.
    let _ = stopping.wait_for(|stopping| *stopping).await;
}

/// What answers the requests of one connection.
fn service(
    connection: SocketAddr,
    router: Router,
    doorstep: Doorstep,
) -> impl hyper::service::Service<
    Request<Incoming>,
    Response = Response,
    Error = Infallible,
    Future = impl Future<Output = Result<Response, Infallible>> + Send + 'static,
> {
    service_fn(move |request: Request<Incoming>| {
        let mut router = router.clone();
        let peer = doorstep.peer(connection, request.headers());
        let counted = doorstep.count(peer);
        async move {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(peer);
            *request.uri_mut() = without_slash(request.uri());
            let answer = async |request| match counted {
                Ok(()) => router.call(request).await,
                Err(trouble) => Ok(trouble.into_response()),
            };
            Ok::<_, Infallible>(observed(request, answer).await)
        }
    })
}

/// Paths of the API are good with and without a slash at the end. Pages keep theirs, because it decides what the
/// browser makes of their relative links.
fn without_slash(uri: &Uri) -> Uri {
    let path = uri.path();
    let of_ours = ["/api/", "/ws/", "/health/"].iter().any(|start| path.starts_with(start));
    let short = path.trim_end_matches('/');
    if !of_ours || short.len() == path.len() {
        return uri.clone();
    }
    let text = match uri.query() {
        Some(query) => format!("{short}?{query}"),
        None => short.to_owned(),
    };
    text.parse().unwrap_or_else(|_| uri.clone())
}

async fn observed<F, Fut>(request: Request<Body>, handle: F) -> Response
where
    F: FnOnce(Request<Body>) -> Fut,
    Fut: Future<Output = Result<Response, Infallible>>,
{
    let start = clock::monotonic();
    let method = request.method().clone();
    // The query stays out of the log: a socket's token may be in it.
    let path = request.uri().path().to_owned();
    let id = request_id(request.headers());
    let came_in = axum::body::HttpBody::size_hint(request.body()).exact().unwrap_or(0);
    let mut response = match tokio::time::timeout(REQUEST_TIMEOUT, handle(request)).await {
        Ok(Ok(response)) => response,
        Ok(Err(never)) => match never {},
        Err(_) => plain_error(StatusCode::GATEWAY_TIMEOUT, "timeout", "the request took too long"),
    };
    let status = response.status();
    // The framework's own refusals are plain text; here every error has a code.
    let is_json =
        response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes() == b"application/json");
    if (status.is_client_error() || status.is_server_error()) && !is_json {
        response = plain_error(status, "bad_request", "the request is not of a form that is served here");
    }
    add_headers(response.headers_mut(), &id, path.starts_with("/api/"));
    let counted = metrics();
    counted.count_request(method.as_str(), &path, status.as_u16(), start.elapsed());
    counted.request_bytes.inc_by(came_in);
    counted.response_bytes.inc_by(axum::body::HttpBody::size_hint(response.body()).exact().unwrap_or(0));
    tracing::info!(
        request_id = %id,
        method = %method,
        path,
        status = status.as_u16(),
        microseconds = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX),
        "request"
    );
    response
}

static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The caller's own request id, if it has a harmless form, or a fresh one.
fn request_id(headers: &HeaderMap) -> String {
    headers
        .get(&REQUEST_ID)
        .and_then(|id| id.to_str().ok())
        .filter(|id| {
            (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        })
        .map_or_else(|| Uuid::new_v4().to_string(), str::to_owned)
}

fn add_headers(headers: &mut HeaderMap, id: &str, is_api: bool) {
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID.clone(), id);
    }
    let fixed = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let unless_set = [
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    for (name, value) in unless_set {
        if is_api || !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_the_api_lose_their_slash_and_keep_their_query() {
        for (given, expected) in [
            ("/api/v1/tenants/demo/tickets/?page=2", "/api/v1/tenants/demo/tickets?page=2"),
            ("/api/v1/tenants/demo/tickets", "/api/v1/tenants/demo/tickets"),
            ("/ws/tenants/demo/queues/1/?token=x", "/ws/tenants/demo/queues/1?token=x"),
            ("/counter/", "/counter/"),
            ("/", "/"),
            ("/api/", "/api"),
        ] {
            assert_eq!(without_slash(&given.parse().unwrap()).to_string(), expected);
        }
    }

    #[test]
    fn a_strange_request_id_is_replaced() {
        let with = |id: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(&REQUEST_ID, HeaderValue::from_static(id));
            request_id(&headers)
        };
        assert_eq!(with("abc-123"), "abc-123");
        assert_ne!(with("a b"), "a b");
        assert_ne!(request_id(&HeaderMap::new()), request_id(&HeaderMap::new()));
    }
}
