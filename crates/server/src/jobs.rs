//! What the server does by itself, by the clock: figures and health looked at, people reminded, what is old removed, backups
//! made. A job is
//! claimed in the database before it is done, so several servers share them, and each may be repeated without harm.

use crate::Place;
use crate::clock;
use crate::http::App;
use crate::ledger::file;
use crate::ledger::jobs::Claimed;
use crate::ledger::reminders::Reminder;
use crate::metrics::{Run, Tenant, metrics};
use anyhow::Context;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use uuid::Uuid;

/// Between two looks at what is due.
const GLANCE: Duration = Duration::from_secs(2);
/// A claim ends by itself after so long; no job takes longer.
const LEASE: Duration = Duration::from_secs(30 * 60);
/// A run is tried so often before it waits for its next time.
const TRIES: u32 = 3;
/// The wait before the second try; it doubles with each.
const FIRST_RETRY_MS: i64 = 10_000;
/// So many backups are kept.
const BACKUPS: usize = 7;

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

/// When a job is due.
#[derive(Clone, Copy, Debug)]
enum Schedule {
    /// Again after so many milliseconds.
    Every(i64),
    /// At each full hour.
    Hourly,
    /// Each day at this minute, UTC.
    Daily(i64),
}

/// What is done.
#[derive(Clone, Copy, Debug)]
enum Work {
    RefreshFigures,
    LookAtHealth,
    Remind,
    CleanUp,
    Backup,
}

const JOBS: [(&str, Schedule, Work); 5] = [
    ("eta_refresh", Schedule::Every(120_000), Work::RefreshFigures),
    ("queue_health", Schedule::Every(300_000), Work::LookAtHealth),
    ("reminders", Schedule::Every(300_000), Work::Remind),
    // Somewhere it is four in the morning: which sites have passed it since the last time is seen when it is done.
    ("clean_up", Schedule::Hourly, Work::CleanUp),
    ("backup", Schedule::Daily(3 * 60), Work::Backup),
];

impl Schedule {
    /// When a job that ended now is due again. `chance` from 0 to 1 keeps servers that started together apart.
    fn next_ms(self, now_ms: i64, chance: f64) -> i64 {
        match self {
            Schedule::Every(interval_ms) => now_ms + spread(interval_ms, 0.9 + 0.2 * chance),
            Schedule::Hourly => (now_ms.div_euclid(HOUR_MS) + 1) * HOUR_MS,
            Schedule::Daily(minute) => {
                let today = now_ms.div_euclid(DAY_MS) * DAY_MS + minute * MINUTE_MS;
                if today > now_ms { today } else { today + DAY_MS }
            }
        }
    }
}

/// When a run that failed is tried again; nothing after the last try.
fn retry_ms(now_ms: i64, try_number: u32, chance: f64) -> Option<i64> {
    if try_number >= TRIES {
        return None;
    }
    let wait_ms = FIRST_RETRY_MS << try_number.saturating_sub(1).min(16);
    Some(now_ms + spread(wait_ms, 0.5 + chance))
}

fn spread(ms: i64, factor: f64) -> i64 {
    (ms as f64 * factor) as i64
}

/// A number from 0 to 1 that nobody foresees; without randomness every server waits equally long.
fn chance() -> f64 {
    getrandom::u32().map_or(0.5, |number| f64::from(number) / f64::from(u32::MAX))
}

/// Does what is due until the server stops.
pub(crate) async fn run(app: Arc<App>, place: Place, mut stopping: watch::Receiver<bool>) {
    let server = Uuid::new_v4().to_string();
    for (name, schedule, _) in JOBS {
        if let Err(error) = app.ledger.know_job(name, schedule.next_ms(clock::now_ms(), chance())).await {
            tracing::error!(name, %error, "a job cannot be entered");
        }
    }
    loop {
        tokio::select! {
            () = tokio::time::sleep(GLANCE) => {}
            () = crate::http::stop(&mut stopping) => return,
        }
        match claim(&app, &server).await {
            Ok(Some(claimed)) => do_and_finish(&app, &place, &server, claimed).await,
            Ok(None) => {}
            Err(error) => tracing::error!(%error, "no job can be claimed"),
        }
    }
}

async fn claim(app: &App, server: &str) -> Result<Option<Claimed>, crate::Trouble> {
    if app.ledger.is_job_due().await? { app.ledger.claim_job(server.to_owned(), LEASE).await } else { Ok(None) }
}

