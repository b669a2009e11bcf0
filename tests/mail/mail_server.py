"""A mail server, aiosmtpd, in a thread of the tests. It answers as it is told to, and keeps what it gets."""

import asyncio
import collections
import email
import email.policy
import email.utils
import os
import random
import re
import threading
from email.header import decode_header, make_header

from aiosmtpd.smtp import SMTP, AuthResult

from certificates import Authority

# Breaks the connection off in place of an answer.
BREAK = object()
DEADLINE = 20

_loop = asyncio.new_event_loop()
threading.Thread(target=_loop.run_forever, daemon=True).start()


class Mail:
    """A mail that was taken, with its envelope."""

    def __init__(self, content, envelope_from, recipients, is_encrypted, user):
        self.raw = content
        self.sender, self.recipients = envelope_from, recipients
        self.is_encrypted, self.user = is_encrypted, user
        self.message = email.message_from_bytes(content, policy=email.policy.default)
        self.subject = self.message["Subject"]
        self.id = self.message["Message-ID"]
        parts = [part for part in self.message.walk() if not part.is_multipart()]
        self.parts = {part.get_content_type(): part.get_content().replace("\r\n", "\n") for part in parts}

    @property
    def sender_name(self):
        # What the new policy makes of a name in several words has blanks between them (RFC 2047, section 6.2).
        name, _ = email.utils.parseaddr(email.message_from_bytes(self.raw)["From"])
        return str(make_header(decode_header(name)))

    @property
    def text(self):
        return self.parts["text/plain"]

    @property
    def html(self):
        return self.parts["text/html"]

    @property
    def link(self):
        return re.search(r"^https?://\S*token=\S*$", self.text, re.MULTILINE).group()

    @property
    def code(self):
        """A number that is part of no address and of no link."""
        return re.search(r"\b\d{6,10}\b", re.sub(r"\S*[@/]\S*", "", self.text)).group()


class MailServer:
    """Listens on a loopback address of its own, so that the port is free: 465 if it encrypts from the first byte.

    `encryption` is None, "starttls" or "tls"; `login` a user and a password, without which it takes nothing.
    """

    def __init__(self, encryption=None, login=None, authority=None, certified=None, mechanisms=("PLAIN", "LOGIN")):
        self.address = "127." + ".".join(str(random.randrange(1, 255)) for _ in range(3))
        self.port = 465 if encryption == "tls" else 2525
        self.encryption, self.login, self.mechanisms = encryption, login, mechanisms
        self.context = None
        if encryption:
            authority = authority or Authority.read(os.environ["MAIL_AUTHORITY"])
            self.context = authority.server_context(certified or self.address)
        self.mails, self.logins = [], []
        self._answers = collections.defaultdict(collections.deque)
        self._asked = collections.Counter()
        self._connections = []
        self._changed = threading.Condition()
        self.start()

    def settings(self):
        """How an instance sends its mails here."""
        found = {"smtp_host": self.address, "smtp_port": self.port}
        if self.login:
            found["smtp_user"], found["smtp_pass"] = self.login
        return found

    def start(self):
        asyncio.run_coroutine_threadsafe(self._start(), _loop).result()

    def stop(self):
        """Closes the port and all connections."""
        asyncio.run_coroutine_threadsafe(self._stop(), _loop).result()

    def answer(self, address, *answers, at="RCPT"):
        """Answers the next commands about an address, RCPT or DATA, with these; then it is taken."""
        self._answers[at, address].extend(answers)

    def asked(self, address, at="RCPT"):
        """How often a command about an address has come."""
        return self._asked[at, address]

    def mails_to(self, address):
        return [mail for mail in self.mails if address in mail.recipients]

    def mail_to(self, address, known=0):
        """Waits for the mail to an address that comes after `known` others."""
        with self._changed:
            arrived = self._changed.wait_for(lambda: len(self.mails_to(address)) > known, DEADLINE)
        assert arrived, f"no mail {known + 1} to {address}"
        return self.mails_to(address)[known]

    def keep(self, content, envelope, session, is_encrypted):
        mail = Mail(content, envelope.mail_from, envelope.rcpt_tos, is_encrypted, session.auth_data)
        with self._changed:
            self.mails.append(mail)
            self._changed.notify_all()

    def next_answer(self, command, address):
        """What was asked for, if anything was."""
        self._asked[command, address] += 1
        answers = self._answers[command, address]
        return answers.popleft() if answers else None

    async def _start(self):
        is_wrapped = self.encryption == "tls"
        self._listener = await _loop.create_server(
            self._connection, self.address, self.port, ssl=self.context if is_wrapped else None
        )

    async def _stop(self):
        self._listener.close()
        for connection in self._connections:
            if connection.transport:
                connection.transport.abort()
        self._connections.clear()

    def _connection(self):
        is_starttls = self.encryption == "starttls"
        connection = SMTP(
            _Handler(self),
            hostname="mail.example.org",
            tls_context=self.context if is_starttls else None,
            require_starttls=is_starttls,
            authenticator=self._check if self.login else None,
            auth_required=bool(self.login),
            auth_require_tls=is_starttls,
            auth_exclude_mechanism={"PLAIN", "LOGIN"} - set(self.mechanisms),
        )
        self._connections.append(connection)
        return connection

    def _check(self, server, session, envelope, mechanism, data):
        given = (data.login.decode(), data.password.decode())
        self.logins.append((mechanism, given == self.login))
        return AuthResult(success=given == self.login, handled=False, auth_data=given[0])


class _Handler:
    def __init__(self, server):
        self.server = server

    async def handle_RCPT(self, smtp, session, envelope, address, options):
        answer = self.server.next_answer("RCPT", address)
        if answer is not None:
            return answer
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, smtp, session, envelope):
        answer = self.server.next_answer("DATA", envelope.rcpt_tos[0])
        is_encrypted = smtp.transport.get_extra_info("ssl_object") is not None
        if answer is None or answer is BREAK:
            self.server.keep(envelope.content, envelope, session, is_encrypted)
        if answer is BREAK:
            smtp.transport.abort()
        return "250 2.0.0 Ok: queued as 4711" if answer in (None, BREAK) else answer
