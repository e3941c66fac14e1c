//! Kinds of commands, as faults and the log name them.

use super::Refusal;
use aerospike_wire::bits::{info1, info2, info4};
use aerospike_wire::transaction::{MONITOR_FORWARD, MONITOR_SET};
use aerospike_wire::{Message, field, op};

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        /// What a command is.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Kind {
            $($(#[$doc])* $name,)*
        }

        impl Kind {
            /// All there are.
            pub const ALL: &[Kind] = &[$(Kind::$name),*];

            /// The name.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Kind::$name => $text,)*
                }
            }
        }
    };
}

kinds! {
    /// Reads bins of a record.
    Get = "get";
    /// Reads a record's metadata alone.
    Exists = "exists";
    /// Writes bins.
    Put = "put";
    /// Adds to numbers.
    Add = "add";
    /// Appends to strings or blobs.
    Append = "append";
    /// Prepends to strings or blobs.
    Prepend = "prepend";
    /// Renews a record's time to live.
    Touch = "touch";
    /// Several operations on a record, or one on lists, maps, bits, sketches, expressions.
    Operate = "operate";
    /// Removes a record.
    Delete = "delete";
    /// Calls a function on a record.
    Udf = "udf";
    /// Several commands on records in one frame; its rows are commands too.
    Batch = "batch";
    /// Returns the records of a set or namespace.
    Scan = "scan";
    /// Returns the records that an index finds.
    Query = "query";
    /// Changes the records that a scan or query finds.
    Background = "background";
    /// Streams records through a function.
    Aggregation = "aggregation";
    /// Begins a transaction, announces what it writes, or closes it.
    Monitor = "monitor";
    /// Finds out, at the commit of a transaction, whether a record is as it was read.
    Verify = "verify";
    /// Commits a transaction.
    Commit = "commit";
    /// Rolls a record of a transaction forward or back.
    Roll = "roll";
    /// An info request.
    Info = "info";
    /// Login, users, roles.
    Admin = "admin";
    /// A connection that opens.
    Connect = "connect";
}

impl Kind {
    /// The kind of a message that is no batch.
    pub fn of(message: &Message<'_>) -> Kind {
        let header = &message.header;
        let writes = header.info2 & info2::WRITE != 0;
        let calls = message.field(field::UDF_MODULE).is_some();
        if message.field(field::DIGEST).is_none() {
            return match (calls, message.field(field::UDF_OP)) {
                (true, Some([1])) => Kind::Aggregation,
                (true, _) => Kind::Background,
                (false, _) if writes => Kind::Background,
                (false, _) if message.field(field::INDEX_RANGE).is_some() => Kind::Query,
                (false, _) => Kind::Scan,
            };
        }
        Kind::of_record(message)
    }

    /// The kind of a message on one record.
    pub fn of_record(message: &Message<'_>) -> Kind {
        if let Some(kind) = Kind::of_transaction(message) {
            return kind;
        }
        let header = &message.header;
        let all = |code: u8| message.ops().all(|op| op.code == code);
        if header.info2 & info2::WRITE == 0 {
            return match () {
                () if header.info1 & info1::GET_NO_BINS != 0 => Kind::Exists,
                () if all(op::READ) => Kind::Get,
                () => Kind::Operate,
            };
        }
        if header.info2 & info2::DELETE != 0 {
            return Kind::Delete;
        }
        if message.field(field::UDF_MODULE).is_some() {
            return Kind::Udf;
        }
        let simple = [
            (op::WRITE, Kind::Put),
            (op::INCR, Kind::Add),
            (op::APPEND, Kind::Append),
            (op::PREPEND, Kind::Prepend),
            (op::TOUCH, Kind::Touch),
        ];
        simple.into_iter().find(|(code, _)| all(*code)).map_or(Kind::Operate, |(_, kind)| kind)
    }

    /// The kind of a message that is about a transaction, not about what it does to a record.
    fn of_transaction(message: &Message<'_>) -> Option<Kind> {
        if message.header.info4 & (info4::MRT_ROLL_FORWARD | info4::MRT_ROLL_BACK) != 0 {
            Some(Kind::Roll)
        } else if message.header.info4 & info4::MRT_VERIFY_READ != 0 {
            Some(Kind::Verify)
        } else if message.field(field::SET) != Some(&MONITOR_SET[..]) {
            None
        } else if message.ops().any(|op| op.name == MONITOR_FORWARD) {
            Some(Kind::Commit)
        } else {
            Some(Kind::Monitor)
        }
    }

    /// Whether it is a command on data: no info, admin or connection.
    pub fn is_data(self) -> bool {
        !matches!(self, Kind::Info | Kind::Admin | Kind::Connect)
    }
}

/// Which kinds count.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Kinds {
    /// One bit for each kind.
    bits: u32,
    reads: bool,
    writes: bool,
}

impl Kinds {
    /// One kind.
    pub fn one(kind: Kind) -> Kinds {
        Kinds { bits: 1 << kind as u32, ..Kinds::default() }
    }

    /// Reads names joined by commas; `read` and `write` stand for all commands that only read, or write, data.
    ///
    /// # Errors
    /// [`Refusal`] that lists the names.
    pub fn parse(text: &str) -> Result<Kinds, Refusal> {
        let mut kinds = Kinds::default();
        for name in text.split(',') {
            match name {
                "read" => kinds.reads = true,
                "write" => kinds.writes = true,
                name => match Kind::ALL.iter().find(|kind| kind.name() == name) {
                    Some(kind) => kinds.bits |= 1 << *kind as u32,
                    None => {
                        let names: Vec<_> = Kind::ALL.iter().map(|kind| kind.name()).collect();
                        let names = names.join(", ");
                        let text = format!("there is no kind '{name}'; there are {names}, read, write");
                        return Err(Refusal::new(text));
                    }
                },
            }
        }
        Ok(kinds)
    }

    /// Whether a kind counts; without any name all kinds on data do.
    pub fn contain(self, kind: Kind, writes: bool) -> bool {
        if self == Kinds::default() {
            return kind.is_data();
        }
        let of_data = kind.is_data() && if writes { self.writes } else { self.reads };
        of_data || self.bits & 1 << kind as u32 != 0
    }

    /// Whether a kind is named.
    pub fn names(self, kind: Kind) -> bool {
        self.bits & 1 << kind as u32 != 0
    }

    /// The names, joined by commas.
    pub fn text(self) -> String {
        let named =
            Kind::ALL.iter().filter(|kind| self.bits & 1 << **kind as u32 != 0).map(|kind| kind.name());
        let groups = [(self.reads, "read"), (self.writes, "write")];
        let groups = groups.into_iter().filter(|(given, _)| *given).map(|(_, name)| name);
        named.chain(groups).collect::<Vec<_>>().join(",")
    }
}
