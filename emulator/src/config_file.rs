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

use crate::config::setting::{Kind, Setting};
use crate::config::{
    AuthMode, ClientAuth, Config, MAX_NAMESPACES, NAMESPACE, NETWORK, NamespaceConfig, RoleConfig, SECURITY,
    SERVICE, SET, Secret, SecurityConfig, SetConfig, TlsConfig, UserConfig,
};
use crate::security::{Privilege, Whitelist};
use crate::store::MAX_SET_NAME;
use std::fmt;
use std::path::Path;

/// Longest name of a namespace in bytes.
const MAX_NAMESPACE_NAME: usize = 31;
/// Longest name of a user or role in bytes.
const MAX_SECURITY_NAME: usize = aerospike_wire::admin::MAX_NAME;
/// The one setting that may be repeated.
const MESH_SEED: &str = "mesh-seed-address-port";

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
            reader.line(&Line { place: Place { file: file.into(), line: index + 1 }, words })?;
        }
    }
    if let Some((open, _)) = reader.blocks.last() {
        let place = Place { file: file.into(), line: text.lines().count() };
        return Err(ConfigError { place, text: format!("'{open}' block is not closed") });
    }
    let Reader { warnings, namespaces, .. } = reader;
    if !namespaces.is_empty() {
        config.namespaces = namespaces;
    }
    Ok(warnings)
}

/// A block that is open: what its settings are.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Block {
    Service,
    Network,
    /// A block in `network`; its keyword stands in front of the settings' names.
    NetworkPart(String),
    /// Certificates, in `network`.
    Tls,
    Namespace,
    /// As [`Block::NetworkPart`], in a namespace.
    NamespacePart(String),
    Set,
    Security,
    /// As [`Block::NetworkPart`], in `security`.
    SecurityPart(String),
    /// A user that the server starts with; the vendor's servers have no such block.
    User,
    /// A role that the server starts with; as [`Block::User`].
    Role,
    /// Warned of where it opens; nothing in it counts.
    Ignored,
}

struct Reader<'c> {
    config: &'c mut Config,
    warnings: Vec<ConfigError>,
    namespaces: Vec<NamespaceConfig>,
    /// The open blocks with their keywords, outermost first.
    blocks: Vec<(String, Block)>,
}

