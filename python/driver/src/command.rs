//! Commands on one record: arguments to request bytes, reply to result. Both clients go through here.

use crate::errors::{self, Failure};
use crate::key::KeyArg;
use crate::names::Classes;
use crate::operation::{put_number, put_operations};
use crate::policy::{self, Options};
use crate::results;
use crate::value::{put_packed, put_value, to_object, type_name};
use aerospike_client_core::policy::{Exists, Generation, Policy, WritePolicy};
use aerospike_client_core::request::{MAX_BIN_NAME, Writer, read_header, write_header};
use aerospike_client_core::{Error, ErrorKind};
use aerospike_wire::bits::{info1, info2};
use aerospike_wire::{Message, ResultCode, field, msgpack, op};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString};
use std::cell::RefCell;

/// What becomes of a reply.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shape {
    /// None.
    Nothing,
    /// A record with its bins.
    Record,
    /// Metadata, or None for a missing record.
    Exists,
    /// A record with the results of operations by bin.
    Operated,
    /// The results of operations one by one.
    Ordered,
    /// What a function returned.
    Applied,
}

/// A command whose request is encoded.
pub struct Command<'py> {
    /// The record.
    pub key: KeyArg<'py>,
    /// Time and retries.
    pub policy: Policy,
    /// Whether it writes.
    pub write: bool,
    /// What becomes of its reply.
    pub shape: Shape,
    /// Its name in metrics.
    pub name: &'static str,
}

/// An argument that may be anything.
type Arg<'a, 'py> = &'a Bound<'py, PyAny>;
/// An argument that may be missing.
type Opt<'a, 'py> = Option<&'a Bound<'py, PyAny>>;

/// Encodes requests into a buffer that is used again and again.
pub struct Encoder<'a> {
    /// Holds the request afterwards.
    pub out: &'a mut Vec<u8>,
    /// See [`crate::config::Config::bytes_as_blob`].
    pub bytes_as_blob: bool,
}

