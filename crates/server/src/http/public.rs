//! What needs no token: following one's own ticket, whose unguessable id is the permission, and the API's document.

use super::App;
use super::answer::{Answer, ok};
use super::caller::ticket_id;
use super::peer::Peer;
use crate::clock;
use crate::ledger::reminders;
use axum::extract::{Path, State};
use std::sync::Arc;

pub(super) async fn follow(
    State(app): State<Arc<App>>,
    peer: Peer,
    Path((slug, id)): Path<(String, String)>,
) -> Answer {
    let network = peer.network();
    app.visitors.count(network.clone(), clock::monotonic())?;
    let id = ticket_id(&id)?;
    app.follows.count(format!("{network} {id}"), clock::monotonic())?;
    ok(reminders::answer(app.ledger.follow(slug, id).await?))
}

pub(super) async fn openapi() -> Answer {
    ok(super::document())
}
