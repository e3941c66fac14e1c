//! Settings: one declaration each, from which the configuration file, the start options, `get-config` and
//! `set-config` all follow.
//!
//! [`settings!`] makes three things of a list: a plain struct (what a server is started with), a struct of
//! atomics (what the running server reads and `set-config` changes), and a table that joins both with the
//! settings' names, forms and ranges.

use parking_lot::Mutex;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

/// What a setting's value looks like.
#[derive(Clone, Debug)]
pub enum Kind {
    /// `true` or `false`.
    Switch,
    /// A whole number.
    Number(RangeInclusive<u64>),
    /// Seconds, or a number with `s`, `m`, `h` or `d`.
    Seconds(RangeInclusive<u64>),
    /// As [`Kind::Seconds`]; -1 stands for 0xFFFFFFFF, "never".
    SecondsOrNever(RangeInclusive<u64>),
    /// As [`Kind::Number`]; -1 stands for 0xFFFFFFFF, "never".
    NumberOrNever(RangeInclusive<u64>),
    /// Bytes, or a number with `K`, `M`, `G` or `T`.
    Bytes(RangeInclusive<u64>),
    /// One of some words.
    Word(&'static [&'static str]),
    /// Text of 1 to so many bytes.
    Text(usize),
    /// Up to 16 hexadecimal digits, not all zero.
    NodeId,
    /// An IP address; `any` and `localhost` stand for the usual two.
    Address,
    /// A host name or an IP address.
    Host,
}

/// When and where a setting may change.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Change {
    /// Only before the server starts.
    Fixed,
    /// At any time, through `set-config`.
    Live,
    /// As [`Change::Live`], but not on Community Edition.
    Enterprise,
    /// As [`Change::Live`], but only in namespaces with strong consistency.
    Strong,
    /// As [`Change::Live`]; a setting of the emulator alone, which `get-config` leaves out.
    Own,
}

/// A value of the right form and in range.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Parsed {
    /// A truth value.
    Switch(bool),
    /// A number of whatever unit.
    Number(u64),
    /// Anything else.
    Text(String),
}

impl Kind {
    /// Reads a value; `None` if it is not of this kind.
    pub fn parse(&self, text: &str) -> Option<Parsed> {
        let within = |range: &RangeInclusive<u64>, value: u64| range.contains(&value).then_some(value);
        let number = match self {
            Kind::Switch => return text.parse().ok().map(Parsed::Switch),
            Kind::Word(words) => return words.contains(&text).then(|| Parsed::Text(text.into())),
            Kind::Text(max) => {
                return (1..=*max).contains(&text.len()).then(|| Parsed::Text(text.into()));
            }
            Kind::Host => return (!text.is_empty()).then(|| Parsed::Text(text.into())),
            Kind::Address => return address(text).map(|address| Parsed::Text(address.to_string())),
            Kind::NodeId => {
                let digits = text.strip_prefix("0x").unwrap_or(text);
                u64::from_str_radix(digits, 16).ok().filter(|id| *id != 0)
            }
            Kind::SecondsOrNever(_) | Kind::NumberOrNever(_) if text == "-1" => Some(NEVER),
            Kind::Number(range) | Kind::NumberOrNever(range) => {
                text.parse().ok().and_then(|value| within(range, value))
            }
            Kind::Seconds(range) | Kind::SecondsOrNever(range) => {
                seconds(text).and_then(|value| within(range, value))
            }
            Kind::Bytes(range) => bytes(text).and_then(|value| within(range, value)),
        };
        number.map(Parsed::Number)
    }
}

/// What a value should have been, for people.
impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let range = |range: &RangeInclusive<u64>| match range.end() {
            &u64::MAX => format!("from {}", range.start()),
            end => format!("from {} to {end}", range.start()),
        };
        match self {
            Kind::Switch => write!(f, "'true' or 'false'"),
            Kind::Number(of) => write!(f, "a whole number {}", range(of)),
            Kind::NumberOrNever(of) => write!(f, "a whole number {}, or -1 for never", range(of)),
            Kind::Seconds(of) => write!(f, "seconds {}, or a number with 's', 'm', 'h' or 'd'", range(of)),
            Kind::SecondsOrNever(of) => {
                write!(f, "seconds {}, a number with 's', 'm', 'h' or 'd', or -1 for never", range(of))
            }
            Kind::Bytes(of) => write!(f, "bytes {}, or a number with 'K', 'M', 'G' or 'T'", range(of)),
            Kind::Word(words) => {
                write!(f, "{}", words.iter().map(|w| format!("'{w}'")).collect::<Vec<_>>().join(" or "))
            }
            Kind::Text(max) => write!(f, "text of 1 to {max} bytes"),
            Kind::NodeId => write!(f, "up to 16 hexadecimal digits"),
            Kind::Address => write!(f, "an IP address, 'any' or 'localhost'"),
            Kind::Host => write!(f, "a host name or an IP address"),
        }
    }
}

/// The number that stands for "never" in times to live.
pub const NEVER: u64 = u32::MAX as u64;

