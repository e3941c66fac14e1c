//! The parameters of an info command: `key=value` joined by `;` (info §2).

use super::InfoError;
use aerospike_wire::ResultCode;

/// Longest value of `namespace` (info §3).
pub const MAX_NAMESPACE: usize = 31;
/// Longest value of `set` (info §3).
pub const MAX_SET: usize = 63;

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

    /// All keys with their values, in the order sent; what has no `=` is left out.
    pub fn pairs(&self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> + use<'a> {
        self.text.split(|byte| *byte == b';').filter_map(|pair| {
            let at = pair.iter().position(|byte| *byte == b'=')?;
            Some((&pair[..at], &pair[at + 1..]))
        })
    }

    /// The value of a key: the first that matches exactly, as it was sent.
    pub fn raw(&self, key: &str) -> Option<&'a [u8]> {
        self.pairs().find(|(found, _)| *found == key.as_bytes()).map(|(_, value)| value)
    }

    /// The value of a key, if it is text.
    pub fn get(&self, key: &str) -> Option<&'a str> {
        self.raw(key).and_then(|value| std::str::from_utf8(value).ok())
    }

    /// The value of a key that may be left out, under any of its spellings; the first names it in errors.
    ///
    /// # Errors
    /// `missing '<key>' value` when it is empty and `'<key>' value too long`, with code 20 for a namespace and 4
    /// otherwise (info §3).
    pub fn find_raw(&self, keys: &[&str], max_len: usize) -> Result<Option<&'a [u8]>, InfoError> {
        let Some(value) = keys.iter().find_map(|key| self.raw(key)) else { return Ok(None) };
        let name = keys[0];
        if value.is_empty() {
            return Err(error(name, format!("missing '{name}' value")));
        }
        if value.len() > max_len {
            return Err(error(name, format!("'{name}' value too long")));
        }
        Ok(Some(value))
    }

    /// As [`Parameters::find_raw`], for values that are text.
    ///
    /// # Errors
    /// As [`Parameters::find_raw`]; also for a value that is not UTF-8.
    pub fn find(&self, keys: &[&str], max_len: usize) -> Result<Option<&'a str>, InfoError> {
        self.find_raw(keys, max_len)?.map(|value| text(keys[0], value)).transpose()
    }

    /// The value of a key that must be there.
    ///
    /// # Errors
    /// `missing '<key>'`, else as [`Parameters::find_raw`].
    pub fn require_raw(&self, keys: &[&str], max_len: usize) -> Result<&'a [u8], InfoError> {
        let missing = || error(keys[0], format!("missing '{}'", keys[0]));
        self.find_raw(keys, max_len)?.ok_or_else(missing)
    }

    /// As [`Parameters::require_raw`], for values that are text.
    ///
    /// # Errors
    /// As [`Parameters::require_raw`]; also for a value that is not UTF-8.
    pub fn require(&self, keys: &[&str], max_len: usize) -> Result<&'a str, InfoError> {
        text(keys[0], self.require_raw(keys, max_len)?)
    }
}

fn error(key: &str, text: String) -> InfoError {
    let code = if key == "namespace" { ResultCode::NAMESPACE } else { ResultCode::PARAMETER };
    InfoError::new(code, text)
}

fn text<'a>(key: &str, value: &'a [u8]) -> Result<&'a str, InfoError> {
    std::str::from_utf8(value).map_err(|_| error(key, format!("'{key}' is not valid UTF-8")))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// info §2: exact key, any order, the first match wins, a value may hold `=`, `,` and `:`.
    #[test]
    fn looks_keys_up() {
        let parameters = Parameters::new(b"namespace=test;set=a=b,c:d;set=other;empty=;");
        assert_eq!(parameters.get("set"), Some("a=b,c:d"));
        assert_eq!(parameters.get("namespace"), Some("test"));
        assert_eq!(parameters.get("names"), None);
        assert_eq!(parameters.get("Set"), None);
        assert_eq!(parameters.get("empty"), Some(""));
    }

    /// info §3: texts and codes of missing and too long values.
    #[test]
    fn says_what_is_missing() {
        let parameters = Parameters::new(b"namespace=;set=;bin=12345");
        let error = |keys: &[&str], max| parameters.require(keys, max).unwrap_err().to_string();
        assert_eq!(error(&["namespace", "ns"], 31), "ERROR:20:missing 'namespace' value");
        assert_eq!(error(&["set"], 63), "ERROR:4:missing 'set' value");
        assert_eq!(error(&["indexname"], 63), "ERROR:4:missing 'indexname'");
        assert_eq!(error(&["bin"], 4), "ERROR:4:'bin' value too long");
        assert_eq!(parameters.require(&["indexname", "bin"], 5), Ok("12345"));
        assert_eq!(parameters.find(&["indexname"], 5), Ok(None));
    }
}
