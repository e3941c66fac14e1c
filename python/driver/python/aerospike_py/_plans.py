"""What commands about indexes, modules, users and nodes do, written once for both clients.

A plan is a generator: it yields steps and is sent what became of them. :func:`run` carries it out in the calling
thread, :func:`run_async` in an event loop.
"""

from __future__ import annotations

import asyncio
import base64
import os
import random
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar, cast

from . import exception
from ._native import admin_request, background_request, hash_password, info_request, new_query_id
from .types import BatchRecord, BatchRetryInfo, BatchWriteResult, InfoNodeResult

T = TypeVar("T")

# Longest wait between two looks at what a server is doing.
_LONGEST_PAUSE = 0.1
# Codes of rows that another attempt may settle: memory, time, a missing partition, a busy record or device, and what
# the client itself could not send.
_TRANSIENT = frozenset({8, 9, 11, 14, 18, -1})
_LONGEST_JITTER = 0.5

_PRIVILEGES = {
    "user-admin": 0,
    "sys-admin": 1,
    "data-admin": 2,
    "udf-admin": 3,
    "sindex-admin": 4,
    "read": 10,
    "read-write": 11,
    "read-write-udf": 12,
    "write": 13,
    "truncate": 14,
}
_INDEX_TYPES = ("default", "list", "mapkeys", "mapvalues")
_DATA_TYPES = ("numeric", "string", "blob", "geo2dsphere")


class Ask(NamedTuple):
    """Sends a request to a node, or to any."""

    kind: str
    request: bytes
    node: str | None = None
    timeout: int = 0


class Call(NamedTuple):
    """Calls a native method, which the asynchronous client awaits."""

    method: str
    arguments: tuple[Any, ...]


class Look(NamedTuple):
    """Calls a native method that neither client waits for."""

    method: str
    arguments: tuple[Any, ...] = ()


class Sleep(NamedTuple):
    """Does nothing for some seconds."""

    seconds: float


class Compute(NamedTuple):
    """Calls a function that takes a while."""

    function: Callable[..., Any]
    arguments: tuple[Any, ...]


Step = Ask | Call | Look | Sleep | Compute
Plan = Generator[Step, Any, T]


def run(client: Any, plan: Plan[T]) -> T:
    """Carries a plan out in the calling thread."""

    def do(step: Step) -> Any:
        if isinstance(step, Ask):
            return client._ask(step.kind, step.request, step.node, step.timeout)
        if isinstance(step, (Call, Look)):
            return getattr(client, step.method)(*step.arguments)
        if isinstance(step, Sleep):
            return time.sleep(step.seconds)
        return step.function(*step.arguments)

    try:
        step = next(plan)
        while True:
            try:
                result = do(step)
            except BaseException as error:
                step = plan.throw(error)
            else:
                step = plan.send(result)
    except StopIteration as end:
        return end.value


async def run_async(client: Any, plan: Plan[T]) -> T:
    """Carries a plan out in the running event loop."""

    async def do(step: Step) -> Any:
        if isinstance(step, Ask):
            return await client._ask(step.kind, step.request, step.node, step.timeout)
        if isinstance(step, Call):
            return await getattr(client, step.method)(*step.arguments)
        if isinstance(step, Look):
            return getattr(client, step.method)(*step.arguments)
        if isinstance(step, Sleep):
            return await asyncio.sleep(step.seconds)
        return await asyncio.get_running_loop().run_in_executor(None, step.function, *step.arguments)

    try:
        step = next(plan)
        while True:
            try:
                result = await do(step)
            except BaseException as error:
                step = plan.throw(error)
            else:
                step = plan.send(result)
    except StopIteration as end:
        return end.value


def _timeout(policy: Mapping[str, Any] | None) -> int:
    if policy is None:
        return 0
    if not isinstance(policy, Mapping) and not hasattr(policy, "keys"):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"policy must be a dict, not {type(policy).__name__}")
    timeout = policy.get("timeout", 0)
    if not isinstance(timeout, int):
        raise TypeError(f"timeout must be an int, not {type(timeout).__name__}")
    if not 0 <= timeout < 1 << 32:
        raise OverflowError(f"timeout must be 0 to {(1 << 32) - 1} ms, got {timeout}")
    return timeout


