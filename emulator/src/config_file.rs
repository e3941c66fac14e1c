//! The vendor's configuration syntax (`aerospike.conf`).
//!
//! ```text
//! namespace test {            # a block: keyword, optional name, braces
//!     default-ttl 30d         # a setting: keyword, value
//! }
//! ```
//!
//! A setting that the emulator does not have is no error: files made for a real server must work. Each gets one
//! warning with its file and line, and is ignored.

use crate::config::{Config, NamespaceConfig};
use std::fmt;
use std::path::Path;

/// Why a configuration file is refused; one line for a person.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{place}: {text}")]
pub struct ConfigError {
    /// File and line.
    pub place: Place,
    /// What is wrong.
    pub text: String,
}

/// A file, and a line in it; line 0 means the file as a whole.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    /// The file's name as given.
    pub file: String,
    /// From 1 on.
    pub line: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => f.write_str(&self.file),
            line => write!(f, "{}:{line}", self.file),
        }
    }
}

/// A setting or the opening of a block, with where it stands.
struct Line<'a> {
    place: Place,
    words: Vec<&'a str>,
}

/// Reads a file into a configuration that already holds defaults; returns the warnings.
///
/// The first `namespace` block replaces the default namespaces.
///
/// # Errors
/// [`ConfigError`] for a file that cannot be read, unbalanced braces, or a value of a wrong form.
pub fn load(path: &Path, config: &mut Config) -> Result<Vec<ConfigError>, ConfigError> {
    let file = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| ConfigError {
        place: Place { file: file.clone(), line: 0 },
        text: format!("cannot read the file: {error}"),
    })?;
    parse(&text, &file, config)
}

/// Reads configuration text; see [`load`].
///
/// # Errors
/// As [`load`].
pub fn parse(text: &str, file: &str, config: &mut Config) -> Result<Vec<ConfigError>, ConfigError> {
    let mut reader = Reader { config, warnings: Vec::new(), namespaces: Vec::new(), blocks: Vec::new() };
    for (index, line) in text.lines().enumerate() {
        let code = line.split('#').next().unwrap_or_default();
        let words: Vec<_> = code.split_whitespace().collect();
        if !words.is_empty() {
            reader.line(Line { place: Place { file: file.into(), line: index + 1 }, words })?;
        }
    }
    if let Some(open) = reader.blocks.last() {
        let place = Place { file: file.into(), line: text.lines().count() };
        return Err(ConfigError { place, text: format!("'{open}' block is not closed") });
    }
    let Reader { warnings, namespaces, .. } = reader;
    if !namespaces.is_empty() {
        config.namespaces = namespaces;
    }
    Ok(warnings)
}

struct Reader<'c> {
    config: &'c mut Config,
    warnings: Vec<ConfigError>,
    namespaces: Vec<NamespaceConfig>,
    /// Keywords of the open blocks, outermost first.
    blocks: Vec<String>,
}

impl Reader<'_> {
    fn line(&mut self, line: Line<'_>) -> Result<(), ConfigError> {
        match line.words.as_slice() {
            ["}"] => match self.blocks.pop() {
                Some(_) => Ok(()),
                None => Err(line.error("'}' without a block")),
            },
            [words @ .., "{"] => {
                let keyword = words.first().ok_or_else(|| line.error("'{' without a keyword"))?;
                if self.blocks.is_empty() && *keyword == "namespace" {
                    let name = words.get(1).ok_or_else(|| line.error("namespace without a name"))?;
                    check_namespace_name(name).map_err(|expected| line.error(expected))?;
                    self.namespaces.push(NamespaceConfig::new(*name));
                }
                self.blocks.push(keyword.to_string());
                Ok(())
            }
            words if words.contains(&"{") || words.contains(&"}") => {
                Err(line.error("a brace must end its line or stand alone"))
            }
            [key, values @ ..] => {
                let value = values.join(" ");
                self.setting(key, &value, &line)
            }
            [] => Ok(()),
        }
    }

    fn setting(&mut self, key: &str, value: &str, line: &Line<'_>) -> Result<(), ConfigError> {
        let blocks: Vec<_> = self.blocks.iter().map(String::as_str).collect();
        let known = match blocks.as_slice() {
            ["service"] => service(self.config, key, value),
            ["network", "service"] => network(self.config, key, value),
            ["namespace"] => self.namespaces.last_mut().map_or(Ok(false), |ns| namespace(ns, key, value)),
            ["namespace", "storage-engine"] => {
                self.namespaces.last_mut().map_or(Ok(false), |ns| storage(ns, key, value))
            }
            _ => Ok(false),
        };
        match known {
            Ok(true) => {}
            Ok(false) => {
                let context = blocks.join(".");
                self.warnings
                    .push(line.error(format!("'{key}' in '{context}' is not supported and ignored")));
            }
            Err(expected) => {
                return Err(line.error(format!("'{key}' takes {expected}, not '{value}'")));
            }
        }
        Ok(())
    }
}

