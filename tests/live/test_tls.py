# SPDX-License-Identifier: Apache-2.0
"""Logins and TLS: every method that must work, every case that must be refused before a secret."""
import os

import certs
import servers
import workload
from harness import on_servers, wait_for
from proxy import Proxy
from sluice import Sluice


def cert(t, name):
    return os.path.join(t.server.certs, name + ".pem")


def with_certificate(t, name):
    """Restarts the server with another certificate until the test ends."""
    server = t.server
    server.server_cert = name
    server.restart()

    def back():
        server.server_cert = "server"
        server.restart()
    t.later(back)


def catches_up(t, **source):
    workload.some(t.server, rounds=1, rotations=1)
    box = Sluice(t, **source).start()
    box.wait_caught_up()
    status = box.status()
    box.stop()
    box.compare()
    return status


def refused(t, error_class, word, **source):
    """The relay stops with that class; no secret went out; the message contains WORD."""
    proxy = Proxy(t.server.port)
    t.later(proxy.close)
    box = Sluice(t, port=proxy.port, **source).start()
    status = box.wait_failed(error_class)
    assert word.lower() in status["error"].lower(), status["error"]
    user = box.sections["source"]["user"].encode()
    assert user not in proxy.from_client, "the account's name was sent in clear"
    made = proxy.connections
    box.stop()
    assert made <= 3, "%d connections for what cannot succeed" % made
    t.note(status["error"][:150])


@on_servers(tls=True)
def test_client_certificate(t):
    status = catches_up(t, user="sluice_cert", tls="verify", ca=cert(t, "ca"),
                        cert=cert(t, "client"), key=os.path.join(t.server.certs, "client.key"))
    t.note(status["tls"])


@on_servers(tls=True)
def test_fingerprint(t):
    catches_up(t, tls="verify", fingerprint=certs.fingerprint(cert(t, "server")))


@on_servers(tls=True)
def test_fingerprint_of_another(t):
    refused(t, "tls", "fingerprint", tls="verify",
            fingerprint=certs.fingerprint(cert(t, "other")))


@on_servers(tls=True)
def test_unknown_authority(t):
    refused(t, "tls", "certificate", tls="verify", ca=cert(t, "other-ca"))


@on_servers(tls=True)
def test_expired_certificate(t):
    with_certificate(t, "expired")
    refused(t, "tls", "expired", tls="verify", ca=cert(t, "ca"))


@on_servers(tls=True)
def test_certificate_of_another_name(t):
    with_certificate(t, "nameless")
    refused(t, "tls", "127.0.0.1", tls="verify", ca=cert(t, "ca"))


@on_servers(["mysql-5.6"])
def test_require_without_tls_on_the_server(t):
    refused(t, "tls", "TLS", tls="require")


@on_servers(["mysql-5.6"])
def test_prefer_without_tls_on_the_server(t):
    assert catches_up(t, tls="prefer")["tls"] == "off"


@on_servers(["mariadb-10.11"])
def test_ed25519(t):
    catches_up(t, user="sluice_ed", tls="off")


@on_servers(["mysql-9.7"])
def test_sha2_over_tls(t):
    """The full authentication: nothing of this account is in the server's cache."""
    t.server.sql("FLUSH PRIVILEGES")
    catches_up(t, tls="require", rsa_key=None)


@on_servers(["mysql-9.7"])
def test_sha2_by_rsa(t):
    t.server.sql("FLUSH PRIVILEGES")
    catches_up(t, tls="off", rsa_key=os.path.join(t.server.datadir, "public_key.pem"))


@on_servers(["mysql-9.7"])
def test_sha2_in_clear_without_a_key(t):
    """Without TLS and without a configured key the password must not leave the box."""
    t.server.sql("FLUSH PRIVILEGES")
    proxy = Proxy(t.server.port)
    t.later(proxy.close)
    box = Sluice(t, port=proxy.port, tls="off", rsa_key=None).start()
    status = box.wait_failed("login")
    assert "rsa_key" in status["error"] or "tls" in status["error"].lower(), status
    assert servers.PASSWORD.encode() not in proxy.from_client
    # 02 alone asks for the server's key: it must not be asked for.
    assert b"\x01\x00\x00\x03\x02" not in proxy.from_client
    box.stop()
    t.note(status["error"][:150])


@on_servers()
def test_no_secret_in_log_or_status(t):
    box = Sluice(t, password="Not-the-one-9").start()
    status = box.wait_failed("login")
    wait_for(lambda: box.log(), what="a log")
    _, shown = box.shell("config", "show")
    text = box.log() + str(status) + str(shown)
    box.stop()
    assert "Not-the-one-9" not in text + box.log()
