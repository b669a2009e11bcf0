"""Every mail there is (GoTrue reference, 4.20): who gets it, and that its link and its code do what it is for."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from helpers import OTHER_PASSWORD, PASSWORD, SENDER, SITE, Instance, follow, new_email, ok
from mail_server import MailServer


@pytest.fixture(scope="module")
def server():
    return MailServer()


@pytest.fixture(scope="module")
def instance(server):
    return Instance(server)


def signed_in(link, kind):
    """The token of the session that a link leads to."""
    target, members = follow(link)
    assert (target, members["type"]) == (SITE, kind)
    return members["access_token"]


def user_of(instance, token):
    return ok(instance.call("GET", "/user", token=token))


def test_what_every_mail_has(instance, server):
    email = instance.sign_up()
    mail = server.mail_to(email)
    assert (mail.sender, mail.recipients) == (SENDER, [email])
    headers = mail.message
    assert (headers["From"], headers["To"]) == (SENDER, email)
    assert mail.subject == "Confirm your e-mail address"
    for name in ("From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type"):
        assert len(headers.get_all(name)) == 1, name
    assert headers["Date"].datetime.tzinfo is not None
    # Nobody's holiday is told to who sends mails by machine (RFC 3834).
    assert headers["Auto-Submitted"] == "auto-generated"
    assert headers.get_content_type() == "multipart/alternative"
    assert list(mail.parts) == ["text/plain", "text/html"], "the last is the one to show"
    assert len(mail.code) == 6
    assert mail.code in mail.html and mail.link.replace("&", "&amp;") in mail.html


def test_sign_up(instance, server):
    email = instance.sign_up()
    refused = instance.call("POST", "/token?grant_type=password", {"email": email, "password": PASSWORD})
    assert refused.json()["error_code"] == "email_not_confirmed"
    user = user_of(instance, signed_in(server.mail_to(email).link, "signup"))
    assert user["email"] == email and user["email_confirmed_at"]
    instance.sign_in(email)

    email = instance.sign_up()
    assert instance.verify("signup", email, server.mail_to(email).code)["user"]["email_confirmed_at"]


def test_resent(instance, server):
    email = instance.sign_up()
    first = server.mail_to(email)
    instance.post("/resend", {"type": "signup", "email": email})
    second = server.mail_to(email, 1)
    assert second.id != first.id
    _, refusal = follow(first.link)
    assert refusal["error_code"] == "otp_expired"
    signed_in(second.link, "signup")


def test_recovery(instance, server):
    email, _ = instance.member()
    instance.post("/recover", {"email": email})
    token = signed_in(server.mail_to(email).link, "recovery")
    ok(instance.call("PUT", "/user", {"password": OTHER_PASSWORD}, token))
    instance.sign_in(email, OTHER_PASSWORD)

    instance.post("/recover", {"email": email})
    assert instance.verify("recovery", email, server.mail_to(email, 1).code)["user"]["email"] == email


def test_magic_link(instance, server):
    email, _ = instance.member()
    for known, path in enumerate(("/magiclink", "/otp")):
        instance.post(path, {"email": email})
        assert user_of(instance, signed_in(server.mail_to(email, known).link, "magiclink"))["email"] == email
    instance.post("/otp", {"email": email})
    code = server.mail_to(email, 2).code
    assert len(code) == 6
    assert instance.verify("email", email, code)["user"]["email"] == email


def test_invitation(instance, server):
    email = new_email()
    instance.admin("/invite", {"email": email, "data": {"team": "blue"}})
    mail = server.mail_to(email)
    assert mail.subject == "You have been invited"
    user = user_of(instance, signed_in(mail.link, "invite"))
    assert user["email_confirmed_at"] and user["user_metadata"]["team"] == "blue"


def test_change_of_address(instance, server):
    old, token = instance.member()
    new = new_email("new")
    ok(instance.call("PUT", "/user", {"email": new}, token))
    mails = [server.mail_to(old), server.mail_to(new)]
    for mail in mails:
        assert old in mail.text and new in mail.text
    assert mails[0].link != mails[1].link and mails[0].code != mails[1].code
    _, members = follow(mails[0].link)
    assert members["message"].startswith("Confirmation link accepted")
    assert user_of(instance, token)["email"] == old
    assert user_of(instance, signed_in(mails[1].link, "email_change"))["email"] == new


def test_change_of_address_that_the_new_one_alone_confirms(instance, server):
    single = Instance(server, mailer_secure_email_change_enabled=False)
    old, token = single.member()
    new = new_email("new")
    ok(single.call("PUT", "/user", {"email": new}, token))
    assert single.verify("email_change", new, server.mail_to(new).code)["user"]["email"] == new
    single.wait_until_sent()
    assert server.mails_to(old) == []


def test_reauthentication(server):
    strict = Instance(server, update_password_require_reauthentication=True)
    email, token = strict.member()
    ok(strict.call("GET", "/reauthenticate", token=token))
    mail = server.mail_to(email)
    assert mail.subject == f"{mail.code} is your code"
    assert "token=" not in mail.text + mail.html, "it has no link"
    ok(strict.call("PUT", "/user", {"password": OTHER_PASSWORD, "nonce": mail.code}, token))
    strict.sign_in(email, OTHER_PASSWORD)


def test_who_is_not_registered_gets_no_mail(instance, server):
    stranger = new_email("stranger")
    instance.post("/recover", {"email": stranger})
    instance.post("/resend", {"type": "signup", "email": stranger})
    server.mail_to(instance.sign_up())
    instance.wait_until_sent()
    assert server.mails_to(stranger) == []


def test_each_instance_has_a_server_of_its_own(instance, server):
    other_server = MailServer()
    other = Instance(other_server)
    email = new_email()
    instance.sign_up(email)
    other.sign_up(email)
    assert instance.path in server.mail_to(email).link
    assert other.path in other_server.mail_to(email).link
    assert [len(each.mails_to(email)) for each in (server, other_server)] == [1, 1]


def test_many_at_once_arrive_once_each(instance, server):
    addresses = [new_email() for _ in range(24)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda email: instance.admin("/invite", {"email": email}), addresses))
    ids = {server.mail_to(email).id for email in addresses}
    assert len(ids) == len(addresses)
    instance.wait_until_sent()
    assert [len(server.mails_to(email)) for email in addresses] == [1] * len(addresses)
