//! Users, roles, privileges, sessions and quotas (security).
//!
//! | file | subject |
//! |---|---|
//! | [`admin`] | admin frames: parsed, dispatched, answered |
//! | [`enforce`] | what a request needs, checked once for each kind of request |
//! | [`registry`] | users and roles, and every change of them |
//! | [`account`] | a user as connections hold it |
//! | [`permission`], [`privilege`] | what privileges give |
//! | [`session`], [`password`] | tokens and hashes |
//! | [`whitelist`], [`quota`] | from where, and how much |
//!
//! A connection holds its [`Account`], and that its [`Grants`](account::Grants): what all of the user's roles come
//! to. They are computed when a user or role changes, so that a request costs one look at them, and a change
//! counts from the next request on.

mod account;
pub mod admin;
pub mod enforce;
mod password;
mod permission;
mod privilege;
mod quota;
mod registry;
mod session;
mod whitelist;

pub use account::{Account, Caller};
pub use password::PasswordHash;
pub use permission::{Permission, Permissions};
pub use privilege::{PRIVILEGES, Privilege};
pub use quota::QueryGuard;
pub use whitelist::Whitelist;

use crate::config::{AuthMode, SecurityConfig, SecuritySettings, UserConfig};
use crate::control::Clock;
use aerospike_wire::ResultCode;
use parking_lot::Mutex;
use quota::Window;
use registry::{Login, Registry, Role};
use session::Sessions;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

/// The user that there is when nothing says otherwise.
const ADMINISTRATOR: &str = "admin";

/// Security of one server, when it is on.
#[derive(Debug)]
pub struct Security {
    /// Settings that can change while the server runs.
    pub settings: SecuritySettings,
    clock: Arc<Clock>,
    registry: Mutex<Registry>,
    sessions: Mutex<Sessions>,
}

/// Users and roles at one moment.
#[derive(Clone, Debug)]
pub struct SecuritySnapshot(Registry);

/// Why security cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The file with the administrator's first password cannot be read.
    #[error("cannot read default-password-file '{0}': {1}")]
    PasswordFile(String, std::io::Error),
    /// A user or role of the configuration is not possible.
    #[error("{what} '{name}': {code}")]
    Entry {
        /// `user` or `role`.
        what: &'static str,
        /// Its name.
        name: String,
        /// The code that a client would be answered.
        code: ResultCode,
    },
    /// A password cannot be hashed.
    #[error("user '{0}': the password cannot be hashed")]
    Hash(String),
}

/// What a client shows to log in; which fields there are decides on the way (security §4).
#[derive(Clone, Copy, Default)]
pub struct Credentials<'a> {
    /// The user's name; none with a certificate.
    pub user: Option<&'a [u8]>,
    /// The hash of the password.
    pub hash: Option<&'a [u8]>,
    /// The password in clear, for a directory.
    pub clear: Option<&'a [u8]>,
    /// The common name in the client's certificate, if it has shown one.
    pub certificate: Option<&'a str>,
}

impl Security {
    /// Security with the users and roles of a configuration; `admin` with the password `admin` unless it is there.
    ///
    /// # Errors
    /// As [`SetupError`] tells.
    pub fn new(config: &SecurityConfig, clock: &Arc<Clock>) -> Result<Security, SetupError> {
        let mut registry = Registry::new();
        for role in &config.roles {
            let code = registry.create_role(role.name.as_bytes(), Role::from_config(role));
            code.map_err(|code| SetupError::Entry { what: "role", name: role.name.clone(), code })?;
        }
        for user in &config.users {
            add_user(&mut registry, user)?;
        }
        if registry.account(ADMINISTRATOR.as_bytes()).is_err() {
            add_user(&mut registry, &administrator(config)?)?;
        }
        Ok(Security {
            settings: SecuritySettings::new(config),
            clock: clock.clone(),
            registry: Mutex::new(registry),
            sessions: Mutex::default(),
        })
    }

