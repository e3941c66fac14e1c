//! What a request needs, checked once for each kind of request (security §5, §11).
//!
//! With security off, every check here is one look at an `Option`.

use super::account::{Account, Grants};
use super::quota::Meter;
use super::{Caller, Permission, QueryGuard, Security};
use crate::server::Server;
use aerospike_wire::bits::{info1, info2};
use aerospike_wire::{Header, Message, ResultCode, field};
use std::sync::Arc;

/// Whether a client may ask anything at all.
///
/// # Errors
/// [`ResultCode::SEC_NOT_AUTHENTICATED`].
pub fn connection(server: &Server, caller: &Caller) -> Result<(), ResultCode> {
    match &server.security {
        None => Ok(()),
        Some(_) => caller.account().map(|_| ()),
    }
}

/// Whether a client may do what a message on one record asks; counts it against the quotas.
///
/// # Errors
/// [`ResultCode::SEC_NOT_AUTHENTICATED`], [`ResultCode::SEC_NOT_WHITELISTED`],
/// [`ResultCode::SEC_ROLE_VIOLATION`], [`ResultCode::SEC_QUOTA_EXCEEDED`].
pub fn record(
    server: &Server,
    caller: &Caller,
    namespace: &[u8],
    set: &[u8],
    message: &Message<'_>,
) -> Result<(), ResultCode> {
    let Some(security) = &server.security else { return Ok(()) };
    let (account, grants) = admitted(caller)?;
    let needed = needed_for_record(&message.header, message.field(field::UDF_MODULE).is_some());
    if needed.iter().any(|permission| !grants.permit(*permission, namespace, set)) {
        return Err(violation(security, account, needed[0]));
    }
    if !security.quotas_are_enabled() {
        return Ok(());
    }
    let writes = message.header.info2 & info2::WRITE != 0;
    let (meter, quota) = direction(account, &grants, writes);
    match meter.take(security.window(), quota) {
        true => Ok(()),
        false => Err(ResultCode::SEC_QUOTA_EXCEEDED),
    }
}

/// The permissions that a message on one record needs: two of them, the same if one is enough.
fn needed_for_record(header: &Header, applies_udf: bool) -> [Permission; 2] {
    let reads = header.info1 & info1::READ != 0;
    if header.info2 & info2::WRITE == 0 {
        // A message that neither reads nor writes is refused for that.
        return [if reads { Permission::Read } else { Permission::None }; 2];
    }
    let first = if header.info2 & info2::DELETE != 0 {
        Permission::Delete
    } else if applies_udf {
        return [Permission::UdfApply; 2];
    } else {
        Permission::Write
    };
    [first, if reads { Permission::Read } else { first }]
}

/// Whether a client may run a query; the guard counts it against the quotas while it runs.
///
/// # Errors
/// As [`record`].
pub fn query(
    server: &Server,
    caller: &Caller,
    namespace: &[u8],
    set: &[u8],
    permission: Permission,
    writes: bool,
    records_per_second: u32,
) -> Result<Option<QueryGuard>, ResultCode> {
    let Some(security) = &server.security else { return Ok(None) };
    let (account, grants) = admitted(caller)?;
    if !grants.permit(permission, namespace, set) {
        return Err(violation(security, account, permission));
    }
    let (meter, quota) = direction(account, &grants, writes);
    let quota = if security.quotas_are_enabled() { quota } else { 0 };
    let guard = Meter::query(meter, security.window(), quota, records_per_second);
    guard.map(Some).ok_or(ResultCode::SEC_QUOTA_EXCEEDED)
}

/// Whether a client may run a command of the info or admin protocol on a namespace and set; both may be empty.
///
/// # Errors
/// As [`record`], without quotas.
pub fn command(
    server: &Server,
    caller: &Caller,
    permission: Permission,
    namespace: &[u8],
    set: &[u8],
) -> Result<(), ResultCode> {
    let Some(security) = &server.security else { return Ok(()) };
    let (account, grants) = admitted(caller)?;
    match grants.permit(permission, namespace, set) {
        true => Ok(()),
        false => Err(violation(security, account, permission)),
    }
}

type Granted = arc_swap::Guard<Arc<Grants>>;

fn admitted(caller: &Caller) -> Result<(&Arc<Account>, Granted), ResultCode> {
    let account = caller.account()?;
    let grants = account.grants.load();
    match grants.whitelist.allows(caller.address()) {
        true => Ok((account, grants)),
        false => Err(ResultCode::SEC_NOT_WHITELISTED),
    }
}

fn direction<'a>(account: &'a Account, grants: &Grants, writes: bool) -> (&'a Arc<Meter>, u32) {
    match writes {
        true => (&account.writes, grants.write_quota),
        false => (&account.reads, grants.read_quota),
    }
}

fn violation(security: &Security, account: &Account, permission: Permission) -> ResultCode {
    if security.settings.log_report_violation.load(std::sync::atomic::Ordering::Relaxed) {
        tracing::warn!(user = account.display_name(), permission = permission.name(), "role violation");
    }
    ResultCode::SEC_ROLE_VIOLATION
}
