"""A person at a terminal: pexpect with the habits that login programs need."""

from collections.abc import Sequence

import pexpect

from tests.support.world.waiting import wait_until

ROWS, COLUMNS = 60, 132


class Terminal:
    """One program on a pseudo-terminal. Everything it printed is in `screen`."""

    def __init__(self, argv: Sequence[str], timeout: float) -> None:
        """Starts the program; `timeout` (seconds) is how long each expectation waits."""
        self._child: pexpect.spawn[str] = pexpect.spawn(
            argv[0],
            list(argv[1:]),
            # select(2), its default, knows no descriptor above 1,023.
            use_poll=True,
            timeout=timeout,
            encoding="utf-8",
            codec_errors="replace",
            dimensions=(ROWS, COLUMNS),
        )
        self._child.delaybeforesend = None  # each program is waited for by its prompt
        self._printed: list[str] = []

    @property
    def screen(self) -> str:
        """What has been printed and looked at so far, with plain line ends."""
        return "".join(self._printed).replace("\r\n", "\n").replace("\r", "")

    def expect(self, *patterns: str) -> str:
        """Waits until the program prints something that matches one of the regular expressions; returns the match.

        Raises AssertionError with the whole screen when the time is up or the program ends before.
        """
        try:
            self._child.expect(list(patterns))
        except (pexpect.TIMEOUT, pexpect.EOF) as problem:
            self._printed.append(self._child.before or "")
            why = "ended" if isinstance(problem, pexpect.EOF) else "said nothing of the kind"
            raise AssertionError(
                f"expected {' or '.join(map(repr, patterns))}; the program {why}:\n{self.screen}"
            ) from None
        matched = str(self._child.after)
        self._printed.append((self._child.before or "") + matched)
        return matched

    def type(self, line: str) -> None:
        """Types a line and presses Enter."""
        self._child.sendline(line)

    def answer(self, prompt: str, line: str) -> None:
        """Waits for a prompt, then types."""
        self.expect(prompt)
        self.type(line)

    def answer_unseen(self, prompt: str, line: str) -> None:
        """Waits for a prompt and until the terminal has stopped echoing, then types.

        For programs that print first and switch the echo off afterwards, which discards what was typed between.
        """
        self.expect(prompt)
        wait_until("the terminal echoes no more", lambda: not self._child.getecho())
        self.type(line)

    def ends_before(self, pattern: str, timeout: float = 40) -> bool:
        """Waits for the program's end, or until it prints something that matches; says whether it ended."""
        try:
            ended = self._child.expect([pattern, pexpect.EOF], timeout=timeout) == 1
        except pexpect.TIMEOUT:
            self._printed.append(self._child.before or "")
            raise AssertionError(f"neither {pattern!r} nor the end came within {timeout:g} s:\n{self.screen}") from None
        self._printed.append((self._child.before or "") + ("" if ended else str(self._child.after)))
        return ended

    def end(self, timeout: float = 40) -> int:
        """Waits for the program's end; returns its exit status (128 + the signal, if one ended it)."""
        try:
            self._child.expect(pexpect.EOF, timeout=timeout)
        except pexpect.TIMEOUT:
            self._printed.append(self._child.before or "")
            raise AssertionError(f"the program did not end within {timeout:g} s:\n{self.screen}") from None
        self._printed.append(self._child.before or "")
        self._child.close()
        if self._child.exitstatus is not None:
            return int(self._child.exitstatus)
        return 128 + int(self._child.signalstatus or 0)

    def hang_up(self) -> None:
        """Closes the terminal, as when a connection is lost."""
        self._child.close(force=True)
