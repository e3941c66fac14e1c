//! Expressions as text, as `sindex-list` shows them (query §2.2).

use super::call_names;
use crate::collection::context::{describe, describe_value};
use aerospike_wire::cdt;
use aerospike_wire::exp::{kind, loop_variable, op, system};
use aerospike_wire::msgpack::{Malformed, Reader, Token};

/// The text of a packed expression. It has been decoded before, so that its depth is bounded.
pub fn expression(packed: &[u8]) -> String {
    let mut writer = Writer { out: String::new(), variables: Vec::new() };
    match writer.expression(&mut Reader::new(packed)) {
        Ok(()) => writer.out,
        // Nothing that decodes comes here.
        Err(Malformed) => "unknown".into(),
    }
}

struct Writer<'a> {
    out: String,
    /// Names of variables in the order of their definition; the text renumbers them.
    variables: Vec<&'a [u8]>,
}

impl<'a> Writer<'a> {
    fn expression(&mut self, reader: &mut Reader<'a>) -> Result<(), Malformed> {
        let Token::List(count) = reader.peek()? else {
            self.out += &describe_value(reader.element()?);
            return Ok(());
        };
        reader.list()?;
        let arguments = count.checked_sub(1).ok_or(Malformed)?;
        match reader.int()? {
            op::REGEX => self.regex(reader),
            op::BIN => self.bin(reader),
            op::BIN_TYPE => self.named("bin_type", reader),
            op::DIGEST_MODULO => {
                self.out += &format!("digest_modulo({})", reader.int()?);
                Ok(())
            }
            op::VAR => {
                let name = self.variable(reader.raw()?);
                self.out += &format!("var(\"{name}\")");
                Ok(())
            }
            op::LET => self.bindings(arguments, reader),
            op::QUOTE => {
                self.out += &describe_value(reader.element()?);
                Ok(())
            }
            op::CALL => self.call(reader),
            op::LOOP_VARIABLE => self.loop_variable(reader),
            id => {
                self.out += name_of(id);
                self.arguments(arguments, reader)
            }
        }
    }

    /// `(a, b, …)`.
    fn arguments(&mut self, count: u32, reader: &mut Reader<'a>) -> Result<(), Malformed> {
        self.out.push('(');
        for index in 0..count {
            self.separate(index);
            self.expression(reader)?;
        }
        self.out.push(')');
        Ok(())
    }

    fn separate(&mut self, index: u32) {
        if index > 0 {
            self.out += ", ";
        }
    }

    fn regex(&mut self, reader: &mut Reader<'a>) -> Result<(), Malformed> {
        let flags = reader.int()?;
        let pattern = reader.raw()?;
        self.out += &format!("cmp_regex(<string#{}>, {flags}, ", pattern.len());
        self.expression(reader)?;
        self.out.push(')');
        Ok(())
    }

    fn bin(&mut self, reader: &mut Reader<'a>) -> Result<(), Malformed> {
        let name = match reader.int()? {
            kind::BOOL => "bin_bool",
            kind::INT => "bin_int",
            kind::STRING => "bin_str",
            kind::LIST => "bin_list",
            kind::MAP => "bin_map",
            kind::BLOB => "bin_blob",
            kind::FLOAT => "bin_float",
            kind::GEOJSON => "bin_geojson",
            _ => "bin_hll",
        };
        self.named(name, reader)
    }

    /// An op on a bin's name.
    fn named(&mut self, name: &str, reader: &mut Reader<'a>) -> Result<(), Malformed> {
        self.out += &format!("{name}(\"{}\")", String::from_utf8_lossy(reader.raw()?));
        Ok(())
    }

    fn variable(&self, name: &[u8]) -> String {
        // Of variables with one name the innermost counts.
        let at = self.variables.iter().rposition(|known| *known == name).unwrap_or_default();
        format!("var_{at}")
    }

    fn bindings(&mut self, arguments: u32, reader: &mut Reader<'a>) -> Result<(), Malformed> {
        self.out += "let(";
        for _ in 0..arguments / 2 {
            let name = reader.raw()?;
            self.out += &format!("def(var_{}, ", self.variables.len());
            let number = self.variables.len();
            self.variables.push(&[]);
            self.expression(reader)?;
            self.variables[number] = name;
            self.out += "), ";
        }
        self.expression(reader)?;
        self.out.push(')');
        Ok(())
    }

    fn loop_variable(&mut self, reader: &mut Reader<'a>) -> Result<(), Malformed> {
        reader.int()?;
        self.out += match reader.int()? {
            loop_variable::KEY => "loop_var_key()",
            loop_variable::VALUE => "loop_var_value()",
            _ => "loop_var_index()",
        };
        Ok(())
    }

