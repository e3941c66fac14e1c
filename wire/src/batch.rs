//! Flags of a batch request (wire §25).

/// Flags of the batch as a whole.
pub mod batch_flags {
    /// Run rows inline for namespaces in memory.
    pub const INLINE: u8 = 0x01;
    /// Run rows inline for namespaces on SSD.
    pub const INLINE_SSD: u8 = 0x02;
    /// Report errors per row.
    pub const RESPOND_ALL_KEYS: u8 = 0x04;
    /// On an error, still send the frames up to and including the one that holds the failing row.
    pub const SEND_UNTIL_ERROR: u8 = 0x08;
}

/// Flags of a row: which parts of its header travel.
pub mod row_flags {
    /// The row has a digest only; everything else is the previous full row's.
    pub const REPEAT: u8 = 0x01;
    /// The second and third info byte travel.
    pub const INFO: u8 = 0x02;
    /// The generation travels.
    pub const GENERATION: u8 = 0x04;
    /// The time to live travels.
    pub const TTL: u8 = 0x08;
    /// The fourth info byte travels.
    pub const INFO4: u8 = 0x10;
}
