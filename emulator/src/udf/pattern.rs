//! Lua's patterns, matched within a budget.
//!
//! Lua's own matcher cannot be interrupted, and a short pattern can keep it busy for years. This one behaves like
//! it, errors included, and looks at the clock every few thousand steps.

use super::budget::{Budget, TimeUp};

/// Most captures of a pattern.
const MAX_CAPTURES: usize = 32;
/// How deep the matcher recurses.
const MAX_DEPTH: usize = 200;
/// Steps between two looks at the clock.
const STEPS: u32 = 4096;

/// The character that escapes.
pub const ESCAPE: u8 = b'%';

/// Why a pattern cannot be matched.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PatternError {
    /// What is wrong with the pattern, in Lua's words.
    #[error("{0}")]
    Malformed(String),
    /// The time is up.
    #[error(transparent)]
    TimeUp(#[from] TimeUp),
}

fn malformed<T>(text: impl Into<String>) -> Result<T, PatternError> {
    Err(PatternError::Malformed(text.into()))
}

/// What a capture has taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Extent {
    /// Its closing parenthesis has not been met.
    Open,
    /// It takes a position and no text.
    Position,
    /// So many bytes.
    Length(usize),
}

#[derive(Clone, Copy, Debug)]
struct CaptureState {
    start: usize,
    extent: Extent,
}

/// A capture as it is given to the caller.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Capture<'a> {
    /// A 1-based position.
    Position(usize),
    /// Some text.
    Text(&'a [u8]),
}

/// One pattern against one subject. Positions are 0-based.
pub struct Matcher<'a> {
    subject: &'a [u8],
    pattern: &'a [u8],
    captures: [CaptureState; MAX_CAPTURES],
    level: usize,
    depth: usize,
    fuel: u32,
    budget: &'a Budget,
}

impl<'a> Matcher<'a> {
    /// Prepares a pattern without its anchor.
    pub fn new(subject: &'a [u8], pattern: &'a [u8], budget: &'a Budget) -> Matcher<'a> {
        let unused = CaptureState { start: 0, extent: Extent::Open };
        Matcher {
            subject,
            pattern,
            captures: [unused; MAX_CAPTURES],
            level: 0,
            depth: MAX_DEPTH,
            fuel: STEPS,
            budget,
        }
    }

    /// Matches at a position; where the match ends.
    ///
    /// # Errors
    /// As [`PatternError`] tells.
    pub fn match_at(&mut self, at: usize) -> Result<Option<usize>, PatternError> {
        self.level = 0;
        self.depth = MAX_DEPTH;
        self.run(at, 0)
    }

    /// The captures of the last match, which lies between two positions: at least one, the whole of it.
    ///
    /// # Errors
    /// [`PatternError::Malformed`] for a capture that was never closed.
    pub fn captures(&self, start: usize, end: usize) -> Result<Vec<Capture<'a>>, PatternError> {
        (0..self.level.max(1)).map(|index| self.capture(index, start, end)).collect()
    }

