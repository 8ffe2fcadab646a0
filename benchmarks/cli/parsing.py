"""A parser whose errors name what was likely meant."""

from __future__ import annotations

import argparse
import re
from typing import NoReturn

from benchmarks.tasks.names import nearest


class Parser(argparse.ArgumentParser):
    """An ArgumentParser that suggests options and commands for those that do not exist."""

    def parse_known_args(  # type: ignore[override] # the base is overloaded
        self, args: list[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """Parse, and stop at an option that does not exist while it is known whose it is."""
        found, rest = super().parse_known_args(args, namespace)
        option = next((word for word in rest if word.startswith("-") and len(word) > 1), None)
        if option is not None:
            options = [name for name in self._option_string_actions if name.startswith("--")]
            name = option.split("=")[0]
            near = nearest(name.lstrip("-"), (known.lstrip("-") for known in options))
            known = [f"--{one}" for one in near] or options
            self.error(f"there is no option {name}; it has {', '.join(known)}")
        return found, rest

    def error(self, message: str) -> NoReturn:
        """Print what is wrong in one line, with the command that was likely meant, and end."""
        wrong = re.match(r"argument COMMAND: invalid choice: '(.*?)' \(choose from (.*)\)", message)
        if wrong:
            commands = re.findall(r"[\w-]+", wrong[2])
            near = nearest(wrong[1], commands) or commands
            message = f"there is no command {wrong[1]!r}; did you mean {', '.join(near)}?"
        super().error(message)