# ---------------------------------------------------------------- info


def _parameter(name: str, value: str) -> str:
    """A value of an info command; one that would end it, or begin another, is refused."""
    if not isinstance(value, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"{name} must be a str, not {type(value).__name__}")
    if any(c in value for c in ";\n\t\0"):
        raise exception.InvalidArgError(f"Invalid argument: {name} must not contain ';' or control characters")
    return f"{name}={value}"


def _value(text: str) -> str:
    """The value of a reply of one line."""
    return text.rstrip("\n").partition("\t")[2]


def _failure(what: str, reply: str) -> exception.AerospikeError:
    """The error that a reply of an info command tells."""
    kind, _, rest = reply.partition(":")
    code, _, _text = rest.partition(":")
    number = int(code) if kind.upper() in ("ERROR", "FAIL") and code.isdigit() else -1
    if number == 200:
        error: exception.AerospikeError = exception._IndexFoundInfoError(  # pyright: ignore[reportPrivateUsage]
            f"{what}: IndexFound: {reply}"
        )
    elif number in (80, 81, 82, 83):
        error = exception.AdminError(f"AEROSPIKE_ERR ({number}): {what}: {reply}")
    elif number == 201:
        error = exception.IndexNotFound(f"{what}: {reply}")
    else:
        error = exception._InfoError(f"{what}: {reply}")  # pyright: ignore[reportPrivateUsage]
    error.result_code = number
    return error


def _info(command: str, node: str | None, timeout: int) -> Plan[tuple[str, str]]:
    """A node's name and its answer."""
    return (yield Ask("info", info_request([command]), node, timeout))


def info_all(command: str, policy: Mapping[str, Any] | None) -> Plan[list[InfoNodeResult]]:
    """Asks every node."""
    timeout = _timeout(policy)
    results: list[InfoNodeResult] = []
    for node in (yield Look("_nodes")):
        try:
            name, text = yield from _info(command, node, timeout)
            results.append(InfoNodeResult(name, 0, _value(text)))
        except exception.AerospikeError as error:
            results.append(InfoNodeResult(node, error.result_code, str(error)))
    return results


def info_any(command: str, policy: Mapping[str, Any] | None) -> Plan[str]:
    """Asks one node."""
    _, text = yield from _info(command, None, _timeout(policy))
    return _value(text)


def ping() -> Plan[bool]:
    """Whether a node answers."""
    try:
        yield from _info("build", None, 0)
    except exception.AerospikeError:
        return False
    return True


def _until(timeout: int, look: Callable[[], Plan[bool]], what: str) -> Plan[None]:
    """Looks again and again, at longer and longer intervals, until something is so."""
    deadline = time.monotonic() + timeout / 1000 if timeout else None
    pause = 0.001
    while not (yield from look()):
        if deadline is not None and time.monotonic() > deadline:
            raise exception.AerospikeTimeoutError(f"Timeout: {what} takes longer than {timeout} ms")
        yield Sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE)


# ---------------------------------------------------------------- indexes, truncation


