//! Permissions: what a request needs and what privileges give (security §11).

use aerospike_wire::admin::privilege;

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        /// What a request may need.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Permission {
            $($(#[$doc])* $name,)*
        }

        impl Permission {
            /// All there are.
            pub const ALL: &[Permission] = &[$(Permission::$name),*];

            /// The name in `role violation - requires permission '…'` (security §5).
            pub const fn name(self) -> &'static str {
                match self {
                    $(Permission::$name => $text,)*
                }
            }
        }
    };
}

permissions! {
    /// Nothing but a connection that has logged in.
    None = "none";
    /// Reading a record.
    Read = "read";
    /// A scan or query.
    Query = "query";
    /// Writing a record.
    Write = "write";
    /// Deleting a record.
    Delete = "delete";
    /// Running a function on a record.
    UdfApply = "udf-apply";
    /// A query through a function.
    UdfQuery = "udf-query";
    /// A query that writes.
    OpsQuery = "ops-query";
    /// Registering functions.
    UdfAdmin = "udf-admin";
    /// Making and removing indexes.
    SindexAdmin = "sindex-admin";
    /// Aborting queries.
    QueryAdmin = "query-admin";
    /// Looking into records.
    RecordInfo = "record-info";
    /// Truncation.
    Truncate = "truncate";
    /// Eviction.
    EvictAdmin = "evict-admin";
    /// Changing the configuration.
    SetConfig = "set-config";
    /// Changing and writing the log.
    LoggingCtrl = "logging-ctrl";
    /// Operating the node.
    ServiceCtrl = "service-ctrl";
    /// Filters of replication.
    XdrSetFilter = "xdr-set-filter";
    /// Users and roles.
    UserAdmin = "user-admin";
    /// Masking rules.
    MaskingAdmin = "masking-admin";
    /// Real values of masked bins.
    ReadMasked = "read-masked";
    /// Changing masked bins.
    WriteMasked = "write-masked";
}

/// A set of permissions.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Permissions(u32);

impl Permissions {
    const fn of(list: &[Permission]) -> Permissions {
        let (mut bits, mut at) = (0, 0);
        while at < list.len() {
            bits |= 1 << list[at] as u32;
            at += 1;
        }
        Permissions(bits)
    }

    const fn and(self, other: Permissions) -> Permissions {
        Permissions(self.0 | other.0)
    }

    /// Adds those of another set.
    pub fn add(&mut self, other: Permissions) {
        self.0 |= other.0;
    }

    /// Whether one is among them; [`Permission::None`] always is.
    pub const fn contain(self, permission: Permission) -> bool {
        matches!(permission, Permission::None) || self.0 & (1 << permission as u32) != 0
    }

    /// What a privilege gives within its scope; nothing for a code that does not exist.
    pub const fn of_privilege(code: u8) -> Permissions {
        use Permission::*;
        const READING: Permissions = Permissions::of(&[Read, Query]);
        const WRITING: Permissions = Permissions::of(&[Write, Delete, OpsQuery]);
        const FUNCTIONS: Permissions = Permissions::of(&[Permission::UdfApply, UdfQuery]);
        const DATA: Permissions =
            Permissions::of(&[UdfAdmin, SindexAdmin, QueryAdmin, Truncate, EvictAdmin, RecordInfo]);
        const SYSTEM: Permissions = Permissions::of(&[SetConfig, LoggingCtrl, ServiceCtrl, XdrSetFilter]);
        match code {
            privilege::USER_ADMIN => Permissions::of(&[UserAdmin]),
            privilege::SYS_ADMIN => DATA.and(SYSTEM),
            privilege::DATA_ADMIN => DATA,
            privilege::UDF_ADMIN => Permissions::of(&[UdfAdmin]),
            privilege::SINDEX_ADMIN => Permissions::of(&[SindexAdmin]),
            privilege::READ => READING,
            privilege::READ_WRITE => READING.and(WRITING),
            privilege::READ_WRITE_UDF => READING.and(WRITING).and(FUNCTIONS),
            privilege::WRITE => WRITING,
            privilege::TRUNCATE => Permissions::of(&[Truncate]),
            privilege::MASKING_ADMIN => Permissions::of(&[MaskingAdmin]),
            privilege::READ_MASKED => Permissions::of(&[ReadMasked]),
            privilege::WRITE_MASKED => Permissions::of(&[WriteMasked]),
            _ => Permissions(0),
        }
    }
}