impl Reader<'_> {
    fn line(&mut self, line: &Line<'_>) -> Result<(), ConfigError> {
        match line.words.as_slice() {
            ["}"] => self.close(line),
            [words @ .., "{"] => {
                let (keyword, name) =
                    words.split_first().ok_or_else(|| line.error("'{' without a keyword"))?;
                let block = self.open(keyword, &name.join(" "), line)?;
                self.blocks.push((keyword.to_string(), block));
                Ok(())
            }
            words if words.contains(&"{") || words.contains(&"}") => {
                Err(line.error("a brace must end its line or stand alone"))
            }
            [key, values @ ..] => self.setting(key, &values.join(" "), line),
            [] => Ok(()),
        }
    }

    fn open(&mut self, keyword: &str, name: &str, line: &Line<'_>) -> Result<Block, ConfigError> {
        Ok(match (self.block(), keyword) {
            (None, "service") => Block::Service,
            (None, "network") => Block::Network,
            (None, "namespace") => {
                self.namespace(name, line)?;
                Block::Namespace
            }
            (Some(Block::Network), "service" | "admin" | "heartbeat" | "fabric") => {
                Block::NetworkPart(keyword.into())
            }
            (Some(Block::Network), "tls") => {
                if name.is_empty() {
                    return Err(line.error("a tls block needs a name"));
                }
                self.config.tls.push(TlsConfig { name: name.into(), ..TlsConfig::default() });
                Block::Tls
            }
            (Some(Block::Namespace), "storage-engine" | "geo2dsphere-within") => {
                if !matches!(name, "" | "memory") {
                    self.warn(line, format!("'{keyword} {name}' is not supported: records stay in memory"));
                }
                Block::NamespacePart(keyword.into())
            }
            (Some(Block::Namespace), "set") => {
                check_name("set", name, MAX_SET_NAME, line)?;
                if let Some(namespace) = self.namespaces.last_mut() {
                    namespace.sets.push(SetConfig { name: name.into(), ..SetConfig::default() });
                }
                Block::Set
            }
            (None, "security") => {
                self.config.security.get_or_insert_default();
                Block::Security
            }
            (Some(Block::Security), "user") => {
                check_name("user", name, MAX_SECURITY_NAME, line)?;
                self.security().users.push(UserConfig { name: name.into(), ..UserConfig::default() });
                Block::User
            }
            (Some(Block::Security), "role") => {
                check_name("role", name, MAX_SECURITY_NAME, line)?;
                self.security().roles.push(RoleConfig { name: name.into(), ..RoleConfig::default() });
                Block::Role
            }
            (Some(Block::Security), "log") => Block::SecurityPart(keyword.into()),
            (Some(Block::Ignored), _) => Block::Ignored,
            (None, "logging") => {
                self.warn(line, "'logging' is ignored: the log goes to the standard error stream, see --log");
                Block::Ignored
            }
            _ => {
                self.warn(line, format!("block '{keyword}'{} is not supported and ignored", self.within()));
                Block::Ignored
            }
        })
    }

    fn namespace(&mut self, name: &str, line: &Line<'_>) -> Result<(), ConfigError> {
        check_namespace_name(name).map_err(|expected| line.error(expected))?;
        if self.namespaces.iter().any(|namespace| namespace.name == name) {
            return Err(line.error(format!("namespace '{name}' stands here for the second time")));
        }
        if self.namespaces.len() == MAX_NAMESPACES {
            return Err(line.error(format!("there can be at most {MAX_NAMESPACES} namespaces")));
        }
        self.namespaces.push(NamespaceConfig::new(name));
        Ok(())
    }

    fn close(&mut self, line: &Line<'_>) -> Result<(), ConfigError> {
        let (_, block) = self.blocks.pop().ok_or_else(|| line.error("'}' without a block"))?;
        if let (Block::Namespace, Some(namespace)) = (block, self.namespaces.last())
            && !namespace.may_expire()
        {
            let text = "writes will fail: 'default-ttl' needs 'nsup-period' or 'allow-ttl-without-nsup true'";
            self.warn(line, text);
        }
        Ok(())
    }

    fn security(&mut self) -> &mut SecurityConfig {
        self.config.security.get_or_insert_default()
    }

    fn setting(&mut self, key: &str, value: &str, line: &Line<'_>) -> Result<(), ConfigError> {
        match self.block() {
            Some(Block::Tls) => {
                self.tls_setting(key, value, line);
                return Ok(());
            }
            Some(Block::User) => return self.user_setting(key, value, line),
            Some(Block::Role) => return self.role_setting(key, value, line),
            _ => {}
        }
        let namespace = self.namespaces.last_mut();
        let known = match self.blocks.last().map(|(_, block)| block) {
            Some(Block::Service) => configure(SERVICE, self.config, key, value),
            Some(Block::NetworkPart(part)) if part == "heartbeat" && key == MESH_SEED => {
                self.config.mesh_seeds.push(value.replace(' ', ":"));
                Ok(true)
            }
            Some(Block::NetworkPart(part)) if part == "service" && key == "tls-authenticate-client" => {
                self.config.tls_clients = match value {
                    "any" => ClientAuth::Required,
                    "false" => ClientAuth::Off,
                    _ => return Err(line.error(format!("'{key}' takes 'any' or 'false', not '{value}'"))),
                };
                Ok(true)
            }
            Some(Block::NetworkPart(part)) => {
                configure(NETWORK, self.config, &format!("{part}.{key}"), value)
            }
            Some(Block::Namespace) => match namespace {
                // These may also stand without a block.
                Some(_) if matches!(key, "storage-engine" | "index-type" | "sindex-type") => {
                    if !matches!(value, "memory" | "mem" | "shmem") {
                        self.warn(line, format!("'{key} {value}' is not supported: records stay in memory"));
                    }
                    Ok(true)
                }
                Some(namespace) => configure(NAMESPACE, namespace, key, value),
                None => Ok(false),
            },
            Some(Block::NamespacePart(part)) => namespace.map_or(Ok(false), |namespace| {
                configure(NAMESPACE, namespace, &format!("{part}.{key}"), value)
            }),
            Some(Block::Set) => namespace
                .and_then(|namespace| namespace.sets.last_mut())
                .map_or(Ok(false), |set| configure(SET, set, key, value)),
            Some(Block::Security) => configure(SECURITY, self.security(), key, value),
            Some(Block::SecurityPart(part)) => {
                let name = format!("{part}.{key}");
                configure(SECURITY, self.security(), &name, value)
            }
            Some(Block::Ignored) => Ok(true),
            Some(Block::Network | Block::Tls | Block::User | Block::Role) | None => Ok(false),
        };
        match known {
            Ok(true) => Ok(()),
            Ok(false) => {
                self.warn(line, format!("'{key}'{} is not supported and ignored", self.within()));
                Ok(())
            }
            Err(kind) => Err(line.error(format!("'{key}' takes {kind}, not '{value}'"))),
        }
    }

    /// A setting of a `tls` block.
    fn tls_setting(&mut self, key: &str, value: &str, line: &Line<'_>) {
        let Some(tls) = self.config.tls.last_mut() else { return };
        match key {
            "cert-file" => tls.cert_file = Some(value.into()),
            "key-file" => tls.key_file = Some(value.into()),
            "ca-file" => tls.ca_file = Some(value.into()),
            _ => self.warn(line, format!("'{key}'{} is not supported and ignored", self.within())),
        }
    }

    /// A setting of a `user` block.
    fn user_setting(&mut self, key: &str, value: &str, line: &Line<'_>) -> Result<(), ConfigError> {
        let Some(user) = self.security().users.last_mut() else { return Ok(()) };
        match key {
            "password" => user.password = Secret(value.into()),
            "roles" => user.roles = words(value).map(str::to_owned).collect(),
            "mode" => {
                let expected =
                    || line.error(format!("'mode' takes 'internal', 'external' or 'pki', not '{value}'"));
                user.mode = AuthMode::from_name(value).ok_or_else(expected)?;
            }
            _ => self.warn(line, format!("'{key}'{} is not supported and ignored", self.within())),
        }
        Ok(())
    }

    /// A setting of a `role` block.
    fn role_setting(&mut self, key: &str, value: &str, line: &Line<'_>) -> Result<(), ConfigError> {
        let Some(role) = self.security().roles.last_mut() else { return Ok(()) };
        let number =
            || value.parse().map_err(|_| line.error(format!("'{key}' takes a whole number, not '{value}'")));
        match key {
            "privileges" => {
                for word in words(value) {
                    let expected = || {
                        line.error(format!(
                            "'privileges' takes names such as read.namespace.set, not '{word}'"
                        ))
                    };
                    role.privileges.push(Privilege::from_text(word).ok_or_else(expected)?);
                }
            }
            "whitelist" => {
                let list = words(value).collect::<Vec<_>>().join(",");
                let expected =
                    |_| line.error(format!("'whitelist' takes addresses and networks, not '{value}'"));
                role.whitelist = Whitelist::from_text(list.as_bytes()).map_err(expected)?;
            }
            "read-quota" => role.read_quota = number()?,
            "write-quota" => role.write_quota = number()?,
            _ => self.warn(line, format!("'{key}'{} is not supported and ignored", self.within())),
        }
        Ok(())
    }

    fn block(&self) -> Option<&Block> {
        self.blocks.last().map(|(_, block)| block)
    }

    /// Where the reader stands, for people.
    fn within(&self) -> String {
        let keywords: Vec<_> = self.blocks.iter().map(|(keyword, _)| keyword.as_str()).collect();
        if keywords.is_empty() { String::new() } else { format!(" in '{}'", keywords.join(".")) }
    }

    fn warn(&mut self, line: &Line<'_>, text: impl Into<String>) {
        self.warnings.push(line.error(text));
    }
}

