//! The presenter of a kiosk mechanism: rollers that hold a slip after its cut until somebody takes it, and people who do or do
//! not. Moves no paper of the roll and answers nobody: in the emulations that we print with, no status tells of it.

/// Where a slip is after its cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whereabouts {
    /// It fell out, or somebody took it.
    Out,
    /// The presenter holds it.
    Presented,
    /// The presenter drew it back into the machine: nobody has it.
    Retracted,
}

impl Whereabouts {
    /// Its word in the log of truth and in the tray.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Whereabouts::Out => "out",
            Whereabouts::Presented => "presented",
            Whereabouts::Retracted => "retracted",
        }
    }
}

/// What is behind the knife, and who stands in front of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presenter {
    /// Slips fall out, or people take each one from the presenter at once.
    Free,
    /// Nobody takes a slip, and the paper of the next one does not move before somebody does.
    Holds,
    /// Nobody takes a slip, and it is drawn back when the paper of the next one moves.
    Retracts,
}

impl Presenter {
    /// Where a slip goes when it is cut.
    pub(super) fn after_cut(self) -> Whereabouts {
        match self {
            Presenter::Free => Whereabouts::Out,
            Presenter::Holds | Presenter::Retracts => Whereabouts::Presented,
        }
    }

    /// Whether a slip in it keeps the next one from moving.
    pub(super) fn is_in_the_way(self) -> bool {
        match self {
            Presenter::Free | Presenter::Retracts => false,
            Presenter::Holds => true,
        }
    }
}