def index_create(
    namespace: str,
    set_name: str,
    bin_name: str,
    index_name: str,
    data_type: int,
    index_type: int,
    policy: Mapping[str, Any] | None,
) -> Plan[None]:
    """Creates an index and waits until every node has built it."""
    timeout = _timeout(policy)
    if data_type not in range(len(_DATA_TYPES)):
        raise exception.InvalidArgError(f"Invalid argument: unknown data type of an index: {data_type}")
    names = [_parameter("namespace", namespace)]
    if set_name:
        names.append(_parameter("set", set_name))
    names += [_parameter("indexname", index_name), _parameter("bin", bin_name)]
    names.append(f"type={_DATA_TYPES[data_type]}")
    if index_type:
        names.append(f"indextype={_INDEX_TYPES[index_type]}")
    _, text = yield from _info("sindex-create:" + ";".join(names), None, timeout)
    if _value(text).lower() != "ok":
        raise _failure(f"Error creating index {index_name}", _value(text))
    command = f"sindex-stat:namespace={namespace};indexname={index_name}"

    def is_built() -> Plan[bool]:
        for node in (yield Look("_nodes")):
            _, text = yield from _info(command, node, timeout)
            reply = _value(text)
            if reply.startswith("ERROR:201"):
                return False  # the node has not heard of it yet
            if reply.startswith("ERROR"):
                raise _failure("sindex-stat failed", reply)
            if "load_pct=100" not in reply.split(";"):
                return False
        return True

    yield from _until(timeout, is_built, f"building index {index_name}")


def index_remove(namespace: str, index_name: str, policy: Mapping[str, Any] | None) -> Plan[None]:
    """Removes an index everywhere."""
    timeout = _timeout(policy)
    names = f"{_parameter('namespace', namespace)};{_parameter('indexname', index_name)}"
    _, text = yield from _info(f"sindex-delete:{names}", None, timeout)
    if _value(text).lower() != "ok":
        raise _failure(f"Error removing index {index_name}", _value(text))

    def is_gone() -> Plan[bool]:
        for node in (yield Look("_nodes")):
            _, text = yield from _info(f"sindex-exists:{names}", node, timeout)
            if _value(text) == "true":
                return False
        return True

    yield from _until(timeout, is_gone, f"removing index {index_name}")


def truncate(namespace: str, set_name: str, nanos: int, policy: Mapping[str, Any] | None) -> Plan[None]:
    """Removes the records of a set, or of a namespace."""
    timeout = _timeout(policy)
    command = "truncate-namespace" if not set_name else "truncate"
    command += ":" + _parameter("namespace", namespace)
    if set_name:
        command += ";" + _parameter("set", set_name)
    if nanos > 0:
        command += f";lut={nanos}"
    _, text = yield from _info(command, None, timeout)
    if _value(text).lower() != "ok":
        raise _failure(f"Error truncating {namespace}/{set_name}", _value(text))


# ---------------------------------------------------------------- modules


def _modules(node: str | None, timeout: int) -> Plan[list[dict[str, str]]]:
    _, text = yield from _info("udf-list", node, timeout)
    modules: list[dict[str, str]] = []
    for entry in filter(None, _value(text).split(";")):
        fields = dict(pair.split("=", 1) for pair in entry.split(",") if "=" in pair)
        modules.append({"name": fields.get("filename", ""), "hash": fields.get("hash", ""), "type": "LUA"})
    return modules


def udf_put(filename: str, udf_type: int, policy: Mapping[str, Any] | None) -> Plan[None]:
    """Registers a module of a local file and waits until every node has it."""
    timeout = _timeout(policy)
    if not isinstance(udf_type, int):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"udf_type must be an int, not {type(udf_type).__name__}")
    if not 0 <= udf_type <= 255:
        raise OverflowError(f"udf_type must be 0 to 255, got {udf_type}")
    if udf_type != 0:
        raise exception.InvalidArgError("Invalid argument: Only Lua UDF (udf_type=0) is supported.")

    def read() -> bytes:
        with open(filename, "rb") as file:
            return file.read()

    try:
        source: bytes = yield Compute(read, ())
    except OSError as error:
        raise exception.ClientError(f"Failed to read UDF file '{filename}': {error}") from error
    content = base64.b64encode(source).decode()
    name = os.path.basename(filename)
    command = f"udf-put:{_parameter('filename', name)};content={content};content-len={len(content)};udf-type=LUA;"
    _, text = yield from _info(command, None, timeout)
    # The reply repeats the command, content included.
    reply = _value(text)
    if reply.lower() != "ok":
        raise _failure(f"Error registering UDF {name}", _with_plain_message(reply))

    def is_there() -> Plan[bool]:
        for node in (yield Look("_nodes")):
            if all(module["name"] != name for module in (yield from _modules(node, timeout))):
                return False
        return True

    yield from _until(timeout, is_there, f"registering {name}")


