"""Map the folders at the top of the repository into the package ``critdamp``."""

from setuptools import find_packages, setup

FOLDERS = ("cli", "data", "engine")

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
    # "pip install -e ." links the folders into one tree, which type checkers can read;
    # run it again after adding a module.
    options={"editable_wheel": {"mode": "strict"}},
)
