//! Admin frames: parsed, dispatched, answered (security §1, §2, §7 to §9).

use super::password::PasswordHash;
use super::privilege::{Privilege, take_text};
use super::registry::{Login, Role, UserView};
use super::{Caller, Credentials, Permission, Security, Whitelist, enforce};
use crate::server::{Server, Session};
use aerospike_wire::ResultCode;
use aerospike_wire::admin::{
    AdminHeader, QUOTA_UNCHANGED, SCHEME, command, field, privilege, put_body, put_field, put_frame,
    take_field,
};
use bytes::{BufMut, BytesMut};
use std::sync::atomic::Ordering::Relaxed;

/// A query's records share a frame up to this many bytes.
const FRAME_BODY: usize = 16 * 1024;

/// Answers one admin frame.
pub fn answer(server: &Server, session: &mut Session, body: &[u8], out: &mut BytesMut) {
    let Some(security) = &server.security else {
        return put_code(
            out,
            match server.is_community() {
                true => ResultCode::SEC_NOT_SUPPORTED,
                false => ResultCode::SEC_NOT_ENABLED,
            },
        );
    };
    let start = out.len();
    if let Err(code) = run(server, security, session, body, out) {
        out.truncate(start);
        put_code(out, code);
    }
}

fn put_code(out: &mut BytesMut, code: ResultCode) {
    put_frame(out, AdminHeader { result: code.0, ..AdminHeader::default() }, &[]);
}

fn run(
    server: &Server,
    security: &Security,
    session: &mut Session,
    body: &[u8],
    out: &mut BytesMut,
) -> Result<(), ResultCode> {
    let (header, fields) = AdminHeader::parse(body).ok_or(ResultCode::SEC_FIELD)?;
    if header.scheme != SCHEME {
        return Err(ResultCode::SEC_SCHEME);
    }
    let is_known = matches!(header.command, 0..=6 | 9..=16 | command::LOGIN);
    if !matches!(header.command, command::LOGIN | command::AUTHENTICATE) {
        enforce::command(server, &session.caller, Permission::None, b"", b"")?;
    }
    if !is_known {
        return Err(ResultCode::SEC_COMMAND);
    }
    let fields = Fields::parse(header.n_fields, fields)?;
    let request = Request { server, security, fields };
    match header.command {
        command::LOGIN => return request.login(session, out),
        command::AUTHENTICATE => request.authenticate(session)?,
        command::CHANGE_PASSWORD => request.change_password(&session.caller)?,
        command::QUERY_USERS => return request.query_users(&session.caller, out),
        other => {
            enforce::command(server, &session.caller, Permission::UserAdmin, b"", b"")?;
            if other == command::QUERY_ROLES {
                return request.query_roles(out);
            }
            request.administer(other)?;
            if security.settings.log_report_user_admin.load(Relaxed) {
                tracing::info!(command = other, "users or roles changed");
            }
        }
    }
    put_code(out, ResultCode::OK);
    Ok(())
}

/// The fields of a request, by id; unknown ones are passed over, and the first of several of one id counts.
///
/// All count that are there, even if the request announces fewer: the Go client leaves out of its count a single
/// privilege and a single address of a whitelist, and its suite expects whatever comes behind them to be kept.
struct Fields<'a>([Option<&'a [u8]>; 19]);

impl<'a> Fields<'a> {
    fn parse(count: u8, mut rest: &'a [u8]) -> Result<Fields<'a>, ResultCode> {
        let mut fields = [None; 19];
        let mut found = 0;
        while found < count || !rest.is_empty() {
            let Some((id, value, behind)) = take_field(rest) else {
                if found < count { return Err(ResultCode::SEC_FIELD) } else { break }
            };
            found = found.saturating_add(1);
            rest = behind;
            if let Some(slot) = fields.get_mut(id as usize) {
                *slot = slot.or(Some(value));
            }
        }
        Ok(Fields(fields))
    }

    fn get(&self, id: u8) -> Option<&'a [u8]> {
        self.0.get(id as usize).copied().flatten()
    }

