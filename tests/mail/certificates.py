"""Certificates for mail servers, and the authority that vouches for them:  certificates.py FILE

makes an authority in FILE.crt and FILE.key.
"""

import datetime
import ipaddress
import pathlib
import ssl
import sys
import tempfile

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Authority:
    def __init__(self, name):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = _name(name)
        constraints = x509.BasicConstraints(ca=True, path_length=0)
        self.certificate = _certificate(self, self.name, self.key, [constraints])

    def write(self, path):
        pathlib.Path(f"{path}.crt").write_bytes(_pem(self.certificate))
        pathlib.Path(f"{path}.key").write_bytes(_private_pem(self.key))

    @classmethod
    def read(cls, path):
        authority = cls.__new__(cls)
        authority.certificate = x509.load_pem_x509_certificate(pathlib.Path(f"{path}.crt").read_bytes())
        authority.key = serialization.load_pem_private_key(pathlib.Path(f"{path}.key").read_bytes(), None)
        authority.name = authority.certificate.subject
        return authority

    def server_context(self, address):
        """What a server at an IP address needs to encrypt."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
        certificate = _certificate(self, _name("mail server"), key, [names])
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        # Python takes them from files alone.
        with tempfile.NamedTemporaryFile() as file:
            file.write(_private_pem(key) + _pem(certificate))
            file.flush()
            context.load_cert_chain(file.name)
        return context


def _name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _certificate(authority, name, key, extensions):
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = x509.CertificateBuilder(
        issuer_name=authority.name,
        subject_name=name,
        public_key=key.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=now - datetime.timedelta(hours=1),
        not_valid_after=now + datetime.timedelta(days=1),
    )
    for extension in extensions:
        builder = builder.add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
    return builder.sign(authority.key, hashes.SHA256())


def _pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM)


def _private_pem(key):
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


if __name__ == "__main__":
    Authority("Mail tests").write(sys.argv[1])
