//! Which client a request comes from.

use std::net::{IpAddr, SocketAddr};

use hyper::HeaderMap;
use ipnet::IpNet;

/// The client's address: that of the connection, or, when the connection comes from a trusted proxy, the last
/// address in `X-Forwarded-For` that is not a trusted proxy itself. What stands further left was written by
/// the client and may be invented.
pub fn of(peer: SocketAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(&address));
    let mut client = canonical(peer.ip());
    let values: Vec<_> = headers.get_all("x-forwarded-for").iter().collect();
    let listed = values.iter().rev().flat_map(|value| {
        value
            .to_str()
            .unwrap_or_default()
            .rsplit(',')
            .map(str::trim)
    });
    for entry in listed {
        if !is_trusted(client) {
            break;
        }
        match parse(entry) {
            Some(address) => client = canonical(address),
            // What cannot be read ends the chain: nothing to the left of it is known to be true.
            None => break,
        }
    }
    client
}

/// An address, also with a port or in brackets as some proxies write it.
fn parse(text: &str) -> Option<IpAddr> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    bare.parse()
        .ok()
        .or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

/// IPv4 addresses that came over an IPv6 socket are IPv4 addresses.
fn canonical(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, forwarded: &[&'static str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", value.parse().expect("a header value"));
        }
        let trusted = ["10.0.0.0/8".parse().expect("a network")];
        of(peer.parse().expect("an address"), &headers, &trusted).to_string()
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        assert_eq!(client("1.1.1.1:5", &["2.2.2.2"]), "1.1.1.1");
        assert_eq!(client("10.0.0.1:5", &["2.2.2.2"]), "2.2.2.2");
        assert_eq!(client("10.0.0.1:5", &[]), "10.0.0.1");
        assert_eq!(
            client("10.0.0.1:5", &["6.6.6.6, 2.2.2.2, 10.0.0.9"]),
            "2.2.2.2"
        );
        assert_eq!(client("10.0.0.1:5", &["6.6.6.6", "2.2.2.2"]), "2.2.2.2");
        assert_eq!(client("[::ffff:10.0.0.1]:5", &["2.2.2.2:4711"]), "2.2.2.2");
        assert_eq!(client("10.0.0.1:5", &["[2001:db8::1]:99"]), "2001:db8::1");
        assert_eq!(client("10.0.0.1:5", &["2.2.2.2, rubbish"]), "10.0.0.1");
    }
}