impl Encoder<'_> {
    /// `get`: all bins; `exists`: none.
    pub fn get<'py>(
        &mut self,
        key: Arg<'_, 'py>,
        policy: Opt<'_, 'py>,
        shape: Shape,
    ) -> PyResult<Command<'py>> {
        let options = Options::parse(policy)?;
        let policy = policy::read(key.py(), &options)?;
        let bits = if shape == Shape::Exists { info1::GET_NO_BINS } else { info1::GET_ALL };
        let key = KeyArg::parse(key, self.bytes_as_blob)?;
        let mut frame = Writer::begin(self.out, read_header(&policy, bits));
        frame.record(&key.as_ref()?, false);
        frame.filter(policy::filter(options_py(&key), &options)?.as_deref());
        frame.finish().map_err(errors::from_core)?;
        let name = if shape == Shape::Exists { "exists" } else { "get" };
        Ok(Command { key, policy, write: false, shape, name })
    }

    /// `select`: some bins.
    pub fn select<'py>(
        &mut self,
        key: Arg<'_, 'py>,
        bins: Arg<'_, 'py>,
        policy: Opt<'_, 'py>,
    ) -> PyResult<Command<'py>> {
        let options = Options::parse(policy)?;
        let policy = policy::read(key.py(), &options)?;
        let bins = bin_list(bins, "bins")?;
        let key = KeyArg::parse(key, self.bytes_as_blob)?;
        let mut frame = Writer::begin(self.out, read_header(&policy, 0));
        frame.record(&key.as_ref()?, false);
        frame.filter(policy::filter(options_py(&key), &options)?.as_deref());
        for bin in bins {
            let bin = bin?;
            frame.bare_op(op::READ, bin.to_str()?.as_bytes()).map_err(errors::from_core)?;
        }
        frame.finish().map_err(errors::from_core)?;
        Ok(Command { key, policy, write: false, shape: Shape::Record, name: "select" })
    }

    /// Opens a write, lets `fill` add the ops, closes it.
    fn write<'py>(
        &mut self,
        name: &'static str,
        key: Arg<'_, 'py>,
        meta: Opt<'_, 'py>,
        policy: Opt<'_, 'py>,
        fill: impl FnOnce(&mut Writer<'_>, &mut WritePolicy) -> Result<(), Failure>,
    ) -> PyResult<Command<'py>> {
        let options = Options::parse(policy)?;
        let mut policy = policy::write(key.py(), &options, &Options::parse(meta)?)?;
        let key = KeyArg::parse(key, self.bytes_as_blob)?;
        let mut frame = Writer::begin(self.out, write_header(&policy));
        frame.record(&key.as_ref()?, policy.send_key);
        frame.filter(policy::filter(options_py(&key), &options)?.as_deref());
        fill(&mut frame, &mut policy)?;
        frame.finish().map_err(errors::from_core)?;
        Ok(Command { key, policy: policy.base, write: true, shape: Shape::Nothing, name })
    }

    /// `put`: one write per bin.
    pub fn put<'py>(
        &mut self,
        key: Arg<'_, 'py>,
        bins: Arg<'_, 'py>,
        meta: Opt<'_, 'py>,
        policy: Opt<'_, 'py>,
    ) -> PyResult<Command<'py>> {
        let Ok(bins) = bins.cast::<PyDict>() else {
            let text = format!("bins argument must be a dict, got {}", type_name(&bins.get_type()));
            return Err(PyTypeError::new_err(text));
        };
        self.write("put", key, meta, policy, |frame, _| {
            // The dict hands its items to a shared closure; nothing in it comes back here.
            let frame = RefCell::new(frame);
            bins.locked_for_each(|name, value| {
                let name = name.cast::<PyString>()?;
                let name = checked_bin(name.to_str()?)?;
                frame
                    .borrow_mut()
                    .op(op::WRITE, name.as_bytes(), |out| put_value(out, &value).map_err(Failure))
                    .map_err(PyErr::from)
            })?;
            Ok(())
        })
    }

    /// `remove`.
    pub fn remove<'py>(
        &mut self,
        key: Arg<'_, 'py>,
        meta: Opt<'_, 'py>,
        policy: Opt<'_, 'py>,
    ) -> PyResult<Command<'py>> {
        self.write("remove", key, meta, policy, |frame, _| {
            frame.header().info2 |= info2::DELETE;
            frame.header().ttl = 0;
            Ok(())
        })
    }

    /// `touch`: a time of more than 0 seconds wins over meta and policy.
    pub fn touch<'py>(
        &mut self,
        key: Arg<'_, 'py>,
        val: u32,
        meta: Opt<'_, 'py>,
        policy: Opt<'_, 'py>,
    ) -> PyResult<Command<'py>> {
        self.write("touch", key, meta, policy, |frame, _| {
            if val > 0 {
                frame.header().ttl = val;
            }
            Ok(frame.bare_op(op::TOUCH, b"")?)
        })
    }

    /// `append`, `prepend`: `code` tells which.
    pub fn concatenate<'py>(
        &mut self,
        code: u8,
        key: Arg<'_, 'py>,
        bin: &str,
        val: Arg<'_, 'py>,
        meta: Opt<'_, 'py>,
        policy: Opt<'_, 'py>,
    ) -> PyResult<Command<'py>> {
        let bin = checked_bin(bin)?;
        self.write(if code == op::APPEND { "append" } else { "prepend" }, key, meta, policy, |frame, _| {
            frame.op(code, bin.as_bytes(), |out| put_value(out, val).map_err(Failure))
        })
    }

    /// `increment`.
    pub fn increment<'py>(
        &mut self,
        key: Arg<'_, 'py>,
        bin: &str,
        offset: Arg<'_, 'py>,
        meta: Opt<'_, 'py>,
        policy: Opt<'_, 'py>,
    ) -> PyResult<Command<'py>> {
        let bin = checked_bin(bin)?;
        self.write("increment", key, meta, policy, |frame, _| {
            frame.op(op::INCR, bin.as_bytes(), |out| put_number(out, offset).map_err(Failure))
        })
    }

    /// `remove_bin`: one empty write per bin.
    pub fn remove_bin<'py>(
        &mut self,
        key: Arg<'_, 'py>,
        bins: Arg<'_, 'py>,
        meta: Opt<'_, 'py>,
        policy: Opt<'_, 'py>,
    ) -> PyResult<Command<'py>> {
        let bins = bin_list(bins, "bin_names")?;
        self.write("remove_bin", key, meta, policy, |frame, _| {
            for bin in bins {
                let bin = bin?;
                frame.bare_op(op::WRITE, checked_bin(bin.to_str()?)?.as_bytes())?;
            }
            Ok(())
        })
    }

    /// `apply`: a function that runs where the record is.
    pub fn apply<'py>(
        &mut self,
        key: Arg<'_, 'py>,
        function: (&str, &str),
        args: Opt<'_, 'py>,
        policy: Opt<'_, 'py>,
    ) -> PyResult<Command<'py>> {
        let arguments = pack_arguments(args)?;
        let mut command = self.write("apply", key, None, policy, |frame, policy| {
            frame.field(field::UDF_MODULE, function.0.as_bytes());
            frame.field(field::UDF_FUNCTION, function.1.as_bytes());
            frame.field(field::UDF_ARGUMENTS, &arguments);
            // Conditions on the record are refused beside a function (lua §2).
            let plain = WritePolicy { exists: Exists::Update, generation: Generation::Ignore, ..*policy };
            *frame.header() = write_header(&plain);
            Ok(())
        })?;
        command.shape = Shape::Applied;
        Ok(command)
    }

    /// `operate`, `operate_ordered`.
    pub fn operate<'py>(
        &mut self,
        key: Arg<'_, 'py>,
        ops: Arg<'_, 'py>,
        meta: Opt<'_, 'py>,
        policy: Opt<'_, 'py>,
        shape: Shape,
    ) -> PyResult<Command<'py>> {
        let mut writes = true;
        let mut command = self.write(
            if shape == Shape::Ordered { "operate_ordered" } else { "operate" },
            key,
            meta,
            policy,
            |frame, policy| {
                let mut effect = Default::default();
                frame.ops(|out| -> Result<usize, Failure> {
                    effect = put_operations(ops, out)?;
                    Ok(effect.count)
                })?;
                // A list that only reads travels as a read: it must not renew the record.
                writes = effect.writes || !effect.reads;
                let read_all = if effect.read_all { info1::GET_ALL } else { 0 };
                if !writes {
                    *frame.header() = read_header(&policy.base, read_all);
                } else if effect.reads {
                    frame.header().info1 |= read_header(&policy.base, read_all).info1;
                }
                Ok(())
            },
        )?;
        command.write = writes;
        command.shape = shape;
        Ok(command)
    }
}

