//! Who calls: the bearer of a token, at the tenant of the path.

use super::App;
use crate::auth::Scope;
use crate::auth::token::Claims;
use crate::ledger::audit::Actor;
use crate::trouble::Trouble;
use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use std::sync::{Arc, PoisonError};

/// A caller whose token is good at the tenant of the path.
pub(crate) struct Caller {
    pub(crate) claims: Claims,
    pub(crate) tenant: i64,
}

impl Caller {
    /// The caller behind a token, who must belong to the tenant of the path.
    pub(crate) async fn of_token(app: &App, token: Option<&str>, slug: &str) -> Result<Caller, Trouble> {
        let detail = "an access token is needed: Authorization: Bearer";
        let token = token.ok_or(Trouble::Unauthorised { code: "token_missing", detail })?;
        let claims = app.mint.check(token)?;
        let tenant = claims.tenant_id;
        let known = app.slugs.lock().unwrap_or_else(PoisonError::into_inner).get(&tenant).cloned();
        let own = match known {
            Some(own) => Some(own),
            None => {
                let own = app.ledger.tenant_slug(tenant).await?;
                if let Some(own) = &own {
                    app.slugs.lock().unwrap_or_else(PoisonError::into_inner).insert(tenant, own.clone());
                }
                own
            }
        };
        app.standings.check(&app.ledger, &claims).await?;
        if own.as_deref() == Some(slug) {
            return Ok(Caller { claims, tenant });
        }
        if claims.need(Scope::AdminAll).is_ok() {
            let tenant = app.ledger.tenant_by_slug(slug.to_owned()).await?.ok_or(Trouble::NotFound("tenant"))?;
            return Ok(Caller { claims, tenant });
        }
        Err(Trouble::Forbidden { code: "other_tenant", detail: "the token belongs to another tenant" })
    }

    /// The tenant, if the caller may do something there.
    pub(crate) fn at(&self, scope: Scope) -> Result<i64, Trouble> {
        self.claims.need(scope).map(|()| self.tenant)
    }

    /// The caller as somebody who changes something.
    pub(crate) fn actor(&self, scope: Scope) -> Result<Actor, Trouble> {
        let tenant = self.at(scope)?;
        let user = Some(self.claims.user_id).filter(|user| *user > 0);
        Ok(Actor { tenant, user, is_guest: self.claims.tenant_id != tenant })
    }

    /// The tenant, if the caller is this station.
    pub(crate) fn as_station(&self, station: i64) -> Result<i64, Trouble> {
        self.claims.need(Scope::Station)?;
        if self.claims.station != Some(station) {
            let detail = "the token belongs to another station";
            return Err(Trouble::Forbidden { code: "other_station", detail });
        }
        Ok(self.tenant)
    }
}

impl FromRequestParts<Arc<App>> for Caller {
    type Rejection = Trouble;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Caller, Trouble> {
        let parameters =
            RawPathParams::from_request_parts(parts, app).await.map_err(|_| Trouble::NotFound("tenant"))?;
        let slug = parameters.iter().find(|(name, _)| *name == "tenant").map(|(_, slug)| slug.to_owned());
        let slug = slug.ok_or(Trouble::NotFound("tenant"))?;
        Caller::of_token(app, bearer(&parts.headers), &slug).await
    }
}

/// The token of the `Authorization` header.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// An integer id of a path: whatever does not read as one is not one of ours.
pub(crate) fn integer_id(text: &str, what: &'static str) -> Result<i64, Trouble> {
    match text.parse::<i64>() {
        Ok(id) if id > 0 => Ok(id),
        Ok(_) | Err(_) => Err(Trouble::NotFound(what)),
    }
}

/// A ticket's id of a path.
pub(crate) fn ticket_id(text: &str) -> Result<uuid::Uuid, Trouble> {
    uuid::Uuid::try_parse(text).map_err(|_| Trouble::NotFound("ticket"))
}
