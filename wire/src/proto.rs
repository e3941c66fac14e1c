//! The 8-byte header in front of every frame (wire §2).

/// Length of the header in bytes.
pub const HEADER_SIZE: usize = 8;
/// Longest body that a server accepts, in bytes: 128 MiB.
pub const MAX_BODY_SIZE: usize = 128 * 1024 * 1024;
/// The only protocol version; admin frames may also say 0.
pub const VERSION: u8 = 2;

/// What a frame carries.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FrameType {
    /// Text, newline-separated commands.
    Info,
    /// Security: admin header and fields.
    Admin,
    /// A record, batch or query message.
    Message,
    /// A compressed message.
    Compressed,
    /// Replication between clusters; not for clients.
    Xdr,
}

impl FrameType {
    /// The byte that travels.
    pub const fn code(self) -> u8 {
        match self {
            FrameType::Info => 1,
            FrameType::Admin => 2,
            FrameType::Message => 3,
            FrameType::Compressed => 4,
            FrameType::Xdr => 5,
        }
    }

    /// The type for a byte that travelled, if there is one.
    pub const fn from_code(code: u8) -> Option<FrameType> {
        Some(match code {
            1 => FrameType::Info,
            2 => FrameType::Admin,
            3 => FrameType::Message,
            4 => FrameType::Compressed,
            5 => FrameType::Xdr,
            _ => return None,
        })
    }
}

/// A parsed frame header.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ProtoHeader {
    /// What the body is.
    pub frame_type: FrameType,
    /// Body length in bytes, without this header.
    pub size: usize,
}

/// Why a frame header is refused. The peer's only answer is to close the connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ProtoError {
    /// The version byte is not 2.
    #[error("unsupported protocol version {0}")]
    Version(u8),
    /// The type byte has no meaning.
    #[error("unknown frame type {0}")]
    Type(u8),
    /// The body would exceed [`MAX_BODY_SIZE`].
    #[error("frame of {0} bytes exceeds the limit of {MAX_BODY_SIZE}")]
    TooBig(u64),
}

impl ProtoHeader {
    /// Parses the first eight bytes of a frame.
    ///
    /// # Errors
    /// As [`ProtoError`] tells; the order of the checks is that of wire §3.
    pub fn parse(bytes: [u8; HEADER_SIZE]) -> Result<ProtoHeader, ProtoError> {
        let frame_type = FrameType::from_code(bytes[1]);
        if bytes[0] != VERSION && !(bytes[0] == 0 && frame_type == Some(FrameType::Admin)) {
            return Err(ProtoError::Version(bytes[0]));
        }
        let frame_type = frame_type.ok_or(ProtoError::Type(bytes[1]))?;
        let size = u64::from_be_bytes(bytes) & 0x0000_FFFF_FFFF_FFFF;
        if size > MAX_BODY_SIZE as u64 {
            return Err(ProtoError::TooBig(size));
        }
        Ok(ProtoHeader { frame_type, size: size as usize })
    }

    /// The header's bytes.
    pub fn to_bytes(self) -> [u8; HEADER_SIZE] {
        let word = (VERSION as u64) << 56 | (self.frame_type.code() as u64) << 48 | self.size as u64;
        word.to_be_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn refuses_what_the_reference_refuses() {
        let header = |bytes: [u8; 8]| ProtoHeader::parse(bytes);
        assert_eq!(header([1, 3, 0, 0, 0, 0, 0, 0]), Err(ProtoError::Version(1)));
        assert_eq!(header([0, 3, 0, 0, 0, 0, 0, 0]), Err(ProtoError::Version(0)));
        assert!(header([0, 2, 0, 0, 0, 0, 0, 0]).is_ok());
        assert_eq!(header([2, 0, 0, 0, 0, 0, 0, 0]), Err(ProtoError::Type(0)));
        assert_eq!(header([2, 6, 0, 0, 0, 0, 0, 0]), Err(ProtoError::Type(6)));
        assert!(header([2, 3, 0, 0, 0x08, 0, 0, 0]).is_ok());
        assert_eq!(header([2, 3, 0, 0, 0x08, 0, 0, 1]), Err(ProtoError::TooBig(0x0800_0001)));
    }

    proptest! {
        #[test]
        fn encode_then_parse_is_identity(code in 1u8..=5, size in 0usize..=MAX_BODY_SIZE) {
            let header = ProtoHeader { frame_type: FrameType::from_code(code).unwrap(), size };
            prop_assert_eq!(ProtoHeader::parse(header.to_bytes()), Ok(header));
        }
    }
}