async fn do_and_finish(app: &App, place: &Place, server: &str, claimed: Claimed) {
    let Some((name, schedule, work)) = JOBS.into_iter().find(|(name, _, _)| *name == claimed.name) else {
        // A newer server knows it; the claim ends by itself.
        return;
    };
    let began = clock::monotonic();
    let result = perform(app, place, work, &claimed).await;
    let now_ms = clock::now_ms();
    let next_ms = schedule.next_ms(now_ms, chance());
    let (outcome, due_ms, is_over) = match &result {
        Ok(()) => ("done", next_ms, true),
        Err(_) => match retry_ms(now_ms, claimed.try_number, chance()) {
            Some(retry_ms) => ("failed", retry_ms, false),
            None => ("given_up", next_ms, true),
        },
    };
    let milliseconds = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    match result {
        Ok(()) => tracing::info!(job = name, milliseconds, "a job is done"),
        Err(error) => tracing::error!(job = name, try_number = claimed.try_number, outcome, "a job failed: {error:#}"),
    }
    metrics().job_runs.get_or_create(&Run { job: name.to_owned(), outcome }).inc();
    if let Err(error) = app.ledger.finish_job(server.to_owned(), claimed, outcome, due_ms, is_over).await {
        tracing::error!(job = name, %error, "a job cannot be given back; its claim ends by itself");
    }
}

async fn perform(app: &App, place: &Place, work: Work, claimed: &Claimed) -> anyhow::Result<()> {
    match work {
        Work::RefreshFigures => {
            app.ledger.refresh_figures().await?;
        }
        Work::LookAtHealth => {
            for change in app.ledger.look_at_health().await? {
                let crate::ledger::intelligence::HealthChange { tenant, queue, score, alerts } = change;
                if score < 50 {
                    tracing::warn!(tenant, queue, score, alerts, "a queue is not well");
                } else {
                    tracing::info!(tenant, queue, score, alerts, "a queue's health changed");
                }
            }
        }
        Work::Remind => {
            for reminder in app.ledger.remind().await? {
                let Reminder { tenant, queue, number, people_ahead } = reminder;
                tracing::info!(tenant, queue, number, people_ahead, "a turn comes near");
                metrics().reminders.get_or_create(&Tenant { tenant }).inc();
            }
        }
        Work::CleanUp => {
            let removed = app.ledger.clean_up(claimed.done_at_ms, claimed.at_ms).await?;
            tracing::info!(removed, "what was kept long enough is gone");
        }
        Work::Backup => {
            // PostgreSQL's copies are made by those who run it.
            if let Place::Folder(folder) = place.clone() {
                tokio::task::spawn_blocking(move || back_up(&folder, clock::now_ms()))
                    .await
                    .context("the copying task")??;
            }
        }
    }
    Ok(())
}

/// Copies the database into the folder of backups and removes the oldest beyond [`BACKUPS`].
fn back_up(data: &Path, now_ms: i64) -> anyhow::Result<()> {
    let folder = data.join("backups");
    fs::create_dir_all(&folder).with_context(|| format!("the folder {} cannot be made", folder.display()))?;
    // Names sort as times do: the milliseconds have 13 digits until the year 2286.
    let name = format!("smartqueue-{now_ms:013}.sqlite3");
    file::backup(data, &folder.join(&name))?;
    let mut copies: Vec<PathBuf> = fs::read_dir(&folder)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|ending| ending == "sqlite3"))
        .collect();
    copies.sort();
    let surplus = copies.len().saturating_sub(BACKUPS);
    for old in copies.into_iter().take(surplus) {
        fs::remove_file(&old).with_context(|| format!("{} cannot be removed", old.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_is_due_again_near_its_interval_or_at_its_hour() {
        let every = Schedule::Every(100_000);
        assert_eq!((every.next_ms(0, 0.0), every.next_ms(0, 1.0)), (90_000, 110_000));
        for (now_ms, due_ms) in [(0, HOUR_MS), (HOUR_MS - 1, HOUR_MS), (HOUR_MS, 2 * HOUR_MS)] {
            assert_eq!(Schedule::Hourly.next_ms(now_ms, 0.7), due_ms, "{now_ms}");
        }
        let daily = Schedule::Daily(240);
        let four = 4 * 3_600_000;
        for (now_ms, due_ms) in [(0, four), (four - 1, four), (four, four + DAY_MS), (DAY_MS - 1, four + DAY_MS)] {
            assert_eq!(daily.next_ms(now_ms, 0.7), due_ms, "{now_ms}");
        }
    }

    #[test]
    fn a_run_is_tried_three_times_with_growing_waits() {
        assert_eq!(retry_ms(0, 1, 0.5), Some(10_000));
        assert_eq!(retry_ms(0, 2, 0.5), Some(20_000));
        assert_eq!((retry_ms(0, 2, 0.0), retry_ms(0, 2, 1.0)), (Some(10_000), Some(30_000)));
        assert_eq!(retry_ms(0, 3, 0.5), None);
    }

    #[test]
    fn seven_backups_are_kept_and_each_can_be_put_back() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::Folder(folder.path().to_owned());
        drop(crate::ledger::Ledger::open(&place.database(), Arc::new(crate::ledger::bus::Nobody)).unwrap());
        for day in 1..=9 {
            back_up(folder.path(), day * DAY_MS).unwrap();
        }
        let mut names: Vec<_> = fs::read_dir(folder.path().join("backups"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(names.len(), BACKUPS);
        assert_eq!(names[0], format!("smartqueue-{:013}.sqlite3", 3 * DAY_MS));
        file::restore(folder.path(), &folder.path().join("backups").join(&names[6])).unwrap();
    }
}