/// The arguments of a function as a msgpack list.
///
/// # Errors
/// `TypeError` for anything but a list or None; those of values.
pub fn pack_arguments(args: Opt<'_, '_>) -> PyResult<Vec<u8>> {
    let mut out = Vec::new();
    let Some(args) = args.filter(|args| !args.is_none()) else {
        msgpack::put_list_head(&mut out, 0);
        return Ok(out);
    };
    if !args.is_instance_of::<PyList>() {
        let name = type_name(&args.get_type());
        return Err(PyTypeError::new_err(format!(
            "args must be a list or None: '{name}' object is not an instance of 'list'"
        )));
    }
    put_packed(&mut out, args, 0)?;
    Ok(out)
}

/// The interpreter that a key belongs to.
fn options_py<'py>(key: &KeyArg<'py>) -> Python<'py> {
    key.place().0.py()
}

/// The names in a list; nothing but a list will do.
fn bin_list<'a, 'py>(
    bins: &'a Bound<'py, PyAny>,
    what: &str,
) -> PyResult<impl Iterator<Item = PyResult<Bound<'py, PyString>>> + use<'a, 'py>> {
    let Ok(bins) = bins.cast::<PyList>() else {
        let name = type_name(&bins.get_type());
        return Err(PyTypeError::new_err(format!(
            "{what} must be a list: '{name}' object is not an instance of 'list'"
        )));
    };
    Ok(bins.iter().map(|bin| {
        bin.cast_into::<PyString>().map_err(|error| {
            let name = type_name(&error.into_inner().get_type());
            PyTypeError::new_err(format!(
                "a bin name must be a str: '{name}' object is not an instance of 'str'"
            ))
        })
    }))
}

/// A bin name that a server can take.
///
/// # Errors
/// The exception that all documented readings of this error accept.
pub fn checked_bin(name: &str) -> PyResult<&str> {
    if name.is_empty() {
        return Err(errors::bin_name("Bin name must not be empty"));
    }
    if name.len() > MAX_BIN_NAME {
        let text = format!("Bin name '{name}' exceeds the {MAX_BIN_NAME}-byte limit ({} bytes)", name.len());
        return Err(errors::bin_name(&text));
    }
    Ok(name)
}

/// What a function returned, or why it failed (lua §3).
fn applied<'py>(py: Python<'py>, message: &Message<'_>) -> PyResult<Bound<'py, PyAny>> {
    let value = match message.ops().next() {
        Some(op) => to_object(py, op.particle())?,
        None => py.None().into_bound(py),
    };
    if ResultCode(message.header.result) == ResultCode::UDF_EXECUTION {
        return Err(errors::function(&value.to_string()));
    }
    Ok(value)
}

/// Whether a result code comes with something to read.
pub fn is_answer(shape: Shape, code: ResultCode) -> bool {
    code.is_ok() || (shape == Shape::Applied && code == ResultCode::UDF_EXECUTION)
}

/// A reply as the result of its command. `key` makes the key that the result carries.
///
/// # Errors
/// The server's refusal as an exception.
pub fn finish<'py>(
    py: Python<'py>,
    shape: Shape,
    key: impl FnOnce() -> PyResult<Bound<'py, PyAny>>,
    reply: Result<Message<'_>, Error>,
) -> PyResult<Bound<'py, PyAny>> {
    let classes = Classes::get(py)?;
    let message = match reply {
        Ok(message) => message,
        Err(Error { kind: ErrorKind::Server(ResultCode::NOT_FOUND), .. }) if shape == Shape::Exists => {
            return classes.make(py, &classes.exists, (key()?, py.None()));
        }
        Err(error) => return Err(errors::from_core(error)),
    };
    if shape == Shape::Nothing {
        return Ok(py.None().into_bound(py));
    }
    if shape == Shape::Applied {
        return applied(py, &message);
    }
    let meta = results::meta(py, &message.header, results::unix_now())?;
    match shape {
        Shape::Nothing | Shape::Applied => Ok(py.None().into_bound(py)),
        Shape::Exists => classes.make(py, &classes.exists, (key()?, meta)),
        Shape::Record => results::record(py, &key()?, &meta, results::bins(py, &message)?.as_any()),
        Shape::Operated => results::record(py, &key()?, &meta, results::operated(py, &message)?.as_any()),
        Shape::Ordered => classes.make(py, &classes.ordered, (key()?, meta, results::ordered(py, &message)?)),
    }
}
