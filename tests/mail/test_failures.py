"""Mails that cannot be delivered, or not at once: what is tried again, what is given up, and what is said of it."""

import base64
import json

import pytest

from helpers import GATEWAY_LOG, PASSWORD, SERVER_LOG, Instance, Session, new_email, psql, quoted, rows
from mail_server import BREAK, MailServer


@pytest.fixture(scope="module")
def server():
    return MailServer()


@pytest.fixture
def instance(server):
    return Instance(server)


@pytest.mark.parametrize(
    ("at", "answer"),
    [
        ("RCPT", "550 5.1.1 There is no such user"),
        ("RCPT", "553 5.1.3 What an address"),
        ("DATA", "554 5.7.1 This looks like spam"),
    ],
)
def test_what_is_refused_for_good_is_given_up(instance, server, at, answer):
    email = new_email("refused")
    # Another attempt would get through.
    server.answer(email, answer, at=at)
    instance.sign_up(email)
    instance.failure()
    (letter,) = instance.dead_letters()
    assert (letter["channel"], letter["kind"], letter["attempts"]) == ("email", "signup", 1)
    assert letter["dead_at"] and answer[4:] in letter["error"]
    assert [(row["id"], row["due_at"]) for row in instance.outbox()] == [(letter["id"], None)]
    server.mail_to(instance.sign_up())
    assert server.asked(email, at) == 1 and server.mails_to(email) == []
    # Others learn nothing of it: neither who asks, nor the log.
    assert email not in GATEWAY_LOG.read_text() and answer[4:] not in GATEWAY_LOG.read_text()
    assert instance.sign_up(email) == email
    assert instance.verify("signup", email, server.mail_to(email).code)["user"]["email"] == email


def test_what_is_refused_for_the_moment_comes_later(instance, server):
    email = new_email("busy")
    server.answer(email, "451 4.7.1 Come back later")
    instance.sign_up(email)
    failure = instance.failure()
    assert "451" in failure["error"] and instance.dead_letters() == []
    # It is tried again by itself.
    mail = server.mail_to(email)
    assert failure["id"] in mail.id
    instance.wait_until_sent()
    assert server.asked(email) == 2 and len(server.mails_to(email)) == 1
    assert instance.verify("signup", email, mail.code)["user"]["email"] == email


def test_the_pauses_become_longer(instance, server):
    email = new_email("busy")
    server.answer(email, *["452 4.2.2 The box is full"] * 5)
    instance.sign_up(email)
    instance.failure(1)
    for attempt in range(2, 6):
        begun = instance.hasten()
        failure = instance.failure(attempt)
        longest = 5 * 2 ** (attempt - 1)
        assert failure["due"] >= begun + longest / 2
        assert failure["due"] <= failure["seen"] + longest
    instance.hasten()
    assert failure["id"] in server.mail_to(email).id
    instance.wait_until_sent()
    assert server.asked(email) == 6 and len(server.mails_to(email)) == 1


def test_no_pause_is_longer_than_an_hour(instance, server):
    email = new_email("busy")
    server.answer(email, *["451 4.7.1 Come back later"] * 2)
    instance.sign_up(email)
    instance.failure(1)
    psql(f"UPDATE auth.outbox SET attempts = 15 WHERE app_id = {quoted(instance.app_id)}")
    begun = instance.hasten()
    failure = instance.failure(16)
    assert begun + 1800 <= failure["due"] <= failure["seen"] + 3600


def test_after_a_day_it_is_given_up(instance, server):
    email = new_email("busy")
    server.answer(email, *["451 4.7.1 Come back later"] * 2)
    instance.sign_up(email)
    instance.failure(1)
    assert instance.dead_letters() == []
    instance.hasten(age="24 h")
    instance.failure(2)
    (letter,) = instance.dead_letters()
    assert letter["attempts"] == 2 and "451" in letter["error"]


