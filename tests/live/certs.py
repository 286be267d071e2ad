# SPDX-License-Identifier: Apache-2.0
"""Throwaway certificates for the test servers, made with openssl."""
import os
import subprocess

SERVER_SAN = "DNS:localhost,IP:127.0.0.1,IP:10.0.2.2"


def openssl(*argv):
    done = subprocess.run(("openssl",) + argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True)
    if done.returncode != 0:
        raise RuntimeError("openssl %s:\n%s" % (" ".join(argv), done.stdout))


def make_ca(folder, name):
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3650",
            "-subj", "/O=Sluice tests/CN=" + name,
            "-addext", "basicConstraints=critical,CA:TRUE",
            "-addext", "keyUsage=critical,keyCertSign,cRLSign",
            "-keyout", os.path.join(folder, name + ".key"),
            "-out", os.path.join(folder, name + ".pem"))


def make_cert(folder, ca, name, common_name, san, not_after=None):
    """NAME.pem and NAME.key, signed by CA; NOT_AFTER (YYYYMMDDHHMMSSZ) makes an expired one."""
    key, csr = os.path.join(folder, name + ".key"), os.path.join(folder, name + ".csr")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", csr,
            "-subj", "/O=Sluice tests/CN=" + common_name)
    extensions = os.path.join(folder, name + ".ext")
    with open(extensions, "w") as out:
        out.write("basicConstraints=CA:FALSE\nkeyUsage=digitalSignature,keyEncipherment\n")
        out.write("extendedKeyUsage=serverAuth,clientAuth\n")
        if san:
            out.write("subjectAltName=%s\n" % san)
    out_pem = os.path.join(folder, name + ".pem")
    if not_after is None:
        openssl("x509", "-req", "-in", csr, "-CA", os.path.join(folder, ca + ".pem"),
                "-CAkey", os.path.join(folder, ca + ".key"), "-CAcreateserial", "-days", "3000",
                "-extfile", extensions, "-out", out_pem)
        return
    # Only "openssl ca" sets both dates; it wants a small database.
    config = os.path.join(folder, name + ".ca.conf")
    with open(os.path.join(folder, name + ".index"), "w"):
        pass
    with open(config, "w") as out:
        out.write("[ca]\ndefault_ca=d\n[d]\ndatabase=%s\nnew_certs_dir=%s\nrand_serial=yes\n"
                  "default_md=sha256\npolicy=p\n[p]\ncommonName=supplied\n"
                  "organizationName=optional\n" % (os.path.join(folder, name + ".index"), folder))
    openssl("ca", "-batch", "-notext", "-config", config, "-in", csr, "-out", out_pem,
            "-cert", os.path.join(folder, ca + ".pem"), "-keyfile",
            os.path.join(folder, ca + ".key"), "-startdate", "20200101000000Z",
            "-enddate", not_after, "-extfile", extensions)


def make_all(folder):
    """ca, server, client, expired (server, out of date), other-ca and other (server, of other-ca),
    nameless (server whose names do not include the loopback address)."""
    os.makedirs(folder, exist_ok=True)
    make_ca(folder, "ca")
    make_ca(folder, "other-ca")
    make_cert(folder, "ca", "server", "sluice-test-server", SERVER_SAN)
    make_cert(folder, "ca", "client", "sluice-test-client", None)
    make_cert(folder, "ca", "expired", "sluice-test-expired", SERVER_SAN, "20210101000000Z")
    make_cert(folder, "other-ca", "other", "sluice-test-other", SERVER_SAN)
    make_cert(folder, "ca", "nameless", "elsewhere.example", "DNS:elsewhere.example")


def fingerprint(pem):
    """SHA-256 over the DER of a certificate file, as lower-case hex without colons."""
    done = subprocess.run(["openssl", "x509", "-in", pem, "-noout", "-fingerprint", "-sha256"],
                          stdout=subprocess.PIPE, check=True, text=True)
    return done.stdout.strip().split("=", 1)[1].replace(":", "").lower()
