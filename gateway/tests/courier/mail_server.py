"""A mail server for the tests. What it is told and what it takes in it reports on standard output, a line of JSON each.

The recipient's name says what becomes of a mail: see `Handler`.
"""

import argparse
import asyncio
import email
import email.policy
import json
import logging
import ssl
import sys
import warnings

from aiosmtpd.smtp import SMTP, AuthResult


# It warns of passwords on connections without encryption, which these tests are about.
warnings.simplefilter("ignore")
logging.disable()


def report(**what):
    print(json.dumps(what), flush=True)


class Handler:
    def __init__(self):
        self.busy = set()

    async def handle_RCPT(self, server, session, envelope, address, options):
        name = address.split("@")[0]
        if name == "unknown":
            return f"550 5.1.1 <{address}>: there is no such user"
        if name == "busy" and address not in self.busy:
            self.busy.add(address)
            return f"451 4.7.1 <{address}>: come back later"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server, session, envelope):
        name = envelope.rcpt_tos[0].split("@")[0]
        if name == "slow":
            report(event="slow", to=envelope.rcpt_tos)
            await asyncio.sleep(3)
        if name == "spam":
            return "554 5.7.1 This looks like spam"
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        parts = [part for part in message.walk() if not part.is_multipart()]
        report(
            event="mail",
            envelope_from=envelope.mail_from,
            envelope_to=envelope.rcpt_tos,
            type=message.get_content_type(),
            headers=[[name, str(value)] for name, value in message.items()],
            sender=[str(a.display_name) for a in message["from"].addresses],
            parts={part.get_content_type(): part.get_content().replace("\r\n", "\n") for part in parts},
            is_ascii=envelope.content.isascii(),
            is_encrypted=session.ssl is not None or server.transport.get_extra_info("ssl_object") is not None,
            user=session.auth_data,
            connection=session.peer[1],
        )
        return "250 2.0.0 Ok: queued as 4711"


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--certificate")
    parser.add_argument("--key")
    parser.add_argument("--encryption", choices=["none", "starttls", "tls"], default="none")
    parser.add_argument("--smtputf8", action="store_true")
    parser.add_argument("--user")
    parser.add_argument("--password")
    arguments = parser.parse_args()

    context = None
    if arguments.encryption != "none":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(arguments.certificate, arguments.key)

    def check(server, session, envelope, mechanism, data):
        name, password = data.login.decode(), data.password.decode()
        is_right = (name, password) == (arguments.user, arguments.password)
        report(event="login", mechanism=mechanism, is_right=is_right)
        return AuthResult(success=is_right, handled=False, auth_data=name)

    handler = Handler()

    def connection():
        return SMTP(
            handler,
            hostname="mail.example.org",
            enable_SMTPUTF8=arguments.smtputf8,
            tls_context=context if arguments.encryption == "starttls" else None,
            require_starttls=arguments.encryption == "starttls",
            authenticator=check if arguments.user else None,
            auth_required=bool(arguments.user),
            auth_require_tls=arguments.encryption == "starttls",
        )

    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        connection, host="127.0.0.1", port=0, ssl=context if arguments.encryption == "tls" else None
    )
    report(event="listening", port=server.sockets[0].getsockname()[1])
    # It ends with the test that has started it.
    await loop.run_in_executor(None, sys.stdin.read)


asyncio.run(main())
