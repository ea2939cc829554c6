//! How long a printer is waited for. Every limit of a wait stands here; what is concluded from a wait does not.

use std::time::Duration;

/// Longest time for a connection, name resolution included.
pub(super) const CONNECT_LIMIT: Duration = Duration::from_secs(2);
/// Longest time for the answers to real-time questions; a printer answers within a few milliseconds, a serial line at 1200 baud
/// needs 250 ms for questions and answers.
pub(super) const ANSWER_LIMIT: Duration = Duration::from_millis(500);
/// Longest time for the questions themselves to leave.
pub(super) const ASK_WRITE_LIMIT: Duration = Duration::from_millis(500);
/// Time beyond transfer and paper movement in which a slip must be proved.
pub(super) const PROOF_SLACK: Duration = Duration::from_secs(2);
/// Time beyond transfer in which the system must take a slip's bytes.
pub(super) const WRITE_SLACK: Duration = Duration::from_secs(3);
/// When the printer reports a fault in mid-slip, the slip may still be finished within this time.
pub(super) const FAULT_GRACE: Duration = Duration::from_millis(400);
/// Longest time for a knife to come free after it was told to.
pub(super) const RECOVERY_LIMIT: Duration = Duration::from_secs(1);

/// How many times longer than usual a printer is waited for before it is called silent.
///
/// 1 is for people who stand in front of a screen. More is for a printer that cannot keep its own time, because it is a program
/// on a machine that may be busy. What is claimed after a wait is the same with any patience.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience(u32);

impl Patience {
    /// So many times the usual one; at least once.
    #[must_use]
    pub fn times(factor: u32) -> Self {
        Patience(factor.max(1))
    }

    /// A limit under this patience.
    pub(super) fn of(self, limit: Duration) -> Duration {
        limit.saturating_mul(self.0)
    }
}

impl Default for Patience {
    fn default() -> Self {
        Patience(1)
    }
}
