//! What a server is started with, and what of it can change while it runs.
//!
//! Every setting is declared once, in a table ([`SERVICE`], [`NETWORK`], [`NAMESPACE`], [`SET`]); the
//! configuration file, `get-config` and `set-config` are all driven by the tables. The defaults are those of the
//! vendor's container image. Settings that are about disks, threads or other nodes are kept and shown, and have
//! no effect.

mod namespace;
mod security;
mod service;
mod set;
pub mod setting;
mod tls;

use std::net::IpAddr;

pub use namespace::{NAMESPACE, NamespaceConfig, NamespaceSettings};
pub use security::{AuthMode, RoleConfig, SECURITY, Secret, SecurityConfig, SecuritySettings, UserConfig};
pub use service::{Config, NETWORK, SERVICE, Settings};
pub use set::{SET, SetConfig, SetSettings};
pub use tls::{ClientAuth, TlsConfig};

/// Which of the vendor's editions the server answers as.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Edition {
    /// Refuses durable deletes, transactions, compression and security.
    Community,
    /// Supports what the emulator has of them.
    #[default]
    Enterprise,
}

/// Most namespaces that clients can take (info §9).
pub const MAX_NAMESPACES: usize = 32;

impl Config {
    /// Puts all namespaces into strong-consistency mode, which transactions need.
    pub fn use_strong_consistency(&mut self) {
        self.namespaces.iter_mut().for_each(|namespace| namespace.strong_consistency = true);
    }

    /// Serves the namespaces of these names. Those that the configuration has keep what it says; new ones are
    /// like its first.
    ///
    /// # Errors
    /// One line for a person: a name that is not one, or comes twice, or is one too many.
    pub fn serve(&mut self, names: &[String]) -> Result<(), String> {
        let mut namespaces = Vec::<NamespaceConfig>::new();
        for name in names {
            crate::config_file::check_namespace_name(name)
                .map_err(|expected| format!("{expected}, not '{name}'"))?;
            if namespaces.iter().any(|namespace| namespace.name == *name) {
                return Err(format!("namespace '{name}' is given twice"));
            }
            let like = self.namespaces.iter().find(|known| known.name == *name);
            namespaces.push(match like.or(self.namespaces.first()) {
                Some(like) => NamespaceConfig { name: name.clone(), ..like.clone() },
                None => NamespaceConfig::new(name),
            });
        }
        if !(1..=MAX_NAMESPACES).contains(&namespaces.len()) {
            return Err(format!("a server has 1 to {MAX_NAMESPACES} namespaces"));
        }
        self.namespaces = namespaces;
        Ok(())
    }

    /// Sets the address given to clients: a host name or an IP address, and perhaps a port behind a colon. An
    /// IPv6 address with a port stands in brackets.
    ///
    /// # Errors
    /// One line for a person.
    pub fn advertise_as(&mut self, address: &str) -> Result<(), String> {
        let bad = || format!("'{address}' is no host name or address with or without a port");
        let (host, port) = match address.rsplit_once(':') {
            _ if address.parse::<IpAddr>().is_ok() => (address, None),
            Some((host, port)) => (host, Some(port.parse::<u16>().map_err(|_| bad())?)),
            None => (address, None),
        };
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let is_name = !host.is_empty()
            && !host.contains([':', ',', ';', '[', ']'])
            && !host.contains(char::is_whitespace);
        if !is_name && host.parse::<IpAddr>().is_err() || port == Some(0) {
            return Err(bad());
        }
        self.advertise = Some(host.into());
        self.access_port = port.unwrap_or(self.access_port);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn namespaces_by_name_keep_what_is_known_of_them() {
        let mut config = Config {
            namespaces: vec![
                NamespaceConfig { default_ttl: 1, ..NamespaceConfig::new("a") },
                NamespaceConfig { default_ttl: 2, ..NamespaceConfig::new("b") },
            ],
            ..Config::default()
        };
        let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        config.serve(&names(&["b", "c"])).unwrap();
        let found: Vec<_> = config.namespaces.iter().map(|ns| (ns.name.as_str(), ns.default_ttl)).collect();
        assert_eq!(found, [("b", 2), ("c", 1)]);
        assert_eq!(config.serve(&names(&["x", "x"])), Err("namespace 'x' is given twice".into()));
        assert!(config.serve(&names(&["a;b"])).is_err());
        assert!(config.serve(&[]).is_err());
        let many: Vec<_> = (0..33).map(|i| format!("n{i}")).collect();
        assert_eq!(config.serve(&many), Err("a server has 1 to 32 namespaces".into()));
    }

    #[test]
    fn advertised_addresses() {
        let read = |text: &str| {
            let mut config = Config::default();
            config.advertise_as(text).map(|()| (config.advertise.unwrap(), config.access_port))
        };
        assert_eq!(read("db.example"), Ok(("db.example".into(), 0)));
        assert_eq!(read("10.0.0.1:4000"), Ok(("10.0.0.1".into(), 4000)));
        assert_eq!(read("::1"), Ok(("::1".into(), 0)));
        assert_eq!(read("[::1]:4000"), Ok(("::1".into(), 4000)));
        for bad in ["", "host:", "host:x", "host:0", "host:99999", "a b", "a;b", "[x]:1:2", ":3000"] {
            assert!(read(bad).is_err(), "{bad:?}");
        }
    }
}
