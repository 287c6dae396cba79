"""Signals that end a command: Ctrl-C, and those that schedulers send."""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGXCPU")
# some systems lack some of them
ENDING = tuple(getattr(signal, name) for name in _NAMES if hasattr(signal, name))
# seconds after which a process that an interrupt does not end is ended
PATIENCE = 3.0
INTERRUPTED = 130
# the signals that this command has got
received: list[int] = []
# those that are ignored when it has ended and Python does
_at_the_end: list[int] = []


def of_a_program() -> None:
    """Let signals end the process at once until a command begins, without a traceback.

    When the command has ended they are ignored, so that the exit status is its own.
    """
    _at_the_end.extend(_heeded())
    for number in _at_the_end:
        signal.signal(number, signal.SIG_DFL)


def _heeded() -> list[int]:
    """Return the signals that are not ignored, as SIGHUP is under nohup."""
    return [n for n in ENDING if signal.getsignal(n) is not signal.SIG_IGN]


@contextmanager
def handled(handler: Callable[[int, FrameType | None], object]) -> Iterator[None]:
    """Handle these signals in the block, but for those that are ignored."""
    previous: dict[int, Any] = {n: signal.getsignal(n) for n in _heeded()}
    try:
        for number in previous:
            signal.signal(number, handler)
        yield
    finally:
        for number, before in previous.items():
            signal.signal(number, before)


@contextmanager
def interruptible() -> Iterator[None]:
    """Raise KeyboardInterrupt in the block for the first of these signals.

    A kernel, or a library that writes a file, may go on regardless. Then the process is
    ended, without its temporary files: after `PATIENCE`, or by a second Ctrl-C.
    """
    from critdamp.data.storage.atomic_files import remove_temporaries

    received.clear()
    try:
        with _watched(remove_temporaries), _quiet(), handled(_interrupt):
            yield
    finally:
        for number in _at_the_end:
            signal.signal(number, signal.SIG_IGN)


def _interrupt(number: int, _frame: FrameType | None) -> None:
    received.append(number)
    if len(received) == 1:
        raise KeyboardInterrupt


@contextmanager
def _quiet() -> Iterator[None]:
    """Print no traceback in the block for an interrupt that a callback of C loses."""
    previous = sys.unraisablehook

    def told(lost: Any) -> None:
        if not issubclass(lost.exc_type, KeyboardInterrupt):
            previous(lost)

    sys.unraisablehook = told
    try:
        yield
    finally:
        sys.unraisablehook = previous


@contextmanager
def _watched(clean_up: Callable[[], None]) -> Iterator[None]:
    """Watch for signals in the block, in a thread: it runs beside a kernel."""
    read, write = os.pipe()
    os.set_blocking(write, False)
    previous = signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    watcher = threading.Thread(target=_watch, args=(read, clean_up), daemon=True)
    try:
        watcher.start()
        yield
    finally:
        signal.set_wakeup_fd(previous)
        os.close(write)


@contextmanager
def unwatched() -> Iterator[None]:
    """Do not end the process in the block, which ends by itself."""
    previous = signal.set_wakeup_fd(-1)
    try:
        yield
    finally:
        signal.set_wakeup_fd(previous)


def _watch(read: int, clean_up: Callable[[], None]) -> None:
    """End the process some time after a signal, unless the pipe is closed before."""
    with os.fdopen(read, "rb", buffering=0) as pipe:
        while number := pipe.read(1):
            if number[0] in ENDING:
                break
        else:
            return
        while select.select([pipe], [], [], PATIENCE)[0]:
            number = pipe.read(1)
            if not number:
                return
            if number[0] == signal.SIGINT:
                break
    clean_up()
    os.write(2, b"interrupted\n")
    os._exit(INTERRUPTED)