def _with_plain_message(reply: str) -> str:
    """The reply of a failed registration, whose message travels in base 64."""
    head, mark, encoded = reply.partition("message=")
    if not mark:
        return reply
    try:
        return head + mark + base64.b64decode(encoded).decode(errors="replace")
    except ValueError:
        return reply


def udf_remove(module: str, policy: Mapping[str, Any] | None) -> Plan[None]:
    """Removes a module everywhere."""
    timeout = _timeout(policy)
    name = module if module.endswith(".lua") else f"{module}.lua"
    _, text = yield from _info(f"udf-remove:{_parameter('filename', name)};", None, timeout)
    if _value(text).lower() != "ok":
        raise _failure(f"Error removing UDF {name}", _value(text))

    def is_gone() -> Plan[bool]:
        for node in (yield Look("_nodes")):
            if any(module["name"] == name for module in (yield from _modules(node, timeout))):
                return False
        return True

    yield from _until(timeout, is_gone, f"removing {name}")


def udf_list(policy: Mapping[str, Any] | None) -> Plan[list[dict[str, str]]]:
    """The registered modules."""
    return (yield from _modules(None, _timeout(policy)))


def udf_get(module: str, policy: Mapping[str, Any] | None) -> Plan[str]:
    """A module's source."""
    name = module if module.endswith(".lua") else f"{module}.lua"
    _, text = yield from _info(f"udf-get:{_parameter('filename', name)}", None, _timeout(policy))
    for pair in _value(text).split(";"):
        key, _, value = pair.partition("=")
        if key == "content":
            return base64.b64decode(value).decode(errors="replace")
    raise _failure(f"Error reading UDF {name}", _value(text))


# ---------------------------------------------------------------- background queries


def background(statement: tuple[Any, ...], ops: Any, function: Any, policy: Mapping[str, Any] | None) -> Plan[int]:
    """Starts a background query on every node; its number."""
    number = new_query_id()
    namespace, set_name, conditions = statement
    request = background_request(namespace, set_name, conditions, ops, function, number, policy)
    timeout = (policy or {}).get("total_timeout", 0)
    for node in (yield Look("_nodes")):
        yield Ask("message", request, node, timeout)
    return number


def job_done(number: int, policy: Mapping[str, Any] | None) -> Plan[bool]:
    """Whether a background query has ended on every node."""
    timeout = _timeout(policy)
    for node in (yield Look("_nodes")):
        _, text = yield from _info(f"query-show:id={number}", node, timeout)
        reply = _value(text)
        if reply.startswith("ERROR:2:"):
            continue  # ended, and forgotten since
        if reply.startswith("ERROR"):
            raise _failure("query-show failed", reply)
        status = next((field for field in reply.split(":") if field.startswith("status=")), "")
        if not status.startswith("status=done"):
            return False
    return True


def wait_for_job(number: int, timeout: int) -> Plan[None]:
    """Waits until a background query has ended on every node."""
    yield from _until(timeout, lambda: job_done(number, None), f"background query {number}")


# ---------------------------------------------------------------- users and roles


def _names(values: Any, what: str) -> list[str]:
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):  # pyright: ignore[reportUnknownVariableType]
        raise TypeError(f"{what} must be a list of str")
    return values  # pyright: ignore[reportUnknownVariableType]


def _privileges(privileges: Any) -> list[tuple[int, str, str]]:
    if not isinstance(privileges, list):
        raise TypeError("privileges must be a list of dicts")
    return [_privilege(privilege) for privilege in privileges]  # pyright: ignore[reportUnknownVariableType]


