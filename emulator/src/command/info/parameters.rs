//! The parameters of an info command: `key=value` joined by `;` (info §2).

use super::InfoError;
use aerospike_wire::ResultCode;

/// What stands behind a command's name and the separator that follows it.
#[derive(Clone, Copy, Debug)]
pub struct Parameters<'a> {
    text: &'a [u8],
}

impl<'a> Parameters<'a> {
    /// Parameters as they were sent.
    pub fn new(text: &'a [u8]) -> Parameters<'a> {
        Parameters { text }
    }

    /// The whole text, for commands of the `name/argument` form.
    pub fn text(&self) -> &'a [u8] {
        self.text
    }

    /// The value of a key: the first that matches exactly.
    pub fn get(&self, key: &str) -> Option<&'a str> {
        self.raw(key).and_then(|value| std::str::from_utf8(value).ok())
    }

    fn raw(&self, key: &str) -> Option<&'a [u8]> {
        self.text.split(|byte| *byte == b';').find_map(|pair| {
            let at = pair.iter().position(|byte| *byte == b'=')?;
            (&pair[..at] == key.as_bytes()).then(|| &pair[at + 1..])
        })
    }

    /// The value of a key that must be there, under any of its spellings; the first names it in errors.
    ///
    /// # Errors
    /// `missing '<key>'` or `'<key>' value too long`, with code 20 for a namespace and 4 otherwise (info §3).
    pub fn require(&self, keys: &[&str], max_len: usize) -> Result<&'a str, InfoError> {
        let name = keys[0];
        let code = if name == "namespace" { ResultCode::NAMESPACE } else { ResultCode::PARAMETER };
        let error = |text: String| InfoError::new(code, text);
        let value =
            keys.iter().find_map(|key| self.raw(key)).ok_or_else(|| error(format!("missing '{name}'")))?;
        if value.is_empty() {
            return Err(error(format!("missing '{name}' value")));
        }
        if value.len() > max_len {
            return Err(error(format!("'{name}' value too long")));
        }
        std::str::from_utf8(value).map_err(|_| error(format!("'{name}' is not valid UTF-8")))
    }
}