    /// `name(context, arguments…, bin)`.
    fn call(&mut self, reader: &mut Reader<'a>) -> Result<(), Malformed> {
        reader.int()?;
        let system = reader.int()? & !system::MODIFY;
        let mut count = reader.list()?;
        let mut id = reader.int()?;
        let mut context = None;
        if system == system::CDT && id as u64 == cdt::CONTEXT {
            context = Some(reader.element()?);
            count = reader.list()?;
            id = reader.int()?;
        }
        self.out += call_names::name(system, id);
        self.out.push('(');
        if system == system::CDT {
            let text = context.and_then(describe).unwrap_or_else(|| "NULL".into());
            self.out += &format!("{text}, ");
        }
        for _ in 1..count {
            self.expression(reader)?;
            self.out += ", ";
        }
        self.expression(reader)?;
        self.out.push(')');
        Ok(())
    }
}

fn name_of(id: i64) -> &'static str {
    match id {
        op::UNKNOWN => "unknown",
        op::EQ => "eq",
        op::NE => "ne",
        op::GT => "gt",
        op::GE => "ge",
        op::LT => "lt",
        op::LE => "le",
        op::GEO => "cmp_geo",
        op::IN_LIST => "in_list",
        op::AND => "and",
        op::OR => "or",
        op::NOT => "not",
        op::EXCLUSIVE => "exclusive",
        op::ADD => "add",
        op::SUB => "sub",
        op::MUL => "mul",
        op::DIV => "div",
        op::POW => "pow",
        op::LOG => "log",
        op::MOD => "mod",
        op::ABS => "abs",
        op::FLOOR => "floor",
        op::CEIL => "ceil",
        op::TO_INT => "to_int",
        op::TO_FLOAT => "to_float",
        op::INT_AND => "int_and",
        op::INT_OR => "int_or",
        op::INT_XOR => "int_xor",
        op::INT_NOT => "int_not",
        op::INT_LSHIFT => "int_lshift",
        op::INT_RSHIFT => "int_rshift",
        op::INT_ARSHIFT => "int_arshift",
        op::INT_COUNT => "int_count",
        op::INT_LSCAN => "int_lscan",
        op::INT_RSCAN => "int_rscan",
        op::MIN => "min",
        op::MAX => "max",
        op::RESULT_REMOVE => "result_remove",
        op::MAP_KEYS => "map_keys",
        op::MAP_VALUES => "map_values",
        op::COND => "cond",
        _ => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    /// query §2.2, and what clients send.
    #[test]
    fn expressions_of_the_reference() {
        let text = |base64: &str| expression(&STANDARD.decode(base64).unwrap());
        assert_eq!(text("kxSTUQKhbpNRAqFp"), "add(bin_int(\"n\"), bin_int(\"i\"))");
        assert_eq!(text("k1EEoWw="), "bin_list(\"l\")");
        let packed = |bytes: &[u8]| expression(bytes);
        // let a = bin_int("a") in a + 1
        let binding =
            [0x94, 0x7d, 0xa1, b'a', 0x93, 0x51, 2, 0xa1, b'a', 0x93, 0x14, 0x92, 0x7c, 0xa1, b'a', 1];
        assert_eq!(packed(&binding), "let(def(var_0, bin_int(\"a\")), add(var(\"var_0\"), 1))");
        let call = [0x95, 0x7f, 2, 0, 0x93, 21, 7, 0, 0x93, 0x51, 4, 0xa1, b'l'];
        assert_eq!(packed(&call), "list_get_by_rank(NULL, 7, 0, bin_list(\"l\"))");
        let inside = [0x95, 0x7f, 2, 0, 0x93, 0xcc, 0xff, 0x92, 0x10, 0, 0x91, 16, 0x93, 0x51, 4, 0xa1, b'l'];
        assert_eq!(packed(&inside), "list_size([[list_index(0)], bin_list(\"l\"))");
        let count = [0x95, 0x7f, 2, 2, 0x91, 50, 0x93, 0x51, 9, 0xa1, b'h'];
        assert_eq!(packed(&count), "hll_get_count(bin_hll(\"h\"))");
        let cond = [0x94, 0x7b, 0x93, 0x51, 1, 0xa1, b't', 0x93, 0x51, 2, 0xa1, b'a', 0];
        assert_eq!(packed(&cond), "cond(bin_bool(\"t\"), bin_int(\"a\"), 0)");
        let quoted = [0x93, 1, 0x93, 0x51, 4, 0xa1, b'l', 0x92, 126, 0x92, 1, 2];
        assert_eq!(packed(&quoted), "eq(bin_list(\"l\"), <list#2>)");
    }
}
