//! POSIX regular expressions (expressions §8).
//!
//! A server hands pattern and flags to the C library, in the C locale: matching is bytewise, classes and case know
//! ASCII only. Here the pattern is translated to the syntax of the `regex` crate, which searches in linear time;
//! basic and extended syntax, bracket expressions and the GNU escapes (`\w \W \s \S \b \B \< \> \` \'`) are
//! understood as the GNU library does.
//!
//! What the crate cannot do is refused like a pattern that does not compile: back-references (`\(a\)\1`), and
//! patterns whose automaton would take more than [`SIZE_LIMIT`] bytes or nest deeper than [`NEST_LIMIT`].

use aerospike_wire::exp;
use regex::bytes::{Regex, RegexBuilder};

/// Bound of the compiled pattern in bytes.
const SIZE_LIMIT: usize = 8 << 20;
/// Bound of the pattern's nesting, counting groups and stacked repetitions.
const NEST_LIMIT: u32 = 200;
/// Largest count in an interval, as in the C library.
const REPEAT_MAX: u32 = 32767;

/// The pattern does not compile.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct BadPattern;

/// A compiled pattern.
#[derive(Clone, Debug)]
pub(super) struct PosixRegex(Regex);

impl PosixRegex {
    /// Compiles a pattern with the flags of the wire, unknown bits ignored. A zero byte ends the pattern.
    pub fn new(pattern: &[u8], flags: i64) -> Result<PosixRegex, BadPattern> {
        let pattern = until_nul(pattern);
        let translated = Translator::new(pattern, flags).translate()?;
        RegexBuilder::new(&translated)
            .unicode(false)
            .case_insensitive(flags & exp::regex::ICASE != 0)
            .multi_line(flags & exp::regex::NEWLINE != 0)
            .size_limit(SIZE_LIMIT)
            .nest_limit(2 * NEST_LIMIT)
            .build()
            .map(PosixRegex)
            .map_err(|_| BadPattern)
    }

    /// Whether the pattern is found in the subject, which a zero byte ends.
    pub fn is_match(&self, subject: &[u8]) -> bool {
        self.0.is_match(until_nul(subject))
    }
}

fn until_nul(bytes: &[u8]) -> &[u8] {
    bytes.split(|&byte| byte == 0).next().unwrap_or_default()
}

/// What a repetition would apply to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    /// The start of the pattern, of a group or of an alternative.
    Nothing,
    /// An anchor.
    Anchor,
    /// Something that matches, whose translation starts at this offset, with so many repetitions stacked on it.
    Atom { start: usize, repeats: u32 },
}

struct Translator<'a> {
    pattern: &'a [u8],
    at: usize,
    extended: bool,
    ignore_case: bool,
    newline: bool,
    out: String,
    before: Before,
    /// Where the translations of open groups start.
    groups: Vec<usize>,
}