/// Words with commas or blanks between them.
fn words(value: &str) -> impl Iterator<Item = &str> {
    value.split([',', ' ']).filter(|word| !word.is_empty())
}

impl Line<'_> {
    fn error(&self, text: impl Into<String>) -> ConfigError {
        ConfigError { place: self.place.clone(), text: text.into() }
    }
}

/// Changes the setting of a namespace whose name is `key`, with or without the `storage-engine.` in front of it;
/// whether there is such a setting.
///
/// # Errors
/// What the value should have been, for a person.
pub fn set_namespace(config: &mut NamespaceConfig, key: &str, value: &str) -> Result<bool, String> {
    let found = match configure(NAMESPACE, config, key, value) {
        Ok(false) => configure(NAMESPACE, config, &format!("storage-engine.{key}"), value),
        found => found,
    };
    found.map_err(|kind| kind.to_string())
}

/// Checks a namespace's name.
///
/// # Errors
/// What it should have been.
pub fn check_namespace_name(name: &str) -> Result<(), &'static str> {
    let plain = |byte: u8| byte.is_ascii_graphic() && !b";:,={}#\"".contains(&byte);
    match name.len() {
        1..=MAX_NAMESPACE_NAME if name.bytes().all(plain) => Ok(()),
        _ => Err("a namespace name has 1 to 31 letters, digits or signs, none of ;:,={}#\""),
    }
}

