//! The judgement at the end of a simulation: the invariants of the house, held against what people saw and against what
//! the files say. It changes nothing.

use super::vfs::VFS;
use super::witness::Paper;
use super::world::World;
use rusqlite::{Connection, OpenFlags};
use smartqueue_domain::{LABEL_COOL_DOWN_MS, Record};
use smartqueue_journal::{Journal, JournalError};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use uuid::Uuid;

/// How far the server's word about the time of a touch may be from the truth.
const TIME_TOLERANCE_MS: i64 = 2_000;

/// A broken promise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// `I1` to `I9`, `L1` or `L2`.
    pub invariant: &'static str,
    /// What was seen.
    pub text: String,
}

/// A ticket in the server's file.
#[derive(Clone, Debug)]
struct Ticket {
    number: String,
    series: Key,
    value: u32,
    status: String,
    created_ms: i64,
    print_state: Option<String>,
    station: Option<i64>,
}

/// Queue, day and letter.
type Key = (i64, i64, String);

impl World {
    /// Holds the invariants against what happened. The stations are closed for it.
    pub(super) fn judge(&mut self) -> Vec<Violation> {
        let mut found: Vec<Violation> =
            self.witness.alarms.iter().map(|(invariant, text)| Violation { invariant, text: text.clone() }).collect();
        let shown: Vec<_> =
            (0..self.machines.len()).filter_map(|station| Some((station, self.waiting_shown(station)?))).collect();
        let journals = self.read_journals(&mut found);
        self.close();
        match self.server.look() {
            Ok(connection) => {
                if let Err(error) = self.judge_server(&connection, &shown, &mut found) {
                    found
                        .push(Violation { invariant: "I9", text: format!("the server's file does not read: {error}") });
                }
            }
            Err(error) => {
                found.push(Violation { invariant: "I9", text: format!("the server's file does not open: {error}") })
            }
        }
        self.judge_labels(&mut found);
        self.judge_journals(&journals, &mut found);
        self.judge_boards(&mut found);
        self.judge_life(&mut found);
        found
    }

    fn read_journals(&mut self, found: &mut Vec<Violation>) -> BTreeMap<usize, Vec<(u64, Record)>> {
        let mut journals = BTreeMap::new();
        for (station, machine) in self.machines.iter_mut().enumerate() {
            machine.process = None;
            let opened = Journal::open_on(VFS, Path::new(&machine.name), Uuid::nil());
            match opened.and_then(|journal| whole(&journal, &machine.name)) {
                Ok(records) => {
                    journals.insert(station, records);
                }
                Err(error) => {
                    found.push(Violation { invariant: "I9", text: format!("the journal of {station}: {error}") });
                }
            }
        }
        journals
    }

    /// I1, I3 and the screens, from papers alone.
    fn judge_labels(&self, found: &mut Vec<Violation>) {
        let mut by_label: BTreeMap<&str, &Paper> = BTreeMap::new();
        let mut by_ticket: BTreeMap<Uuid, &Paper> = BTreeMap::new();
        for paper in self.witness.originals() {
            let cool_down = LABEL_COOL_DOWN_MS.cast_signed();
            if let Some(earlier) = by_label.insert(&paper.label, paper).filter(|earlier| earlier.ticket != paper.ticket)
                && paper.at_ms - earlier.at_ms < cool_down
                && !self.were_one(earlier.machine, paper.machine, earlier.at_ms)
            {
                let text = format!("{} is on two papers within the cool-down: {earlier:?} and {paper:?}", paper.label);
                found.push(Violation { invariant: "I1", text });
            }
            if let Some(earlier) = by_ticket.insert(paper.ticket, paper) {
                found.push(Violation { invariant: "I3", text: format!("two originals: {earlier:?} and {paper:?}") });
            }
        }
        for paper in &self.witness.papers {
            if let Some(labels) = self.witness.screens.get(&paper.ticket)
                && (labels.len() != 1 || !labels.contains(&paper.label))
            {
                let text = format!("the screen said {labels:?} and the paper {}", paper.label);
                found.push(Violation { invariant: "I2", text });
            }
        }
    }

