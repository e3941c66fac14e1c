//! A user as connections hold it: what it may do now, and what it has used.

use super::permission::{Permission, Permissions};
use super::privilege::Privilege;
use super::quota::{Meter, Window};
use super::whitelist::Whitelist;
use aerospike_wire::ResultCode;
use arc_swap::ArcSwap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// What all of a user's roles come to.
#[derive(Debug, Default)]
pub struct Grants {
    /// Whether the user still exists.
    pub alive: bool,
    everywhere: Permissions,
    /// Namespace, set (empty = all of the namespace), what is permitted there.
    scoped: Vec<(Vec<u8>, Vec<u8>, Permissions)>,
    /// Where the user may connect from: what any role with a whitelist lists.
    pub whitelist: Whitelist,
    /// Records read in a second: the largest of all roles; 0 = any number.
    pub read_quota: u32,
    /// Records written in a second, as [`Grants::read_quota`].
    pub write_quota: u32,
}

impl Grants {
    /// Those of a user without roles.
    pub fn none() -> Grants {
        Grants { alive: true, ..Grants::default() }
    }

    /// Adds what a privilege gives.
    pub fn add(&mut self, privilege: &Privilege) {
        let permissions = Permissions::of_privilege(privilege.code);
        if privilege.namespace.is_empty() && privilege.set.is_empty() {
            self.everywhere.add(permissions);
        } else {
            self.scoped.push((privilege.namespace.clone(), privilege.set.clone(), permissions));
        }
    }

    /// Whether something is permitted in a set. No set: in all of the namespace. No namespace: everywhere.
    pub fn permit(&self, permission: Permission, namespace: &[u8], set: &[u8]) -> bool {
        self.everywhere.contain(permission)
            || self.scoped.iter().any(|(in_namespace, in_set, permissions)| {
                permissions.contain(permission)
                    && (in_namespace.is_empty() || in_namespace == namespace)
                    && (in_set.is_empty() || in_set == set)
            })
    }
}

/// A user from creation to drop. One that is created again under the same name is another account.
#[derive(Debug)]
pub struct Account {
    /// The user's name.
    pub name: Vec<u8>,
    /// What it may do; replaced whenever user or roles change.
    pub grants: ArcSwap<Grants>,
    /// Open connections that have logged in as the user.
    connections: AtomicU32,
    /// What it has read lately.
    pub reads: Arc<Meter>,
    /// What it has written lately.
    pub writes: Arc<Meter>,
}

impl Account {
    /// A user that may do nothing yet.
    pub fn new(name: &[u8]) -> Account {
        Account {
            name: name.into(),
            grants: ArcSwap::from_pointee(Grants::none()),
            connections: AtomicU32::new(0),
            reads: Arc::default(),
            writes: Arc::default(),
        }
    }

    /// The name for people.
    pub fn display_name(&self) -> String {
        String::from_utf8_lossy(&self.name).into_owned()
    }

    /// Open connections.
    pub fn connections(&self) -> u32 {
        self.connections.load(Ordering::Relaxed)
    }

    /// The values of READ_INFO and WRITE_INFO (security §9).
    pub fn usage(&self, window: Window) -> [[u32; 4]; 2] {
        let grants = self.grants.load();
        [(&self.reads, grants.read_quota), (&self.writes, grants.write_quota)].map(|(meter, quota)| {
            let reading = meter.read(window);
            [quota, reading.commands as u32, reading.declared as u32, reading.unlimited]
        })
    }
}

/// A connection's place with the account that it has logged in to; counted as long as it lives.
#[derive(Debug)]
struct Seat(Arc<Account>);

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.connections.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Who is at the other end of a connection.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The client's address.
    address: IpAddr,
    seat: Option<Arc<Seat>>,
}

impl Caller {
    /// A client that has not logged in.
    pub fn stranger(address: IpAddr) -> Caller {
        Caller { address, seat: None }
    }

    /// The client's address.
    pub fn address(&self) -> IpAddr {
        self.address
    }

    /// Becomes a user; whoever it was before is left.
    pub fn become_user(&mut self, account: Arc<Account>) {
        account.connections.fetch_add(1, Ordering::Relaxed);
        self.seat = Some(Arc::new(Seat(account)));
    }

    /// The user, if it still exists.
    ///
    /// # Errors
    /// [`ResultCode::SEC_NOT_AUTHENTICATED`].
    pub fn account(&self) -> Result<&Arc<Account>, ResultCode> {
        let account = self.seat.as_ref().map(|seat| &seat.0);
        account.filter(|account| account.grants.load().alive).ok_or(ResultCode::SEC_NOT_AUTHENTICATED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aerospike_wire::admin::privilege;

    #[test]
    fn scopes_permit_what_lies_within_them() {
        let mut grants = Grants::default();
        grants.add(&Privilege { code: privilege::READ, namespace: b"test".into(), set: b"demo".into() });
        grants.add(&Privilege { code: privilege::WRITE, namespace: b"bar".into(), set: Vec::new() });
        grants.add(&Privilege::global(privilege::TRUNCATE));
        let permits = |permission, namespace: &str, set: &str| {
            grants.permit(permission, namespace.as_bytes(), set.as_bytes())
        };
        assert!(permits(Permission::Read, "test", "demo") && permits(Permission::Query, "test", "demo"));
        assert!(!permits(Permission::Read, "test", "other") && !permits(Permission::Query, "test", ""));
        assert!(permits(Permission::Write, "bar", "any") && permits(Permission::OpsQuery, "bar", ""));
        assert!(!permits(Permission::Write, "test", "demo") && !permits(Permission::Read, "bar", "any"));
        assert!(permits(Permission::Truncate, "any", "thing") && permits(Permission::None, "", ""));
    }

    #[test]
    fn connections_are_counted_while_they_live() {
        let account = Arc::new(Account::new(b"ann"));
        let mut caller = Caller::stranger("127.0.0.1".parse().unwrap());
        assert!(caller.account().is_err());
        caller.become_user(account.clone());
        let offloaded = caller.clone();
        caller.become_user(account.clone());
        assert_eq!(account.connections(), 2);
        drop(offloaded);
        assert_eq!(account.connections(), 1);
        assert!(caller.account().is_ok());
        account.grants.store(Arc::default());
        assert!(caller.account().is_err());
        drop(caller);
        assert_eq!(account.connections(), 0);
    }
}