    fn user(&self) -> Result<&'a [u8], ResultCode> {
        self.get(field::USER).filter(|name| !name.is_empty()).ok_or(ResultCode::SEC_USER)
    }

    fn role(&self) -> Result<&'a [u8], ResultCode> {
        self.get(field::ROLE).filter(|name| !name.is_empty()).ok_or(ResultCode::SEC_ROLE)
    }

    /// The names in ROLES; none if the field is absent.
    fn roles(&self) -> Result<Vec<&'a [u8]>, ResultCode> {
        let Some(value) = self.get(field::ROLES) else { return Ok(Vec::new()) };
        let (count, mut rest) = value.split_first().ok_or(ResultCode::SEC_FIELD)?;
        let names: Option<Vec<_>> = (0..*count).map(|_| take_text(&mut rest)).collect();
        names.filter(|_| rest.is_empty()).ok_or(ResultCode::SEC_FIELD)
    }

    fn privileges(&self) -> Result<Option<Vec<Privilege>>, ResultCode> {
        let value = self.get(field::PRIVILEGES);
        value.map(|value| Privilege::list_from_field(value).ok_or(ResultCode::SEC_FIELD)).transpose()
    }

    /// The whitelist; old clients send it under another id, with a comma in front (security §18).
    fn whitelist(&self) -> Result<Whitelist, ResultCode> {
        let misplaced = self.get(field::READ_QUOTA).and_then(|value| value.strip_prefix(b","));
        Whitelist::from_text(self.get(field::WHITELIST).or(misplaced).unwrap_or_default())
    }

    /// A quota; `None` leaves it as it is.
    fn quota(&self, id: u8) -> Result<Option<u32>, ResultCode> {
        match self.get(id) {
            Some([b',', ..]) if id == field::READ_QUOTA => Ok(None),
            Some(value) => {
                let quota = value.try_into().map(u32::from_be_bytes).map_err(|_| ResultCode::SEC_QUOTA)?;
                Ok((quota != QUOTA_UNCHANGED).then_some(quota))
            }
            None => Ok(None),
        }
    }
}

struct Request<'a> {
    server: &'a Server,
    security: &'a Security,
    fields: Fields<'a>,
}

