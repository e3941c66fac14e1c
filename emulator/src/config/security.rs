//! Settings of the security context, and the users and roles that a server starts with.

use super::setting::Kind::{Number, Seconds, Switch, Text};
use super::setting::settings;
use crate::security::{Privilege, Whitelist};
use std::fmt;

/// Text that no log may show.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

/// How a user logs in (security §4).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum AuthMode {
    /// With a password that the server keeps.
    #[default]
    Internal,
    /// With a password that a directory would check; the configured one stands for it.
    External,
    /// With a client certificate alone.
    Pki,
}

impl AuthMode {
    /// As the configuration spells it.
    pub fn from_name(name: &str) -> Option<AuthMode> {
        Some(match name {
            "internal" => AuthMode::Internal,
            "external" => AuthMode::External,
            "pki" => AuthMode::Pki,
            _ => return None,
        })
    }

    /// The name in the configuration and in replies.
    pub fn name(self) -> &'static str {
        match self {
            AuthMode::Internal => "internal",
            AuthMode::External => "external",
            AuthMode::Pki => "pki",
        }
    }
}

/// A user that the server starts with.
#[derive(Clone, Debug, Default)]
pub struct UserConfig {
    /// 1 to 63 bytes.
    pub name: String,
    /// How the user logs in.
    pub mode: AuthMode,
    /// The password in clear; unused with [`AuthMode::Pki`].
    pub password: Secret,
    /// Names of roles.
    pub roles: Vec<String>,
}

/// A role that the server starts with.
#[derive(Clone, Debug, Default)]
pub struct RoleConfig {
    /// 1 to 63 bytes.
    pub name: String,
    /// What the role permits.
    pub privileges: Vec<Privilege>,
    /// Where its users may connect from; empty = from anywhere.
    pub whitelist: Whitelist,
    /// Records read in a second; 0 = any number.
    pub read_quota: u32,
    /// Records written in a second; 0 = any number.
    pub write_quota: u32,
}

settings! {
    /// Configuration of users, roles and sessions; its presence switches security on.
    config SecurityConfig {
        /// Users beside the default administrator; one named `admin` takes its place.
        users: Vec<UserConfig> = Vec::new(),
        /// Roles beside the predefined ones.
        roles: Vec<RoleConfig> = Vec::new(),
    }

    /// Security settings of a running server.
    live SecuritySettings;

    /// The security context (security §15).
    table SECURITY {
        /// File with the first password of `admin`.
        default_password_file: String = "null".into(), "default-password-file", Text(1024), Fixed;
        /// Whether roles can have quotas.
        enable_quotas: bool = false, "enable-quotas", Switch, Live;
        log_report_authentication: bool = false, "log.report-authentication", Switch, Live;
        log_report_sys_admin: bool = false, "log.report-sys-admin", Switch, Live;
        log_report_user_admin: bool = false, "log.report-user-admin", Switch, Live;
        log_report_violation: bool = false, "log.report-violation", Switch, Live;
        /// Kept and shown; privileges count as they are when a request is made.
        privilege_refresh_period: u32 = 300, "privilege-refresh-period", Seconds(10..=86_400), Live;
        /// Seconds that a session lasts.
        session_ttl: u32 = 86_400, "session-ttl", Seconds(120..=864_000), Live;
        /// Seconds over which usage is averaged.
        tps_weight: u32 = 2, "tps-weight", Number(2..=20), Live;
    }
}
