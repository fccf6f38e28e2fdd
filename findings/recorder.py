# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A small SMTP server on loopback that writes down, one JSON object a line, what mail programs do with a login."""

from __future__ import annotations

import argparse
import asyncio
import base64
import itertools
import json
import pathlib
from typing import Any


class Recorder:
    """Take logins with one password; refuse all others with a reply of the caller's choice."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.numbers = itertools.count(1)

    def note(self, connection: int, what: str, **more: Any) -> None:
        with self.options.log.open("a", encoding="utf-8") as log:
            log.write(json.dumps({"connection": connection, "what": what, **more}) + "\n")

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await Dialogue(self, reader, writer).run()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


class Dialogue:
    """One connection."""

    def __init__(self, recorder: Recorder, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.recorder, self.options = recorder, recorder.options
        self.reader, self.writer = reader, writer
        self.number = next(recorder.numbers)
        self.authenticated = False

    async def say(self, text: str) -> None:
        self.writer.write(text.encode() + b"\r\n")
        await self.writer.drain()

    async def line(self) -> str:
        data = await self.reader.readline()
        if not data:
            raise ConnectionError
        return data.rstrip(b"\r\n").decode("utf-8", "surrogateescape")

    async def run(self) -> None:
        self.recorder.note(self.number, "CONNECT")
        await self.say("220 recorder.example ESMTP")
        while True:
            line = await self.line()
            verb = line.partition(" ")[0].upper()
            if verb == "AUTH":
                await self.auth(line)
                continue
            self.recorder.note(self.number, verb)
            if verb == "EHLO":
                await self.say(f"250-recorder.example\r\n250-8BITMIME\r\n250 AUTH {self.options.mechanisms}")
            elif verb == "MAIL" and not self.authenticated:
                await self.say("530 5.7.0 Authentication required")
            elif verb == "DATA":
                await self.data()
            else:
                await self.say("221 2.0.0 Bye" if verb == "QUIT" else "250 2.0.0 Ok")
            if verb == "QUIT":
                return

    async def ask(self, prompt: str) -> str:
        await self.say(f"334 {base64.b64encode(prompt.encode()).decode()}")
        return decoded(await self.line())

    async def auth(self, line: str) -> None:
        mechanism, _blank, initial = line[5:].partition(" ")
        mechanism = mechanism.upper()
        login = password = ""
        if mechanism == "PLAIN":
            answer = decoded(initial) if initial else await self.ask("")
            login, password = [*answer.split("\0"), "", ""][1:3]
        elif mechanism == "LOGIN":
            login = decoded(initial) if initial else await self.ask("Username:")
            password = await self.ask("Password:")
        else:
            await self.ask("<1@recorder.example>")
        self.recorder.note(self.number, "AUTH", mechanism=mechanism, login=login, password=password)
        self.authenticated = password == self.options.password.read_text(encoding="utf-8").rstrip("\n")
        await self.say("235 2.7.0 Ok" if self.authenticated else self.options.refusal)

    async def data(self) -> None:
        await self.say("354 Go ahead")
        while await self.line() != ".":
            pass
        self.recorder.note(self.number, "MESSAGE", authenticated=self.authenticated)
        await self.say("250 2.0.0 Ok: taken")


def decoded(text: str) -> str:
    return base64.b64decode(text).decode("utf-8", "surrogateescape")


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--log", type=pathlib.Path, required=True)
    parser.add_argument("--port-file", type=pathlib.Path, required=True)
    parser.add_argument("--password", type=pathlib.Path, required=True, help="file; read anew at each login")
    parser.add_argument("--refusal", default="535 5.7.8 Authentication credentials invalid")
    parser.add_argument("--mechanisms", default="PLAIN LOGIN")
    return parser.parse_args()


async def main() -> None:
    given = options()
    server = await asyncio.start_server(Recorder(given).serve, "127.0.0.1", 0)
    given.port_file.write_text(str(server.sockets[0].getsockname()[1]), encoding="ascii")
    async with server:
        await server.serve_forever()


asyncio.run(main())
