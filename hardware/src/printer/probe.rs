//! What a printer shows of itself when it is asked, without a slip.
//!
//! What it does decides, never what it says it is: clones answer `GS I` with the name of the model they copy and know half
//! of its commands. The name is a hint for whoever chooses a profile, and nothing else here looks at it.

use std::time::{Duration, Instant};

use super::connection::{Connection, Wait};
use super::patience::ANSWER_LIMIT;
use super::status::BackChannel;
use super::{Learned, Printer, PrinterFault, Proof};
use crate::clock;

/// Longest time for the answers to what was asked at the connection; they wait for a slip that is still being printed.
const PROBE_LIMIT: Duration = Duration::from_secs(3);

/// What a printer calls itself. Not to be believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The maker's name (`GS I` 66).
    pub maker: String,
    /// The model's name (`GS I` 67).
    pub model: String,
}

/// What a printer was seen to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Behaviour {
    /// Whether it answers real-time questions (`DLE EOT`).
    pub back_channel: BackChannel,
    /// Whether it reports changes by itself (`GS a`).
    pub reports_changes: bool,
    /// How it can prove a slip: by echoes (`GS ( H`), by answers in their turn (`GS r`), or not at all.
    pub proof: Option<Proof>,
    /// What it calls itself, if it does.
    pub identity: Option<Identity>,
}

impl Printer {
    /// Finds out what the printer does; prints nothing. At most 6 s, and only as long as something is not answered.
    ///
    /// # Errors
    /// The fault that keeps the printer from answering in turn: it cannot be reached, or it reports that it is not well.
    pub fn probe(&mut self) -> Result<Behaviour, PrinterFault> {
        self.connected().map_err(|error| error.fault())?;
        let limit = self.patience.of(PROBE_LIMIT);
        self.on_connection(|connection| wait_for_probe(connection, clock::now() + limit))?;
        let status = self.last_status();
        if let Some(fault) = status.fault {
            return Err(fault);
        }
        let names = match status.back_channel {
            BackChannel::Present => self.on_connection(|connection| connection.ask_identity(ANSWER_LIMIT))?,
            BackChannel::Absent | BackChannel::Unknown => Vec::new(),
        };
        let identity = match names.as_slice() {
            [maker, model] => Some(Identity { maker: maker.clone(), model: model.clone() }),
            _ => None,
        };
        let (echoes, answers_in_turn, reports_changes) = self
            .connection
            .as_ref()
            .map(|connection| (connection.echoes(), connection.answers_in_turn(), connection.reports_changes()))
            .unwrap_or_default();
        if echoes {
            self.learned = Learned::Echoes;
        }
        let proof = match (echoes, answers_in_turn) {
            (true, _) => Some(Proof::Echo),
            (false, true) => Some(Proof::AnswerInTurn),
            (false, false) => None,
        };
        Ok(Behaviour { back_channel: status.back_channel, reports_changes, proof, identity })
    }
}

/// Waits for the echo; a printer that only answers in turn is waited for as long as one that is silent, because an echo
/// would have come before that answer and decides alone.
fn wait_for_probe(connection: &mut Connection, deadline: Instant) -> Result<(), super::PortError> {
    while !connection.echoes()
        && !connection.answers_in_turn()
        && connection.back_channel() == BackChannel::Present
        && connection.sensors().fault().is_none()
        && clock::now() < deadline
    {
        connection.listen(Wait::Until(deadline))?;
    }
    Ok(())
}
