//! From the wire's values to the engine's. Pure; what cannot be meant is refused here and never reaches the engine.

use smartqueue_domain::{QueueId, SeriesGrant, TicketId};
use smartqueue_engine::{Figures, Greeting, Input, RemoteEvent, RemoteTicket, Settings};
use smartqueue_protocol::ProtocolError;
use smartqueue_protocol::api::TicketBody;
use smartqueue_protocol::event::{QueueFigures, ServerEvent};
use smartqueue_protocol::record::read_day;
use smartqueue_protocol::station_sync::{GrantBody, HelloReply};
use smartqueue_protocol::time::read_time;
use smartqueue_protocol::words::read_status;

pub(super) fn greeting(reply: &HelloReply, settings: Settings) -> Result<Greeting, ProtocolError> {
    let HelloReply {
        server_time,
        service_day: _,
        highest_seq,
        configuration: _,
        series,
        event_seq,
        tickets: live,
        queues,
    } = reply;
    Ok(Greeting {
        server_ms: read_time("server_time", server_time)?,
        highest_seq: *highest_seq,
        settings,
        grants: series.iter().map(grant).collect::<Result<_, _>>()?,
        event_seq: *event_seq,
        tickets: tickets(live)?,
        figures: queues.iter().map(figures).collect(),
    })
}

/// What a socket's event means; nothing for an event that changes nothing here.
pub(super) fn input(event: &ServerEvent) -> Result<Input, ProtocolError> {
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
        ServerEvent::Heartbeat { time } => Input::HeartbeatHeard { server_ms: read_time("time", time)? },
    })
}

fn tickets(bodies: &[TicketBody]) -> Result<Vec<RemoteTicket>, ProtocolError> {
    bodies.iter().map(ticket).collect()
}

fn ticket(body: &TicketBody) -> Result<RemoteTicket, ProtocolError> {
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