impl Request<'_> {
    fn login(&self, session: &mut Session, out: &mut BytesMut) -> Result<(), ResultCode> {
        let shown = Credentials {
            user: self.fields.get(field::USER),
            hash: self.fields.get(field::CREDENTIAL),
            clear: self.fields.get(field::CLEAR_PASSWORD),
            certificate: session.certificate.as_deref(),
        };
        let account = self.security.login(&shown, session.caller.address());
        self.report(session, account.as_ref().err());
        let account = account?;
        let (token, ttl) = self.security.begin_session(&account)?;
        session.caller.become_user(account);
        let mut fields = BytesMut::new();
        put_field(&mut fields, field::SESSION_TOKEN, token.as_ref());
        put_field(&mut fields, field::SESSION_TTL, &ttl.to_be_bytes());
        put_frame(out, AdminHeader { n_fields: 2, ..AdminHeader::default() }, &fields);
        Ok(())
    }

    fn authenticate(&self, session: &mut Session) -> Result<(), ResultCode> {
        let user = self.fields.get(field::USER);
        let address = session.caller.address();
        let account = match self.fields.get(field::SESSION_TOKEN) {
            Some(token) => self.security.authenticate(user, token, address),
            // What clients did before there were sessions.
            None => {
                let hash = self.fields.get(field::CREDENTIAL);
                let user = Some(user.unwrap_or_default());
                self.security.login(&Credentials { user, hash, ..Credentials::default() }, address)
            }
        };
        self.report(session, account.as_ref().err());
        session.caller.become_user(account?);
        Ok(())
    }

    fn report(&self, session: &Session, refused: Option<&ResultCode>) {
        if self.security.settings.log_report_authentication.load(Relaxed) {
            let user = String::from_utf8_lossy(self.fields.get(field::USER).unwrap_or_default());
            let code = refused.copied().unwrap_or(ResultCode::OK);
            tracing::info!(%user, address = %session.caller.address(), %code, "authentication");
        }
    }

    /// Users change their own password by showing the present one; whoever administers users needs none for others
    /// (security §7).
    fn change_password(&self, caller: &Caller) -> Result<(), ResultCode> {
        let name = self.fields.user()?;
        let own = caller.account()?.name == name;
        if !own {
            enforce::command(self.server, caller, Permission::UserAdmin, b"", b"")?;
        }
        let old = own.then(|| self.fields.get(field::OLD_PASSWORD).unwrap_or_default());
        self.set_password(name, old)
    }

    fn set_password(&self, name: &[u8], old: Option<&[u8]>) -> Result<(), ResultCode> {
        let mut registry = self.security.registry.lock();
        registry.account(name)?;
        let new = PasswordHash::from_field(self.fields.get(field::PASSWORD))?;
        let account = registry.set_password(name, old, new)?;
        self.security.sessions.lock().revoke(&account);
        Ok(())
    }

    /// Commands that change users or roles and answer a code alone.
    fn administer(&self, command: u8) -> Result<(), ResultCode> {
        let fields = &self.fields;
        let mut registry = self.security.registry.lock();
        match command {
            command::CREATE_USER => {
                let name = fields.user()?;
                let hash = PasswordHash::from_field(fields.get(field::PASSWORD));
                let login = hash.map(|hash| match hash.is_reserved() {
                    true => Login::Certificate,
                    false => Login::Password(hash),
                });
                // That the user exists counts before what is wrong with its password.
                if registry.account(name).is_ok() {
                    return Err(ResultCode::SEC_USER_EXISTS);
                }
                registry.create_user(name, login?, &fields.roles()?)
            }
            command::DROP_USER => {
                let account = registry.drop_user(fields.user()?)?;
                self.security.sessions.lock().revoke(&account);
                Ok(())
            }
            command::SET_PASSWORD => {
                drop(registry);
                self.set_password(fields.user()?, None)
            }
            command::GRANT_ROLES => registry.grant_roles(fields.user()?, &fields.roles()?),
            command::REVOKE_ROLES => registry.revoke_roles(fields.user()?, &fields.roles()?),
            command::CREATE_ROLE => {
                let role = self.new_role();
                registry.check_new_role(fields.role()?)?;
                registry.create_role(fields.role()?, role?)
            }
            command::DROP_ROLE => registry.drop_role(fields.role()?),
            command::GRANT_PRIVILEGES => {
                registry.grant_privileges(fields.role()?, &fields.privileges()?.unwrap_or_default())
            }
            command::REVOKE_PRIVILEGES => {
                registry.revoke_privileges(fields.role()?, &fields.privileges()?.unwrap_or_default())
            }
            command::SET_WHITELIST => registry.change_role(fields.role()?, |role| {
                role.whitelist = fields.whitelist()?;
                Ok(())
            }),
            command::SET_QUOTAS => registry.change_role(fields.role()?, |role| {
                if !self.security.quotas_are_enabled() {
                    return Err(ResultCode::SEC_QUOTAS_NOT_ENABLED);
                }
                let (read, write) = (fields.quota(field::READ_QUOTA)?, fields.quota(field::WRITE_QUOTA)?);
                role.read_quota = read.unwrap_or(role.read_quota);
                role.write_quota = write.unwrap_or(role.write_quota);
                Ok(())
            }),
            _ => Err(ResultCode::SEC_COMMAND),
        }
    }

    fn new_role(&self) -> Result<Role, ResultCode> {
        let fields = &self.fields;
        let privileges = fields.privileges()?;
        let mut role = Role { whitelist: fields.whitelist()?, ..Role::default() };
        role.read_quota = fields.quota(field::READ_QUOTA)?.unwrap_or(0);
        role.write_quota = fields.quota(field::WRITE_QUOTA)?.unwrap_or(0);
        let has_quota = role.read_quota != 0 || role.write_quota != 0;
        if has_quota && !self.security.quotas_are_enabled() {
            return Err(ResultCode::SEC_QUOTAS_NOT_ENABLED);
        }
        match privileges {
            Some(list) if list.is_empty() => return Err(ResultCode::SEC_PRIVILEGE),
            None if !has_quota && role.whitelist.is_empty() => return Err(ResultCode::SEC_PRIVILEGE),
            privileges => role.privileges = privileges.unwrap_or_default(),
        }
        Ok(role)
    }

    /// All users, or one; who does not administer users sees itself.
    fn query_users(&self, caller: &Caller, out: &mut BytesMut) -> Result<(), ResultCode> {
        let name = self.fields.get(field::USER);
        if name != Some(&caller.account()?.name) {
            enforce::command(self.server, caller, Permission::UserAdmin, b"", b"")?;
        }
        let registry = self.security.registry.lock();
        let mut output = Output { out, body: BytesMut::new() };
        for user in registry.users(name)? {
            self.put_user(&user, &mut output);
        }
        output.finish();
        Ok(())
    }

    fn put_user(&self, user: &UserView<'_>, output: &mut Output<'_>) {
        let mut fields = BytesMut::new();
        put_field(&mut fields, field::USER, user.name);
        let mut roles = BytesMut::new();
        roles.put_u8(user.roles.len() as u8);
        for role in user.roles {
            roles.put_u8(role.len() as u8);
            roles.put_slice(role);
        }
        put_field(&mut fields, field::ROLES, &roles);
        let usage = user.account.usage(self.security.window());
        for (id, values) in [field::READ_INFO, field::WRITE_INFO].into_iter().zip(usage) {
            let mut info = vec![values.len() as u8];
            info.extend(values.iter().flat_map(|value| value.to_be_bytes()));
            put_field(&mut fields, id, &info);
        }
        put_field(&mut fields, field::CONNECTIONS, &user.account.connections().to_be_bytes());
        put_field(&mut fields, field::AUTH_MODE, user.mode.name().as_bytes());
        output.record(6, &fields);
    }

    /// All roles, or one. Many clients know no masking privileges and fail over them, so the predefined roles that
    /// have them are told only when asked for by name (security §10).
    fn query_roles(&self, out: &mut BytesMut) -> Result<(), ResultCode> {
        let registry = self.security.registry.lock();
        let mut output = Output { out, body: BytesMut::new() };
        match self.fields.get(field::ROLE) {
            Some(name) => put_role(name, registry.role(name)?, &mut output),
            None => {
                let shown = registry.roles().filter(|(_, role)| !role.is_for_masking());
                shown.for_each(|(name, role)| put_role(name, role, &mut output));
            }
        }
        output.finish();
        Ok(())
    }
}