impl Line<'_> {
    fn error(&self, text: impl Into<String>) -> ConfigError {
        ConfigError { place: self.place.clone(), text: text.into() }
    }
}

/// Whether the key is known; or what its value should have been.
pub type Known = Result<bool, &'static str>;

fn service(config: &mut Config, key: &str, value: &str) -> Known {
    match key {
        "cluster-name" => config.cluster_name = value.into(),
        "node-id" => {
            let digits = value.trim_start_matches("0x");
            config.node_id = Some(u64::from_str_radix(digits, 16).map_err(|_| "hexadecimal digits")?);
        }
        "proto-fd-max" => config.proto_fd_max = number(value)?,
        "proto-fd-idle-ms" => config.proto_fd_idle_ms = number(value)?,
        "batch-max-requests" => config.batch_max_requests = number(value)?,
        "service-threads" => config.service_threads = number(value)?,
        _ => return Ok(false),
    }
    Ok(true)
}

fn network(config: &mut Config, key: &str, value: &str) -> Known {
    match key {
        "address" if value == "any" => config.bind = std::net::Ipv4Addr::UNSPECIFIED.into(),
        "address" if value == "localhost" => config.bind = std::net::Ipv4Addr::LOCALHOST.into(),
        "address" => config.bind = value.parse().map_err(|_| "an IP address or 'any'")?,
        "port" => config.port = number(value)?,
        "access-address" => config.advertise = Some(value.into()),
        _ => return Ok(false),
    }
    Ok(true)
}

/// Changes the setting of a namespace, or of its storage engine, whose name in a file is `key`; whether there is
/// such a setting.
///
/// # Errors
/// What the value should have been.
pub fn set_namespace(config: &mut NamespaceConfig, key: &str, value: &str) -> Known {
    Ok(namespace(config, key, value)? || storage(config, key, value)?)
}

/// Checks a namespace's name.
///
/// # Errors
/// What it should have been.
pub fn check_namespace_name(name: &str) -> Result<(), &'static str> {
    let plain = |byte: u8| byte.is_ascii_graphic() && !b";:,={}#\"".contains(&byte);
    match name.len() {
        1..=31 if name.bytes().all(plain) => Ok(()),
        _ => Err("a namespace name has 1 to 31 letters, digits or signs, none of ;:,={}#\""),
    }
}

fn namespace(config: &mut NamespaceConfig, key: &str, value: &str) -> Known {
    match key {
        "replication-factor" => config.replication_factor = number(value)?,
        "default-ttl" => config.default_ttl = duration(value)?,
        "default-read-touch-ttl-pct" => config.default_read_touch_ttl_pct = number(value)?,
        "nsup-period" => config.nsup_period = duration(value)?,
        "allow-ttl-without-nsup" => config.allow_ttl_without_nsup = boolean(value)?,
        "apply-ttl-reductions" => config.apply_ttl_reductions = boolean(value)?,
        "max-record-size" => config.max_record_size = size(value)?.try_into().map_err(|_| "at most 8M")?,
        "disallow-null-setname" => config.disallow_null_setname = boolean(value)?,
        "reject-xdr-writes" => config.reject_xdr_writes = boolean(value)?,
        "reject-non-xdr-writes" => config.reject_non_xdr_writes = boolean(value)?,
        _ => return Ok(false),
    }
    Ok(true)
}

