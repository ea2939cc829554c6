//! Whether a token that was good when it was made still is: its user may have been shut out since, or its station.
//!
//! Asking the store with every request would cost more than the request, so an answer is kept for a few seconds. Of several
//! servers, those that did not make the change learn it when theirs has grown old.

use super::token::Claims;
use crate::clock;
use crate::ledger::Ledger;
use crate::ledger::people::Bearer;
use crate::trouble::Trouble;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long somebody who was shut out at another server may still pass here.
const KEPT: Duration = Duration::from_secs(5);
/// Old answers are swept away when so many are kept.
const SWEEP_AT: usize = 20_000;

/// What was looked up lately: from when on tokens are good, nothing for somebody who was shut out.
#[derive(Default)]
pub struct Standings {
    held: Mutex<HashMap<Bearer, (Instant, Option<i64>)>>,
}

impl Standings {
    /// Looks whether the bearer of these claims may still pass.
    ///
    /// # Errors
    /// [`Trouble::Unauthorised`] for somebody who was shut out after the token was made.
    pub async fn check(&self, ledger: &Ledger, claims: &Claims) -> Result<(), Trouble> {
        let bearer = match claims.station {
            Some(station) => Bearer::Station(station),
            None => Bearer::User(claims.user_id),
        };
        let now = clock::monotonic();
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner).get(&bearer).copied();
        let good_from_ms = match held {
            Some((at, good_from_ms)) if now.duration_since(at) < KEPT => good_from_ms,
            Some(_) | None => {
                let found = ledger.tokens_from(bearer).await?;
                let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
                if held.len() >= SWEEP_AT {
                    held.retain(|_, (at, _)| now.duration_since(*at) < KEPT);
                }
                held.insert(bearer, (now, found));
                found
            }
        };
        // A token knows only the second in which it was made; one of the very second of the change is let through.
        let made_before_ms = i64::try_from(claims.iat).unwrap_or(0).saturating_add(1).saturating_mul(1_000);
        match good_from_ms {
            Some(good_from_ms) if made_before_ms > good_from_ms => Ok(()),
            Some(_) | None => {
                Err(Trouble::Unauthorised { code: "token_revoked", detail: "the access token was revoked" })
            }
        }
    }

    /// Forgets everything: somebody's standing may have changed.
    pub fn forget_all(&self) {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
