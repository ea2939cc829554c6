//! What is counted while the server runs, in the form that Prometheus reads. One set for the process: counters are added to
//! from everywhere and read in one place. This module decides nothing.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;
use std::sync::OnceLock;
use std::time::Duration;

/// A request by what was asked and how it was answered.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Request {
    /// The method.
    pub method: String,
    /// The path with its names and ids taken out.
    pub route: String,
    /// The status.
    pub status: u16,
}

/// A route.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Route {
    /// The path with its names and ids taken out.
    pub route: String,
}

/// Where a ticket came from.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Origin {
    /// The tenant's id.
    pub tenant: i64,
    /// The door.
    pub channel: &'static str,
}

/// Whose.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Tenant {
    /// The tenant's id.
    pub tenant: i64,
}

/// How a run of a job came out.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Run {
    /// The job's name.
    pub job: String,
    /// `done`, `failed` or `given_up`.
    pub outcome: &'static str,
}

/// Everything that is counted.
pub struct Metrics {
    registry: Registry,
    /// Requests answered.
    pub requests: Family<Request, Counter>,
    /// How long they took.
    pub request_seconds: Family<Route, Histogram, fn() -> Histogram>,
    /// Bytes of bodies that came in.
    pub request_bytes: Counter,
    /// Bytes of bodies that went out.
    pub response_bytes: Counter,
    /// How long steps waited for the disk and took.
    pub write_seconds: Histogram,
    /// How long looks waited for a connection and took.
    pub read_seconds: Histogram,
    /// Looks that have a connection or wait for one.
    pub reads_in_flight: Gauge,
    /// Open sockets.
    pub sockets_active: Gauge,
    /// Messages to sockets.
    pub sockets_sent: Counter,
    /// Messages from sockets.
    pub sockets_received: Counter,
    /// Sockets that ended without a goodbye.
    pub sockets_errors: Counter,
    /// Tickets taken.
    pub tickets_created: Family<Origin, Counter>,
    /// Tickets called for the first time.
    pub tickets_called: Family<Origin, Counter>,
    /// Runs of jobs.
    pub job_runs: Family<Run, Counter>,
    /// People whose turn came near and who were put into the outbox.
    pub reminders: Family<Tenant, Counter>,
    /// Stations heard in the last minute.
    pub stations_online: Gauge,
    /// 1 while hints of other servers come, 0 while this server looks by itself.
    pub bus_up: Gauge,
    /// Hints to other servers.
    pub hints_sent: Counter,
    /// Hints for other servers that found nobody to carry them.
    pub hints_unsent: Counter,
    /// Hints from other servers.
    pub hints_received: Counter,
}

/// From a tenth of a millisecond to three seconds.
fn times() -> Histogram {
    Histogram::new(exponential_buckets(0.000_1, 2.0, 15))
}

impl Metrics {
    fn new() -> Metrics {
        let mut metrics = Metrics {
            registry: Registry::with_prefix("smartqueue"),
            requests: Family::default(),
            request_seconds: Family::new_with_constructor(times),
            request_bytes: Counter::default(),
            response_bytes: Counter::default(),
            write_seconds: times(),
            read_seconds: times(),
            reads_in_flight: Gauge::default(),
            sockets_active: Gauge::default(),
            sockets_sent: Counter::default(),
            sockets_received: Counter::default(),
            sockets_errors: Counter::default(),
            tickets_created: Family::default(),
            tickets_called: Family::default(),
            job_runs: Family::default(),
            reminders: Family::default(),
            stations_online: Gauge::default(),
            bus_up: Gauge::default(),
            hints_sent: Counter::default(),
            hints_unsent: Counter::default(),
            hints_received: Counter::default(),
        };
        let registry = &mut metrics.registry;
        registry.register("http_requests", "Requests answered", metrics.requests.clone());
        registry.register("http_request_seconds", "How long requests took", metrics.request_seconds.clone());
        registry.register("http_request_bytes", "Bytes of bodies that came in", metrics.request_bytes.clone());
        registry.register("http_response_bytes", "Bytes of bodies that went out", metrics.response_bytes.clone());
        registry.register("database_write_seconds", "Steps, from asked to durable", metrics.write_seconds.clone());
        registry.register("database_read_seconds", "Looks, from asked to answered", metrics.read_seconds.clone());
        registry.register("database_reads_in_flight", "Looks under way", metrics.reads_in_flight.clone());
        registry.register("sockets_active", "Open sockets", metrics.sockets_active.clone());
        registry.register("sockets_sent", "Messages to sockets", metrics.sockets_sent.clone());
        registry.register("sockets_received", "Messages from sockets", metrics.sockets_received.clone());
        registry.register("sockets_errors", "Sockets that broke off", metrics.sockets_errors.clone());
        registry.register("tickets_created", "Tickets taken", metrics.tickets_created.clone());
        registry.register("tickets_called", "Tickets called for the first time", metrics.tickets_called.clone());
        registry.register("job_runs", "Runs of jobs", metrics.job_runs.clone());
        registry.register("reminders", "People whose turn came near", metrics.reminders.clone());
        registry.register("stations_online", "Stations heard in the last minute", metrics.stations_online.clone());
        registry.register("event_bus_up", "Whether hints of other servers come", metrics.bus_up.clone());
        registry.register("event_bus_sent", "Hints to other servers", metrics.hints_sent.clone());
        registry.register("event_bus_unsent", "Hints that nobody carried", metrics.hints_unsent.clone());
        registry.register("event_bus_received", "Hints from other servers", metrics.hints_received.clone());
        metrics
    }

