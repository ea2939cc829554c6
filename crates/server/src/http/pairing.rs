//! A station asks to be paired and polls; an administrator is told its code, looks, and approves or refuses. Steps
//! themselves are the ledger's.

use super::App;
use super::answer::{Answer, Body, ok};
use super::caller::Caller;
use super::peer::Peer;
use super::stations::{KEY_REFUSED, check_names, read_mode};
use crate::auth::Scope;
use crate::auth::keys::{fresh_code, fresh_token, is_signed, proved_key, token_hash};
use crate::clock;
use crate::ledger::audit::Actor;
use crate::ledger::pairing_requests::{Approval, Asking, Found, Polled};
use crate::trouble::Trouble;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use smartqueue_protocol::pairing::{
    ApproveReply, ApproveRequest, AskReply, AskRequest, CodeRequest, PollReply, PollRequest, RequestShown, ask_text,
    fingerprint, from_hex, poll_text, shown_code, typed_code,
};
use smartqueue_protocol::time::write_time;
use std::sync::Arc;

/// Seconds between two polls of a station.
const POLL_INTERVAL: u64 = 4;

/// Whole seconds until a moment, rounded up, so that nothing is over before it says 0.
fn seconds_until(then_ms: i64, now_ms: i64) -> u64 {
    (then_ms - now_ms).max(0).unsigned_abs().div_ceil(1_000)
}

pub(super) async fn ask(State(app): State<Arc<App>>, peer: Peer, Body(request): Body<AskRequest>) -> Answer {
    app.pairings.count(peer.network(), clock::monotonic())?;
    let AskRequest { name, mode, version, key } = request;
    check_names(&name, &version)?;
    check_shown(&name)?;
    check_shown(&version)?;
    let public_key = proved_key(&key, &ask_text(&name, &mode, &version)).ok_or(KEY_REFUSED)?;
    let no_randomness = |error| Trouble::Internal(format!("no randomness: {error}"));
    let (code, secret) = (fresh_code().map_err(no_randomness)?, fresh_token().map_err(no_randomness)?);
    let shown = fingerprint(&public_key);
    let asking = Asking {
        code_hash: token_hash(&code),
        secret_hash: token_hash(&secret),
        public_key,
        name,
        mode: read_mode(&mode)?,
        version,
        address: peer.address,
    };
    let expires_at_ms = app.ledger.ask_to_pair(asking).await?;
    tracing::info!(peer = %peer.address, fingerprint = shown, "a station asks to be paired");
    let reply = AskReply {
        code: shown_code(&code),
        secret,
        expires_in: seconds_until(expires_at_ms, clock::now_ms()),
        poll_interval: POLL_INTERVAL,
    };
    Ok((StatusCode::CREATED, Json(reply)).into_response())
}

/// A name is read by people, in the office and in its trail: it may not steer what stands around it.
fn check_shown(text: &str) -> Result<(), Trouble> {
    if text.trim().is_empty() || text.chars().any(char::is_control) {
        return Err(Trouble::invalid("name", "a name or version is a line of text"));
    }
    Ok(())
}

pub(super) async fn poll(
    State(app): State<Arc<App>>,
    peer: Peer,
    Body(PollRequest { secret, signature }): Body<PollRequest>,
) -> Answer {
    app.polls.count(peer.network(), clock::monotonic())?;
    let Some(Polled { public_key, expires_at_ms, answer }) = app.ledger.poll_request(token_hash(&secret)).await? else {
        return ok(PollReply::Expired);
    };
    if !from_hex(&signature).is_some_and(|signature| is_signed(&public_key, &poll_text(&secret), &signature)) {
        return Err(KEY_REFUSED);
    }
    ok(answer.unwrap_or_else(|| PollReply::Pending {
        expires_in: seconds_until(expires_at_ms, clock::now_ms()),
        poll_interval: POLL_INTERVAL,
    }))
}

/// The administrator and the hash of the code that was typed. Every try counts, the right ones too: otherwise whoever
/// guesses would be let in at last.
fn told_code(app: &App, caller: &Caller, code: &str) -> Result<(Actor, Vec<u8>), Trouble> {
    let actor = caller.actor(Scope::ManageDevices)?;
    app.codes.count(format!("{} {:?}", actor.tenant, actor.user), clock::monotonic())?;
    let code = typed_code(code).ok_or(Trouble::NotFound("code"))?;
    Ok((actor, token_hash(&code)))
}

pub(super) async fn look(
    State(app): State<Arc<App>>,
    caller: Caller,
    Body(CodeRequest { code }): Body<CodeRequest>,
) -> Answer {
    let (actor, code_hash) = told_code(&app, &caller, &code)?;
    let Found { name, mode, version, public_key, address, asked_at_ms, expires_at_ms } =
        app.ledger.look_at_request(actor, code_hash).await?;
    let now_ms = clock::now_ms();
    ok(RequestShown {
        name,
        mode,
        version,
        fingerprint: fingerprint(&public_key),
        address,
        asked_at: write_time(asked_at_ms),
        age_seconds: (now_ms - asked_at_ms).max(0).unsigned_abs() / 1_000,
        expires_in: seconds_until(expires_at_ms, now_ms),
    })
}

pub(super) async fn approve(
    State(app): State<Arc<App>>,
    caller: Caller,
    Body(request): Body<ApproveRequest>,
) -> Answer {
    let ApproveRequest { code, site, queues, mode, name } = request;
    let (actor, code_hash) = told_code(&app, &caller, &code)?;
    let mode = read_mode(&mode)?;
    let name = name.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
    if let Some(name) = &name {
        check_names(name, "")?;
        check_shown(name)?;
    }
    let approval = Approval { site, queues, mode, name };
    let (name, expires_at_ms) = app.ledger.approve_request(actor, code_hash, approval).await?;
    ok(ApproveReply { name, mode: mode.word().to_owned(), expires_at: write_time(expires_at_ms) })
}

pub(super) async fn refuse(
    State(app): State<Arc<App>>,
    caller: Caller,
    Body(CodeRequest { code }): Body<CodeRequest>,
) -> Answer {
    let (actor, code_hash) = told_code(&app, &caller, &code)?;
    app.ledger.refuse_request(actor, code_hash).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_that_is_left_is_rounded_up() {
        for (then_ms, seconds) in [(0, 0), (-5, 0), (1, 1), (1_000, 1), (1_001, 2)] {
            assert_eq!(seconds_until(then_ms, 0), seconds, "{then_ms}");
        }
    }

    #[test]
    fn a_name_is_one_line() {
        assert!(check_shown("Hall, borne 1").is_ok());
        for name in ["", "  ", "Borne\n1", "Borne\u{1b}[31m", "\u{0}"] {
            assert!(check_shown(name).is_err(), "{name:?}");
        }
    }
}
