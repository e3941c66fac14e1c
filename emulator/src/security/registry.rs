//! The users and roles of a server, and every change of them (security §7, §8).

use super::account::{Account, Grants};
use super::password::PasswordHash;
use super::privilege::{PRIVILEGES, Privilege};
use super::{Credentials, Whitelist};
use crate::config::{AuthMode, RoleConfig, Secret};
use aerospike_wire::ResultCode;
use aerospike_wire::admin::MAX_NAME;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use subtle::ConstantTimeEq;

/// Roles of a user and privileges of a role are counted in one byte.
const MAX_ENTRIES: usize = 255;

/// Users and roles by their names.
#[derive(Clone, Debug)]
pub struct Registry {
    users: BTreeMap<Vec<u8>, User>,
    roles: BTreeMap<Vec<u8>, Role>,
}

#[derive(Clone, Debug)]
struct User {
    login: Login,
    roles: BTreeSet<Vec<u8>>,
    account: Arc<Account>,
}

impl User {
    fn view<'a>(&'a self, name: &'a [u8]) -> UserView<'a> {
        UserView { name, roles: &self.roles, mode: self.login.mode(), account: &self.account }
    }
}

/// What logs a user in.
#[derive(Clone, Debug)]
pub enum Login {
    /// The hash of its password, or its certificate.
    Password(PasswordHash),
    /// The password in clear, which a directory would check.
    Directory(Secret),
    /// Its certificate alone.
    Certificate,
}

impl Login {
    /// Checks what a client has shown.
    ///
    /// # Errors
    /// [`ResultCode::SEC_CREDENTIAL`], or [`ResultCode::LDAP_AUTHENTICATION`] where a directory would refuse.
    pub fn check(&self, shown: &Credentials<'_>) -> Result<(), ResultCode> {
        let right = match self {
            // Without a name, the certificate was what named the user.
            _ if shown.user.is_none() => shown.certificate.is_some(),
            Login::Password(hash) => shown.hash.is_some_and(|sent| hash.matches(sent)),
            Login::Certificate => false,
            Login::Directory(password) => match shown.clear {
                None => false,
                Some(clear) if password.0.as_bytes().ct_eq(clear).into() => true,
                Some(_) => return Err(ResultCode::LDAP_AUTHENTICATION),
            },
        };
        if right { Ok(()) } else { Err(ResultCode::SEC_CREDENTIAL) }
    }

    /// How the user logs in.
    pub fn mode(&self) -> AuthMode {
        match self {
            Login::Password(_) => AuthMode::Internal,
            Login::Directory(_) => AuthMode::External,
            Login::Certificate => AuthMode::Pki,
        }
    }
}

/// What a role gives.
#[derive(Clone, Debug, Default)]
pub struct Role {
    /// In the order in which they were granted.
    pub privileges: Vec<Privilege>,
    /// Where its users may connect from.
    pub whitelist: Whitelist,
    /// Records read in a second; 0 = any number.
    pub read_quota: u32,
    /// Records written in a second; 0 = any number.
    pub write_quota: u32,
    /// One of those that every server has; it cannot be changed.
    pub predefined: bool,
}

impl Role {
    /// The role of a configuration.
    pub fn from_config(config: &RoleConfig) -> Role {
        Role {
            privileges: config.privileges.clone(),
            whitelist: config.whitelist.clone(),
            read_quota: config.read_quota,
            write_quota: config.write_quota,
            predefined: false,
        }
    }

    fn grant(&mut self, privileges: &[Privilege]) -> Result<(), ResultCode> {
        let mut granted = self.privileges.clone();
        for privilege in privileges {
            privilege.check()?;
            if !granted.contains(privilege) {
                granted.push(privilege.clone());
            }
        }
        if granted.len() > MAX_ENTRIES {
            return Err(ResultCode::SEC_PRIVILEGE);
        }
        self.privileges = granted;
        Ok(())
    }
}

/// A user as queries tell it.
#[derive(Debug)]
pub struct UserView<'a> {
    /// The name.
    pub name: &'a [u8],
    /// Names of the roles, in alphabetical order.
    pub roles: &'a BTreeSet<Vec<u8>>,
    /// How it logs in.
    pub mode: AuthMode,
    /// What it uses.
    pub account: &'a Account,
}

impl Registry {
    /// No users, the predefined roles.
    pub fn new() -> Registry {
        let roles = PRIVILEGES.iter().map(|(name, code)| {
            let privileges = vec![Privilege::global(*code)];
            (name.as_bytes().to_vec(), Role { privileges, predefined: true, ..Role::default() })
        });
        Registry { users: BTreeMap::new(), roles: roles.collect() }
    }

    fn user(&self, name: &[u8]) -> Result<&User, ResultCode> {
        self.users.get(name).ok_or(ResultCode::SEC_USER)
    }

    fn user_mut(&mut self, name: &[u8]) -> Result<&mut User, ResultCode> {
        self.users.get_mut(name).ok_or(ResultCode::SEC_USER)
    }