fn address(text: &str) -> Option<IpAddr> {
    match text {
        "any" => Some(Ipv4Addr::UNSPECIFIED.into()),
        "localhost" => Some(Ipv4Addr::LOCALHOST.into()),
        _ => text.parse().ok(),
    }
}

fn seconds(text: &str) -> Option<u64> {
    with_unit(text, |unit| match unit {
        's' => Some(1),
        'm' => Some(60),
        'h' => Some(3600),
        'd' => Some(86_400),
        _ => None,
    })
}

fn bytes(text: &str) -> Option<u64> {
    with_unit(text, |unit| match unit {
        'k' => Some(1 << 10),
        'm' => Some(1 << 20),
        'g' => Some(1 << 30),
        't' => Some(1 << 40),
        _ => None,
    })
}

/// A number and, perhaps, one letter of either case that says how much each of it counts.
fn with_unit(text: &str, worth: impl Fn(char) -> Option<u64>) -> Option<u64> {
    let (digits, worth) = match text.char_indices().next_back() {
        Some((at, unit)) if unit.is_ascii_alphabetic() => (&text[..at], worth(unit.to_ascii_lowercase())?),
        _ => (text, 1),
    };
    digits.parse::<u64>().ok()?.checked_mul(worth)
}

/// A type that settings can have.
pub trait Value: Sized {
    /// How the running server keeps it.
    type Live: fmt::Debug;

    /// The value as parsed; `None` if it does not fit the type.
    fn from_parsed(parsed: Parsed) -> Option<Self>;
    /// What the running server starts with.
    fn live(&self) -> Self::Live;
    /// Changes the running server's value.
    fn set(live: &Self::Live, value: Self);
    /// The text in `get-config`; `None` for a line that is left out.
    fn show(live: &Self::Live) -> Option<String>;
}

macro_rules! atomic_value {
    ($plain:ty, $live:ty, $parsed:pat => $value:expr) => {
        impl Value for $plain {
            type Live = $live;

            fn from_parsed(parsed: Parsed) -> Option<Self> {
                match parsed {
                    $parsed => $value,
                    _ => None,
                }
            }

            fn live(&self) -> $live {
                <$live>::new(*self)
            }

            fn set(live: &$live, value: $plain) {
                live.store(value, Ordering::Relaxed);
            }

            fn show(live: &$live) -> Option<String> {
                Some(live.load(Ordering::Relaxed).to_string())
            }
        }
    };
}

atomic_value!(bool, AtomicBool, Parsed::Switch(value) => Some(value));
atomic_value!(u32, AtomicU32, Parsed::Number(value) => value.try_into().ok());
atomic_value!(u64, AtomicU64, Parsed::Number(value) => Some(value));

impl Value for String {
    type Live = Mutex<String>;

    fn from_parsed(parsed: Parsed) -> Option<Self> {
        match parsed {
            Parsed::Text(text) => Some(text),
            _ => None,
        }
    }

    fn live(&self) -> Mutex<String> {
        Mutex::new(self.clone())
    }

    fn set(live: &Mutex<String>, value: String) {
        *live.lock() = value;
    }

    fn show(live: &Mutex<String>) -> Option<String> {
        Some(live.lock().clone())
    }
}

/// Types of settings that are fixed once the server runs.
macro_rules! fixed_value {
    ($plain:ty, $parsed:pat => $value:expr, $live:ident => $text:expr) => {
        impl Value for $plain {
            type Live = $plain;

            fn from_parsed(parsed: Parsed) -> Option<Self> {
                match parsed {
                    $parsed => $value,
                    _ => None,
                }
            }

            fn live(&self) -> $plain {
                self.clone()
            }

            fn set(_live: &$plain, _value: $plain) {}

            fn show($live: &$plain) -> Option<String> {
                $text
            }
        }
    };
}

fixed_value!(u16, Parsed::Number(value) => value.try_into().ok(), live => Some(live.to_string()));
fixed_value!(IpAddr, Parsed::Text(text) => text.parse().ok(), live => Some(live.to_string()));
fixed_value!(Option<String>, Parsed::Text(text) => Some(Some(text)), live => live.clone());
fixed_value!(Option<u64>, Parsed::Number(id) => Some(Some(id)), live => live.map(|id| format!("{id:X}")));

/// A setting's row in its table: `C` is the plain struct, `L` the running server's.
pub struct Setting<C: 'static, L: 'static> {
    /// The name in the configuration; names of nested blocks stand in front, joined by dots.
    pub name: &'static str,
    /// What its value looks like.
    pub kind: Kind,
    /// Whether it can change while the server runs.
    pub change: Change,
    #[doc(hidden)]
    pub put: fn(&mut C, Parsed) -> bool,
    #[doc(hidden)]
    pub set: fn(&L, Parsed) -> bool,
    #[doc(hidden)]
    pub show: fn(&L) -> Option<String>,
}

