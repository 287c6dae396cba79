"""Map the top-level folders into ``critdamp``, and build the C kernels if possible.

CRITDAMP_REQUIRE_C=1 makes a failure to build them fatal, CRITDAMP_SKIP_C=1 leaves them
out; without either, a failure costs a line and Numba computes everything.
"""

import os
import sys
from pathlib import Path

from setuptools import Extension, find_packages, setup
from setuptools.command.build_ext import build_ext

FOLDERS = ("cli", "data", "engine")
REQUIRED, SKIPPED = (
    os.environ.get(name, "0") not in ("", "0")
    for name in ("CRITDAMP_REQUIRE_C", "CRITDAMP_SKIP_C")
)
if REQUIRED and SKIPPED:
    sys.exit("CRITDAMP_REQUIRE_C and CRITDAMP_SKIP_C are both set; unset one of them")

NATIVE = Extension(
    "critdamp.engine.backends.c._kernels",
    sources=["engine/backends/c/map_kernels.c", "engine/backends/c/step_kernels.c"],
    depends=[str(path) for path in Path("engine/backends/c").glob("*.h")],
    # every operation is rounded as it is written: the bits are those of Numba's kernels
    extra_compile_args=[
        "-std=gnu11",
        "-O3",
        "-ffp-contract=off",
        "-fno-math-errno",
        "-fno-trapping-math",
        "-fopenmp",
    ],
    extra_link_args=["-fopenmp"],
    optional=not REQUIRED,
)


class BuildKernels(build_ext):
    """Build what can be built, and forget the rest, so that no later step wants it."""

    def run(self) -> None:
        """Build, and say what was not."""
        super().run()
        built = [
            e for e in self.extensions if Path(self.get_ext_fullpath(e.name)).exists()
        ]
        if len(built) < len(self.extensions):
            print("critdamp: no C kernels were built, Numba computes everything")
        self.extensions = built


setup(
    packages=[
        "critdamp",
        *(
            f"critdamp.{name}"
            for name in find_packages(
                include=[pattern for f in FOLDERS for pattern in (f, f"{f}.*")]
            )
        ),
    ],
    package_dir={"critdamp": "src/critdamp", **{f"critdamp.{f}": f for f in FOLDERS}},
    cmdclass={"build_ext": BuildKernels},
    # "pip install -e ." links the folders into one tree, which type checkers can read;
    # run it again after adding a module.
    options={"editable_wheel": {"mode": "strict"}},
    ext_modules=[] if SKIPPED else [NATIVE],
)
