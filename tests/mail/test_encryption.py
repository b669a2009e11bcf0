"""Encryption and passwords: what protects mails on their way, and the password of the mail server."""

import pytest

from certificates import Authority
from helpers import Instance
from mail_server import MailServer

LOGIN = ("mailer@example.org", "geheim: ümlaut \\ 'quoted' %s")


def test_without_encryption():
    server = MailServer()
    mail = server.mail_to(Instance(server).sign_up())
    assert not mail.is_encrypted and mail.user is None


@pytest.mark.parametrize("encryption", ["starttls", "tls"])
def test_encrypted(encryption):
    server = MailServer(encryption)
    mail = server.mail_to(Instance(server).sign_up())
    assert mail.is_encrypted and mail.user is None


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
@pytest.mark.parametrize("encryption", ["starttls", "tls"])
def test_with_a_password(encryption, mechanism):
    server = MailServer(encryption, LOGIN, mechanisms=[mechanism])
    instance = Instance(server)
    mail = server.mail_to(instance.sign_up())
    assert (mail.is_encrypted, mail.user) == (True, LOGIN[0])
    server.mail_to(instance.sign_up())
    # The connection is kept for the next.
    assert server.logins == [(mechanism, True)]


def test_no_password_goes_over_an_open_line():
    server = MailServer(login=LOGIN)
    instance = Instance(server)
    instance.sign_up()
    assert "STARTTLS" in instance.failure()["error"]
    assert server.logins == [] and server.mails == []


@pytest.mark.parametrize("encryption", ["starttls", "tls"])
def test_a_server_that_nobody_vouches_for(encryption):
    server = MailServer(encryption, LOGIN, authority=Authority("Nobody"))
    instance = Instance(server)
    instance.sign_up()
    assert "certificate" in instance.failure()["error"]
    assert server.logins == [] and server.mails == []


@pytest.mark.parametrize("encryption", ["starttls", "tls"])
def test_a_certificate_of_another_server(encryption):
    server = MailServer(encryption, LOGIN, certified="127.0.0.1")
    instance = Instance(server)
    instance.sign_up()
    assert "not valid for name" in instance.failure()["error"]
    assert server.logins == [] and server.mails == []


def test_once_it_is_put_right_the_mail_is_sent():
    wrong, right = MailServer("tls", LOGIN, authority=Authority("Nobody")), MailServer("starttls", LOGIN)
    instance = Instance(wrong)
    email = instance.sign_up()
    instance.failure()
    instance.set(**right.settings())
    instance.hasten()
    assert right.mail_to(email).user == LOGIN[0]
    instance.wait_until_sent()
    assert wrong.mails == []
