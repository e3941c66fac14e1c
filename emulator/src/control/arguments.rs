//! The arguments of a control command: words and `key=value`, each of them known to the command or refused.

use std::cell::Cell;

/// Why a control command was not done; one line for a person.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{text}")]
pub struct Refusal {
    text: String,
    /// Whether what was asked is sound, and only not possible as things are.
    pub is_state: bool,
}

impl Refusal {
    /// What was asked is wrong.
    pub fn new(reason: impl Into<String>) -> Refusal {
        Refusal { text: reason.into(), is_state: false }
    }

    /// What was asked cannot be done as things are.
    pub fn state(reason: impl Into<String>) -> Refusal {
        Refusal { text: reason.into(), is_state: true }
    }
}

/// Words and `key=value`, as they were given.
#[derive(Debug)]
pub struct Arguments<'a> {
    items: Vec<Item<'a>>,
}

#[derive(Debug)]
struct Item<'a> {
    key: &'a [u8],
    /// A word has none.
    value: Option<&'a [u8]>,
    taken: Cell<bool>,
}

impl<'a> Arguments<'a> {
    /// From the text of an info command: items joined by semicolons.
    pub fn from_text(text: &'a [u8]) -> Arguments<'a> {
        let items = text.split(|byte| *byte == b';').filter(|item| !item.is_empty());
        Arguments::of(items.map(|item| match memchr::memchr(b'=', item) {
            Some(at) => (&item[..at], Some(&item[at + 1..])),
            None => (item, None),
        }))
    }

    /// From keys with their values; a word has none.
    pub fn of(items: impl IntoIterator<Item = (&'a [u8], Option<&'a [u8]>)>) -> Arguments<'a> {
        let item = |(key, value)| Item { key, value, taken: Cell::new(false) };
        Arguments { items: items.into_iter().map(item).collect() }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Whether a word was given.
    pub fn word(&self, word: &str) -> bool {
        let found = self.items.iter().find(|item| item.key == word.as_bytes() && item.value.is_none());
        found.inspect(|item| item.taken.set(true)).is_some()
    }

    /// The value of a key.
    pub fn bytes(&self, key: &str) -> Option<&'a [u8]> {
        let found = self.items.iter().find(|item| item.key == key.as_bytes() && item.value.is_some());
        found.inspect(|item| item.taken.set(true)).and_then(|item| item.value)
    }

    /// The value of a key, as text.
    ///
    /// # Errors
    /// [`Refusal`] when it is not UTF-8.
    pub fn text(&self, key: &str) -> Result<Option<&'a str>, Refusal> {
        let text =
            |value| std::str::from_utf8(value).map_err(|_| Refusal::new(format!("'{key}' is not UTF-8")));
        self.bytes(key).map(text).transpose()
    }

    /// The value of a key that must be there, as text.
    ///
    /// # Errors
    /// [`Refusal`] when it is missing, or not UTF-8.
    pub fn required(&self, key: &str) -> Result<&'a str, Refusal> {
        self.text(key)?.ok_or_else(|| Refusal::new(format!("'{key}=…' is missing")))
    }

    /// The value of a key, read as something.
    ///
    /// # Errors
    /// [`Refusal`] when it cannot be read as that.
    pub fn parse<T: std::str::FromStr>(&self, key: &str, what: &str) -> Result<Option<T>, Refusal> {
        let bad = |text: &str| Refusal::new(format!("'{key}' takes {what}, not '{text}'"));
        self.text(key)?.map(|text| text.parse().map_err(|_| bad(text))).transpose()
    }

    /// Whether nothing is left that nobody has asked for.
    ///
    /// # Errors
    /// [`Refusal`] that names the first such argument.
    pub fn finish(&self) -> Result<(), Refusal> {
        match self.items.iter().find(|item| !item.taken.get()) {
            None => Ok(()),
            Some(item) => Err(Refusal::new(format!("unknown argument '{}'", item.key.escape_ascii()))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_asks_for_is_refused() {
        let arguments = Arguments::from_text(b"add;kind=get;set=a=b;;");
        assert!(arguments.word("add") && !arguments.word("kind"));
        assert_eq!(arguments.text("set"), Ok(Some("a=b")));
        assert_eq!(arguments.finish().unwrap_err().to_string(), "unknown argument 'kind'");
        assert_eq!(arguments.bytes("kind"), Some(&b"get"[..]));
        assert_eq!(arguments.finish(), Ok(()));
        assert_eq!(arguments.required("n").unwrap_err().to_string(), "'n=…' is missing");
        let error = arguments.parse::<u32>("kind", "a number").unwrap_err();
        assert_eq!(error.to_string(), "'kind' takes a number, not 'get'");
    }
}
