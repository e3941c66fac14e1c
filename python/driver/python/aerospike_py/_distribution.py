"""Which distribution this package comes from, and whether another one claims the same import name."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

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
    found = {
        name
        for name, directory in _installed()
        if name != NAME and (name == _normal(PACKAGE) or PACKAGE in _top_level(directory))
    }
    return sorted(found)


def _normal(name: str) -> str:
    return name.lower().replace("_", "-")


def _installed() -> Iterator[tuple[str, Path]]:
    """Names and metadata directories; only directories are listed, for parsing metadata would slow each import."""
    for entry in sys.path:
        try:
            directories = [path for path in Path(entry or ".").iterdir() if path.suffix in (".dist-info", ".egg-info")]
        except OSError:
            continue
        for directory in directories:
            yield _normal(directory.stem.partition("-")[0]), directory


def _top_level(directory: Path) -> list[str]:
    try:
        return (directory / "top_level.txt").read_text().split()
    except (OSError, UnicodeDecodeError):
        return []


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
