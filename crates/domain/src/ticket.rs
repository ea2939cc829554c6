//! A ticket's life: its states, and which step may follow which.
//! This module decides; it never stores, and it knows no queue and no clock.

/// Where a ticket stands in its life. The words on the wire are French and live in `protocol`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TicketStatus {
    /// Waits to be called.
    Waiting,
    /// Was called and walks to the counter.
    Called,
    /// Is being served.
    InService,
    /// Was served.
    Done,
    /// Was called and did not come.
    NoShow,
    /// Was set aside by the agent and can be called again.
    OnHold,
    /// Was withdrawn before it was served.
    Cancelled,
}

impl TicketStatus {
    /// Whether the ticket still takes part in a queue: it waits, walks, is served or is set aside.
    pub fn is_live(self) -> bool {
        match self {
            TicketStatus::Waiting | TicketStatus::Called | TicketStatus::InService | TicketStatus::OnHold => true,
            TicketStatus::Done | TicketStatus::NoShow | TicketStatus::Cancelled => false,
        }
    }
}

/// Through which door a ticket came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Channel {
    /// A kiosk in the lobby.
    Kiosk,
    /// The web.
    Web,
    /// A mobile application.
    Mobile,
    /// An agent at a counter.
    Counter,
    /// An appointment.
    Appointment,
}

/// A step in a ticket's life that somebody asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transition {
    /// Call a waiting, held or absent person to a counter.
    Call,
    /// Call the same person again.
    Recall,
    /// Begin to serve.
    Start,
    /// Finish serving.
    End,
    /// The person did not come.
    NoShow,
    /// Set aside.
    Hold,
    /// Withdraw.
    Cancel,
    /// Send to another queue, where the ticket waits under its old number.
    Transfer,
}

/// The step does not fit the ticket's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{transition:?} does not follow {from:?}")]
pub struct TransitionRefused {
    /// The state the ticket is in.
    pub from: TicketStatus,
    /// The step that was asked for.
    pub transition: Transition,
}

impl TicketStatus {
    /// The state after a step.
    ///
    /// A ticket can be ended straight from "called", because many clerks never press "start"; an absent person who
    /// turns up after all can be called again.
    ///
    /// # Errors
    /// [`TransitionRefused`] when the step does not fit the state.
    pub fn after(self, transition: Transition) -> Result<TicketStatus, TransitionRefused> {
        use TicketStatus::{Called, Cancelled, Done, InService, NoShow, OnHold, Waiting};
        let refused = Err(TransitionRefused { from: self, transition });
        match transition {
            Transition::Call => match self {
                Waiting | OnHold | NoShow => Ok(Called),
                Called | InService | Done | Cancelled => refused,
            },
            Transition::Recall => match self {
                Called => Ok(Called),
                Waiting | InService | Done | NoShow | OnHold | Cancelled => refused,
            },
            Transition::Start => match self {
                Called => Ok(InService),
                Waiting | InService | Done | NoShow | OnHold | Cancelled => refused,
            },
            Transition::End => match self {
                Called | InService => Ok(Done),
                Waiting | Done | NoShow | OnHold | Cancelled => refused,
            },
            Transition::NoShow => match self {
                Called => Ok(NoShow),
                Waiting | InService | Done | NoShow | OnHold | Cancelled => refused,
            },
            Transition::Hold => match self {
                Waiting | Called | InService => Ok(OnHold),
                Done | NoShow | OnHold | Cancelled => refused,
            },
            Transition::Cancel => match self {
                Waiting | Called | OnHold => Ok(Cancelled),
                InService | Done | NoShow | Cancelled => refused,
            },
            Transition::Transfer => match self {
                Waiting | Called | InService | OnHold => Ok(Waiting),
                Done | NoShow | Cancelled => refused,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use TicketStatus::{Called, Cancelled, Done, InService, NoShow, OnHold, Waiting};

    #[test]
    fn every_step_from_every_state_is_as_the_table_says() {
        let states = [Waiting, Called, InService, Done, NoShow, OnHold, Cancelled];
        let none = None;
        let table = [
            (Transition::Call, [Some(Called), none, none, none, Some(Called), Some(Called), none]),
            (Transition::Recall, [none, Some(Called), none, none, none, none, none]),
            (Transition::Start, [none, Some(InService), none, none, none, none, none]),
            (Transition::End, [none, Some(Done), Some(Done), none, none, none, none]),
            (Transition::NoShow, [none, Some(NoShow), none, none, none, none, none]),
            (Transition::Hold, [Some(OnHold), Some(OnHold), Some(OnHold), none, none, none, none]),
            (Transition::Cancel, [Some(Cancelled), Some(Cancelled), none, none, none, Some(Cancelled), none]),
            (Transition::Transfer, [Some(Waiting), Some(Waiting), Some(Waiting), none, none, Some(Waiting), none]),
        ];
        for (transition, expected) in table {
            for (state, expected) in states.into_iter().zip(expected) {
                assert_eq!(state.after(transition).ok(), expected, "{transition:?} from {state:?}");
            }
        }
    }
}
