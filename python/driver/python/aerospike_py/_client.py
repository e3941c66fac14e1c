"""The synchronous client: a class over the native one, for users to subclass.

What is called often is native. Here is what is called seldom, the same for both clients: it is written as plans, see
``_plans``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, overload

from . import _plans
from ._native import Client as _NativeClient
from ._query import Query, Scan
from .numpy_batch import NumpyBatchRecords, records_from_numpy
from .types import (
    BatchRecords,
    BatchWriteResult,
    InfoNodeResult,
    KeyT,
    Privilege,
    RoleInfo,
    UserInfo,
)

if TYPE_CHECKING:
    pass


class Client(_NativeClient):
    """A connection to a cluster, used from any number of threads.

    Args:
        config: see :class:`aerospike_py.types.ClientConfig`; read by :meth:`connect`, not before.
    """

    def __init__(self, config: Any) -> None:
        super().__init__()
        self._config = config

    def _server(self) -> tuple[str, int, str]:
        return first_server(self._config)

    def query(self, namespace: str, set_name: str) -> Query:
        """A query of a set, or of a namespace where ``set_name`` is empty.

        Raises:
            ClientError: the client is not connected.
        """
        return Query(self, namespace, set_name)

    def scan(self, namespace: str, set_name: str) -> Scan:
        """A scan of a set, or of a namespace where ``set_name`` is empty.

        Raises:
            ClientError: the client is not connected.
        """
        return Scan(self, namespace, set_name)

    @overload
    def batch_read(
        self, keys: list[KeyT], bins: Sequence[str] | None = None, policy: Mapping[str, Any] | None = None
    ) -> BatchRecords: ...
    @overload
    def batch_read(
        self,
        keys: list[KeyT],
        bins: Sequence[str] | None = None,
        policy: Mapping[str, Any] | None = None,
        *,
        _dtype: Any,
    ) -> NumpyBatchRecords: ...
    def batch_read(
        self,
        keys: Any,
        bins: Any = None,
        policy: Mapping[str, Any] | None = None,
        _dtype: Any = None,
    ) -> Any:
        """Reads many records: a dict from user key to bins of those found, and ``batch_records`` with everything.

        Args:
            keys: keys, of any namespaces and sets.
            bins: names, or None for all, or ``[]`` to look only whether the records exist.
            policy: see :class:`aerospike_py.types.BatchReadPolicy`.
            _dtype: a structured NumPy dtype: the result is then a :class:`aerospike_py.numpy_batch.NumpyBatchRecords`.

        Raises:
            ClusterError: no key can be asked for, its namespace being unknown, say.
            AerospikeTimeoutError: no answer at all in time.
        """
        result = super().batch_read(keys, bins, policy)
        return result if _dtype is None else result.to_numpy(_dtype)

    def info_all(self, command: str, policy: Mapping[str, Any] | None = None) -> list[InfoNodeResult]:
        """Sends an info command to every node.

        Args:
            command: its text, as in ``"build"`` or ``"get-config:context=service"``.
            policy: ``{"timeout": milliseconds}``.

        Returns:
            One ``(node_name, error_code, response)`` per node. A refusal is in the response, as the server wrote it.
        """
        return _plans.run(self, _plans.info_all(command, policy))

    def info_random_node(self, command: str, policy: Mapping[str, Any] | None = None) -> str:
        """Sends an info command to any node; its response.

        Args:
            command: its text.
            policy: ``{"timeout": milliseconds}``.
        """
        return _plans.run(self, _plans.info_any(command, policy))

    def ping(self) -> bool:
        """Whether a node answers. Never raises: False where the client is not connected."""
        return _plans.run(self, _plans.ping())

    def index_integer_create(
        self, namespace: str, set_name: str, bin_name: str, index_name: str, policy: Mapping[str, Any] | None = None
    ) -> None:
        """Creates an index of the integers in a bin, and waits until it is built.

        Args:
            namespace: namespace.
            set_name: set; empty: the whole namespace.
            bin_name: bin.
            index_name: the index's name, one of its own in the namespace. The same definition again is no error.
            policy: ``{"timeout": milliseconds}``.

        Raises:
            IndexFoundError: there is another index of that name.
            ServerError: the server refused it.
        """
        _plans.run(self, _plans.index_create(namespace, set_name, bin_name, index_name, 0, 0, policy))

    def index_string_create(
        self, namespace: str, set_name: str, bin_name: str, index_name: str, policy: Mapping[str, Any] | None = None
    ) -> None:
        """Creates an index of the strings in a bin; see :meth:`index_integer_create`."""
        _plans.run(self, _plans.index_create(namespace, set_name, bin_name, index_name, 1, 0, policy))

    def index_blob_create(
        self, namespace: str, set_name: str, bin_name: str, index_name: str, policy: Mapping[str, Any] | None = None
    ) -> None:
        """Creates an index of the bytes in a bin; see :meth:`index_integer_create`."""
        _plans.run(self, _plans.index_create(namespace, set_name, bin_name, index_name, 2, 0, policy))

    def index_geo2dsphere_create(
        self, namespace: str, set_name: str, bin_name: str, index_name: str, policy: Mapping[str, Any] | None = None
    ) -> None:
        """Creates an index of the places and regions in a bin; see :meth:`index_integer_create`."""
        _plans.run(self, _plans.index_create(namespace, set_name, bin_name, index_name, 3, 0, policy))

    def index_list_create(
        self,
        namespace: str,
        set_name: str,
        bin_name: str,
        index_datatype: int,
        index_name: str,
        policy: Mapping[str, Any] | None = None,
    ) -> None:
        """Creates an index of the elements of the lists in a bin; see :meth:`index_integer_create`.

        Args:
            namespace: namespace.
            set_name: set; empty: the whole namespace.
            bin_name: bin.
            index_datatype: which elements: ``INDEX_NUMERIC``, ``INDEX_STRING``, ``INDEX_BLOB``, ``INDEX_GEO2DSPHERE``.
            index_name: the index's name.
            policy: ``{"timeout": milliseconds}``.
        """
        _plans.run(self, _plans.index_create(namespace, set_name, bin_name, index_name, index_datatype, 1, policy))

    def index_map_keys_create(
        self,
        namespace: str,
        set_name: str,
        bin_name: str,
        index_datatype: int,
        index_name: str,
        policy: Mapping[str, Any] | None = None,
    ) -> None:
        """Creates an index of the keys of the maps in a bin; see :meth:`index_list_create`."""
        _plans.run(self, _plans.index_create(namespace, set_name, bin_name, index_name, index_datatype, 2, policy))

    def index_map_values_create(
        self,
        namespace: str,
        set_name: str,
        bin_name: str,
        index_datatype: int,
        index_name: str,
        policy: Mapping[str, Any] | None = None,
    ) -> None:
        """Creates an index of the values of the maps in a bin; see :meth:`index_list_create`."""
        _plans.run(self, _plans.index_create(namespace, set_name, bin_name, index_name, index_datatype, 3, policy))

    def index_remove(self, namespace: str, index_name: str, policy: Mapping[str, Any] | None = None) -> None:
        """Removes an index. An unknown one is no error.

        Args:
            namespace: namespace.
            index_name: the index's name.
            policy: ``{"timeout": milliseconds}``.
        """
        _plans.run(self, _plans.index_remove(namespace, index_name, policy))

    def truncate(self, namespace: str, set_name: str, nanos: int = 0, policy: Mapping[str, Any] | None = None) -> None:
        """Removes all records of a set, or of a namespace. An unknown one is no error.

        Args:
            namespace: namespace.
            set_name: set; empty: the whole namespace.
            nanos: only records last written before this time, in nanoseconds since 1970; 0: now.
            policy: ``{"timeout": milliseconds}``.

        Raises:
            ServerError: ``nanos`` lies in the future, or before 2010.
        """
        _plans.run(self, _plans.truncate(namespace, set_name, nanos, policy))

    def udf_put(self, filename: str, udf_type: int = 0, policy: Mapping[str, Any] | None = None) -> None:
        """Registers a module of functions, and waits until every node has it.

        Args:
            filename: path of a file with Lua source; the module is named after the file.
            udf_type: 0, for Lua.
            policy: ``{"timeout": milliseconds}``.

        Raises:
            ClientError: the file cannot be read, or the server cannot compile it.
        """
        _plans.run(self, _plans.udf_put(filename, udf_type, policy))

    def udf_remove(self, module: str, policy: Mapping[str, Any] | None = None) -> None:
        """Removes a module of functions. An unknown one is no error.

        Args:
            module: its name, with or without ``.lua``.
            policy: ``{"timeout": milliseconds}``.
        """
        _plans.run(self, _plans.udf_remove(module, policy))

    def udf_list(self, policy: Mapping[str, Any] | None = None) -> list[dict[str, str]]:
        """The registered modules: dicts with ``name``, ``hash`` and ``type``.

        Args:
            policy: ``{"timeout": milliseconds}``.
        """
        return _plans.run(self, _plans.udf_list(policy))

    def udf_get(self, module: str, policy: Mapping[str, Any] | None = None) -> str:
        """The source of a registered module.

        Args:
            module: its name, with or without ``.lua``.
            policy: ``{"timeout": milliseconds}``.

        Raises:
            ClientError: there is no such module.
        """
        return _plans.run(self, _plans.udf_get(module, policy))

    def job_done(self, query_id: int, policy: Mapping[str, Any] | None = None) -> bool:
        """Whether a background query has ended on every node.

        Args:
            query_id: what ``execute_background`` returned.
            policy: ``{"timeout": milliseconds}``.
        """
        return _plans.run(self, _plans.job_done(query_id, policy))

    def job_wait(self, query_id: int, timeout: int = 0) -> None:
        """Waits until a background query has ended on every node.

        Args:
            query_id: what ``execute_background`` returned.
            timeout: milliseconds; 0: as long as it takes.

        Raises:
            AerospikeTimeoutError: it takes longer.
        """
        _plans.run(self, _plans.wait_for_job(query_id, timeout))

    def admin_create_user(
        self, username: str, password: str, roles: list[str], policy: Mapping[str, Any] | None = None
    ) -> None:
        """Makes a user.

        Args:
            username: at most 63 bytes.
            password: in clear; what travels is its hash.
            roles: names of roles.
            policy: ``{"timeout": milliseconds}``.

        Raises:
            AdminError: the server refused it: 61 there is such a user, 70 no such role, 81 not allowed, ...
        """
        _plans.run(self, _plans.create_user(username, password, roles, policy))

    def admin_drop_user(self, username: str, policy: Mapping[str, Any] | None = None) -> None:
        """Removes a user.

        Raises:
            AdminError: 60 no such user.
        """
        _plans.run(self, _plans.admin("drop_user", policy, user=username))

    def admin_change_password(self, username: str, password: str, policy: Mapping[str, Any] | None = None) -> None:
        """Changes a password: the client's own user's, or as an administrator anybody's.

        Raises:
            AdminError: 60 no such user.
        """
        _plans.run(self, _plans.change_password(username, password, policy))

    def admin_grant_roles(self, username: str, roles: list[str], policy: Mapping[str, Any] | None = None) -> None:
        """Gives roles to a user.

        Raises:
            AdminError: 60 no such user, 70 no such role.
        """
        _plans.run(self, _plans.admin("grant_roles", policy, user=username, roles=roles))

    def admin_revoke_roles(self, username: str, roles: list[str], policy: Mapping[str, Any] | None = None) -> None:
        """Takes roles from a user.

        Raises:
            AdminError: 60 no such user.
        """
        _plans.run(self, _plans.admin("revoke_roles", policy, user=username, roles=roles))

    def admin_query_user_info(self, username: str, policy: Mapping[str, Any] | None = None) -> UserInfo:
        """A user: ``user``, ``roles``, ``conns_in_use``, ``read_info``, ``write_info``.

        Raises:
            AdminError: 60 no such user.
        """
        return _plans.run(self, _plans.query_users(username, policy))

    def admin_query_users_info(self, policy: Mapping[str, Any] | None = None) -> list[UserInfo]:
        """All users; see :meth:`admin_query_user_info`."""
        return _plans.run(self, _plans.query_users(None, policy))

    def admin_query_user(self, username: str, policy: Mapping[str, Any] | None = None) -> UserInfo:
        """A user; see :meth:`admin_query_user_info`."""
        return _plans.run(self, _plans.query_users(username, policy))

    def admin_query_users(self, policy: Mapping[str, Any] | None = None) -> list[UserInfo]:
        """All users; see :meth:`admin_query_user_info`."""
        return _plans.run(self, _plans.query_users(None, policy))

    def admin_create_role(
        self,
        role: str,
        privileges: list[Privilege],
        policy: Mapping[str, Any] | None = None,
        whitelist: list[str] | None = None,
        read_quota: int = 0,
        write_quota: int = 0,
    ) -> None:
        """Makes a role.

        Args:
            role: at most 63 bytes.
            privileges: dicts with ``code`` (``PRIV_*``), and ``ns`` and ``set`` where it is limited to these.
            policy: ``{"timeout": milliseconds}``.
            whitelist: addresses and networks from which its users may connect.
            read_quota: records read in a second on each node; 0: no limit.
            write_quota: records written in a second on each node; 0: no limit.

        Raises:
            InvalidArgError: no such privilege.
            AdminError: the server refused it: 71 there is such a role, 72 a privilege is wrong, ...
        """
        _plans.run(
            self,
            _plans.admin(
                "create_role",
                policy,
                role=role,
                privileges=privileges,
                whitelist=whitelist,
                read_quota=read_quota or None,
                write_quota=write_quota or None,
            ),
        )

    def admin_drop_role(self, role: str, policy: Mapping[str, Any] | None = None) -> None:
        """Removes a role, from its users too.

        Raises:
            AdminError: 70 no such role.
        """
        _plans.run(self, _plans.admin("drop_role", policy, role=role))

    def admin_grant_privileges(
        self, role: str, privileges: list[Privilege], policy: Mapping[str, Any] | None = None
    ) -> None:
        """Adds privileges to a role; see :meth:`admin_create_role`."""
        _plans.run(self, _plans.admin("grant_privileges", policy, role=role, privileges=privileges))

    def admin_revoke_privileges(
        self, role: str, privileges: list[Privilege], policy: Mapping[str, Any] | None = None
    ) -> None:
        """Takes privileges from a role; see :meth:`admin_create_role`."""
        _plans.run(self, _plans.admin("revoke_privileges", policy, role=role, privileges=privileges))

    def admin_query_role(self, role: str, policy: Mapping[str, Any] | None = None) -> RoleInfo:
        """A role: ``name`` (and ``role``), ``privileges``, ``allowlist``, ``read_quota``, ``write_quota``.

        Raises:
            AdminError: 70 no such role.
        """
        return _plans.run(self, _plans.query_roles(role, policy))

    def admin_query_roles(self, policy: Mapping[str, Any] | None = None) -> list[RoleInfo]:
        """All roles; see :meth:`admin_query_role`."""
        return _plans.run(self, _plans.query_roles(None, policy))

    def admin_set_whitelist(self, role: str, whitelist: list[str], policy: Mapping[str, Any] | None = None) -> None:
        """Sets the addresses and networks from which a role's users may connect; an empty list: from everywhere."""
        _plans.run(self, _plans.admin("set_whitelist", policy, role=role, whitelist=whitelist))

    def admin_set_quotas(
        self, role: str, read_quota: int = 0, write_quota: int = 0, policy: Mapping[str, Any] | None = None
    ) -> None:
        """Sets how many records a role's users may read and write in a second on each node; 0: no limit."""
        _plans.run(self, _plans.admin("set_quotas", policy, role=role, read_quota=read_quota, write_quota=write_quota))

    def batch_write(
        self, records: Sequence[Any], policy: Mapping[str, Any] | None = None, retry: int = 0
    ) -> BatchWriteResult:
        """Writes many records, each with bins of its own: a list of ``(key, meta, bins)``, and ``batch_records``.

        Args:
            records: ``(key, bins)`` or ``(key, bins, meta)``; a value in a meta wins over the same value in the policy.
            policy: see :class:`aerospike_py.types.BatchPolicy`.
            retry: how often records that failed for what may pass (a timeout, a busy record) are written again, at most
                until the policy's ``total_timeout``; what came of that is in ``retry`` of the result.

        Raises:
            TypeError, ValueError: not a record; nothing was sent.
            ClusterError: no key can be asked for.
        """
        return _plans.run(self, _plans.batch_write(records, policy, retry))

    def batch_write_numpy(
        self,
        data: Any,
        namespace: str,
        set_name: str,
        _dtype: Any,
        key_field: str = "_key",
        policy: Mapping[str, Any] | None = None,
        retry: int = 0,
    ) -> BatchWriteResult:
        """Writes the rows of a structured NumPy array as records; see :mod:`aerospike_py.numpy_batch`.

        Args:
            data: the array.
            namespace: namespace.
            set_name: set.
            _dtype: which fields are bins; those that begin with ``_`` are not.
            key_field: the field with the user key.
            policy: see :class:`aerospike_py.types.BatchPolicy`.
            retry: see :meth:`batch_write`.
        """
        records = records_from_numpy(data, namespace, set_name, _dtype, key_field)
        return _plans.run(self, _plans.batch_write(records, policy, retry))


def first_server(config: Any) -> tuple[str, int, str]:
    """Address and port of the first host, and the cluster's name, as far as the configuration tells; for traces."""
    try:
        host = config["hosts"][0]
        name, _, port = host.partition(":") if isinstance(host, str) else (host[0], "", host[1:2])
        number = int(port if isinstance(port, str) else port[0]) if port else 3000
        return str(name), number, config.get("cluster_name") or ""
    except (TypeError, ValueError, LookupError, AttributeError):
        return "", 0, ""


def client(config: Any) -> Client:
    """A client that is not connected yet; see :class:`Client`."""
    return Client(config)
