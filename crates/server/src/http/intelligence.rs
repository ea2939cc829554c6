//! Queue intelligence under `queues/`: statistics, health, predictions, load. Everybody who may look at queues may look.

use super::App;
use super::answer::{Answer, Listing, ok};
use super::caller::{Caller, integer_id};
use crate::auth::Scope;
use axum::extract::{Path, State};
use std::sync::Arc;

macro_rules! about_one_queue {
    ($($name:ident, $read:ident;)*) => {$(
        pub(super) async fn $name(
            State(app): State<Arc<App>>,
            caller: Caller,
            Path((_, id)): Path<(String, String)>,
        ) -> Answer {
            let tenant = caller.at(Scope::ReadQueue)?;
            ok(app.ledger.$read(tenant, integer_id(&id, "queue")?).await?)
        }
    )*};
}

about_one_queue! {
    stats, queue_stats;
    health, queue_health;
    predictions, queue_prediction;
    algorithm_recommendation, algorithm_recommendation;
}

macro_rules! about_all_queues {
    ($($name:ident, $read:ident;)*) => {$(
        pub(super) async fn $name(State(app): State<Arc<App>>, caller: Caller, listing: Listing) -> Answer {
            let tenant = caller.at(Scope::ReadQueue)?;
            ok(app.ledger.$read(tenant, listing.integer("site")?).await?)
        }
    )*};
}

about_all_queues! {
    overview, overview;
    load_balance, load_balance;
    optimization_report, optimization_report;
}
