//! Privileges with their scopes, and the predefined roles (security §10).

use aerospike_wire::ResultCode;
use aerospike_wire::admin::{FIRST_SCOPED_PRIVILEGE, MAX_SCOPE_NAMESPACE, MAX_SCOPE_SET, privilege};
use bytes::{BufMut, BytesMut};

/// The privileges by their names, which are those of the predefined roles too.
pub const PRIVILEGES: [(&str, u8); 13] = [
    ("user-admin", privilege::USER_ADMIN),
    ("sys-admin", privilege::SYS_ADMIN),
    ("data-admin", privilege::DATA_ADMIN),
    ("udf-admin", privilege::UDF_ADMIN),
    ("sindex-admin", privilege::SINDEX_ADMIN),
    ("read", privilege::READ),
    ("read-write", privilege::READ_WRITE),
    ("read-write-udf", privilege::READ_WRITE_UDF),
    ("write", privilege::WRITE),
    ("truncate", privilege::TRUNCATE),
    ("masking-admin", privilege::MASKING_ADMIN),
    ("read-masked", privilege::READ_MASKED),
    ("write-masked", privilege::WRITE_MASKED),
];

/// A privilege and where it holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Privilege {
    /// Its code.
    pub code: u8,
    /// The namespace it holds in; empty = all.
    pub namespace: Vec<u8>,
    /// The set it holds in; empty = all.
    pub set: Vec<u8>,
}

impl Privilege {
    /// A privilege that holds everywhere.
    pub fn global(code: u8) -> Privilege {
        Privilege { code, namespace: Vec::new(), set: Vec::new() }
    }

    /// Reads `name`, `name.namespace` or `name.namespace.set`.
    pub fn from_text(text: &str) -> Option<Privilege> {
        let mut parts = text.splitn(3, '.');
        let name = parts.next()?;
        let (_, code) = PRIVILEGES.iter().find(|(other, _)| *other == name)?;
        let mut scope = || parts.next().unwrap_or_default().as_bytes().to_vec();
        let privilege = Privilege { code: *code, namespace: scope(), set: scope() };
        privilege.check().ok().map(|()| privilege)
    }

    /// Checks code and scope.
    ///
    /// # Errors
    /// [`ResultCode::SEC_PRIVILEGE`].
    pub fn check(&self) -> Result<(), ResultCode> {
        let exists = PRIVILEGES.iter().any(|(_, code)| *code == self.code);
        let has_scope = !self.namespace.is_empty() || !self.set.is_empty();
        let scope_fits = self.namespace.len() <= MAX_SCOPE_NAMESPACE
            && self.set.len() <= MAX_SCOPE_SET
            && (self.set.is_empty() || !self.namespace.is_empty())
            && (!has_scope || self.code >= FIRST_SCOPED_PRIVILEGE);
        if exists && scope_fits { Ok(()) } else { Err(ResultCode::SEC_PRIVILEGE) }
    }

    /// Reads the value of a PRIVILEGES field; codes are not checked.
    pub fn list_from_field(value: &[u8]) -> Option<Vec<Privilege>> {
        let (count, mut rest) = value.split_first()?;
        let mut list = Vec::new();
        for _ in 0..*count {
            let (code, behind) = rest.split_first()?;
            rest = behind;
            let mut privilege = Privilege::global(*code);
            if *code >= FIRST_SCOPED_PRIVILEGE {
                privilege.namespace = take_text(&mut rest)?.to_vec();
                privilege.set = take_text(&mut rest)?.to_vec();
            }
            list.push(privilege);
        }
        rest.is_empty().then_some(list)
    }

    /// The value of a PRIVILEGES field.
    pub fn list_to_field(list: &[Privilege]) -> BytesMut {
        let mut value = BytesMut::new();
        value.put_u8(list.len() as u8);
        for privilege in list {
            value.put_u8(privilege.code);
            if privilege.code >= FIRST_SCOPED_PRIVILEGE {
                for part in [&privilege.namespace, &privilege.set] {
                    value.put_u8(part.len() as u8);
                    value.put_slice(part);
                }
            }
        }
        value
    }
}

/// Takes a text with its length in one byte off the front.
pub fn take_text<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (len, behind) = rest.split_first()?;
    let (text, behind) = behind.split_at_checked(*len as usize)?;
    *rest = behind;
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_as_the_reference_has_them() {
        let list = vec![
            Privilege { code: privilege::READ, namespace: b"test".into(), set: b"demo".into() },
            Privilege::global(privilege::SINDEX_ADMIN),
        ];
        let value = Privilege::list_to_field(&list);
        // security §19
        assert_eq!(&value[..], b"\x02\x0a\x04test\x04demo\x04");
        assert_eq!(Privilege::list_from_field(&value), Some(list));
        for cut in 0..value.len() {
            assert_eq!(Privilege::list_from_field(&value[..cut]), None, "{cut}");
        }
        assert_eq!(Privilege::list_from_field(&[0]), Some(Vec::new()));
        assert_eq!(Privilege::list_from_field(&[0, 1]), None);
    }

    #[test]
    fn codes_and_scopes() {
        let fits = |code, namespace: &str, set: &str| {
            Privilege { code, namespace: namespace.into(), set: set.into() }.check().is_ok()
        };
        assert!(fits(privilege::READ, "test", "demo") && fits(privilege::TRUNCATE, "test", ""));
        assert!(fits(privilege::USER_ADMIN, "", "") && fits(privilege::WRITE_MASKED, "", ""));
        assert!(!fits(privilege::USER_ADMIN, "test", "") && !fits(privilege::READ, "", "demo"));
        assert!(!fits(64, "", "") && !fits(5, "", "") && !fits(18, "", ""));
        assert!(!fits(privilege::READ, &"n".repeat(32), "") && fits(privilege::READ, &"n".repeat(31), ""));
        assert!(!fits(privilege::READ, "n", &"s".repeat(64)) && fits(privilege::READ, "n", &"s".repeat(63)));
    }

    #[test]
    fn privileges_in_a_configuration() {
        let scoped = Privilege { code: privilege::READ_WRITE, namespace: b"test".into(), set: b"a.b".into() };
        assert_eq!(Privilege::from_text("read-write.test.a.b"), Some(scoped));
        assert_eq!(Privilege::from_text("truncate"), Some(Privilege::global(privilege::TRUNCATE)));
        assert_eq!(Privilege::from_text("user-admin.test"), None);
        assert_eq!(Privilege::from_text("fly"), None);
    }
}