    /// I4: what one issuer counts only goes up.
    fn judge_journals(&self, journals: &BTreeMap<usize, Vec<(u64, Record)>>, found: &mut Vec<Violation>) {
        for (station, records) in journals {
            let mut newest: BTreeMap<(i64, i64, String), u32> = BTreeMap::new();
            let given: BTreeSet<Uuid> = self.witness.given.iter().map(|given| given.ticket).collect();
            for (_, record) in records {
                if let Record::TicketIssued { ticket, queue, letter, number, day, .. } = record
                    && !given.contains(&ticket.0)
                {
                    let key = (queue.0, day.0, letter.as_text());
                    let before = newest.insert(key, number.value());
                    if before.is_some_and(|before| before >= number.value()) {
                        let text = format!("station {station} counted {number} after {before:?} in {day}");
                        found.push(Violation { invariant: "I4", text });
                    }
                }
            }
        }
        let mut newest: BTreeMap<(u64, &str), (u32, Uuid)> = BTreeMap::new();
        let mut answered: BTreeSet<(u64, Uuid)> = BTreeSet::new();
        for given in &self.witness.given {
            // An answer that is repeated, or brought late, is the answer to its own touch all the same.
            if !answered.insert((given.database, given.ticket)) {
                continue;
            }
            newest
                .entry((given.database, &given.series))
                .and_modify(|(value, _)| *value = (*value).max(given.value))
                .or_insert((given.value, given.ticket));
        }
        let mut holders: BTreeMap<(u64, &str, u32), Uuid> = BTreeMap::new();
        for given in &self.witness.given {
            let before = holders.insert((given.database, &given.series, given.value), given.ticket);
            if before.is_some_and(|before| before != given.ticket) {
                let text = format!("the server gave {} {} to two touches", given.series, given.value);
                found.push(Violation { invariant: "I1", text });
            }
        }
    }

    fn judge_server(
        &self,
        connection: &Connection,
        shown: &[(usize, Vec<(i64, u32)>)],
        found: &mut Vec<Violation>,
    ) -> rusqlite::Result<()> {
        let mut violate = |invariant, text| found.push(Violation { invariant, text });
        let verdict: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
        if verdict != "ok" {
            violate("I9", format!("the server's file: {verdict}"));
        }
        let tickets = read_tickets(connection)?;
        // I2: papers and tickets.
        for paper in self.witness.originals() {
            match tickets.get(&paper.ticket) {
                None => violate("I2", format!("a paper without a ticket: {paper:?}")),
                Some(ticket) if ticket.number != paper.label => {
                    violate("I2", format!("the ticket says {} and the paper is {paper:?}", ticket.number));
                }
                Some(_) => {}
            }
        }
        let on_paper: BTreeSet<Uuid> = self.witness.originals().map(|paper| paper.ticket).collect();
        for (id, ticket) in tickets.iter().filter(|(_, ticket)| ticket.station.is_some()) {
            let state = ticket.print_state.as_deref().unwrap_or("");
            let claimed = matches!(state, "printed" | "unconfirmed");
            let flagged = matches!(state, "failed" | "unknown") || ticket.status == "annulé";
            if !on_paper.contains(id) && (claimed || !flagged) {
                violate("I2", format!("{} has no paper and no flag: {ticket:?}", ticket.number));
            }
        }
        // I5 and the rest of I1: each number of a series is one ticket, or one gap with its reason.
        let gaps = read_gaps(connection)?;
        let mut held: BTreeMap<(Key, u32), Uuid> = BTreeMap::new();
        for (id, ticket) in
            tickets.iter().filter(|(_, ticket)| ticket.status != "annulé" || !gaps.contains(&ticket.number))
        {
            if let Some(other) = held.insert((ticket.series.clone(), ticket.value), *id)
                && !self.are_of_copies(other, *id)
            {
                violate("I1", format!("{:?} {} belongs to {other} and to {id}", ticket.series, ticket.value));
            }
        }
        let mut series = connection.prepare("SELECT queue, day, letter, lap, value FROM series")?;
        let rows = series.query_map([], |row| {
            let key: Key = (row.get(0)?, row.get(1)?, row.get(2)?);
            Ok((key, row.get::<_, i64>(3)?, row.get::<_, u32>(4)?))
        })?;
        for row in rows {
            let (key, lap, value) = row?;
            let noted = gaps.of(&key);
            for number in 1..=value {
                let ticket = held.contains_key(&(key.clone(), number));
                if lap == 0 && !ticket && !noted.contains_key(&number) {
                    violate("I5", format!("{key:?} {number} is no ticket and no gap (counter {value})"));
                }
            }
            for (number, reason) in noted.iter().filter(|(_, reason)| reason.is_empty()) {
                violate("I5", format!("{key:?} {number} is a gap without a reason: {reason:?}"));
            }
        }
        let allocated: i64 = connection.query_row("SELECT count(*) FROM allocations", [], |row| row.get(0))?;
        if allocated > 0 {
            violate("I6", format!("{allocated} numbers are allocated to touches that ended"));
        }
        for (id, ticket) in &tickets {
            self.judge_time(*id, ticket, &mut violate);
        }
        // I8, the numbers of people.
        for (board, shown) in shown {
            for (queue, waiting) in shown {
                let truth: u32 = connection.query_row(
                    "SELECT count(*) FROM tickets WHERE queue = ?1 AND status = 'en_attente'",
                    [queue],
                    |row| row.get(0),
                )?;
                if truth != *waiting {
                    violate("I8", format!("board {board} shows {waiting} people in queue {queue}, there are {truth}"));
                }
            }
        }
        Ok(())
    }