impl<'a> Translator<'a> {
    fn new(pattern: &'a [u8], flags: i64) -> Translator<'a> {
        Translator {
            pattern,
            at: 0,
            extended: flags & exp::regex::EXTENDED != 0,
            ignore_case: flags & exp::regex::ICASE != 0,
            newline: flags & exp::regex::NEWLINE != 0,
            out: String::with_capacity(2 * pattern.len()),
            before: Before::Nothing,
            groups: Vec::new(),
        }
    }

    fn translate(mut self) -> Result<String, BadPattern> {
        while let Some(byte) = self.next() {
            match byte {
                b'\\' => {
                    let escaped = self.next().ok_or(BadPattern)?;
                    self.escape(escaped)?;
                }
                b'[' => self.bracket()?,
                b'.' => {
                    let any = if self.newline { "[^\\n]" } else { "[\\x00-\\xff]" };
                    self.atom(any);
                }
                b'*' if self.extended => self.repeat("*")?,
                b'*' if self.is_repeated() => return Err(BadPattern),
                b'*' => self.repeat_or_literal(byte, "*")?,
                b'^' if self.extended || self.before == Before::Nothing => self.anchor("^"),
                b'$' if self.extended || self.ends_here() => self.anchor("$"),
                b'(' if self.extended => self.open()?,
                b')' if self.extended && !self.groups.is_empty() => self.close()?,
                b'|' if self.extended => self.alternative(),
                b'{' if self.extended => self.interval()?,
                b'+' if self.extended => self.repeat("+")?,
                b'?' if self.extended => self.repeat("?")?,
                literal => self.literal(literal),
            }
        }
        if self.groups.is_empty() { Ok(self.out) } else { Err(BadPattern) }
    }

    fn next(&mut self) -> Option<u8> {
        let byte = *self.pattern.get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    fn rest(&self) -> &'a [u8] {
        &self.pattern[self.at..]
    }

    fn escape(&mut self, byte: u8) -> Result<(), BadPattern> {
        match byte {
            b'(' if !self.extended => self.open()?,
            b')' if !self.extended => self.close()?,
            b'|' if !self.extended => self.alternative(),
            b'{' if !self.extended => self.interval()?,
            b'+' if !self.extended => self.repeat_or_literal(byte, "+")?,
            b'?' if !self.extended => self.repeat_or_literal(byte, "?")?,
            b'w' => self.atom("[0-9A-Za-z_]"),
            b'W' => self.atom("[^0-9A-Za-z_]"),
            b's' => self.atom("[\\t-\\r ]"),
            b'S' => self.atom("[^\\t-\\r ]"),
            b'b' => self.anchor("\\b"),
            b'B' => self.anchor("\\B"),
            b'<' => self.anchor("\\b{start}"),
            b'>' => self.anchor("\\b{end}"),
            b'`' => self.anchor("\\A"),
            b'\'' => self.anchor("\\z"),
            b'1'..=b'9' => return Err(BadPattern), // back-reference
            literal => self.literal(literal),
        }
        Ok(())
    }

    /// Whether a `$` just read stands at the end of the pattern, of a group or of an alternative.
    fn ends_here(&self) -> bool {
        let rest = self.rest();
        rest.is_empty() || rest.starts_with(b"\\)") || rest.starts_with(b"\\|")
    }

    fn atom(&mut self, translated: &str) {
        self.before = Before::Atom { start: self.out.len(), repeats: 0 };
        self.out.push_str(translated);
    }

    fn literal(&mut self, byte: u8) {
        self.atom(&format!("\\x{byte:02x}"));
    }

    fn anchor(&mut self, translated: &str) {
        self.before = Before::Anchor;
        self.out.push_str(translated);
    }

    fn open(&mut self) -> Result<(), BadPattern> {
        if self.groups.len() >= NEST_LIMIT as usize {
            return Err(BadPattern);
        }
        self.groups.push(self.out.len());
        self.out.push_str("(?:");
        self.before = Before::Nothing;
        Ok(())
    }

    fn close(&mut self) -> Result<(), BadPattern> {
        let start = self.groups.pop().ok_or(BadPattern)?;
        self.out.push(')');
        self.before = Before::Atom { start, repeats: 0 };
        Ok(())
    }

    fn alternative(&mut self) {
        self.out.push('|');
        self.before = Before::Nothing;
    }

    /// Whether the last atom has a repetition, on which basic syntax stacks neither a star nor an interval.
    fn is_repeated(&self) -> bool {
        matches!(self.before, Before::Atom { repeats: 1.., .. })
    }

    /// In basic syntax, a repetition with nothing to repeat stands for itself.
    fn repeat_or_literal(&mut self, byte: u8, operator: &str) -> Result<(), BadPattern> {
        match self.before {
            Before::Atom { .. } => self.repeat(operator),
            _ => {
                self.literal(byte);
                Ok(())
            }
        }
    }

    /// Puts a repetition behind the last atom.
    fn repeat(&mut self, operator: &str) -> Result<(), BadPattern> {
        let Before::Atom { start, repeats } = self.before else {
            return Err(BadPattern);
        };
        if repeats > 0 {
            if repeats >= NEST_LIMIT {
                return Err(BadPattern);
            }
            self.out.insert_str(start, "(?:");
            self.out.push(')');
        }
        self.out.push_str(operator);
        self.before = Before::Atom { start, repeats: repeats + 1 };
        Ok(())
    }

    /// The rest of an interval whose opening brace has been read.
    fn interval(&mut self) -> Result<(), BadPattern> {
        let repeatable = matches!(self.before, Before::Atom { .. });
        if !repeatable || (!self.extended && self.is_repeated()) {
            return Err(BadPattern);
        }
        let close: &[u8] = if self.extended { b"}" } else { b"\\}" };
        let length = self.rest().windows(close.len()).position(|window| window == close).ok_or(BadPattern)?;
        let body = &self.rest()[..length];
        self.at += length + close.len();
        let mut counts = body.split(|&byte| byte == b',');
        let low = counts.next().unwrap_or_default();
        let (low, high) = match counts.next() {
            None => (Some(number(low)?), Some(number(low)?)),
            Some(high) => {
                let optional =
                    |digits: &[u8]| if digits.is_empty() { Ok(None) } else { number(digits).map(Some) };
                (optional(low)?, optional(high)?)
            }
        };
        let low = low.unwrap_or(0);
        if counts.next().is_some() || high.is_some_and(|high| high < low) {
            return Err(BadPattern);
        }
        match high {
            Some(high) => self.repeat(&format!("{{{low},{high}}}")),
            None => self.repeat(&format!("{{{low},}}")),
        }
    }

    /// The rest of a bracket expression whose opening bracket has been read.
    fn bracket(&mut self) -> Result<(), BadPattern> {
        let mut set = [false; 256];
        let negated = self.rest().first() == Some(&b'^');
        self.at += negated as usize;
        let first = self.at;
        loop {
            let at = self.at;
            if self.next().ok_or(BadPattern)? == b']' && at != first {
                break;
            }
            self.at = at;
            let Some(low) = self.bracket_item(&mut set)? else {
                // A class cannot be the start of a range.
                if self.rest().first() == Some(&b'-') && self.rest().get(1) != Some(&b']') {
                    return Err(BadPattern);
                }
                continue;
            };
            let mut high = low;
            if self.rest().first() == Some(&b'-') && self.rest().get(1) != Some(&b']') {
                self.at += 1;
                high = self.bracket_item(&mut set)?.ok_or(BadPattern)?;
                if high < low {
                    return Err(BadPattern);
                }
                // Nor can the end of a range be the start of another.
                if self.rest().first() == Some(&b'-') && self.rest().get(1) != Some(&b']') {
                    return Err(BadPattern);
                }
            }
            set[low as usize..=high as usize].fill(true);
        }
        if self.ignore_case {
            for byte in b'a'..=b'z' {
                let either = set[byte as usize] || set[byte.to_ascii_uppercase() as usize];
                set[byte as usize] = either;
                set[byte.to_ascii_uppercase() as usize] = either;
            }
        }
        if negated {
            set.iter_mut().for_each(|member| *member = !*member);
            set[b'\n' as usize] &= !self.newline;
        }
        self.atom(&class(&set));
        Ok(())
    }

    /// One item of a bracket expression: a byte that may start or end a range, or a class, which is added to the
    /// set.
    fn bracket_item(&mut self, set: &mut [bool; 256]) -> Result<Option<u8>, BadPattern> {
        let byte = self.next().ok_or(BadPattern)?;
        let kind = match self.rest().first() {
            Some(&kind @ (b':' | b'.' | b'=')) if byte == b'[' => kind,
            _ => return Ok(Some(byte)),
        };
        let name = &self.rest()[1..];
        let length = name.windows(2).position(|window| window == [kind, b']']).ok_or(BadPattern)?;
        self.at += length + 3;
        let name = &name[..length];
        match (kind, name) {
            (b':', name) => {
                let holds = class_test(name).ok_or(BadPattern)?;
                (0..=127u8).filter(holds).for_each(|byte| set[byte as usize] = true);
                Ok(None)
            }
            (b'=', &[byte]) => {
                set[byte as usize] = true;
                Ok(None)
            }
            (b'.', &[byte]) => Ok(Some(byte)),
            _ => Err(BadPattern), // the C locale names no longer elements
        }
    }
}

/// A count in an interval.
fn number(digits: &[u8]) -> Result<u32, BadPattern> {
    let text = std::str::from_utf8(digits).map_err(|_| BadPattern)?;
    if !digits.iter().all(u8::is_ascii_digit) {
        return Err(BadPattern);
    }
    text.parse().ok().filter(|&count| count <= REPEAT_MAX).ok_or(BadPattern)
}

/// The class of the bytes in a set.
fn class(set: &[bool; 256]) -> String {
    let mut out = String::from("[");
    let mut byte = 0;
    while byte < 256 {
        if set[byte] {
            let start = byte;
            while byte < 256 && set[byte] {
                byte += 1;
            }
            out.push_str(&format!("\\x{start:02x}-\\x{:02x}", byte - 1));
        }
        byte += 1;
    }
    if out.len() == 1 {
        // An empty class: nothing but zero bytes are left, and no subject holds one.
        out.push_str("\\x00");
    }
    out.push(']');
    out
}

/// Membership of a named class in the C locale.
fn class_test(name: &[u8]) -> Option<fn(&u8) -> bool> {
    Some(match name {
        b"alpha" => u8::is_ascii_alphabetic,
        b"digit" => u8::is_ascii_digit,
        b"alnum" => u8::is_ascii_alphanumeric,
        b"upper" => u8::is_ascii_uppercase,
        b"lower" => u8::is_ascii_lowercase,
        b"space" => |byte| matches!(byte, b'\t'..=b'\r' | b' '),
        b"blank" => |byte| matches!(byte, b'\t' | b' '),
        b"punct" => u8::is_ascii_punctuation,
        b"print" => |byte| matches!(byte, b' '..=b'~'),
        b"graph" => u8::is_ascii_graphic,
        b"cntrl" => u8::is_ascii_control,
        b"xdigit" => u8::is_ascii_hexdigit,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Pattern, flags, subject, and what the C library answers: found, not found, or `None` for a pattern that
    /// does not compile.
    type Case = (&'static [u8], i64, &'static [u8], Option<bool>);

    #[test]
    fn agrees_with_the_c_library() {
        let rows: &[Case] = &[
            (b"", 0, b"", Some(true)),
            (b"", 0, b"a", Some(true)),
            (b"^ab$", 0, b"ab", Some(true)),
            (b"^ab$", 0, b"xab", Some(false)),
            (b"^ab$", 0, b"ab\n", Some(false)),
            (b"b", 0, b"abc", Some(true)),
            (b"a+", 0, b"a+", Some(true)),
            (b"a+", 0, b"aa", Some(false)),
            (b"a+", 1, b"caab", Some(true)),
            (b"a+", 1, b"+", Some(false)),
            (b"a\\+", 0, b"aa", Some(true)),
            (b"a\\+", 0, b"+", Some(false)),
            (b"a|b", 0, b"a|b", Some(true)),
            (b"a|b", 0, b"b", Some(false)),
            (b"a|b", 1, b"b", Some(true)),
            (b"a|b", 1, b"|", Some(false)),
            (b"a\\|b", 0, b"b", Some(true)),
            (b"(a)", 0, b"(a)", Some(true)),
            (b"(a)", 0, b"a", Some(false)),
            (b"\\(a\\)b", 0, b"ab", Some(true)),
            (b"HELLO", 2, b"hello", Some(true)),
            (b"[^a]", 2, b"A", Some(false)),
            (b"[^a]", 2, b"b", Some(true)),
            (b"\xc3\x89", 2, b"\xc3\x89", Some(true)),
            (b"\xc3\x89", 2, b"\xc3\xa9", Some(false)),
            (b"^.$", 0, b"\xc3\xa9", Some(false)),
            (b"^.$", 0, b"e", Some(true)),
            (b"^b", 4, b"a\nb", Some(true)),
            (b"^b", 8, b"a\nb", Some(false)),
            (b"a.b", 0, b"a\nb", Some(true)),
            (b"a.b", 4, b"a\nb", Some(false)),
            (b"a[^x]b", 4, b"a\nb", Some(false)),
            (b"a[^x]b", 4, b"acb", Some(true)),
            (b"*a", 0, b"*a", Some(true)),
            (b"*a", 0, b"a", Some(false)),
            (b"*a", 1, b"*a", None),
            (b"^*a", 0, b"*a", Some(true)),
            (b"^*a", 0, b"a", Some(false)),
            (b"^*a", 1, b"*a", None),
            (b"\\+x", 0, b"+x", Some(true)),
            (b"\\+x", 0, b"x", Some(false)),
            (b"+x", 1, b"+x", None),
            (b"a|*b", 1, b"b", None),
            (b"a\\|*b", 0, b"*b", Some(true)),
            (b"a\\|*b", 0, b"b", Some(false)),
            (b"a**", 0, b"aa", None),
            (b"a**", 1, b"aa", Some(true)),
            (b"a*\\+", 0, b"aa", Some(true)),
            (b"a+?", 1, b"b", Some(true)),
            (b"(|a)", 1, b"x", Some(true)),
            (b"a||b", 1, b"x", Some(true)),
            (b"()", 1, b"x", Some(true)),
            (b"a)", 1, b"a)", Some(true)),
            (b"(a", 1, b"a", None),
            (b"a\\)", 0, b"a", None),
            (b"\\(a", 0, b"a", None),
            (b"a{2}", 1, b"aa", Some(true)),
            (b"a{2}", 1, b"a", Some(false)),
            (b"^a{,2}$", 1, b"aa", Some(true)),
            (b"^a{,2}$", 1, b"aaa", Some(false)),
            (b"^a{2,}$", 1, b"a", Some(false)),
            (b"^a{2,}$", 1, b"aaa", Some(true)),
            (b"a\\{2\\}", 0, b"aa", Some(true)),
            (b"a\\{2\\}", 0, b"a", Some(false)),
            (b"a{", 1, b"a{", None),
            (b"a{1", 1, b"a{1", None),
            (b"a{x}", 1, b"a{x}", None),
            (b"a{2,1}", 1, b"aa", None),
            (b"{1}", 1, b"{1}", None),
            (b"a{1}{2}", 1, b"aa", Some(true)),
            (b"a{1}{2}", 1, b"a", Some(false)),
            (b"a\\{1\\}\\{2\\}", 0, b"aa", None),
            (b"a{40000}", 1, b"a", None),
            (b"a{,}", 1, b"b", Some(true)),
            (b"[]a]", 0, b"]", Some(true)),
            (b"[]a]", 0, b"x", Some(false)),
            (b"[^]a]", 0, b"]", Some(false)),
            (b"[^]a]", 0, b"x", Some(true)),
            (b"[a-c]", 0, b"b", Some(true)),
            (b"[a-c]", 0, b"d", Some(false)),
            (b"[a-]", 0, b"-", Some(true)),
            (b"[a-]", 0, b"b", Some(false)),
            (b"[c-a]", 0, b"b", None),
            (b"[a-c-e]", 0, b"d", None),
            (b"[a", 0, b"a", None),
            (b"[", 0, b"[", None),
            (b"[\\]]", 0, b"\\]", Some(true)),
            (b"[\\]]", 0, b"]", Some(false)),
            (b"[[:alpha:]_]", 0, b"Q", Some(true)),
            (b"[[:alpha:]_]", 0, b"_", Some(true)),
            (b"[[:alpha:]_]", 0, b"1", Some(false)),
            (b"[[:space:]]", 0, b"\x0b", Some(true)),
            (b"[[:space:]]", 0, b"a", Some(false)),
            (b"[[:foo:]]", 0, b"f", None),
            (b"[[.a.]-c]", 0, b"b", Some(true)),
            (b"[[=a=]]", 0, b"a", Some(true)),
            (b"[[.hyphen.]]", 0, b"-", None),
            (b"a^b", 0, b"a^b", Some(true)),
            (b"a^b", 1, b"a^b", Some(false)),
            (b"a$b", 0, b"a$b", Some(true)),
            (b"\\(^a$\\)", 0, b"a", Some(true)),
            (b"\\(^a$\\)", 0, b"ba", Some(false)),
            (b"\\w\\W", 1, b"a ", Some(true)),
            (b"\\w\\W", 1, b"aa", Some(false)),
            (b"\\s\\S", 0, b" a", Some(true)),
            (b"\\bfoo\\b", 1, b"a foo b", Some(true)),
            (b"\\bfoo\\b", 1, b"afoo", Some(false)),
            (b"\\Bo", 0, b"fo", Some(true)),
            (b"\\Bo", 0, b"o", Some(false)),
            (b"\\<f", 0, b"a f", Some(true)),
            (b"\\<f", 0, b"af", Some(false)),
            (b"o\\>", 0, b"fo", Some(true)),
            (b"o\\>", 0, b"of", Some(false)),
            (b"\\`a", 4, b"a", Some(true)),
            (b"\\`a", 4, b"b\na", Some(false)),
            (b"a\\'", 4, b"a", Some(true)),
            (b"a\\'", 4, b"a\nb", Some(false)),
            (b"\\d", 1, b"d", Some(true)),
            (b"\\d", 1, b"1", Some(false)),
            (b"a\\", 0, b"a", None),
            (b"\\.", 1, b".", Some(true)),
            (b"\\.", 1, b"a", Some(false)),
        ];
        for &(pattern, flags, subject, expected) in rows {
            let actual = PosixRegex::new(pattern, flags).ok().map(|regex| regex.is_match(subject));
            let texts = [pattern, subject].map(String::from_utf8_lossy);
            assert_eq!(actual, expected, "{:?} with flags {flags} on {:?}", texts[0], texts[1]);
        }
    }

    #[test]
    fn a_zero_byte_ends_the_subject() {
        let regex = PosixRegex::new(b"b", 0).unwrap();
        assert!(!regex.is_match(b"a\0b"));
    }

    #[test]
    fn unknown_flags_are_ignored() {
        assert!(PosixRegex::new(b"A+", -1).unwrap().is_match(b"aa"));
        assert!(PosixRegex::new(b"A+", 15).unwrap().is_match(b"aa"));
    }

    #[test]
    fn what_would_cost_too_much_is_refused() {
        let refused = |pattern: &[u8]| PosixRegex::new(pattern, exp::regex::EXTENDED).is_err();
        assert!(refused(&b"(".repeat(100_000)));
        assert!(refused(&[b"(".repeat(1000), b")".repeat(1000)].concat()));
        assert!(refused(&[b"a".to_vec(), b"*".repeat(100_000)].concat()));
        assert!(refused(b"((a{1000}){1000}){1000}"));
        assert!(refused(b"(a)\\1"));
    }

    proptest! {
        #[test]
        fn patterns_never_panic(
            pattern in prop_oneof![
                prop::collection::vec(any::<u8>(), 0..30),
                "[a^$.*+?|(){},:=0-9\\\\\\[\\]-]{0,20}".prop_map(String::into_bytes),
            ],
            flags in 0i64..8,
            subject in prop::collection::vec(any::<u8>(), 0..20),
        ) {
            if let Ok(regex) = PosixRegex::new(&pattern, flags) {
                let _ = regex.is_match(&subject);
            }
        }
    }
}