fn put_role(name: &[u8], role: &Role, output: &mut Output<'_>) {
    let mut fields = BytesMut::new();
    put_field(&mut fields, field::ROLE, name);
    put_field(&mut fields, field::PRIVILEGES, &Privilege::list_to_field(&role.privileges));
    let mut count = 2;
    if !role.whitelist.is_empty() {
        put_field(&mut fields, field::WHITELIST, role.whitelist.text().as_bytes());
        count += 1;
    }
    for (id, quota) in [(field::READ_QUOTA, role.read_quota), (field::WRITE_QUOTA, role.write_quota)] {
        if quota != 0 {
            put_field(&mut fields, id, &quota.to_be_bytes());
            count += 1;
        }
    }
    output.record(count, &fields);
}

impl Role {
    /// Whether it is predefined and about masking.
    fn is_for_masking(&self) -> bool {
        self.predefined && self.privileges.iter().any(|own| own.code >= privilege::MASKING_ADMIN)
    }
}

/// The frames of a query's reply.
struct Output<'a> {
    out: &'a mut BytesMut,
    /// The records of the present frame.
    body: BytesMut,
}

impl Output<'_> {
    fn record(&mut self, n_fields: u8, fields: &[u8]) {
        if !self.body.is_empty() && self.body.len() + fields.len() > FRAME_BODY {
            self.flush();
        }
        self.body.put_slice(&AdminHeader { n_fields, ..AdminHeader::default() }.to_bytes());
        self.body.put_slice(fields);
    }

    fn flush(&mut self) {
        if !self.body.is_empty() {
            put_body(self.out, &self.body);
            self.body.clear();
        }
    }

    /// Sends what is left, then the end mark in a frame of its own.
    fn finish(mut self) {
        self.flush();
        put_code(self.out, ResultCode::SEC_OK_LAST);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_behind_those_announced_count() {
        let mut body = BytesMut::new();
        put_field(&mut body, field::ROLE, b"r");
        put_field(&mut body, field::READ_QUOTA, &[1]);
        put_field(&mut body, field::WRITE_QUOTA, &[2]);
        for count in [0, 1, 3] {
            let fields = Fields::parse(count, &body).unwrap();
            assert_eq!(fields.get(field::WRITE_QUOTA), Some(&[2][..]), "{count} announced");
        }
        assert_eq!(Fields::parse(4, &body).err(), Some(ResultCode::SEC_FIELD));
        // What is cut off counts only if it was announced.
        let cut = &body[..body.len() - 1];
        assert_eq!(Fields::parse(2, cut).unwrap().get(field::WRITE_QUOTA), None);
        assert_eq!(Fields::parse(3, cut).err(), Some(ResultCode::SEC_FIELD));
    }
}
