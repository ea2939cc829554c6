//! Jobs that several servers on one PostgreSQL claim at once: each is claimed once, and nobody waits for anybody.

use super::house::{Ground, Premises};
use smartqueue_server::ledger::store::{Connection, Whose};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

/// How long anything may take before something is wrong.
const PATIENCE: Duration = Duration::from_secs(60);
/// The lock that a commit about everybody holds alone.
const ALL: i64 = 0x5371 << 40;

fn enter_jobs(premises: &Premises<Ground>, count: usize) {
    for number in 0..count {
        let name = format!("job-{number:03}");
        premises.change("INSERT INTO jobs (name, due_at) VALUES (?1, ?2)", &[&name, &1_i64]);
    }
}

#[tokio::test]
async fn a_claim_waits_neither_for_another_nor_for_any_commit() {
    let premises = Premises::<Ground>::new();
    let ledger = premises.open_ledger();
    enter_jobs(&premises, 3);
    let (begun, has_begun) = channel();
    let (end, may_end) = channel::<()>();
    let database = premises.place().database();
    // Another server is in the midst of claiming the first job, and of something about everybody.
    let other = std::thread::spawn(move || {
        let connection = Connection::open(&database).unwrap();
        connection.stand_for(Whose::All).unwrap();
        connection
            .execute_batch(&format!(
                "BEGIN; SELECT pg_advisory_xact_lock({ALL}); UPDATE jobs SET tries = tries + 1 WHERE name = 'job-000'"
            ))
            .unwrap();
        begun.send(()).unwrap();
        let _ = may_end.recv();
        connection.execute_batch("ROLLBACK").unwrap();
    });
    has_begun.recv().unwrap();
    let hour = Duration::from_secs(3_600);
    // Were these to wait, the database would give them up before the other ends.
    let mut names = Vec::new();
    for _ in 0..3 {
        let claimed = ledger.claim_job("we".to_owned(), hour).await.unwrap();
        names.push(claimed.as_ref().map(|claimed| claimed.name.clone()));
        if let Some(claimed) = claimed {
            ledger.finish_job("we".to_owned(), claimed, "done", i64::MAX, true).await.unwrap();
        }
    }
    assert_eq!(names, [Some("job-001".to_owned()), Some("job-002".to_owned()), None]);
    end.send(()).unwrap();
    other.join().unwrap();
    // What the other left undone is there for whoever comes next.
    assert_eq!(ledger.claim_job("we".to_owned(), hour).await.unwrap().unwrap().name, "job-000");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_that_claim_at_once_share_the_jobs() {
    const JOBS: usize = 120;
    let premises = Premises::<Ground>::new();
    let ledgers = [premises.open_ledger(), premises.open_ledger(), premises.open_ledger()].map(Arc::new);
    enter_jobs(&premises, JOBS);
    let open = "SELECT count(*) FROM jobs WHERE claimed_by IS NULL";
    let claiming: Vec<_> = ledgers
        .iter()
        .enumerate()
        .map(|(server, ledger)| {
            let (server, ledger) = (format!("server-{server}"), Arc::clone(ledger));
            tokio::spawn(async move {
                let mut names = Vec::new();
                // What somebody else has locked for the moment is passed over, so nothing now does not mean nothing left.
                while ledger.is_job_due().await.unwrap() {
                    let claimed = ledger.claim_job(server.clone(), Duration::from_secs(3_600)).await.unwrap();
                    names.extend(claimed.map(|claimed| claimed.name));
                }
                names
            })
        })
        .collect();
    let began = Instant::now();
    let mut claimed = Vec::new();
    for server in claiming {
        claimed.extend(server.await.unwrap());
    }
    assert!(began.elapsed() < PATIENCE, "somebody waited");
    assert_eq!((claimed.len(), claimed.iter().collect::<BTreeSet<_>>().len()), (JOBS, JOBS), "each once");
    assert_eq!(premises.number(open), 0);
}
