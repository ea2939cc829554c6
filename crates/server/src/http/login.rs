//! `auth/`: people sign in with a password and stay signed in with refresh tokens that are used once.

use super::App;
use super::answer::{Answer, Body, ok};
use super::peer::Peer;
use crate::auth::keys::{fresh_token, token_hash};
use crate::auth::password;
use crate::auth::token::{Claims, LONGEST_LIFE_SECONDS};
use crate::clock;
use crate::ledger::people::Account;
use crate::trouble::Trouble;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde_json::Value;
use smartqueue_protocol::api::{LoginReply, LoginRequest, RefreshRequest};
use std::sync::Arc;
use uuid::Uuid;

fn random_token() -> Result<String, Trouble> {
    fresh_token().map_err(|error| Trouble::Internal(format!("no randomness: {error}")))
}

pub(super) async fn login(State(app): State<Arc<App>>, peer: Peer, Body(request): Body<LoginRequest>) -> Answer {
    let LoginRequest { tenant, email, password } = request;
    let email = email.trim().to_lowercase();
    if password.len() > 1_024 || email.len() > 254 || tenant.len() > 100 {
        return Err(Trouble::invalid("password", "a field is longer than any that is known here"));
    }
    let network = peer.network();
    app.doors.count(network.clone(), clock::monotonic())?;
    app.logins.count(format!("{network} {tenant} {email}"), clock::monotonic())?;
    let account = app.ledger.account(tenant, email).await?;
    let hash = account.as_ref().map(|account| account.password_hash.clone());
    let right = {
        let _place = app.hashing.acquire().await.map_err(|_| Trouble::Busy)?;
        tokio::task::spawn_blocking(move || password::verify(&password, hash.as_deref()))
            .await
            .map_err(|error| Trouble::Internal(format!("a hashing task ended early: {error}")))?
    };
    match account {
        Some(account) if right => {
            let refresh = random_token()?;
            app.ledger.note_sign_in(account.tenant, account.user.id, true).await?;
            app.ledger
                .keep_refresh(account.tenant, account.user.id, token_hash(&refresh), Uuid::new_v4().to_string())
                .await?;
            reply(&app, account, refresh)
        }
        refused => {
            if let Some(account) = refused {
                app.ledger.note_sign_in(account.tenant, account.user.id, false).await?;
            }
            let detail = "tenant, address and password do not belong together";
            Err(Trouble::Unauthorised { code: "sign_in_refused", detail })
        }
    }
}

pub(super) async fn refresh(
    State(app): State<Arc<App>>,
    Body(RefreshRequest { refresh }): Body<RefreshRequest>,
) -> Answer {
    let next = random_token()?;
    match app.ledger.rotate_refresh(token_hash(&refresh), token_hash(&next)).await? {
        Some(account) => reply(&app, account, next),
        None => {
            let detail = "the refresh token is unknown, expired or used";
            Err(Trouble::Unauthorised { code: "refresh_refused", detail })
        }
    }
}

pub(super) async fn logout(
    State(app): State<Arc<App>>,
    Body(RefreshRequest { refresh }): Body<RefreshRequest>,
) -> Answer {
    app.ledger.end_refresh(token_hash(&refresh)).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Takes an invitation: whoever holds it chooses the password.
pub(super) async fn accept(State(app): State<Arc<App>>, peer: Peer, Body(body): Body<Value>) -> Answer {
    app.doors.count(peer.network(), clock::monotonic())?;
    let invitation =
        body.get("invitation").and_then(Value::as_str).ok_or_else(|| Trouble::invalid("invitation", "it is needed"))?;
    let password = body.get("password").ok_or_else(|| Trouble::invalid("password", "it is needed"))?;
    let password_hash = super::catalogue::hashed(&app, password).await?;
    if app.ledger.accept_invitation(token_hash(invitation), password_hash).await? {
        app.standings.forget_all();
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let detail = "the invitation is unknown, used or too old";
    Err(Trouble::Unauthorised { code: "invitation_refused", detail })
}

fn reply(app: &App, account: Account, refresh: String) -> Answer {
    let Account { tenant, user, agent, password_hash: _ } = account;
    let claims = Claims::new(user.id, tenant, user.scopes.clone(), clock::now_ms());
    ok(LoginReply { access: app.mint.issue(&claims)?, refresh, expires_in: LONGEST_LIFE_SECONDS, user, agent })
}