def _privilege(privilege: Any) -> tuple[int, str, str]:
    if not isinstance(privilege, Mapping):
        raise TypeError(f"a privilege must be a dict, not {type(privilege).__name__}")
    code: Any = privilege.get("code")  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
    if isinstance(code, str):
        code = _PRIVILEGES.get(code.replace("_", "-").lower(), code)
    if code is None:
        raise exception.InvalidArgError("Invalid argument: a privilege needs a 'code'")
    if code not in _PRIVILEGES.values():
        raise exception.InvalidArgError(f"Invalid argument: Unknown privilege code: {code}")
    scope: list[Any] = [privilege.get(name) or "" for name in ("ns", "set")]  # pyright: ignore[reportUnknownMemberType]
    if not all(isinstance(name, str) for name in scope):
        raise TypeError("the scope of a privilege must be str")
    return (cast("int", code), scope[0], scope[1])


def admin(command: str, policy: Mapping[str, Any] | None, **fields: Any) -> Plan[None]:
    """Sends an admin command."""
    timeout = _timeout(policy)
    if "roles" in fields:
        fields["roles"] = _names(fields["roles"], "roles")
    if "privileges" in fields:
        fields["privileges"] = _privileges(fields["privileges"])
    if fields.get("whitelist") is not None:
        fields["whitelist"] = _names(fields["whitelist"], "whitelist")
    yield Ask("admin", admin_request(command, fields), None, timeout)


def create_user(username: str, password: str, roles: Sequence[str], policy: Mapping[str, Any] | None) -> Plan[None]:
    """Makes a user."""
    hashed = yield Compute(hash_password, (password,))
    yield from admin("create_user", policy, user=username, password=hashed, roles=roles)


def change_password(username: str, password: str, policy: Mapping[str, Any] | None) -> Plan[None]:
    """Changes a password: one's own by showing the present one, another's as an administrator."""
    hashed = yield Compute(hash_password, (password,))
    identity = yield Look("_identity")
    if identity is None or identity[0] != username:
        yield from admin("set_password", policy, user=username, password=hashed)
        return
    yield from admin("change_password", policy, user=username, old_password=identity[1], password=hashed)
    yield Look("_set_password", (hashed, password))


def query_users(username: str | None, policy: Mapping[str, Any] | None) -> Plan[Any]:
    """One user, or all."""
    users = yield Ask("records", admin_request("query_users", {"user": username}), None, _timeout(policy))
    if username is None:
        return users
    if not users:
        raise exception.AdminError(f"User '{username}' not found")
    return users[0]


def query_roles(role: str | None, policy: Mapping[str, Any] | None) -> Plan[Any]:
    """One role, or all."""
    roles = yield Ask("records", admin_request("query_roles", {"role": role}), None, _timeout(policy))
    if role is None:
        return roles
    if not roles:
        raise exception.AdminError(f"Role '{role}' not found")
    return roles[0]


# ---------------------------------------------------------------- batches that are tried again


def batch_write(records: Any, policy: Mapping[str, Any] | None, retry: int) -> Plan[BatchWriteResult]:
    """Writes records, and those again that failed for what passes."""
    result: BatchWriteResult = yield Call("_batch_write", (records, policy))
    if retry <= 0:
        return result
    total = (policy or {}).get("total_timeout", 1000)
    deadline = time.monotonic() + total / 1000 if total else None
    rows: list[BatchRecord] = list(result.batch_records)
    attempts, truncated = 1, False
    while attempts <= retry:
        open_rows = [at for at, row in enumerate(rows) if row.result in _TRANSIENT]
        if not open_rows:
            break
        pause = random.uniform(0, min(_LONGEST_JITTER, 0.01 * 2**attempts))  # noqa: S311 - spreads load, hides nothing
        if deadline is not None and time.monotonic() + pause >= deadline:
            truncated = True
            break
        yield Sleep(pause)
        attempts += 1
        again: BatchWriteResult = yield Call("_batch_write", ([records[at] for at in open_rows], policy))
        for at, row in zip(open_rows, again.batch_records, strict=True):
            rows[at] = row
    unresolved = sum(row.result in _TRANSIENT for row in rows)
    return BatchWriteResult(rows, BatchRetryInfo(attempts, retry + 1, truncated, unresolved))