    /// The captures of the last match, none if the pattern has none.
    ///
    /// # Errors
    /// As [`Matcher::captures`].
    pub fn own_captures(&self) -> Result<Vec<Capture<'a>>, PatternError> {
        (0..self.level).map(|index| self.capture(index, 0, 0)).collect()
    }

    /// The text between two positions.
    pub fn whole(&self, start: usize, end: usize) -> Capture<'a> {
        Capture::Text(&self.subject[start..end])
    }

    /// One capture of the last match by its 0-based index; the first of a pattern without any is the whole match.
    ///
    /// # Errors
    /// [`PatternError::Malformed`] for an index out of range or a capture that was never closed.
    pub fn capture(&self, index: usize, start: usize, end: usize) -> Result<Capture<'a>, PatternError> {
        if index >= self.level {
            return match index {
                0 => Ok(Capture::Text(&self.subject[start..end])),
                _ => malformed(format!("invalid capture index %{}", index + 1)),
            };
        }
        let capture = &self.captures[index];
        match capture.extent {
            Extent::Open => malformed("unfinished capture"),
            Extent::Position => Ok(Capture::Position(capture.start + 1)),
            Extent::Length(length) => Ok(Capture::Text(&self.subject[capture.start..capture.start + length])),
        }
    }

    fn step(&mut self) -> Result<(), TimeUp> {
        self.fuel -= 1;
        if self.fuel == 0 {
            self.fuel = STEPS;
            self.budget.check()?;
        }
        Ok(())
    }

    /// The pattern's byte at a position; zero behind its end, as in a C string.
    fn at(&self, p: usize) -> u8 {
        self.pattern.get(p).copied().unwrap_or(0)
    }

    fn run(&mut self, s: usize, p: usize) -> Result<Option<usize>, PatternError> {
        if self.depth == 0 {
            return malformed("pattern too complex");
        }
        self.depth -= 1;
        let result = self.run_items(s, p);
        self.depth += 1;
        result
    }

    /// Matches the pattern from `p` on; items that need no choice are passed without recursion.
    fn run_items(&mut self, mut s: usize, mut p: usize) -> Result<Option<usize>, PatternError> {
        while p < self.pattern.len() {
            self.step()?;
            match (self.pattern[p], self.at(p + 1)) {
                (b'(', b')') => return self.open(s, p + 2, Extent::Position),
                (b'(', _) => return self.open(s, p + 1, Extent::Open),
                (b')', _) => return self.close(s, p + 1),
                (b'$', _) if p + 1 == self.pattern.len() => {
                    return Ok((s == self.subject.len()).then_some(s));
                }
                (ESCAPE, b'b') => match self.balance(s, p + 2)? {
                    Some(end) => (s, p) = (end, p + 4),
                    None => return Ok(None),
                },
                (ESCAPE, b'f') => match self.frontier(s, p + 2)? {
                    Some(next) => p = next,
                    None => return Ok(None),
                },
                (ESCAPE, digit @ b'0'..=b'9') => match self.back_reference(s, digit)? {
                    Some(end) => (s, p) = (end, p + 2),
                    None => return Ok(None),
                },
                _ => {
                    let end = self.class_end(p)?;
                    match self.single(s, p, end)? {
                        Step::Go(next_s, next_p) => (s, p) = (next_s, next_p),
                        Step::End(result) => return Ok(result),
                    }
                }
            }
        }
        Ok(Some(s))
    }

    /// Matches a single-character item, which ends at `end`, with the suffix behind it.
    fn single(&mut self, s: usize, p: usize, end: usize) -> Result<Step, PatternError> {
        let fits = self.fits(s, p, end);
        Ok(match (self.at(end), fits) {
            (b'?' | b'*' | b'-', false) => Step::Go(s, end + 1),
            (b'?', true) => match self.run(s + 1, end + 1)? {
                Some(result) => Step::End(Some(result)),
                None => Step::Go(s, end + 1),
            },
            (b'+', true) => Step::End(self.expand(s + 1, p, end)?),
            (b'*', true) => Step::End(self.expand(s, p, end)?),
            (b'-', true) => Step::End(self.expand_least(s, p, end)?),
            (_, true) => Step::Go(s + 1, end),
            (_, false) => Step::End(None),
        })
    }

    /// As many repetitions as possible.
    fn expand(&mut self, s: usize, p: usize, end: usize) -> Result<Option<usize>, PatternError> {
        let mut count = 0;
        while self.fits(s + count, p, end) {
            self.step()?;
            count += 1;
        }
        loop {
            if let Some(result) = self.run(s + count, end + 1)? {
                return Ok(Some(result));
            }
            match count.checked_sub(1) {
                Some(fewer) => count = fewer,
                None => return Ok(None),
            }
        }
    }

    /// As few repetitions as possible.
    fn expand_least(&mut self, mut s: usize, p: usize, end: usize) -> Result<Option<usize>, PatternError> {
        loop {
            self.step()?;
            if let Some(result) = self.run(s, end + 1)? {
                return Ok(Some(result));
            }
            if !self.fits(s, p, end) {
                return Ok(None);
            }
            s += 1;
        }
    }

    fn open(&mut self, s: usize, p: usize, extent: Extent) -> Result<Option<usize>, PatternError> {
        if self.level >= MAX_CAPTURES {
            return malformed("too many captures");
        }
        self.captures[self.level] = CaptureState { start: s, extent };
        self.level += 1;
        let result = self.run(s, p)?;
        if result.is_none() {
            self.level -= 1;
        }
        Ok(result)
    }

    fn close(&mut self, s: usize, p: usize) -> Result<Option<usize>, PatternError> {
        let open = |capture: &CaptureState| capture.extent == Extent::Open;
        let Some(index) = self.captures[..self.level].iter().rposition(open) else {
            return malformed("invalid pattern capture");
        };
        self.captures[index].extent = Extent::Length(s - self.captures[index].start);
        let result = self.run(s, p)?;
        if result.is_none() {
            self.captures[index].extent = Extent::Open;
        }
        Ok(result)
    }

    /// `%b`: from an opening byte to the closing one that balances it.
    fn balance(&mut self, s: usize, p: usize) -> Result<Option<usize>, PatternError> {
        let Some([open, close]) = self.pattern.get(p..p + 2) else {
            return malformed("malformed pattern (missing arguments to '%b')");
        };
        if self.subject.get(s) != Some(open) {
            return Ok(None);
        }
        let mut nesting = 1usize;
        for at in s + 1..self.subject.len() {
            self.step()?;
            let byte = self.subject[at];
            if byte == *close {
                nesting -= 1;
                if nesting == 0 {
                    return Ok(Some(at + 1));
                }
            } else if byte == *open {
                nesting += 1;
            }
        }
        Ok(None)
    }

    /// `%f`: between a byte outside of a set and one inside; where the pattern goes on.
    fn frontier(&mut self, s: usize, p: usize) -> Result<Option<usize>, PatternError> {
        if self.at(p) != b'[' {
            return malformed("missing '[' after '%f' in pattern");
        }
        let end = self.class_end(p)?;
        let before = if s == 0 { 0 } else { self.subject[s - 1] };
        let here = self.subject.get(s).copied().unwrap_or(0);
        let crosses = !self.in_set(before, p, end - 1) && self.in_set(here, p, end - 1);
        Ok(crosses.then_some(end))
    }

    fn back_reference(&mut self, s: usize, digit: u8) -> Result<Option<usize>, PatternError> {
        let index = digit.wrapping_sub(b'1') as usize;
        let capture = match self.captures[..self.level].get(index) {
            Some(capture) if capture.extent != Extent::Open => *capture,
            _ => return malformed(format!("invalid capture index %{}", digit as i32 - b'0' as i32)),
        };
        let Extent::Length(length) = capture.extent else { return Ok(None) };
        let taken = &self.subject[capture.start..capture.start + length];
        Ok(self.subject[s..].starts_with(taken).then_some(s + length))
    }

    /// Where a single-character item ends.
    fn class_end(&self, p: usize) -> Result<usize, PatternError> {
        match self.pattern[p] {
            ESCAPE if p + 1 == self.pattern.len() => malformed("malformed pattern (ends with '%')"),
            ESCAPE => Ok(p + 2),
            b'[' => {
                let mut at = p + 1;
                if self.at(at) == b'^' {
                    at += 1;
                }
                // The first byte of a set is never its end.
                loop {
                    if at >= self.pattern.len() {
                        return malformed("malformed pattern (missing ']')");
                    }
                    let byte = self.pattern[at];
                    at += 1;
                    if byte == ESCAPE && at < self.pattern.len() {
                        at += 1;
                    }
                    if self.at(at) == b']' && at < self.pattern.len() {
                        return Ok(at + 1);
                    }
                }
            }
            _ => Ok(p + 1),
        }
    }

    /// Whether the subject's byte at `s` fits the item from `p` to `end`.
    fn fits(&self, s: usize, p: usize, end: usize) -> bool {
        let Some(byte) = self.subject.get(s).copied() else { return false };
        match self.pattern[p] {
            b'.' => true,
            ESCAPE => in_class(byte, self.at(p + 1)),
            b'[' => self.in_set(byte, p, end - 1),
            literal => literal == byte,
        }
    }

    /// Whether a byte is in the set between the brackets at `p` and `close`.
    fn in_set(&self, byte: u8, p: usize, close: usize) -> bool {
        let mut at = p + 1;
        let negated = self.at(at) == b'^';
        if negated {
            at += 1;
        }
        while at < close {
            if self.pattern[at] == ESCAPE {
                if in_class(byte, self.at(at + 1)) {
                    return !negated;
                }
                at += 2;
            } else if self.at(at + 1) == b'-' && at + 2 < close {
                if (self.pattern[at]..=self.pattern[at + 2]).contains(&byte) {
                    return !negated;
                }
                at += 3;
            } else {
                if self.pattern[at] == byte {
                    return !negated;
                }
                at += 1;
            }
        }
        negated
    }
}