def test_each_attempt_has_the_same_message_id(instance, server):
    # The server takes the mail, but its answer is lost: it is delivered again, and can be recognised.
    email = new_email("broken")
    server.answer(email, BREAK, at="DATA")
    instance.sign_up(email)
    failure = instance.failure()
    first, second = server.mail_to(email), server.mail_to(email, 1)
    assert first.id == second.id == f"<{failure['id']}@example.org>"
    assert (first.code, first.link, first.subject) == (second.code, second.link, second.subject)
    instance.wait_until_sent()
    assert len(server.mails_to(email)) == 2


def test_a_server_that_is_down_for_a_while():
    server = MailServer()
    instance = Instance(server)
    server.stop()
    email = instance.sign_up()
    failure = instance.failure(1)
    assert "refused" in failure["error"] and f"{server.address}:{server.port}" in failure["error"]
    instance.hasten()
    assert instance.failure(2)["id"] == failure["id"]
    server.start()
    mail = server.mail_to(email)
    assert mail.id == f"<{failure['id']}@example.org>"
    instance.wait_until_sent()
    assert len(server.mails_to(email)) == 1
    # One that goes down while a connection to it is kept.
    server.stop()
    server.start()
    assert server.mail_to(instance.sign_up())


def test_other_mails_do_not_wait_for_a_server_that_is_down(instance, server):
    down = MailServer()
    down.stop()
    stuck = Instance(down)
    for _ in range(3):
        stuck.sign_up()
    email = instance.sign_up()
    assert server.mail_to(email)
    assert len(stuck.outbox()) == 3


def test_a_wrong_password_is_told_without_the_password(instance):
    login, wrong = ("mailer@example.org", "right-4Hq9TzW"), "wrong-7KxW2mB"
    server = MailServer("starttls", login)
    instance.set(**{**server.settings(), "smtp_pass": wrong})
    email = instance.sign_up()
    assert "535" in instance.failure()["error"]
    instance.hasten(age="24 h")
    instance.failure(2)
    (letter,) = instance.dead_letters()
    assert "535" in letter["error"] and server.logins == [("PLAIN", False)] * 2
    encoded = [base64.b64encode(text.encode()).decode() for text in (wrong, f"\0{login[0]}\0{wrong}")]
    log = GATEWAY_LOG.read_text()
    assert letter["id"] in log, "it says what was not delivered"
    for place in (json.dumps(letter), log, SERVER_LOG.read_text()):
        for secret in (wrong, *encoded):
            assert secret not in place
    # Nor does the log say who was to get it.
    assert email not in log

    instance.set(smtp_pass=login[1])
    assert server.mail_to(instance.sign_up()).user == login[0]


def test_without_a_server_mails_are_given_up(instance):
    instance.set(smtp_host=None)
    instance.sign_up()
    assert "no mail server is configured" in instance.failure()["error"]
    (letter,) = instance.dead_letters()
    assert letter["attempts"] == 1


def call_of(instance, email):
    """The call that the gateway makes for a sign-up, in SQL."""
    body = quoted(json.dumps({"email": email, "password": PASSWORD}))
    path = quoted(f"{instance.path}/signup")
    headers = """'{"content-type": "application/json"}'::jsonb"""
    return f"SELECT status FROM auth.http('POST', {path}, NULL, {headers}, convert_to({body}, 'UTF8'))"


def test_what_is_rolled_back_is_not_sent(instance, server):
    undone, done = new_email("undone"), new_email("done")
    assert psql("BEGIN", call_of(instance, undone), "ROLLBACK").strip() == "200"
    assert psql("BEGIN", call_of(instance, done), "COMMIT").strip() == "200"
    assert server.mail_to(done)
    instance.wait_until_sent()
    assert server.mails_to(undone) == [] and server.asked(undone) == 0
    assert rows("SELECT email FROM auth.users WHERE email IN (%s, %s)", undone, done) == [{"email": done}]


def test_what_is_not_committed_yet_is_not_sent_yet(instance, server):
    email = new_email("early")
    with Session() as session:
        assert session.ask("BEGIN; " + call_of(instance, email)) == "200"
        # Of another instance: who signs up at this one waits, for mails are counted.
        server.mail_to(Instance(server).sign_up())
        assert server.mails_to(email) == []
        assert session.ask("COMMIT; SELECT 'done'") == "done"
        server.mail_to(email)