    /// Everything as text.
    ///
    /// # Errors
    /// A value cannot be written.
    pub fn text(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }

    /// Counts a request.
    pub fn count_request(&self, method: &str, path: &str, status: u16, took: Duration) {
        // A path that nobody serves is whatever a stranger typed; each must not become a series of its own.
        let route = if status == 404 || status == 405 { "other".to_owned() } else { route_of(path) };
        self.request_seconds.get_or_create(&Route { route: route.clone() }).observe(took.as_secs_f64());
        self.requests.get_or_create(&Request { method: method.to_owned(), route, status }).inc();
    }
}

/// What is counted in this process.
pub fn metrics() -> &'static Metrics {
    static METRICS: OnceLock<Metrics> = OnceLock::new();
    METRICS.get_or_init(Metrics::new)
}

/// A path with its tenant and ids taken out.
fn route_of(path: &str) -> String {
    let mut route = String::with_capacity(path.len());
    let mut before = "";
    for part in path.trim_matches('/').split('/') {
        let is_id = part.bytes().all(|byte| byte.is_ascii_digit()) || part.len() == 36;
        let shown = match before {
            "tenants" | "t" if !part.is_empty() => "{tenant}",
            "assets" => "{file}",
            _ if is_id && !part.is_empty() => "{id}",
            _ => part,
        };
        route.push('/');
        route.push_str(shown);
        if before == "assets" {
            break;
        }
        before = part;
    }
    route
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_hold_no_names_and_no_ids() {
        for (path, route) in [
            ("/api/v1/tenants/demo/tickets/", "/api/v1/tenants/{tenant}/tickets"),
            ("/api/v1/tenants/demo/queues/12/stats", "/api/v1/tenants/{tenant}/queues/{id}/stats"),
            (
                "/api/v1/tenants/demo/tickets/018f2f10-0000-7000-8000-000000000001/call",
                "/api/v1/tenants/{tenant}/tickets/{id}/call",
            ),
            ("/assets/deep/base-x.js", "/assets/{file}"),
            ("/t/demo/", "/t/{tenant}"),
            ("/", "/"),
        ] {
            assert_eq!(route_of(path), route, "{path}");
        }
    }

    #[test]
    fn what_is_counted_can_be_read() {
        let metrics = Metrics::new();
        metrics.count_request("GET", "/api/v1/tenants/demo/queues/", 200, Duration::from_millis(3));
        metrics.count_request("GET", "/etc/passwd", 404, Duration::from_millis(1));
        metrics.tickets_created.get_or_create(&Origin { tenant: 7, channel: "web" }).inc();
        let text = metrics.text().unwrap();
        for line in [
            "smartqueue_http_requests_total{method=\"GET\",route=\"/api/v1/tenants/{tenant}/queues\",status=\"200\"} 1",
            "smartqueue_http_requests_total{method=\"GET\",route=\"other\",status=\"404\"} 1",
            "smartqueue_tickets_created_total{tenant=\"7\",channel=\"web\"} 1",
            "smartqueue_stations_online 0",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
        }
        assert!(text.ends_with("# EOF\n"));
    }
}
