//! Addresses of visitors: read leniently, cut to their network before they are stored.
//! Where an address lies on the globe is looked up at the door, before this.

use crate::event::Event;
use crate::schema::Text;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use core::str::FromStr;

/// What is kept of a visitor's address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum IpPolicy {
    /// The network: the first 24 bits of an IPv4 address, the first 48 of an IPv6 address. What is no address goes.
    #[default]
    Truncate,
    /// All of it, as it was sent.
    Keep,
    /// Nothing.
    Drop,
}

impl IpPolicy {
    pub(super) fn apply(self, event: &mut Event<'_>) {
        if self == IpPolicy::Keep {
            return;
        }
        let Some(sent) = event.text(Text::Ip) else {
            return;
        };
        let kept = match self {
            IpPolicy::Truncate => network(sent),
            IpPolicy::Keep | IpPolicy::Drop => None,
        };
        // An empty text is no value.
        event.set_text(Text::Ip, kept.unwrap_or_default());
    }
}

/// The network of an address as text. Of a plain IPv4 address its own text is cut: formatting one costs thrice as much.
fn network(sent: &str) -> Option<String> {
    if let Some(network) = dotted_network(sent) {
        let mut text = String::with_capacity(network.len() + 2);
        text.push_str(network);
        text.push_str(".0");
        return Some(text);
    }
    parse_address(sent).map(|address| truncated(address).to_string())
}

/// The first three numbers of a plain IPv4 address: four numbers up to 255 without needless zeros, as the standard library
/// reads it.
fn dotted_network(text: &str) -> Option<&str> {
    let (mut dots, mut last_dot) = (0, 0);
    let (mut value, mut digits) = (0, 0);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'.' if digits > 0 => {
                (dots, last_dot) = (dots + 1, at);
                (value, digits) = (0, 0);
            }
            // Behind a zero comes no further digit.
            b'0'..=b'9' if value > 0 || digits == 0 => {
                value = value * 10 + u32::from(byte - b'0');
                digits += 1;
                if value > 255 {
                    return None;
                }
            }
            _ => return None,
        }
    }
    (dots == 3 && digits > 0).then(|| &text[..last_dot])
}

/// Reads an address as senders write it: with a port, in brackets, IPv4 within IPv6, or the first of a proxy's list.
#[must_use]
pub fn parse_address(text: &str) -> Option<IpAddr> {
    let first = text.split(',').next().unwrap_or(text).trim();
    let plain = first
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    let address = IpAddr::from_str(plain.unwrap_or(first))
        .ok()
        .or_else(|| Some(SocketAddr::from_str(first).ok()?.ip()))?;
    Some(address.to_canonical())
}

/// The network an address belongs to: /24 or /48, with zeros behind.
#[must_use]
pub fn truncated(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            IpAddr::V4(Ipv4Addr::new(a, b, c, 0))
        }
        IpAddr::V6(address) => {
            let [a, b, c, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::EventType;

    fn check(policy: IpPolicy, sent: &str, expected: Option<&str>) {
        let mut event = Event::new(EventType::PageView);
        event.set_text(Text::Ip, sent);
        policy.apply(&mut event);
        assert_eq!(event.text(Text::Ip), expected, "{sent}");
    }

    #[test]
    fn a_plain_address_is_one_the_standard_library_reads() {
        let texts = [
            "1.2.3.4",
            "0.0.0.0",
            "255.255.255.255",
            "256.1.1.1",
            "01.2.3.4",
            "1.2.3",
            "1.2.3.4.5",
            "1.2.3.",
            ".1.2.3",
            "1..2.3",
            "a.b.c.d",
            "1.2.3.4 ",
            "+1.2.3.4",
            "",
            "1234.1.1.1",
        ];
        for text in texts {
            let is_plain = dotted_network(text).is_some();
            assert_eq!(is_plain, text.parse::<Ipv4Addr>().is_ok(), "{text}");
        }
    }

    #[test]
    fn addresses_are_cut_to_their_network() {
        let cut = |sent, expected| check(IpPolicy::Truncate, sent, Some(expected));
        cut("203.0.113.195", "203.0.113.0");
        cut("203.0.113.0", "203.0.113.0");
        cut("2001:db8:85a3:8d3:1319:8a2e:370:7348", "2001:db8:85a3::");
        cut("2001:DB8::1", "2001:db8::");
        cut("::1", "::");
    }

    #[test]
    fn addresses_are_found_in_what_senders_write() {
        let cut = |sent, expected| check(IpPolicy::Truncate, sent, Some(expected));
        cut(" 203.0.113.195 ", "203.0.113.0");
        cut("203.0.113.195:52811", "203.0.113.0");
        cut("[2001:db8:85a3::7348]", "2001:db8:85a3::");
        cut("[2001:db8:85a3::7348]:443", "2001:db8:85a3::");
        cut("203.0.113.195, 70.41.3.18, 150.172.238.178", "203.0.113.0");
        // An IPv4 address in IPv6 clothes keeps 24 bits of itself, not 48 bits of the wrapping.
        cut("::ffff:203.0.113.195", "203.0.113.0");
    }

    #[test]
    fn what_is_no_address_is_not_kept_either_since_it_may_hold_one() {
        for sent in [
            "unknown",
            "203.0.113",
            "crawl-66-249-73-135.example.com",
            "999.1.1.1",
            "-",
            ",",
        ] {
            check(IpPolicy::Truncate, sent, None);
        }
    }

    #[test]
    fn the_shop_may_keep_all_or_nothing() {
        check(IpPolicy::Keep, "203.0.113.195:80", Some("203.0.113.195:80"));
        check(IpPolicy::Drop, "203.0.113.195", None);
    }

    #[test]
    fn an_event_without_address_stays_as_it_is() {
        check(IpPolicy::Truncate, "", None);
    }
}
