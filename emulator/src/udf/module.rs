//! Registered modules: source, compiled code, and what info commands tell of them (lua §1).

use super::state::compile;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};
use std::collections::HashMap;
use std::sync::Arc;

/// The directory that a real server of a default installation keeps modules in; error texts show it.
const DIRECTORY: &str = "/opt/aerospike/usr/udf/lua/";

/// All modules by file name, at some time.
pub type Modules = Arc<HashMap<String, Arc<Module>>>;

/// Why a module is refused: as the compiler, or the first run of its top level, says it.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{file}:{line}: {message}")]
pub struct CompileError {
    /// The file that the error is in; empty if the error names none.
    pub file: String,
    /// The line, 0 if the error names none.
    pub line: u32,
    /// What is wrong.
    pub message: String,
}

impl CompileError {
    /// Takes a message of Lua apart.
    pub fn of(text: &str) -> CompileError {
        let whole = || CompileError { file: String::new(), line: 0, message: text.to_owned() };
        let mut from = 0;
        // The position is the first number between colons.
        while let Some(colon) = text[from..].find(':').map(|at| from + at) {
            let rest = &text[colon + 1..];
            if let Some((line, message)) = rest.split_once(": ")
                && let Ok(line) = line.parse()
            {
                let file = text[..colon].rsplit('/').next().unwrap_or_default();
                return CompileError { file: file.to_owned(), line, message: message.to_owned() };
            }
            from = colon + 1;
        }
        whole()
    }
}

/// A registered module.
#[derive(Debug)]
pub struct Module {
    file: String,
    source: Vec<u8>,
    code: Vec<u8>,
    content: String,
    hash: String,
}

impl Module {
    /// Compiles a module. `content` is its source as it was sent, in base64.
    ///
    /// # Errors
    /// [`CompileError`] when it does not compile.
    pub fn compile(file: &str, source: Vec<u8>, content: &str) -> Result<Module, CompileError> {
        if source.first() == Some(&0x1b) {
            let message = format!("{file}: bad binary format (truncated chunk)");
            return Err(CompileError { file: String::new(), line: 0, message });
        }
        let chunk_name = format!("@{}", Module::path(file));
        let code = compile(text_of(&source), &chunk_name).map_err(|text| CompileError::of(&text))?;
        let stored = format!(r#"{{"content64": "{content}", "type": "LUA", "name": "{file}"}}"#);
        let hash = Sha1::digest(stored).iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Module { file: file.into(), source, code, content: content.into(), hash })
    }

    /// The path that error texts show for a file.
    pub fn path(file: &str) -> String {
        format!("{DIRECTORY}{file}")
    }

    /// The file name.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The name that requests use: the file name without `.lua`.
    pub fn name(&self) -> &str {
        self.file.strip_suffix(".lua").unwrap_or(&self.file)
    }

    /// The name under which errors show the code.
    pub fn chunk_name(&self) -> String {
        format!("@{}", Module::path(&self.file))
    }

    /// The source without what is not Lua's.
    pub fn source(&self) -> &[u8] {
        text_of(&self.source)
    }

    /// The compiled code.
    pub fn code(&self) -> &[u8] {
        &self.code
    }

    /// The source in base64, as it was sent.
    pub fn content(&self) -> &str {
        &self.content
    }

    /// SHA-1, in hex, of the form in which a real server keeps the module.
    pub fn hash(&self) -> &str {
        &self.hash
    }
}

/// A file's text without a byte order mark and without a first line that begins with `#`, as Lua loads files. The
/// line's end stays, so that line numbers are right.
fn text_of(source: &[u8]) -> &[u8] {
    let text = source.strip_prefix(b"\xef\xbb\xbf").unwrap_or(source);
    if text.first() != Some(&b'#') {
        return text;
    }
    let end = text.iter().position(|byte| *byte == b'\n').unwrap_or(text.len());
    &text[end..]
}

/// Decodes a module's content.
pub fn decode(content: &str) -> Option<Vec<u8>> {
    STANDARD.decode(content).ok().filter(|source| !source.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compile(file: &str, source: &str) -> Result<Module, CompileError> {
        Module::compile(file, source.into(), &STANDARD.encode(source))
    }

    /// lua §1.2.
    #[test]
    fn hash_of_the_reference() {
        let module = compile("t.lua", "function f(r) return 1 end").unwrap();
        assert_eq!(module.hash(), "ae9032f0b22e55d85a02cdb5c375e1530da7d64d");
        assert_eq!(module.name(), "t");
    }

    /// lua §1.1.
    #[test]
    fn compile_errors_of_the_reference() {
        for (source, line, message) in [
            ("function f( return", 1, "<name> or '...' expected near 'return'"),
            ("return 5 +", 1, "unexpected symbol near <eof>"),
            ("local function f() end\n\n\n@bad", 4, "unexpected symbol near '@'"),
        ] {
            let error = compile("bad.lua", source).unwrap_err();
            assert_eq!((error.file.as_str(), error.line, error.message.as_str()), ("bad.lua", line, message));
        }
        let error = compile("bin.lua", "\u{1b}Lua").unwrap_err();
        assert_eq!((error.file.as_str(), error.line), ("", 0));
        assert_eq!(error.message, "bin.lua: bad binary format (truncated chunk)");
    }

    #[test]
    fn a_first_line_for_a_shell_is_passed_over() {
        let error = compile("a.lua", "#!/usr/bin/lua\nreturn +").unwrap_err();
        assert_eq!(error.line, 2);
        assert!(compile("a.lua", "\u{feff}return 1").is_ok());
    }
}