fn storage(config: &mut NamespaceConfig, key: &str, value: &str) -> Known {
    match key {
        "data-size" => config.data_size = size(value)?,
        "stop-writes-used-pct" => config.stop_writes_used_pct = number(value)?,
        _ => return Ok(false),
    }
    Ok(true)
}

fn number<T: std::str::FromStr>(value: &str) -> Result<T, &'static str> {
    value.parse().map_err(|_| "a whole number in range")
}

fn boolean(value: &str) -> Result<bool, &'static str> {
    match value {
        "true" | "yes" | "" => Ok(true),
        "false" | "no" => Ok(false),
        _ => Err("'true' or 'false'"),
    }
}

/// A whole number of seconds, or of a unit: `s`, `m`, `h`, `d`.
pub fn duration(value: &str) -> Result<u32, &'static str> {
    let expected = "seconds, or a number with 's', 'm', 'h' or 'd'";
    let (digits, unit) = match value.char_indices().next_back() {
        Some((at, unit)) if unit.is_ascii_alphabetic() => (&value[..at], unit.to_ascii_lowercase()),
        _ => (value, 's'),
    };
    let seconds: u32 = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        _ => return Err(expected),
    };
    digits.parse::<u32>().ok().and_then(|count| count.checked_mul(seconds)).ok_or(expected)
}

/// A whole number of bytes, or of a unit: `K`, `M`, `G`, `T`.
pub fn size(value: &str) -> Result<u64, &'static str> {
    let expected = "bytes, or a number with 'K', 'M', 'G' or 'T'";
    let (digits, shift) = match value.char_indices().next_back() {
        Some((at, unit)) if unit.is_ascii_alphabetic() => {
            let shift = match unit.to_ascii_uppercase() {
                'K' => 10,
                'M' => 20,
                'G' => 30,
                'T' => 40,
                _ => return Err(expected),
            };
            (&value[..at], shift)
        }
        _ => (value, 0),
    };
    digits.parse::<u64>().ok().and_then(|count| count.checked_mul(1 << shift)).ok_or(expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = "
        service {
            cluster-name demo   # a comment
            work-directory /var/somewhere
        }
        network {
            service { 
                address any
                port 4000
            }
        }
        namespace one {
            default-ttl 30d
            nsup-period 120
            storage-engine memory {
                data-size 4G
            }
        }
        namespace two {
        }
    ";

    #[test]
    fn reads_the_vendors_syntax() {
        let mut config = Config::default();
        let warnings = parse(SAMPLE, "sample.conf", &mut config).unwrap();
        assert_eq!(config.cluster_name, "demo");
        assert_eq!((config.bind.to_string().as_str(), config.port), ("0.0.0.0", 4000));
        let names: Vec<_> = config.namespaces.iter().map(|ns| ns.name.as_str()).collect();
        assert_eq!(names, ["one", "two"]);
        assert_eq!(config.namespaces[0].default_ttl, 30 * 86_400);
        assert_eq!(config.namespaces[0].data_size, 4 << 30);
        let warnings: Vec<_> = warnings.iter().map(ToString::to_string).collect();
        assert_eq!(warnings, ["sample.conf:4: 'work-directory' in 'service' is not supported and ignored"]);
    }

    #[test]
    fn errors_name_file_line_and_expectation() {
        let error = |text: &str| parse(text, "x.conf", &mut Config::default()).unwrap_err().to_string();
        assert_eq!(
            error("service {\nproto-fd-max many\n}"),
            "x.conf:2: 'proto-fd-max' takes a whole number in range, not 'many'"
        );
        assert_eq!(error("service {"), "x.conf:1: 'service' block is not closed");
        assert_eq!(error("}"), "x.conf:1: '}' without a block");
    }
}