impl<C, L> Setting<C, L> {
    /// Puts a value into the configuration that a server will be started with.
    ///
    /// # Errors
    /// What the value should have been.
    pub fn configure(&self, config: &mut C, text: &str) -> Result<(), &Kind> {
        let parsed = self.kind.parse(text).ok_or(&self.kind)?;
        if (self.put)(config, parsed) { Ok(()) } else { Err(&self.kind) }
    }

    /// Changes the setting of a running server; whether the value was right. Does not look at
    /// [`Setting::change`].
    pub fn apply(&self, live: &L, text: &str) -> bool {
        self.kind.parse(text).is_some_and(|parsed| (self.set)(live, parsed))
    }

    /// `name=value`, or nothing for an address that is not configured and for a setting that real servers lack.
    pub fn line(&self, live: &L) -> Option<String> {
        let shown = if self.change == Change::Own { None } else { (self.show)(live) };
        shown.map(|value| format!("{}={value}", self.name))
    }
}

/// Declares settings; see the module. Rows: field, type, default, name, kind, when it can change.
macro_rules! settings {
    (
        $(#[$config_doc:meta])*
        config $config:ident { $( $(#[$extra_doc:meta])* $extra:ident : $extra_type:ty = $extra_default:expr, )* }
        $(#[$live_doc:meta])*
        live $live:ident;
        $(
            $(#[$table_doc:meta])*
            table $table:ident {
                $( $(#[$doc:meta])* $field:ident : $type:ty = $default:expr, $name:literal, $kind:expr, $change:ident; )*
            }
        )*
    ) => {
        $(#[$config_doc])*
        #[derive(Clone, Debug)]
        #[allow(missing_docs)] // the names are those of the vendor's configuration reference
        pub struct $config {
            $( $(#[$extra_doc])* pub $extra: $extra_type, )*
            $($( $(#[$doc])* #[doc = concat!("`", $name, "`")] pub $field: $type, )*)*
        }

        impl Default for $config {
            fn default() -> Self {
                $config {
                    $( $extra: $extra_default, )*
                    $($( $field: $default, )*)*
                }
            }
        }

        $(#[$live_doc])*
        #[derive(Debug)]
        pub struct $live {
            $($( #[doc = concat!("`", $name, "`")] pub $field: <$type as $crate::config::setting::Value>::Live, )*)*
        }

        impl $live {
            /// What the configuration says.
            pub fn new(config: &$config) -> Self {
                $live { $($( $field: $crate::config::setting::Value::live(&config.$field), )*)* }
            }
        }

        $(
            $(#[$table_doc])*
            pub const $table: &[$crate::config::setting::Setting<$config, $live>] = &[
                $($crate::config::setting::Setting {
                    name: $name,
                    kind: $kind,
                    change: $crate::config::setting::Change::$change,
                    put: |config, parsed| {
                        match <$type as $crate::config::setting::Value>::from_parsed(parsed) {
                            Some(value) => { config.$field = value; true }
                            None => false,
                        }
                    },
                    set: |live, parsed| {
                        match <$type as $crate::config::setting::Value>::from_parsed(parsed) {
                            Some(value) => {
                                <$type as $crate::config::setting::Value>::set(&live.$field, value);
                                true
                            }
                            None => false,
                        }
                    },
                    show: |live| <$type as $crate::config::setting::Value>::show(&live.$field),
                },)*
            ];
        )*
    };
}

pub(crate) use settings;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_every_kind() {
        let number = |kind: Kind, text: &str| match kind.parse(text) {
            Some(Parsed::Number(value)) => Some(value),
            _ => None,
        };
        assert_eq!(number(Kind::Seconds(0..=NEVER), "30d"), Some(2_592_000));
        assert_eq!(number(Kind::Seconds(0..=NEVER), "2H"), Some(7200));
        assert_eq!(number(Kind::Seconds(0..=10), "11"), None);
        assert_eq!(number(Kind::Seconds(0..=NEVER), "-1"), None);
        assert_eq!(number(Kind::SecondsOrNever(0..=10), "-1"), Some(NEVER));
        assert_eq!(number(Kind::Bytes(0..=u64::MAX), "4G"), Some(4 << 30));
        assert_eq!(number(Kind::Bytes(0..=u64::MAX), "99999999T"), None);
        assert_eq!(number(Kind::Bytes(0..=u64::MAX), "é"), None);
        assert_eq!(number(Kind::Number(1..=5), "5"), Some(5));
        for bad in ["0", "6", "", "five", "+", "1K"] {
            assert_eq!(number(Kind::Number(1..=5), bad), None, "{bad}");
        }
        assert_eq!(number(Kind::NodeId, "0xa3500"), Some(0xa3500));
        assert_eq!(number(Kind::NodeId, "0"), None);
        assert_eq!(Kind::Switch.parse("true"), Some(Parsed::Switch(true)));
        assert_eq!(Kind::Switch.parse("maybe"), None);
        assert_eq!(Kind::Address.parse("any"), Some(Parsed::Text("0.0.0.0".into())));
        assert_eq!(Kind::Word(&["a", "b"]).parse("A"), None);
        assert_eq!(Kind::Text(3).parse("four"), None);
    }
}
