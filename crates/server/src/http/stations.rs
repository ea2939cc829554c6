//! Stations: they pair, get a short-lived token for their secret, say hello and push their records.

use super::App;
use super::answer::{Answer, Body, ok};
use super::caller::{Caller, integer_id};
use super::peer::Peer;
use crate::auth::Scope;
use crate::auth::keys::{fresh_token, proved_key, token_hash};
use crate::auth::token::{Claims, LONGEST_LIFE_SECONDS};
use crate::clock;
use crate::ledger::pairing::Introduction;
use crate::ledger::records::Push;
use crate::trouble::Trouble;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use serde_json::Value;
use smartqueue_protocol::pairing::pair_text;
use smartqueue_protocol::provisioning::Mode;
use smartqueue_protocol::station_sync::{
    CheckReply, CheckRequest, HelloRequest, IssueRequest, PairReply, PairRequest, TokenReply, TokenRequest,
};
use smartqueue_protocol::time::write_time;
use std::sync::Arc;

pub(super) fn read_mode(word: &str) -> Result<Mode, Trouble> {
    [Mode::Kiosk, Mode::Board, Mode::All]
        .into_iter()
        .find(|mode| mode.word() == word)
        .ok_or_else(|| Trouble::invalid("mode", "kiosk, board or all is needed"))
}

/// Whoever signs with another key than it shows.
pub(super) const KEY_REFUSED: Trouble =
    Trouble::Unauthorised { code: "key_refused", detail: "the signature is not that of the key" };

/// What a station says of itself is shown in the office, so it may not be long.
pub(super) fn check_names(name: &str, version: &str) -> Result<(), Trouble> {
    if name.chars().count() > 100 || version.len() > 100 {
        return Err(Trouble::invalid("name", "a name or version holds at most 100 signs"));
    }
    Ok(())
}

pub(super) async fn pair(State(app): State<Arc<App>>, peer: Peer, Body(request): Body<PairRequest>) -> Answer {
    app.pairings.count(peer.network(), clock::monotonic())?;
    let PairRequest { pairing_token, name, mode, epoch, version, acknowledged, key } = request;
    check_names(&name, &version)?;
    let proved =
        key.map(|proof| proved_key(&proof, &pair_text(&pairing_token, epoch)).ok_or(KEY_REFUSED)).transpose()?;
    let secret = fresh_token().map_err(|error| Trouble::Internal(format!("no randomness: {error}")))?;
    let introduction = Introduction {
        pairing_token: token_hash(&pairing_token),
        secret_hash: token_hash(&secret),
        name,
        mode: read_mode(&mode)?,
        epoch,
        version,
        acknowledged: acknowledged.unwrap_or(0),
        public_key: proved,
    };
    let paired = app.ledger.pair(introduction).await?;
    tracing::info!(tenant = paired.tenant, station = paired.station, letter = paired.letter, "a station was paired");
    ok(PairReply { tenant: paired.tenant, station: paired.station, secret, letter: paired.letter })
}

pub(super) async fn check(
    State(app): State<Arc<App>>,
    peer: Peer,
    Body(CheckRequest { pairing_token }): Body<CheckRequest>,
) -> Answer {
    app.pairings.count(peer.network(), clock::monotonic())?;
    let (site_name, queues) = app.ledger.pairing_site(token_hash(&pairing_token)).await?;
    ok(CheckReply { server_time: write_time(clock::now_ms()), site_name, queues })
}

pub(super) async fn token(
    State(app): State<Arc<App>>,
    Path((slug, id)): Path<(String, String)>,
    Body(TokenRequest { secret }): Body<TokenRequest>,
) -> Answer {
    let station = integer_id(&id, "station")?;
    let tenant = app.ledger.station_by_secret(slug, station, token_hash(&secret)).await?;
    let scopes = [Scope::Station, Scope::ReadQueue].map(|scope| scope.word().to_owned()).to_vec();
    let claims = Claims { station: Some(station), ..Claims::new(0, tenant, scopes, clock::now_ms()) };
    ok(TokenReply { access: app.mint.issue(&claims)?, expires_in: LONGEST_LIFE_SECONDS })
}

pub(super) async fn hello(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((slug, id)): Path<(String, String)>,
    headers: HeaderMap,
    Body(request): Body<HelloRequest>,
) -> Answer {
    let station = integer_id(&id, "station")?;
    let tenant = caller.as_station(station)?;
    let mode = read_mode(&request.mode)?;
    let follow_url_base = format!("{}/t/{slug}/?ticket=", super::public_url(&app, &headers));
    let greeting = app.ledger.greet(tenant, station, request, mode, follow_url_base).await?;
    ok(greeting.reply(clock::now_ms()))
}

pub(super) async fn issue(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((_, id)): Path<(String, String)>,
    Body(request): Body<IssueRequest>,
) -> Answer {
    let station = integer_id(&id, "station")?;
    let tenant = caller.as_station(station)?;
    ok(app.ledger.issue(tenant, station, request).await?)
}

pub(super) async fn records(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((_, id)): Path<(String, String)>,
    Body(body): Body<Value>,
) -> Answer {
    let station = integer_id(&id, "station")?;
    let tenant = caller.as_station(station)?;
    ok(app.ledger.push_records(tenant, station, Push::read(&body)?).await?)
}