fn check_name(what: &str, name: &str, max: usize, line: &Line<'_>) -> Result<(), ConfigError> {
    match name.len() {
        0 => Err(line.error(format!("a {what} needs a name"))),
        len if len > max => Err(line.error(format!("a {what}'s name has at most {max} bytes"))),
        _ => Ok(()),
    }
}

/// Puts one setting; whether the table has it, or what its value should have been.
fn configure<C, L>(
    table: &'static [Setting<C, L>],
    config: &mut C,
    name: &str,
    value: &str,
) -> Result<bool, &'static Kind> {
    let Some(setting) = table.iter().find(|setting| setting.name == name) else { return Ok(false) };
    let value = match (&setting.kind, value) {
        // A switch that is only named is on.
        (Kind::Switch, "" | "yes") => "true",
        (Kind::Switch, "no") => "false",
        _ => value,
    };
    setting.configure(config, value).map(|()| true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{NamespaceSettings, SetSettings, Settings};

    const SAMPLE: &str = "
        service {
            cluster-name demo   # a comment
            no-such-thing 1
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
        assert_eq!(warnings, ["sample.conf:4: 'no-such-thing' in 'service' is not supported and ignored"]);
    }

    #[test]
    fn reads_users_and_roles() {
        let mut config = Config::default();
        let text = "
            security {
                enable-quotas true
                session-ttl 2m
                log { 
                    report-violation true
                }
                role auditor {
                    privileges read.test.demo, udf-admin
                    whitelist 127.0.0.1, 10.0.0.0/8
                    read-quota 100
                }
                user ann {
                    password s3cret
                    roles auditor, write
                }
                user ben {
                    mode pki
                }
            }";
        assert_eq!(parse(text, "x.conf", &mut config).unwrap(), []);
        let security = config.security.unwrap();
        assert!(security.enable_quotas && security.log_report_violation);
        assert_eq!(security.session_ttl, 120);
        let [role] = security.roles.as_slice() else { panic!() };
        assert_eq!((role.name.as_str(), role.privileges.len()), ("auditor", 2));
        assert_eq!((role.whitelist.text().as_str(), role.read_quota), ("127.0.0.1,10.0.0.0/8", 100));
        let [ann, ben] = security.users.as_slice() else { panic!() };
        assert_eq!((ann.name.as_str(), ann.password.0.as_str()), ("ann", "s3cret"));
        assert_eq!(ann.roles, ["auditor", "write"]);
        assert_eq!(ben.mode, AuthMode::Pki);
        assert!(!format!("{security:?}").contains("s3cret"), "{security:?}");

        let error = |text: &str| parse(text, "x.conf", &mut Config::default()).unwrap_err().to_string();
        assert_eq!(
            error("security {\nrole r {\nprivileges fly\n}\n}"),
            "x.conf:3: 'privileges' takes names such as read.namespace.set, not 'fly'"
        );
        assert!(error("security {\nsession-ttl 5\n}").contains("from 120 to 864000"));
    }

    #[test]
    fn errors_name_file_line_and_expectation() {
        let error = |text: &str| parse(text, "x.conf", &mut Config::default()).unwrap_err().to_string();
        assert_eq!(
            error("service {\nproto-fd-max many\n}"),
            "x.conf:2: 'proto-fd-max' takes a whole number from 1 to 2147483647, not 'many'"
        );
        assert_eq!(error("service {"), "x.conf:1: 'service' block is not closed");
        assert_eq!(error("}"), "x.conf:1: '}' without a block");
    }

    /// A value of a kind that is not the default.
    fn sample(kind: &Kind, default: &str) -> Option<(String, String)> {
        let number = |range: &std::ops::RangeInclusive<u64>| {
            let other = [*range.end(), *range.start()].into_iter().find(|value| value.to_string() != default);
            other.map(|value| (value.to_string(), value.to_string()))
        };
        let text = |value: &str| Some((value.to_owned(), value.to_owned()));
        match kind {
            Kind::Switch => text(if default == "true" { "false" } else { "true" }),
            Kind::Number(range) | Kind::Seconds(range) | Kind::Bytes(range) => number(range),
            Kind::NumberOrNever(_) | Kind::SecondsOrNever(_) => Some(("-1".into(), "4294967295".into())),
            Kind::Word(words) => words.iter().find(|word| **word != default).and_then(|word| text(word)),
            Kind::Text(_) | Kind::Host => text("something"),
            Kind::NodeId => text("A1B2"),
            Kind::Address => Some(("any".into(), "0.0.0.0".into())),
        }
    }

    /// What stands in the block of a table to change every setting of it, and the lines that `get-config` shows
    /// then.
    fn everything<C, L>(table: &'static [Setting<C, L>], live: &L) -> (String, Vec<String>) {
        let (mut text, mut lines) = (String::new(), Vec::new());
        for setting in table {
            let default = (setting.show)(live).unwrap_or_default();
            let Some((given, shown)) = sample(&setting.kind, &default) else { continue };
            text += &match setting.name.split_once('.') {
                Some((block, key)) => format!("{block} {{\n{key} {given}\n}}\n"),
                None => format!("{} {given}\n", setting.name),
            };
            if setting.change != crate::config::setting::Change::Own {
                lines.push(format!("{}={shown}", setting.name));
            }
        }
        (text, lines)
    }

    fn shown<C, L>(table: &'static [Setting<C, L>], live: &L) -> Vec<String> {
        table.iter().filter_map(|setting| setting.line(live)).collect()
    }

    /// Whatever `get-config` shows of the server can be set in a file.
    #[test]
    fn every_setting_of_the_server_is_read() {
        let before = Settings::new(&Config::default());
        let (service, mut expected) = everything(SERVICE, &before);
        let (network, lines) = everything(NETWORK, &before);
        expected.extend(lines);
        let file = format!("service {{\n{service}}}\nnetwork {{\n{network}}}\n");
        let mut config = Config::default();
        assert_eq!(parse(&file, "x.conf", &mut config), Ok(vec![]));
        let after = Settings::new(&config);
        let shown = [shown(SERVICE, &after), shown(NETWORK, &after)].concat();
        let missing: Vec<_> = expected.iter().filter(|line| !shown.contains(line)).collect();
        assert!(missing.is_empty(), "{missing:?}");
        assert!(expected.len() > 95, "{}", expected.len());
    }

    /// As for the server, in one namespace and one set.
    #[test]
    fn every_setting_of_a_namespace_is_read() {
        let before = NamespaceSettings::new(&NamespaceConfig::new("x"));
        let (namespace, expected) = everything(NAMESPACE, &before);
        let (set, set_expected) = everything(SET, &SetSettings::new(&SetConfig::default()));
        let file = format!("namespace x {{\n{namespace}set s {{\n{set}}}\n}}\n");
        let mut config = Config::default();
        assert_eq!(parse(&file, "x.conf", &mut config), Ok(vec![]));
        let shown_namespace = shown(NAMESPACE, &NamespaceSettings::new(&config.namespaces[0]));
        let missing: Vec<_> = expected.iter().filter(|line| !shown_namespace.contains(line)).collect();
        assert!(missing.is_empty(), "{missing:?}");
        let shown_set = shown(SET, &SetSettings::new(&config.namespaces[0].sets[0]));
        assert_eq!(shown_set, set_expected);
    }

    #[test]
    fn what_is_not_supported_gets_one_warning() {
        let text = "security {\nenable-security true\n}\nlogging {\nconsole {\ncontext any info\n}\n}\n\
            network {\nfabric {\nport 3001\n}\ntls t {\ncert-file x\n}\n}\n\
            namespace n {\nindex-type flash {\nmount /x\n}\nstorage-engine device {\nfile /x\n}\n}\n";
        let mut config = Config::default();
        let warnings: Vec<_> =
            parse(text, "x.conf", &mut config).unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(
            warnings,
            [
                "x.conf:2: 'enable-security' in 'security' is not supported and ignored",
                "x.conf:4: 'logging' is ignored: the log goes to the standard error stream, see --log",
                "x.conf:18: block 'index-type' in 'namespace' is not supported and ignored",
                "x.conf:21: 'storage-engine device' is not supported: records stay in memory",
                "x.conf:22: 'file' in 'namespace.storage-engine' is not supported and ignored",
            ]
        );
        assert_eq!(config.namespaces[0].name, "n");
    }

    #[test]
    fn namespaces_are_checked() {
        let error = |text: &str| parse(text, "x.conf", &mut Config::default()).unwrap_err().to_string();
        assert_eq!(
            error("namespace a {\n}\nnamespace a {\n}"),
            "x.conf:3: namespace 'a' stands here for the second time"
        );
        assert!(error("namespace {\n}").starts_with("x.conf:1: a namespace name has 1 to 31"));
        assert!(error("namespace a {\nset {\n}\n}").starts_with("x.conf:2: a set needs a name"));
        assert_eq!(error("service { } "), "x.conf:1: a brace must end its line or stand alone");
        let mut config = Config::default();
        let warnings = parse("namespace a {\ndefault-ttl 30d\n}", "x.conf", &mut config).unwrap();
        assert_eq!(warnings.len(), 1);
        assert_eq!(config.namespaces.len(), 1);
    }
}
