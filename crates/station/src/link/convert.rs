//! From the wire's values to the engine's. Pure; what cannot be meant is refused here and never reaches the engine.

use smartqueue_domain::{Epoch, QueueId, SeriesGrant, TicketId, TicketNumber};
use smartqueue_engine::{Figures, Greeting, Input, RemoteEvent, RemoteTicket, Settings};
use smartqueue_protocol::ProtocolError;
use smartqueue_protocol::api::TicketBody;
use smartqueue_protocol::event::{QueueFigures, ServerEvent};
use smartqueue_protocol::record::read_day;
use smartqueue_protocol::station_sync::{GrantBody, HelloReply, IssueReply};
use smartqueue_protocol::time::read_time;
use smartqueue_protocol::words::{read_letter, read_status};

/// `configuration_refused` says that `settings` are not made of the reply's configuration, because that cannot be used;
/// `took_ms` is how long the reply was waited for.
pub fn greeting(
    reply: &HelloReply,
    took_ms: u64,
    settings: Settings,
    configuration_refused: bool,
) -> Result<Greeting, ProtocolError> {
    let HelloReply {
        server_time,
        service_day: _,
        highest_seq,
        configuration: _,
        series,
        event_seq,
        tickets: live,
        queues,
        server_epoch,
        server_series,
        released,
        set_aside,
        digest: _,
    } = reply;
    let grants = |bodies: &[GrantBody]| bodies.iter().map(grant).collect::<Result<Vec<_>, _>>();
    Ok(Greeting {
        server_ms: read_time("server_time", server_time)?,
        took_ms,
        highest_seq: *highest_seq,
        settings,
        grants: grants(series)?,
        event_seq: *event_seq,
        tickets: tickets(live)?,
        figures: queues.iter().map(figures).collect(),
        server_epoch: server_epoch.map(Epoch),
        server_series: grants(server_series)?,
        released: grants(released)?,
        set_aside: *set_aside,
        configuration_refused,
    })
}

/// What the answer to an Issue means.
pub fn allocated(reply: &IssueReply) -> Result<Input, ProtocolError> {
    let IssueReply { ticket, number, letter, day } = reply;
    Ok(Input::NumberAllocated {
        ticket: TicketId(*ticket),
        letter: read_letter(letter)?,
        number: TicketNumber::parse(number)?,
        day: read_day("day", day)?,
    })
}

/// What a socket's event means; nothing for an event that changes nothing here.
pub fn input(event: &ServerEvent) -> Result<Input, ProtocolError> {
    Ok(match event {
        ServerEvent::TicketCreated { seq, prev, ticket: body }
        | ServerEvent::TicketUpdated { seq, prev, ticket: body } => {
            Input::Event { seq: *seq, prev: *prev, event: RemoteEvent::Ticket(ticket(body)?) }
        }
        ServerEvent::TicketCalled { seq, prev, ticket: body, recall } => {
            Input::Event { seq: *seq, prev: *prev, event: RemoteEvent::Call { ticket: ticket(body)?, recall: *recall } }
        }
        ServerEvent::QueueUpdated { seq, prev, queue } => {
            let (queue, figures) = figures(queue);
            Input::Event { seq: *seq, prev: *prev, event: RemoteEvent::Figures { queue, figures } }
        }
        ServerEvent::ConfigurationUpdated { seq, prev, version: _ } => {
            Input::Event { seq: *seq, prev: *prev, event: RemoteEvent::ConfigurationPublished }
        }
        ServerEvent::Snapshot { seq, tickets: live, queues } => Input::Event {
            seq: *seq,
            prev: 0,
            event: RemoteEvent::Snapshot { tickets: tickets(live)?, figures: queues.iter().map(figures).collect() },
        },
        ServerEvent::State { seq, hash } => {
            let wrong = || ProtocolError::UnknownWord { field: "hash", value: hash.clone() };
            Input::StateHashHeard { seq: *seq, hash: u64::from_str_radix(hash, 16).map_err(|_| wrong())? }
        }
        ServerEvent::Heartbeat { time } => Input::HeartbeatHeard { server_ms: read_time("time", time)? },
    })
}

fn tickets(bodies: &[TicketBody]) -> Result<Vec<RemoteTicket>, ProtocolError> {
    bodies.iter().map(ticket).collect()
}

pub(super) fn ticket(body: &TicketBody) -> Result<RemoteTicket, ProtocolError> {
    Ok(RemoteTicket {
        id: TicketId(body.id),
        queue: QueueId(body.queue),
        number: body.number.clone(),
        status: read_status(&body.status)?,
        priority: body.priority,
        created_at_ms: read_time("created_at", &body.created_at)?,
        called_at_ms: body.called_at.as_deref().map(|text| read_time("called_at", text)).transpose()?,
        counter: body.counter.clone(),
    })
}

fn figures(body: &QueueFigures) -> (QueueId, Figures) {
    let QueueFigures { id, waiting: _, mean_service_seconds, available_agents } = body;
    (QueueId(*id), Figures { mean_service_seconds: *mean_service_seconds, available_agents: *available_agents })
}

fn grant(body: &GrantBody) -> Result<SeriesGrant, ProtocolError> {
    let GrantBody { queue, from_day } = body;
    Ok(SeriesGrant { queue: QueueId(*queue), from_day: read_day("from_day", from_day)? })
}
