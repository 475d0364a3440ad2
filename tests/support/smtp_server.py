"""A real mail server on loopback, steered by the recipient, for tests/smtp.rs.

It listens on three ports: plain, with SMTPUTF8; with STARTTLS and a log-in that is demanded; and with TLS from the first
byte. The first line on stdout names them. From then on each line on stdin is a question with one line of JSON as the answer:

    taken      how many messages were taken
    last       the last message taken: its recipient, subject, Message-ID and text
    hanging    true, as soon as a message has arrived that gets no reply

A recipient whose local part begins with `throttle`, `gone`, `reject-data`, `slow` or `drop` is treated so. The server ends
with its stdin.
"""

import asyncio
import email
import email.policy
import json
import pathlib
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

USERNAME, PASSWORD = b"test", b"secret"


class Handler:
    def __init__(self):
        self.taken = 0
        self.last = None
        self.hanging = asyncio.Semaphore(0)

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("throttle"):
            return "450 4.7.1 rate limit exceeded, slow down"
        if address.startswith("gone"):
            return "550 5.1.1 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 recipient taken"

    async def handle_DATA(self, server, session, envelope):
        (recipient,) = envelope.rcpt_tos
        if recipient.startswith("reject-data"):
            return "554 5.6.0 not such content"
        if recipient.startswith("slow"):
            self.hanging.release()
            await asyncio.Event().wait()
        self.taken += 1
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.last = {
            "recipient": recipient,
            "subject": message["Subject"],
            "message_id": message["Message-ID"],
            "text": message.get_body(("plain",)).get_content(),
        }
        if recipient.startswith("drop"):
            server.transport.abort()
        return "250 2.0.0 message taken"


def authenticate(server, session, envelope, mechanism, data):
    known = isinstance(data, LoginPassword) and (data.login, data.password) == (USERNAME, PASSWORD)
    return AuthResult(success=known, handled=False)


async def main():
    loop = asyncio.get_running_loop()
    handler = Handler()
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(pathlib.Path(__file__).parent / "tls" / "server.pem")

    async def listen(wrapper=None, **options):
        def session():
            return SMTP(handler, hostname="localhost", loop=loop, **options)

        server = await loop.create_server(session, "127.0.0.1", 0, ssl=wrapper)
        return server, server.sockets[0].getsockname()[1]

    plain = await listen(enable_SMTPUTF8=True)
    starttls = await listen(tls_context=tls, require_starttls=True, authenticator=authenticate, auth_required=True)
    wrapper = await listen(wrapper=tls)
    print(json.dumps({"plain": plain[1], "starttls": starttls[1], "wrapper": wrapper[1]}), flush=True)

    questions = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(questions), sys.stdin)
    while question := (await questions.readline()).decode().strip():
        if question == "taken":
            answer = handler.taken
        elif question == "last":
            answer = handler.last
        elif question == "hanging":
            answer = await handler.hanging.acquire()
        else:
            raise SystemExit(f"unknown question {question!r}")
        print(json.dumps(answer), flush=True)


asyncio.run(main())