/// Where the matcher goes on, or how it ends.
enum Step {
    Go(usize, usize),
    End(Option<usize>),
}

/// Whether a byte is in the class that a letter names; an upper-case letter names the rest.
fn in_class(byte: u8, class: u8) -> bool {
    let inside = match class.to_ascii_lowercase() {
        b'a' => byte.is_ascii_alphabetic(),
        b'c' => byte.is_ascii_control(),
        b'd' => byte.is_ascii_digit(),
        b'g' => byte.is_ascii_graphic(),
        b'l' => byte.is_ascii_lowercase(),
        b'p' => byte.is_ascii_punctuation(),
        b's' => matches!(byte, b' ' | b'\t'..=b'\r'),
        b'u' => byte.is_ascii_uppercase(),
        b'w' => byte.is_ascii_alphanumeric(),
        b'x' => byte.is_ascii_hexdigit(),
        b'z' => byte == 0,
        _ => return class == byte,
    };
    inside == class.is_ascii_lowercase()
}

/// Whether a pattern is plain text.
pub fn is_plain(pattern: &[u8]) -> bool {
    !pattern.iter().any(|byte| b"^$*+?.([%-".contains(byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    #[test]
    fn a_pattern_that_explodes_ends_with_the_budget() {
        let budget = Budget::new();
        budget.begin(Duration::from_millis(50));
        let subject = vec![b'a'; 60];
        let pattern = [b"a?".repeat(60), b"a".repeat(60), b"b".to_vec()].concat();
        let started = Instant::now();
        let result = Matcher::new(&subject, &pattern, &budget).match_at(0);
        assert_eq!(result, Err(PatternError::TimeUp(TimeUp)));
        assert!(started.elapsed() < Duration::from_secs(1));
    }

    #[test]
    fn recursion_is_bounded() {
        let budget = Budget::new();
        let subject = vec![b'a'; 1000];
        let pattern = b"a?".repeat(1000);
        let result = Matcher::new(&subject, &pattern, &budget).match_at(0);
        assert_eq!(result, Err(PatternError::Malformed("pattern too complex".into())));
    }
}
