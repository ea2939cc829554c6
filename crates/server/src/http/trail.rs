//! `audit/`: who changed what, for the tenant's admins. Nobody changes it.

use super::App;
use super::answer::{Answer, Listing};
use super::caller::Caller;
use crate::auth::Scope;
use crate::ledger::audit::AuditFilter;
use axum::extract::State;
use std::sync::Arc;

pub(super) async fn list(State(app): State<Arc<App>>, caller: Caller, listing: Listing) -> Answer {
    let tenant = caller.at(Scope::AdminTenant)?;
    let filter = AuditFilter {
        user: listing.integer("user")?,
        subject: listing.text("subject").map(str::to_owned),
        subject_id: listing.integer("subject_id")?,
    };
    listing.page(app.ledger.audit(tenant, filter, listing.window()).await?)
}
