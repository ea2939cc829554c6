//! Who is at the other end: the address of a connection, or the one that a reverse proxy names whom the operator trusts.
//! Limits count by it. This module never believes a header of anybody else, because anybody can write one.

use super::App;
use crate::auth::limiter::network;
use crate::trouble::Trouble;
use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use ipnet::IpNet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

/// The usual header in which each proxy writes, at the end, whom it heard. Nobody's norm; RFC 7239, section 7.4, tells how
/// it relates to `Forwarded`, which fewer proxies write.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Peer {
    /// Its address.
    pub(crate) address: IpAddr,
    /// Whether somebody says to ask on behalf of another, trusted or not.
    is_forwarded: bool,
}

impl Peer {
    /// Who is behind a request: going back from the end of what the proxies wrote, the first address that is not a trusted
    /// proxy's. What stands before it, its owner may have made up.
    pub(crate) fn of(connection: SocketAddr, headers: &HeaderMap, trusted: &[IpNet]) -> Peer {
        let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(&address));
        let written: Vec<&str> =
            headers.get_all(FORWARDED_FOR).iter().flat_map(|value| value.to_str().unwrap_or("").split(',')).collect();
        let mut address = connection.ip().to_canonical();
        for text in written.iter().rev() {
            // A proxy that writes what does not read is the last one that is known.
            let Some(before) = read(text).filter(|_| is_trusted(address)) else { break };
            address = before;
        }
        Peer { address, is_forwarded: !written.is_empty() }
    }

    /// What counts as one asker.
    pub(crate) fn network(&self) -> String {
        network(self.address)
    }

    /// Whether the machine itself asks, for itself: not a proxy on it for the whole world.
    pub(crate) fn is_this_machine(&self) -> bool {
        self.address.is_loopback() && !self.is_forwarded
    }
}

impl FromRequestParts<Arc<App>> for Peer {
    type Rejection = Trouble;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Peer, Trouble> {
        let unknown = Peer { address: IpAddr::V4(Ipv4Addr::UNSPECIFIED), is_forwarded: false };
        Ok(parts.extensions.get::<Peer>().copied().unwrap_or(unknown))
    }
}

/// An address as proxies write it: with a port here and there, and IPv6 within brackets then.
fn read(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let address = text.parse().or_else(|_| text.parse().map(|socket: SocketAddr| socket.ip()));
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    address.ok().or_else(bracketed).map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(values: &[&'static str]) -> HeaderMap {
        values.iter().map(|value| (FORWARDED_FOR.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn only_what_trusted_proxies_wrote_is_believed() {
        let trusted: Vec<IpNet> = ["10.0.0.0/8", "fd00::/8"].map(|network| network.parse().unwrap()).to_vec();
        for (connection, written, expected) in [
            ("10.0.0.1:80", &["192.0.2.7"][..], "192.0.2.7"),
            // Of a stranger nothing is believed, and nothing that a client wrote before the proxy did.
            ("198.51.100.9:80", &["192.0.2.7"], "198.51.100.9"),
            ("10.0.0.1:80", &["127.0.0.1, 192.0.2.7"], "192.0.2.7"),
            ("10.0.0.1:80", &["203.0.113.5, 192.0.2.7, 10.1.1.1"], "192.0.2.7"),
            // Several lines are one list.
            ("10.0.0.1:80", &["203.0.113.5", "192.0.2.7", "10.1.1.1"], "192.0.2.7"),
            ("10.0.0.1:80", &["10.2.2.2, 10.1.1.1"], "10.2.2.2"),
            ("10.0.0.1:80", &["192.0.2.7:4711"], "192.0.2.7"),
            ("[fd00::1]:80", &["[2001:db8::1]:4711"], "2001:db8::1"),
            ("[fd00::1]:80", &["[2001:db8::1]"], "2001:db8::1"),
            ("[fd00::1]:80", &["2001:db8::1"], "2001:db8::1"),
            ("[::ffff:10.0.0.1]:80", &["::ffff:192.0.2.7"], "192.0.2.7"),
            ("10.0.0.1:80", &["192.0.2.7, unknown"], "10.0.0.1"),
            ("10.0.0.1:80", &[""], "10.0.0.1"),
            ("10.0.0.1:80", &[], "10.0.0.1"),
        ] {
            let peer = Peer::of(connection.parse().unwrap(), &headers(written), &trusted);
            assert_eq!(peer.address, expected.parse::<IpAddr>().unwrap(), "{connection} {written:?}");
        }
    }

    #[test]
    fn a_proxy_on_this_machine_is_not_this_machine() {
        let here = "127.0.0.1:80".parse().unwrap();
        assert!(Peer::of(here, &headers(&[]), &[]).is_this_machine());
        assert!(!Peer::of(here, &headers(&["192.0.2.7"]), &[]).is_this_machine());
        assert!(!Peer::of(here, &headers(&["127.0.0.1"]), &["127.0.0.0/8".parse().unwrap()]).is_this_machine());
        assert!(!Peer::of("192.0.2.7:80".parse().unwrap(), &headers(&[]), &[]).is_this_machine());
    }
}
