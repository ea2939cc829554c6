//! The chain that makes tampering evident: each record carries a hash of the one before it, of its place and of its body.
//!
//! Whoever changes, removes or inserts a record breaks every hash from there on. Whoever cuts records off at the end is
//! found by the head, which the server can be shown. This module never writes; frozen like the schema, because a changed
//! rule would call every shipped journal broken.

use sha2::{Digest, Sha256};
use std::fmt;

/// A place in the chain: everything up to one record, in 32 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChainHash(pub(crate) [u8; 32]);

impl ChainHash {
    /// Before the first record.
    pub const BEGINNING: ChainHash = ChainHash([0; 32]);

    /// The hash of a record that follows.
    pub(crate) fn followed_by(self, seq: u64, body: &str) -> ChainHash {
        let mut digest = Sha256::new();
        digest.update(self.0);
        digest.update(seq.to_be_bytes());
        digest.update(body.as_bytes());
        ChainHash(digest.finalize().into())
    }
}

impl fmt::Display for ChainHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

/// What a walk along the chain found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChainVerdict {
    /// Every record is where it was written and says what it said.
    Sound {
        /// How many records there are.
        records: u64,
        /// The newest hash.
        head: ChainHash,
    },
    /// A record is not what was written there.
    Broken {
        /// The first place that does not hold.
        seq: u64,
        /// What is wrong with it.
        flaw: ChainFlaw,
    },
}

/// What is wrong with a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChainFlaw {
    /// There is no record at this place, and there are later ones.
    Missing,
    /// Its hash is not that of its body and of what comes before it.
    Changed,
}

impl ChainFlaw {
    /// A stable word.
    pub fn code(self) -> &'static str {
        match self {
            ChainFlaw::Missing => "missing",
            ChainFlaw::Changed => "changed",
        }
    }
}

/// Walks along the chain, one record after the other.
#[derive(Clone, Debug)]
pub(crate) struct Walk {
    next_seq: u64,
    head: ChainHash,
}

impl Walk {
    pub(crate) fn from_the_beginning() -> Walk {
        Walk { next_seq: 1, head: ChainHash::BEGINNING }
    }

    /// Takes the next record.
    ///
    /// # Errors
    /// The verdict on a chain that is broken here.
    pub(crate) fn step(&mut self, seq: u64, body: &str, hash: &[u8]) -> Result<(), ChainVerdict> {
        if seq != self.next_seq {
            return Err(ChainVerdict::Broken { seq: self.next_seq, flaw: ChainFlaw::Missing });
        }
        let expected = self.head.followed_by(seq, body);
        if expected.0 != *hash {
            return Err(ChainVerdict::Broken { seq, flaw: ChainFlaw::Changed });
        }
        self.next_seq += 1;
        self.head = expected;
        Ok(())
    }

    pub(crate) fn end(&self) -> ChainVerdict {
        ChainVerdict::Sound { records: self.next_seq - 1, head: self.head }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rule_is_frozen() {
        let first = ChainHash::BEGINNING.followed_by(1, "{}");
        assert_eq!(first.to_string(), "1bad765d926feacace97a8ddcd329a1f4254c208affc1ba86b3c7d59e8fba83e");
        assert_eq!(
            first.followed_by(2, "{}").to_string(),
            "f3a2f7117ec70a4475364945fc5338e1e7e3198d39fe37688a9c021c1bb74e74"
        );
    }

    #[test]
    fn a_walk_names_the_first_record_that_does_not_hold() {
        let first = ChainHash::BEGINNING.followed_by(1, "a");
        let second = first.followed_by(2, "b");
        let mut walk = Walk::from_the_beginning();
        walk.step(1, "a", &first.0).unwrap();
        let changed = walk.clone().step(2, "c", &second.0).unwrap_err();
        assert_eq!(changed, ChainVerdict::Broken { seq: 2, flaw: ChainFlaw::Changed });
        let missing = walk.clone().step(3, "b", &second.0).unwrap_err();
        assert_eq!(missing, ChainVerdict::Broken { seq: 2, flaw: ChainFlaw::Missing });
        walk.step(2, "b", &second.0).unwrap();
        assert_eq!(walk.end(), ChainVerdict::Sound { records: 2, head: second });
    }
}
