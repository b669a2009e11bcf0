//! Where HTTP requests of the gateway may go. Their URLs come from the database, where tenants may have put them;
//! they must not become a way into the network that the gateway stands in (server-side request forgery).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use url::{Host, Url};

use super::Unanswered;

/// Who can be reached at an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// The internet.
    Public,
    /// This machine, or the network that it stands in.
    Private,
    /// Never anybody to talk to: the link, where clouds keep the metadata of their machines with the keys in it,
    /// many at once, or nobody.
    Nobody,
}

/// The addresses to connect to for a URL, each of them checked. Who connects to these and nothing else cannot be
/// led elsewhere by a name that resolves differently the next time.
///
/// # Errors
/// Permanent when there is none that may be used: private ones need `allow_private`. And unless encrypted,
/// a message stays in the private network.
pub async fn addresses(url: &Url, allow_private: bool) -> Result<Vec<SocketAddr>, Unanswered> {
    let unusable = || Unanswered::permanent("the URL is not an HTTP address");
    let port = url.port_or_known_default().ok_or_else(unusable)?;
    let found: Vec<SocketAddr> = match url.host().ok_or_else(unusable)? {
        Host::Ipv4(address) => vec![(address, port).into()],
        Host::Ipv6(address) => vec![(address, port).into()],
        Host::Domain(name) => tokio::net::lookup_host((name, port))
            .await
            .map_err(|error| Unanswered::transient(format!("{name} is not found: {error}")))?
            .collect(),
    };
    let is_encrypted = url.scheme() == "https";
    let (mut usable, mut refused) = (Vec::new(), None);
    for address in found {
        match reach(address.ip()) {
            Reach::Public if is_encrypted => usable.push(address),
            Reach::Private if allow_private => usable.push(address),
            Reach::Public => refused = Some("a public address needs https"),
            Reach::Private => {
                refused = Some("its address is private (--allow-private-addresses allows it)");
            }
            Reach::Nobody => refused = Some("its address is reserved or link-local"),
        }
    }
    match refused {
        _ if !usable.is_empty() => Ok(usable),
        Some(why) => Err(Unanswered::permanent(format!("the URL is refused: {why}"))),
        None => Err(Unanswered::transient("the host name has no address")),
    }
}

fn reach(address: IpAddr) -> Reach {
    match address.to_canonical() {
        IpAddr::V4(address) => reach_v4(address),
        IpAddr::V6(address) => reach_v6(address),
    }
}

/// After the IANA IPv4 Special-Purpose Address Registry.
fn reach_v4(address: Ipv4Addr) -> Reach {
    match address.octets() {
        [127, ..] | [10, ..] | [172, 16..=31, ..] | [192, 168, ..] | [100, 64..=127, ..] => {
            // The metadata of Alibaba's machines.
            if address == Ipv4Addr::new(100, 100, 100, 200) {
                return Reach::Nobody;
            }
            Reach::Private
        }
        // "This network", link-local, protocol assignments, documentation, relays of 6to4, benchmarks,
        // multicast and above.
        [0, ..]
        | [169, 254, ..]
        | [192, 0, 0 | 2, _]
        | [192, 88, 99, _]
        | [198, 18 | 19, ..]
        | [198, 51, 100, _]
        | [203, 0, 113, _]
        | [224..=255, ..]
        // Azure's host, seen from its machines.
        | [168, 63, 129, 16] => Reach::Nobody,
        _ => Reach::Public,
    }
}

/// After the IANA IPv6 Special-Purpose Address Registry: what is not global unicast is refused.
fn reach_v6(address: Ipv6Addr) -> Reach {
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 1] => Reach::Private,
        // The metadata of the machines of Amazon, Google, Oracle and Scaleway.
        [0xfd00, 0xec2, ..] | [0xfd20, 0xce, ..] | [0xfd00, 0xc1, ..] | [0xfd00, 0x42, ..] => {
            Reach::Nobody
        }
        [0xfc00..=0xfdff, ..] => Reach::Private,
        // NAT64 (RFC 6052): how networks without IPv4 reach it.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            let [a, b] = high.to_be_bytes();
            let [c, d] = low.to_be_bytes();
            reach_v4(Ipv4Addr::new(a, b, c, d))
        }
        // Protocol assignments with Teredo, documentation, 6to4.
        [0x2001, 0..=0x1ff, ..] | [0x2001, 0xdb8, ..] | [0x2002, ..] | [0x3fff, 0..=0xfff, ..] => {
            Reach::Nobody
        }
        [0x2000..=0x3fff, ..] => Reach::Public,
        _ => Reach::Nobody,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Reach {
        reach(text.parse().expect("an address"))
    }

    #[test]
    fn the_internet_is_public() {
        for address in [
            "1.1.1.1",
            "172.15.0.1",
            "172.32.0.1",
            "100.128.0.1",
            "168.63.129.17",
            "223.255.255.255",
            "::ffff:1.1.1.1",
            "64:ff9b::101:101",
            "2606:4700:4700::1111",
            "2001:4860:4860::8888",
        ] {
            assert_eq!(of(address), Reach::Public, "{address}");
        }
    }

    #[test]
    fn private_networks_are_private_however_written() {
        for address in [
            "127.0.0.1",
            "127.255.255.254",
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "100.64.0.1",
            "::1",
            "fc00::1",
            "fd12:3456::1",
            "::ffff:127.0.0.1",
            "::ffff:192.168.0.1",
            "64:ff9b::7f00:1",
        ] {
            assert_eq!(of(address), Reach::Private, "{address}");
        }
    }

    #[test]
    fn metadata_and_what_is_no_host_is_never_reached() {
        for address in [
            "0.0.0.0",
            "0.1.2.3",
            "169.254.169.254",
            "169.254.170.2",
            "100.100.100.200",
            "168.63.129.16",
            "192.0.0.192",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "fe80::1",
            "fd00:ec2::254",
            "fd20:ce::254",
            "fd00:c1::a9fe:a9fe",
            "fd00:42::42",
            "ff02::1",
            "::127.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "2002:7f00:1::",
            "2001:0:7f00:1::",
            "2001:db8::1",
        ] {
            assert_eq!(of(address), Reach::Nobody, "{address}");
        }
    }

    fn allowed(url: &str, allow_private: bool) -> Result<Vec<SocketAddr>, Unanswered> {
        let url = url.parse().expect("a URL");
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let runtime = runtime.expect("a runtime");
        runtime.block_on(addresses(&url, allow_private))
    }

    #[test]
    fn private_addresses_need_leave() {
        for url in [
            "http://127.0.0.1:8080/",
            "https://localhost/",
            "https://[::1]/",
            // As browsers read it, and the resolver too.
            "https://2130706433/",
            "https://0x7f.1/",
            "https://127.1/",
            "https://10.1.2.3/",
        ] {
            let refused = allowed(url, false).expect_err(url);
            assert!(refused.is_permanent, "{url}");
            assert!(
                refused.reason.contains("--allow-private-addresses"),
                "{url}"
            );
            assert!(!allowed(url, true).expect(url).is_empty());
        }
        for url in [
            "http://169.254.169.254/latest/",
            "https://[fe80::1]/",
            "https://0/",
        ] {
            assert!(allowed(url, true).expect_err(url).is_permanent, "{url}");
        }
    }

    #[test]
    fn the_internet_needs_encryption() {
        assert!(
            allowed("http://1.1.1.1/", true)
                .expect_err("http")
                .is_permanent
        );
        let port = allowed("https://1.1.1.1/", false).expect("https")[0].port();
        assert_eq!(port, 443);
    }
}
