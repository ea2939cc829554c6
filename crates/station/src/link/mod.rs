//! The link to the server: one task that pairs, says hello, pushes records and listens to the socket, and starts over
//! with full jitter when anything of it fails. It keeps no business state: what it hears becomes an input of the loop.

mod client;
mod conversation;
pub(crate) mod convert;
mod documented;
mod documented_values;
mod session;

pub(crate) use client::{Client, ClientError, keep_identity, kept_identity};
pub(crate) use session::{Link, LinkNews, LinkOrder, LinkProfile};