    /// A user's account.
    ///
    /// # Errors
    /// [`ResultCode::SEC_USER`].
    pub fn account(&self, name: &[u8]) -> Result<&Arc<Account>, ResultCode> {
        self.user(name).map(|user| &user.account)
    }

    /// What logs a user in, and its account.
    ///
    /// # Errors
    /// [`ResultCode::SEC_USER`].
    pub fn login_of(&self, name: &[u8]) -> Result<(&Login, &Arc<Account>), ResultCode> {
        self.user(name).map(|user| (&user.login, &user.account))
    }

    /// Whether any user logs in through a directory.
    pub fn has_directory(&self) -> bool {
        self.users.values().any(|user| matches!(user.login, Login::Directory(_)))
    }

    /// One user, or all in the order of their names.
    ///
    /// # Errors
    /// [`ResultCode::SEC_USER`] for one that does not exist.
    pub fn users(&self, name: Option<&[u8]>) -> Result<Vec<UserView<'_>>, ResultCode> {
        match name {
            Some(name) => {
                let (name, user) = self.users.get_key_value(name).ok_or(ResultCode::SEC_USER)?;
                Ok(vec![user.view(name)])
            }
            None => Ok(self.users.iter().map(|(name, user)| user.view(name)).collect()),
        }
    }

    /// Makes a user. It may be given roles that there are not (yet): these permit nothing until they are made.
    ///
    /// # Errors
    /// [`ResultCode::SEC_USER`], [`ResultCode::SEC_USER_EXISTS`], [`ResultCode::SEC_ROLE`].
    pub fn create_user(&mut self, name: &[u8], login: Login, roles: &[&[u8]]) -> Result<(), ResultCode> {
        if !is_name(name) {
            return Err(ResultCode::SEC_USER);
        }
        if self.users.contains_key(name) {
            return Err(ResultCode::SEC_USER_EXISTS);
        }
        let roles = with_roles(BTreeSet::new(), roles)?;
        let account = Arc::new(Account::new(name));
        let user = User { login, roles, account };
        self.users.insert(name.to_vec(), user);
        self.refresh();
        Ok(())
    }

    /// Removes a user; its account, which permits nothing any more.
    ///
    /// # Errors
    /// [`ResultCode::SEC_USER`].
    pub fn drop_user(&mut self, name: &[u8]) -> Result<Arc<Account>, ResultCode> {
        let user = self.users.remove(name).ok_or(ResultCode::SEC_USER)?;
        user.account.grants.store(Arc::default());
        Ok(user.account)
    }

    /// Replaces a password; the user's account. `old`, if given, must be the present one's hash.
    ///
    /// # Errors
    /// [`ResultCode::SEC_USER`]; [`ResultCode::SEC_FORBIDDEN_PASSWORD`] for a user without a password here;
    /// [`ResultCode::SEC_PASSWORD`] for a wrong old one.
    pub fn set_password(
        &mut self,
        name: &[u8],
        old: Option<&[u8]>,
        new: PasswordHash,
    ) -> Result<Arc<Account>, ResultCode> {
        let user = self.user_mut(name)?;
        match &user.login {
            Login::Password(present) => {
                if old.is_some_and(|old| !present.matches(old)) {
                    return Err(ResultCode::SEC_PASSWORD);
                }
                if new.is_reserved() {
                    return Err(ResultCode::SEC_FORBIDDEN_PASSWORD);
                }
            }
            Login::Directory(_) | Login::Certificate => return Err(ResultCode::SEC_FORBIDDEN_PASSWORD),
        }
        user.login = Login::Password(new);
        Ok(user.account.clone())
    }

    /// Gives roles to a user, also such as there are not (yet).
    ///
    /// # Errors
    /// [`ResultCode::SEC_USER`], [`ResultCode::SEC_ROLE`].
    pub fn grant_roles(&mut self, name: &[u8], roles: &[&[u8]]) -> Result<(), ResultCode> {
        let user = self.user_mut(name)?;
        if roles.is_empty() {
            return Err(ResultCode::SEC_ROLE);
        }
        user.roles = with_roles(user.roles.clone(), roles)?;
        self.refresh();
        Ok(())
    }

    /// Takes roles from a user; those that it does not have are passed over.
    ///
    /// # Errors
    /// [`ResultCode::SEC_USER`], [`ResultCode::SEC_ROLE`].
    pub fn revoke_roles(&mut self, name: &[u8], roles: &[&[u8]]) -> Result<(), ResultCode> {
        let user = self.user_mut(name)?;
        if roles.is_empty() || !roles.iter().all(|role| is_name(role)) {
            return Err(ResultCode::SEC_ROLE);
        }
        user.roles.retain(|role| !roles.contains(&role.as_slice()));
        self.refresh();
        Ok(())
    }

    /// A role.
    ///
    /// # Errors
    /// [`ResultCode::SEC_ROLE`].
    pub fn role(&self, name: &[u8]) -> Result<&Role, ResultCode> {
        self.roles.get(name).ok_or(ResultCode::SEC_ROLE)
    }

    /// All roles in the order of their names.
    pub fn roles(&self) -> impl Iterator<Item = (&[u8], &Role)> {
        self.roles.iter().map(|(name, role)| (name.as_slice(), role))
    }

    /// Whether a role of this name may be made.
    ///
    /// # Errors
    /// [`ResultCode::SEC_ROLE`], [`ResultCode::SEC_ROLE_EXISTS`].
    pub fn check_new_role(&self, name: &[u8]) -> Result<(), ResultCode> {
        match self.roles.contains_key(name) {
            true => Err(ResultCode::SEC_ROLE_EXISTS),
            false if is_name(name) => Ok(()),
            false => Err(ResultCode::SEC_ROLE),
        }
    }

    /// Makes a role; users who have been given one of this name have it from now on.
    ///
    /// # Errors
    /// [`ResultCode::SEC_ROLE`], [`ResultCode::SEC_ROLE_EXISTS`], [`ResultCode::SEC_PRIVILEGE`].
    pub fn create_role(&mut self, name: &[u8], mut role: Role) -> Result<(), ResultCode> {
        self.check_new_role(name)?;
        let privileges = std::mem::take(&mut role.privileges);
        role.grant(&privileges)?;
        self.roles.insert(name.to_vec(), role);
        self.refresh();
        Ok(())
    }

    /// Removes a role, also from the users that have it.
    ///
    /// # Errors
    /// [`ResultCode::SEC_ROLE`].
    pub fn drop_role(&mut self, name: &[u8]) -> Result<(), ResultCode> {
        self.role_mut(name)?;
        self.roles.remove(name);
        for user in self.users.values_mut() {
            user.roles.remove(name);
        }
        self.refresh();
        Ok(())
    }

    /// Changes a role; nothing of it if the change fails.
    ///
    /// # Errors
    /// [`ResultCode::SEC_ROLE`], and those of the change.
    pub fn change_role(
        &mut self,
        name: &[u8],
        change: impl FnOnce(&mut Role) -> Result<(), ResultCode>,
    ) -> Result<(), ResultCode> {
        change(self.role_mut(name)?)?;
        self.refresh();
        Ok(())
    }

    /// Gives privileges to a role.
    ///
    /// # Errors
    /// [`ResultCode::SEC_ROLE`], [`ResultCode::SEC_PRIVILEGE`].
    pub fn grant_privileges(&mut self, name: &[u8], privileges: &[Privilege]) -> Result<(), ResultCode> {
        self.change_role(name, |role| match privileges {
            [] => Err(ResultCode::SEC_PRIVILEGE),
            privileges => role.grant(privileges),
        })
    }

    /// Takes privileges from a role; those that it does not have are passed over.
    ///
    /// # Errors
    /// [`ResultCode::SEC_ROLE`], [`ResultCode::SEC_PRIVILEGE`].
    pub fn revoke_privileges(&mut self, name: &[u8], privileges: &[Privilege]) -> Result<(), ResultCode> {
        self.change_role(name, |role| {
            if privileges.is_empty() {
                return Err(ResultCode::SEC_PRIVILEGE);
            }
            privileges.iter().try_for_each(Privilege::check)?;
            role.privileges.retain(|privilege| !privileges.contains(privilege));
            Ok(())
        })
    }

    fn role_mut(&mut self, name: &[u8]) -> Result<&mut Role, ResultCode> {
        self.roles.get_mut(name).filter(|role| !role.predefined).ok_or(ResultCode::SEC_ROLE)
    }

    /// Becomes what it was; the accounts of users that there were not, which permit nothing any more.
    pub fn restore(&mut self, former: &Registry) -> Vec<Arc<Account>> {
        let kept = |user: &User| former.users.values().any(|then| Arc::ptr_eq(&then.account, &user.account));
        let gone = self.users.values().filter(|user| !kept(user)).map(|user| user.account.clone());
        let gone: Vec<_> = gone.collect();
        gone.iter().for_each(|account| account.grants.store(Arc::default()));
        *self = former.clone();
        self.refresh();
        gone
    }

    /// Computes anew what every user may do.
    fn refresh(&self) {
        for user in self.users.values() {
            let mut grants = Grants::none();
            for role in user.roles.iter().filter_map(|name| self.roles.get(name)) {
                role.privileges.iter().for_each(|privilege| grants.add(privilege));
                grants.whitelist.extend(&role.whitelist);
                grants.read_quota = grants.read_quota.max(role.read_quota);
                grants.write_quota = grants.write_quota.max(role.write_quota);
            }
            user.account.grants.store(Arc::new(grants));
        }
    }
}

/// These roles and others: their names, of a length that names may have, and no more of them than a user may have.
fn with_roles(mut roles: BTreeSet<Vec<u8>>, others: &[&[u8]]) -> Result<BTreeSet<Vec<u8>>, ResultCode> {
    roles.extend(others.iter().map(|role| role.to_vec()));
    match others.iter().all(|role| is_name(role)) && roles.len() <= MAX_ENTRIES {
        true => Ok(roles),
        false => Err(ResultCode::SEC_ROLE),
    }
}

fn is_name(name: &[u8]) -> bool {
    (1..=MAX_NAME).contains(&name.len())
}