    /// Logs in (security §4).
    ///
    /// # Errors
    /// The code to answer.
    pub fn login(&self, shown: &Credentials<'_>, address: IpAddr) -> Result<Arc<Account>, ResultCode> {
        let name = match (shown.user, shown.certificate) {
            (Some(user), _) => user,
            (None, Some(name)) => name.as_bytes(),
            (None, None) => return Err(ResultCode::SEC_CREDENTIAL),
        };
        let registry = self.registry.lock();
        let account = match registry.login_of(name) {
            Err(_) if shown.clear.is_some() && registry.has_directory() => {
                Err(ResultCode::LDAP_AUTHENTICATION)
            }
            Err(_) if shown.clear.is_some() => Err(ResultCode::LDAP_NOT_CONFIGURED),
            Err(code) => Err(code),
            Ok((login, account)) => login.check(shown).map(|()| account.clone()),
        }?;
        drop(registry);
        check_address(&account, address)?;
        Ok(account)
    }

    /// Begins a session for a user that has logged in: token, and the seconds that it lasts.
    ///
    /// # Errors
    /// [`ResultCode::SERVER`] when the operating system has no randomness to give.
    pub fn begin_session(
        &self,
        account: &Arc<Account>,
    ) -> Result<(impl AsRef<[u8]> + use<>, u32), ResultCode> {
        let ttl = self.settings.session_ttl.load(Relaxed);
        let token = self.sessions.lock().begin(account, self.clock.unix_ms(), ttl);
        Ok((token.map_err(|_| ResultCode::SERVER)?, ttl))
    }

    /// The user of a session's token. `user` may be missing: a certificate's user does not tell it.
    ///
    /// # Errors
    /// The code to answer.
    pub fn authenticate(
        &self,
        user: Option<&[u8]>,
        token: &[u8],
        address: IpAddr,
    ) -> Result<Arc<Account>, ResultCode> {
        if let Some(name) = user {
            self.registry.lock().account(name)?;
        }
        let account = self.sessions.lock().find(token, self.clock.unix_ms());
        let account = account.filter(|account| user.is_none_or(|name| name == account.name));
        let account = account.ok_or(ResultCode::SEC_EXPIRED_SESSION)?;
        check_address(&account, address)?;
        Ok(account)
    }

    /// Users and roles as they are now.
    pub fn snapshot(&self) -> SecuritySnapshot {
        SecuritySnapshot(self.registry.lock().clone())
    }

    /// Makes users and roles what they were. Connections of users that there were not may do nothing any more.
    pub fn restore(&self, snapshot: &SecuritySnapshot) {
        let gone = self.registry.lock().restore(&snapshot.0);
        let mut sessions = self.sessions.lock();
        gone.iter().for_each(|account| sessions.revoke(account));
    }

    /// Over which time usage is averaged now.
    fn window(&self) -> Window {
        Window { second: self.clock.unix_ms() / 1000, seconds: self.settings.tps_weight.load(Relaxed) }
    }

    fn quotas_are_enabled(&self) -> bool {
        self.settings.enable_quotas.load(Relaxed)
    }
}

/// Whether a user may come from an address.
fn check_address(account: &Account, address: IpAddr) -> Result<(), ResultCode> {
    match account.grants.load().whitelist.allows(address) {
        true => Ok(()),
        false => Err(ResultCode::SEC_NOT_WHITELISTED),
    }
}

fn administrator(config: &SecurityConfig) -> Result<UserConfig, SetupError> {
    let password = match config.default_password_file.as_str() {
        "null" => ADMINISTRATOR.to_owned(),
        path => {
            let text = std::fs::read_to_string(path);
            text.map_err(|error| SetupError::PasswordFile(path.into(), error))?.trim_end().to_owned()
        }
    };
    Ok(UserConfig {
        name: ADMINISTRATOR.into(),
        password: crate::config::Secret(password),
        roles: vec!["user-admin".into()],
        mode: AuthMode::Internal,
    })
}

fn add_user(registry: &mut Registry, user: &UserConfig) -> Result<(), SetupError> {
    let login = match user.mode {
        AuthMode::Internal => {
            let hash = PasswordHash::of(&user.password.0);
            Login::Password(hash.map_err(|_| SetupError::Hash(user.name.clone()))?)
        }
        AuthMode::External => Login::Directory(user.password.clone()),
        AuthMode::Pki => Login::Certificate,
    };
    let roles: Vec<_> = user.roles.iter().map(|role| role.as_bytes()).collect();
    // Unlike a client, which may make the roles later, a configuration that names others than it makes is wrong.
    let known = roles.iter().try_for_each(|role| registry.role(role).map(|_| ()));
    let made = known.and_then(|()| registry.create_user(user.name.as_bytes(), login, &roles));
    made.map_err(|code| SetupError::Entry { what: "user", name: user.name.clone(), code })
}
