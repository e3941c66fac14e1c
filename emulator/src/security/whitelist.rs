//! Whitelists: where users may connect from (security §12).

use aerospike_wire::ResultCode;
use std::net::IpAddr;

/// Addresses and networks, in the order given; empty = anywhere.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Whitelist(Vec<Network>);

#[derive(Clone, PartialEq, Eq, Debug)]
struct Network {
    /// As it was given.
    text: String,
    address: IpAddr,
    prefix: u32,
}

impl Network {
    fn from_text(text: &str) -> Option<Network> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse().ok()?,
            Some(_) => return None,
            None => most,
        };
        (prefix <= most).then(|| Network { text: text.into(), address, prefix })
    }

    fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                (own.to_bits() ^ other.to_bits()).checked_shr(32 - self.prefix).unwrap_or(0) == 0
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                (own.to_bits() ^ other.to_bits()).checked_shr(128 - self.prefix).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}

impl Whitelist {
    /// Reads addresses and networks joined by commas; empty text makes an empty list.
    ///
    /// # Errors
    /// [`ResultCode::SEC_WHITELIST`] for an entry that is neither.
    pub fn from_text(text: &[u8]) -> Result<Whitelist, ResultCode> {
        if text.is_empty() {
            return Ok(Whitelist::default());
        }
        let text = std::str::from_utf8(text).map_err(|_| ResultCode::SEC_WHITELIST)?;
        let networks: Option<Vec<_>> = text.split(',').map(Network::from_text).collect();
        networks.map(Whitelist).ok_or(ResultCode::SEC_WHITELIST)
    }

    /// The entries as they were given, joined by commas.
    pub fn text(&self) -> String {
        self.0.iter().map(|network| network.text.as_str()).collect::<Vec<_>>().join(",")
    }

    /// Whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a client may connect from an address.
    pub fn allows(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.is_empty() || self.0.iter().any(|network| network.contains(address))
    }

    /// Adds the entries of another list.
    pub fn extend(&mut self, other: &Whitelist) {
        self.0.extend_from_slice(&other.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_networks() {
        let list = Whitelist::from_text(b"127.0.0.1,10.1.2.0/24,2001:db8::/32").unwrap();
        assert_eq!(list.text(), "127.0.0.1,10.1.2.0/24,2001:db8::/32");
        for (address, allowed) in [
            ("127.0.0.1", true),
            ("127.0.0.2", false),
            ("10.1.2.255", true),
            ("10.1.3.0", false),
            ("::ffff:10.1.2.9", true),
            ("2001:db8:1::7", true),
            ("2001:db9::7", false),
        ] {
            assert_eq!(list.allows(address.parse().unwrap()), allowed, "{address}");
        }
        let all = Whitelist::from_text(b"0.0.0.0/0").unwrap();
        assert!(all.allows("9.9.9.9".parse().unwrap()) && !all.allows("::1".parse().unwrap()));
        assert!(Whitelist::default().allows("9.9.9.9".parse().unwrap()));
    }

    #[test]
    fn malformed_entries() {
        for bad in
            ["bad_IP", "1.2.3", "1.2.3.4/33", "1.2.3.4/", "1.2.3.4/+8", "1.2.3.4,", "::1/129", " 1.2.3.4"]
        {
            assert_eq!(Whitelist::from_text(bad.as_bytes()), Err(ResultCode::SEC_WHITELIST), "{bad}");
        }
    }
}
