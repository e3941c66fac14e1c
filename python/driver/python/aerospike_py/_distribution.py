"""Which distribution this package comes from, and whether another one claims the same import name."""

from __future__ import annotations

import warnings
from importlib import metadata

NAME = "aerospike-emulator-driver"
PACKAGE = "aerospike_py"


def version() -> str:
    """Version of the distribution; "0.0.0" when the package was not installed."""
    try:
        return metadata.version(NAME)
    except metadata.PackageNotFoundError:
        return "0.0.0"


def others() -> list[str]:
    """Names of other distributions on the path that bring a package of the same name."""
    found: set[str] = set()
    for distribution in metadata.distributions():
        name = _name(distribution)
        if name is None or name.lower().replace("_", "-") == NAME:
            continue
        if name.lower().replace("_", "-") == PACKAGE.replace("_", "-") or _brings_package(distribution):
            found.add(name)
    return sorted(found)


def _name(distribution: metadata.Distribution) -> str | None:
    try:
        return distribution.metadata["Name"]
    except KeyError:
        # What lies on the path without being whole is nobody's package.
        return None


def _brings_package(distribution: metadata.Distribution) -> bool:
    # top_level.txt is small; the list of all files is long and read for nothing else.
    top = distribution.read_text("top_level.txt")
    return top is not None and PACKAGE in top.split()


def warn_of_others() -> None:
    """Warns when another distribution's package of the same name lies on the path: either may be imported."""
    found = others()
    if found:
        names = ", ".join(found)
        warnings.warn(
            f"{names} brings a package '{PACKAGE}' too; which one is imported depends on the order of "
            f"installation. Uninstall either {names} or {NAME}.",
            RuntimeWarning,
            stacklevel=3,
        )
