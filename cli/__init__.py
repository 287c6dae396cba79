"""The command line; what it needs is imported when it is called."""


def main() -> None:
    """Run the command line as a program, and exit with its exit status."""
    try:
        from .terminal.signals import of_a_program

        of_a_program()
        from .terminal.streams import prepare

        prepare()
        from .program import run
    except KeyboardInterrupt:  # there is nothing to clean up yet
        raise SystemExit(130) from None
    raise SystemExit(run())