    fn are_of_copies(&self, one: Uuid, other: Uuid) -> bool {
        match (self.witness.touches.get(&one), self.witness.touches.get(&other)) {
            (Some(one), Some(other)) => self.were_one(one.machine, other.machine, one.at_ms.min(other.at_ms)),
            (Some(_), None) | (None, Some(_) | None) => false,
        }
    }

    /// I7, wherever there was anything to know the time by.
    fn judge_time(&self, id: Uuid, ticket: &Ticket, violate: &mut impl FnMut(&'static str, String)) {
        let Some(touch) = self.witness.touches.get(&id) else { return };
        let machine = &self.machines[touch.machine];
        // A machine with a wrong clock that never heard the server in that boot, and was switched off before it did, has
        // nothing to know the time by.
        let same_boot = touch.boot == machine.boot;
        if touch.clock_error_ms != 0 && !touch.knew_server_time && !same_boot {
            return;
        }
        // A machine that dies over a touch has forgotten it: then the next one is the touch.
        let errors =
            [touch.at_ms].into_iter().chain(touch.again_ms.iter().copied()).map(|at_ms| ticket.created_ms - at_ms);
        let Some(error_ms) = errors.min_by_key(|error_ms| error_ms.abs()) else { return };
        if error_ms.abs() > TIME_TOLERANCE_MS {
            violate("I7", format!("{} is {error_ms} ms off: {touch:?}", ticket.number));
        }
    }

    /// I8, the calls.
    fn judge_boards(&self, found: &mut Vec<Violation>) {
        for (board, machine) in self.machines.iter().enumerate().filter(|(_, machine)| machine.mode.shows_calls()) {
            let heard = self.witness.heard.get(&board).map(Vec::as_slice).unwrap_or_default();
            // What was published while the last life listened, after the last time that it was shown everything.
            let Some(listening) = self.witness.listening.get(&board).and_then(|all| all.last()) else {
                found.push(Violation { invariant: "I8", text: format!("board {board} never came to listen") });
                continue;
            };
            if listening.life + 1 != machine.life && listening.life != machine.life {
                found.push(Violation {
                    invariant: "I8",
                    text: format!("board {board} does not listen after its last start"),
                });
                continue;
            }
            let taken: BTreeSet<u64> =
                heard.iter().filter(|call| call.life == listening.life).map(|call| call.seq).collect();
            for call in &self.witness.called {
                if call.database == listening.database && call.seq > listening.after && !taken.contains(&call.seq) {
                    let text = format!("board {board} missed call {} ({listening:?})", call.seq);
                    found.push(Violation { invariant: "I8", text });
                }
            }
        }
    }

    /// L1 and L2: it does print.
    fn judge_life(&self, found: &mut Vec<Violation>) {
        let on_paper: BTreeSet<Uuid> = self.witness.originals().map(|paper| paper.ticket).collect();
        for ticket in &self.last_touches {
            if !on_paper.contains(ticket) {
                found.push(Violation { invariant: "L2", text: format!("the last touch {ticket} gave no paper") });
            }
        }
        if self.plan.calm {
            for (ticket, touch) in &self.witness.touches {
                if !on_paper.contains(ticket) {
                    found.push(Violation {
                        invariant: "L1",
                        text: format!("without any fault, no paper: {ticket} {touch:?}"),
                    });
                }
            }
        }
    }
}

/// The records of a journal whose file and whose chain are sound.
fn whole(journal: &Journal, name: &str) -> Result<Vec<(u64, Record)>, JournalError> {
    let path = Journal::path(Path::new(name));
    let connection = Connection::open_with_flags_and_vfs(path, OpenFlags::default(), VFS)?;
    let verdict: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if verdict == "ok" { journal.read_all() } else { Err(JournalError::Damaged(verdict)) }
}

fn read_tickets(connection: &Connection) -> rusqlite::Result<BTreeMap<Uuid, Ticket>> {
    let mut select = connection.prepare(
        "SELECT id, number, series_queue, day, letter, value, status, created_at, print_state, station FROM tickets",
    )?;
    let rows = select.query_map([], |row| {
        let id: String = row.get(0)?;
        let ticket = Ticket {
            number: row.get(1)?,
            series: (row.get(2)?, row.get(3)?, row.get(4)?),
            value: row.get(5)?,
            status: row.get(6)?,
            created_ms: row.get(7)?,
            print_state: row.get(8)?,
            station: row.get(9)?,
        };
        Ok((Uuid::parse_str(&id).unwrap_or_default(), ticket))
    })?;
    rows.collect()
}

/// Numbers that no ticket carries, with their reasons, by the letters before their digits.
struct Gaps {
    rows: Vec<(i64, i64, String, u32, String)>,
    prefixes: BTreeMap<i64, String>,
}

impl Gaps {
    fn contains(&self, number: &str) -> bool {
        self.rows.iter().any(|(_, _, head, value, _)| format!("{head}{value:03}") == number)
    }

    fn of(&self, (queue, day, letter): &Key) -> BTreeMap<u32, &str> {
        let head = format!("{}{letter}", self.prefixes.get(queue).map_or("", String::as_str));
        self.rows
            .iter()
            .filter(|(of, on, letters, _, _)| of == queue && on == day && *letters == head)
            .map(|(_, _, _, value, reason)| (*value, reason.as_str()))
            .collect()
    }
}

fn read_gaps(connection: &Connection) -> rusqlite::Result<Gaps> {
    let mut select = connection.prepare("SELECT queue, day, number, reason FROM number_gaps")?;
    let rows = select.query_map([], |row| {
        let number: String = row.get(2)?;
        let head = number.trim_end_matches(|digit: char| digit.is_ascii_digit()).to_owned();
        let value = number[head.len()..].parse().unwrap_or(0);
        Ok((row.get(0)?, row.get(1)?, head, value, row.get(3)?))
    })?;
    let rows = rows.collect::<rusqlite::Result<_>>()?;
    let mut select = connection.prepare("SELECT id, prefix FROM queues")?;
    let prefixes = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<rusqlite::Result<_>>()?;
    Ok(Gaps { rows, prefixes })
}
