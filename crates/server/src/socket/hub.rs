//! Carries events from the writing thread to the sockets of a site. It holds nothing: whoever falls behind reads the
//! log from its cursor.

use crate::ledger::bus::Audience;
use crate::ledger::events::Published;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{broadcast, oneshot};

/// A socket that falls further behind than this is caught up from the log.
const IN_FLIGHT: usize = 256;

/// The sites that somebody listens to.
#[derive(Default)]
pub struct Hub {
    sites: Mutex<HashMap<i64, broadcast::Sender<Arc<Published>>>>,
    /// The newest socket of each station; a newer one drops it.
    stations: Mutex<HashMap<i64, oneshot::Sender<()>>>,
}

impl Hub {
    /// Listens to a site from now on.
    pub fn subscribe(&self, site: i64) -> broadcast::Receiver<Arc<Published>> {
        let mut sites = self.sites.lock().unwrap_or_else(PoisonError::into_inner);
        sites.entry(site).or_insert_with(|| broadcast::channel(IN_FLIGHT).0).subscribe()
    }

    /// Makes a socket the one of its station; what it gets resolves when a newer one takes its place. Of two machines that
    /// work from copies of one disk, the one that is pushed out says hello again and learns what it is.
    pub fn take_station(&self, station: i64) -> oneshot::Receiver<()> {
        let (stands, replaced) = oneshot::channel();
        self.stations.lock().unwrap_or_else(PoisonError::into_inner).insert(station, stands);
        replaced
    }

    /// How many listen now.
    pub fn subscribers(&self) -> usize {
        let sites = self.sites.lock().unwrap_or_else(PoisonError::into_inner);
        sites.values().map(broadcast::Sender::receiver_count).sum()
    }
}

impl Audience for Hub {
    /// Hands committed events to everybody who listens to their sites. Never waits.
    fn take(&self, events: Vec<Published>) {
        let mut sites = self.sites.lock().unwrap_or_else(PoisonError::into_inner);
        for event in events {
            let site = event.site;
            let Some(listeners) = sites.get(&site) else { continue };
            if listeners.send(Arc::new(event)).is_err() {
                sites.remove(&site);
            }
        }
    }

    fn sites(&self) -> Vec<i64> {
        let sites = self.sites.lock().unwrap_or_else(PoisonError::into_inner);
        sites.iter().filter(|(_, listeners)| listeners.receiver_count() > 0).map(|(site, _)| *site).collect()
    }

    fn watches(&self, site: i64) -> bool {
        let sites = self.sites.lock().unwrap_or_else(PoisonError::into_inner);
        sites.get(&site).is_some_and(|listeners| listeners.receiver_count() > 0)
    }
}
