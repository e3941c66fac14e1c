//! What info commands need beside a connection that has logged in (security §11).

use crate::security::Permission;

/// Commands that need a permission; all others need none.
const PERMISSIONS: &[(Permission, &[&str])] = &[
    (Permission::SetConfig, &["set-config", "config-set"]),
    (
        Permission::LoggingCtrl,
        &[
            "log-set",
            "set-log",
            "log-message",
            "dump-cluster",
            "dump-fabric",
            "dump-hb",
            "dump-hlc",
            "dump-migrates",
            "dump-rw",
            "dump-skew",
            "dump-wb-summary",
            "jem-stats",
        ],
    ),
    (
        Permission::ServiceCtrl,
        &[
            "quiesce",
            "quiesce-undo",
            "recluster",
            "revive",
            "roster-set",
            "tip",
            "tip-clear",
            "services-alumni-reset",
            "emulator-node",
            "emulator-clock",
            "emulator-fault",
            "emulator-log",
            "emulator-snapshot",
            "emulator-data",
        ],
    ),
    (Permission::SindexAdmin, &["sindex-create", "sindex-delete", "sindex-exists"]),
    (Permission::UdfAdmin, &["udf-put", "udf-remove", "udf-clear-cache"]),
    (Permission::Truncate, &["truncate", "truncate-undo", "truncate-namespace", "truncate-namespace-undo"]),
    (Permission::QueryAdmin, &["query-abort", "query-abort-all"]),
    (Permission::EvictAdmin, &["eviction-reset"]),
    (Permission::RecordInfo, &["debug-record", "debug-record-meta"]),
    (Permission::XdrSetFilter, &["xdr-set-filter"]),
    (Permission::MaskingAdmin, &["masking"]),
];

/// What a command needs.
pub fn of(name: &[u8]) -> Permission {
    let listed = PERMISSIONS.iter().find(|(_, names)| names.iter().any(|other| other.as_bytes() == name));
    listed.map_or(Permission::None, |(permission, _)| *permission)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_that_of_a_command() {
        for name in PERMISSIONS.iter().flat_map(|(_, names)| *names) {
            assert!(super::super::table::find(name.as_bytes()).is_some(), "{name}");
        }
        assert_eq!(of(b"node"), Permission::None);
    }
}
