# SPDX-License-Identifier: Apache-2.0
"""What the precheck says of an account's privileges, beside what the account can really do."""
import re

from harness import on_servers
from mysql_client import Connection, ServerError
from servers import PASSWORD
from test_precheck import keys_of, run

ACCOUNT = "priv"
DATABASES = ("a_b", "axb", "axbc", "later")    # each with table t and its trigger, a view, an event

OBJECTS = "SELECT, SHOW VIEW, TRIGGER, EVENT"
NAMED = "SELECT, SHOW VIEW, TRIGGER"
ALL = "GRANT %s, REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO U" % OBJECTS
READ = "GRANT %s ON *.* TO U" % OBJECTS
BACKUP, SCHEMA = {"mode": "backup"}, {"mode": "schema"}
FULL = {"compare": "full"}


def all_but(privilege):
    left = [p for p in ALL[6:ALL.index(" ON ")].split(", ") if p != privilege]
    return ["GRANT %s ON *.* TO U" % ", ".join(left)]


def tables(names, **more):
    return dict({"mode": "schema", "scope": "tables", "tables": names}, **more)


# Where (part of the server's name, "" everywhere; an entry of several is one of them), what is
# granted, the task, the verdict, and what must be said. The verdict must also be what trying shows;
# "unknown" is for what the rows of SHOW GRANTS leave open.
CASES = [
    ("", [ALL], {}, "pass", "REPLICATION SLAVE"),
    ("", ["GRANT ALL PRIVILEGES ON *.* TO U"], FULL, "pass", ""),
    ("", ["GRANT USAGE ON *.* TO U"], {}, "fail", "lacks REPLICATION SLAVE on *.*"),
    ("", all_but("REPLICATION SLAVE"), {}, "fail", "lacks REPLICATION SLAVE on *.*"),
    ("mysql", all_but("REPLICATION CLIENT"), {}, "fail", "lacks REPLICATION CLIENT on *.*"),
    ("mariadb", all_but("REPLICATION CLIENT"), {}, "fail", "lacks BINLOG MONITOR on *.*"),
    ("mariadb", all_but("REPLICATION CLIENT") + ["GRANT BINLOG MONITOR ON *.* TO U"], {}, "pass",
     ""),
    ("mysql mariadb-10", all_but("REPLICATION CLIENT") + ["GRANT SUPER ON *.* TO U"], {}, "pass",
     ""),
    ("mariadb-11", all_but("REPLICATION CLIENT") + ["GRANT SUPER ON *.* TO U"], {}, "fail",
     "BINLOG MONITOR"),
    ("", all_but("SELECT"), {}, "fail", "lacks SELECT on *.*"),
    ("", all_but("SHOW VIEW"), {}, "fail", "lacks SHOW VIEW on *.*"),
    ("", all_but("TRIGGER"), {}, "fail", "lacks TRIGGER on *.*"),
    ("", all_but("EVENT"), {}, "fail", "lacks EVENT on *.*"),
    ("", [READ], BACKUP, "pass", "SELECT, SHOW VIEW, TRIGGER, EVENT on all databases"),
    ("", [READ], SCHEMA, "pass", ""),
    ("", [READ], {}, "fail", "lacks REPLICATION SLAVE"),

    # What compare = full needs.
    ("", [ALL], {"compare": "sample"}, "pass", ""),
    ("mysql-5", [ALL], FULL, "fail", "lacks SUPER"),
    ("mysql-9", [ALL], FULL, "fail", "lacks SESSION_VARIABLES_ADMIN"),
    ("mariadb", [ALL], FULL, "fail", "lacks BINLOG ADMIN"),
    ("", [ALL], FULL, "fail", "set task.compare = sample"),
    ("mysql mariadb-10", [ALL, "GRANT SUPER ON *.* TO U"], FULL, "pass", ""),
    ("mariadb-11", [ALL, "GRANT SUPER ON *.* TO U"], FULL, "fail", "BINLOG ADMIN"),
    ("mysql-9", [ALL, "GRANT SESSION_VARIABLES_ADMIN ON *.* TO U"], FULL, "pass", ""),
    ("mysql-9", [ALL, "GRANT SYSTEM_VARIABLES_ADMIN ON *.* TO U"], FULL, "pass", ""),
    ("mysql-9", [ALL, "GRANT BINLOG_ADMIN ON *.* TO U"], FULL, "fail", ""),
    ("mariadb", [ALL, "GRANT BINLOG ADMIN ON *.* TO U"], FULL, "pass", ""),
    ("mariadb", [ALL, "GRANT REPLICATION MASTER ADMIN, REPLICATION SLAVE ADMIN ON *.* TO U"], FULL,
     "fail", ""),

    # Single tables.
    ("", ["GRANT SELECT, TRIGGER ON a_b.t TO U"], tables("a_b.t"), "pass", ""),
    ("", ["GRANT SELECT ON a_b.t TO U"], tables("a_b.t"), "fail", "lacks TRIGGER on `a_b`.`t`"),
    ("", ["GRANT SELECT, TRIGGER ON a_b.t TO U"], tables("a_b.t, axb.t"), "fail",
     "lacks SELECT, SHOW VIEW, TRIGGER on `axb`.`t`"),    # it is not seen, so it may be a view
    ("", ["GRANT SELECT (i, j), TRIGGER ON a_b.t TO U"], tables("a_b.t"), "fail",
     "lacks SELECT on `a_b`.`t`"),
    ("", ["GRANT SELECT, SHOW VIEW ON a_b.v TO U"], tables("a_b.v"), "pass", ""),
    ("", ["GRANT SELECT, TRIGGER ON a_b.v TO U"], tables("a_b.v"), "fail",
     "SHOW VIEW on `a_b`.`v`"),
    ("", ["GRANT EXECUTE ON PROCEDURE a_b.p TO U"], tables("a_b.t"), "fail", ""),
    ("", ["GRANT SELECT, TRIGGER ON `we ird-1`.`t 1` TO U"], tables("we ird-1.t 1"), "pass", ""),
    ("", ["GRANT SELECT ON `we ird-1`.`t 1` TO U"], tables("we ird-1.t 1"), "fail",
     "GRANT TRIGGER ON `we ird-1`.`t 1` TO"),
    ("", [ALL], tables("a_b.t, axb", mode="online"), "pass", ""),
    ("", ["GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO U",
          "GRANT SELECT, TRIGGER ON a_b.t TO U"], tables("a_b.t", mode="online"), "pass", ""),

    # Whole databases and patterns.
    ("", ["GRANT %s ON `a\\_b`.* TO U" % NAMED], tables("a_b"), "pass", ""),
    ("", ["GRANT %s ON `a\\_b`.* TO U" % NAMED], tables("axb"), "fail", "`axb`.*"),
    ("", ["GRANT %s ON `a_b`.* TO U" % NAMED], tables("axb, a_b"), "pass", ""),
    ("", ["GRANT %s ON `a_b`.* TO U" % NAMED], tables("axbc"), "fail", ""),
    ("", ["GRANT %s ON `a%%`.* TO U" % NAMED], tables("axbc, a_b"), "pass", ""),
    ("", ["GRANT SELECT ON axb.* TO U"], tables("a_b"), "fail", "GRANT %s ON `a\\_b`.* TO" % NAMED),
    ("", ["GRANT %s ON `a%%`.* TO U" % NAMED, "GRANT SHOW VIEW ON axb.* TO U"], tables("axb"),
     "fail", "lacks SELECT, TRIGGER on `axb`.*"),
    ("", ["GRANT %s ON `a%%`.* TO U" % NAMED, "GRANT SHOW VIEW ON axb.* TO U"], tables("axbc"),
     "pass", ""),
    ("", ["GRANT %s ON `a%%`.* TO U" % NAMED, "GRANT SHOW VIEW ON `ax%`.* TO U"], tables("axbc"),
     "fail", ""),
    ("mysql", ["GRANT %s ON `ax%%`.* TO U" % NAMED, "GRANT SHOW VIEW ON `a%c`.* TO U"],
     tables("axbc"), "pass", ""),
    ("mariadb", ["GRANT %s ON `ax%%`.* TO U" % NAMED, "GRANT SHOW VIEW ON `a%c`.* TO U"],
     tables("axbc"), "fail", ""),
    ("", ["GRANT %s ON `%%`.* TO U" % OBJECTS], SCHEMA, "pass", ""),
    ("", ["GRANT %s ON `%%`.* TO U" % OBJECTS, "GRANT SELECT ON axb.* TO U"], SCHEMA, "unknown",
     ""),
    # What is there today is not all: a database may be made tomorrow.
    ("", ["GRANT %s ON %s.* TO U" % (OBJECTS, d) for d in DATABASES if d != "later"], SCHEMA,
     "fail", "on *.*"),

    # Roles.
    ("mysql-9", ["CREATE ROLE R", "GRANT %s ON *.* TO R" % OBJECTS, "GRANT R TO U"], SCHEMA, "fail",
     "SET DEFAULT ROLE `priv_role`@`%` TO `priv`@`%`"),
    ("mysql-9", ["CREATE ROLE R", "GRANT %s ON *.* TO R" % OBJECTS, "GRANT R TO U",
                 "SET DEFAULT ROLE ALL TO U"], SCHEMA, "pass", ""),
    ("mysql-9", ["SET GLOBAL activate_all_roles_on_login = ON", "CREATE ROLE R",
                 "GRANT %s ON *.* TO R" % OBJECTS, "GRANT R TO U"], SCHEMA, "pass", ""),
    ("mysql-9", ["CREATE ROLE R", "GRANT %s ON `a%%`.* TO R" % NAMED, "GRANT R TO U",
                 "GRANT SHOW VIEW ON `ax%`.* TO U", "SET DEFAULT ROLE ALL TO U"], tables("axbc"),
     "unknown", "SET DEFAULT ROLE"),
    ("mariadb", ["CREATE ROLE R", "GRANT %s ON *.* TO R" % OBJECTS, "GRANT R TO U"], SCHEMA, "fail",
     "SET DEFAULT ROLE `priv_role` FOR `priv`@`%`"),
    ("mariadb", ["CREATE ROLE R", "GRANT %s ON *.* TO R" % OBJECTS, "GRANT R TO U",
                 "SET DEFAULT ROLE R FOR U"], SCHEMA, "pass", ""),
    ("mariadb", ["CREATE ROLE R", "GRANT SELECT, TRIGGER ON *.* TO R", "CREATE ROLE R2",
                 "GRANT SHOW VIEW, EVENT ON *.* TO R2", "GRANT R2 TO R", "GRANT R TO U",
                 "SET DEFAULT ROLE R FOR U"], SCHEMA, "pass", ""),
    ("mariadb", ["CREATE ROLE R", "GRANT %s ON `a%%`.* TO R" % NAMED, "GRANT R TO U",
                 "GRANT SHOW VIEW ON `ax%`.* TO U", "SET DEFAULT ROLE R FOR U"], tables("axbc"),
     "pass", ""),
    ("mariadb-10.11 mariadb-11", ["GRANT %s ON axb.* TO PUBLIC" % NAMED], tables("axb"), "pass",
     ""),
    ("mariadb-10.11 mariadb-11", ["GRANT %s ON `a%%`.* TO PUBLIC" % NAMED, "CREATE ROLE R",
                                  "GRANT SHOW VIEW ON axb.* TO R", "GRANT R TO U",
                                  "SET DEFAULT ROLE R FOR U"], tables("axb"), "pass", ""),

    # Taken away again on single databases.
    ("mysql-9", ["SET GLOBAL partial_revokes = ON", READ, "REVOKE SELECT ON mysql.* FROM U"],
     SCHEMA, "pass", ""),
    ("mysql-9", ["SET GLOBAL partial_revokes = ON", READ, "REVOKE SELECT ON axb.* FROM U"], SCHEMA,
     "fail", "lacks SELECT on *.*"),
    ("mysql-9", ["SET GLOBAL partial_revokes = ON", READ, "REVOKE SELECT ON axb.* FROM U"],
     tables("a_b"), "pass", ""),
    ("mysql-9", ["SET GLOBAL partial_revokes = ON", READ, "REVOKE SELECT ON axb.* FROM U",
                 "GRANT SELECT ON axb.t TO U"], tables("axb.t"), "pass", ""),
    ("mysql-9", ["SET GLOBAL partial_revokes = ON", "GRANT %s ON `a_b`.* TO U" % NAMED],
     tables("axb"), "fail", ""),
    ("mysql-9", ["SET GLOBAL partial_revokes = ON", "GRANT %s ON `a_b`.* TO U" % NAMED],
     tables("a_b"), "pass", ""),
    ("mysql-9", ["SET GLOBAL partial_revokes = ON", "GRANT %s ON `a\\_b`.* TO U" % NAMED],
     tables("a_b"), "fail", "GRANT %s ON `a_b`.* TO" % NAMED),
]


def make_objects(server):
    for database in DATABASES:
        server.sql("CREATE DATABASE %s" % database)
        for statement in ("TABLE %s.t (i INT PRIMARY KEY, j INT, k INT)",
                          "VIEW %s.v AS SELECT 1 AS one",
                          "TRIGGER %s.tr BEFORE INSERT ON t FOR EACH ROW SET @sluice = 1",
                          "EVENT %s.ev ON SCHEDULE EVERY 1 YEAR DISABLE DO SELECT 1",
                          "PROCEDURE %s.p() SELECT 1"):
            server.sql("USE %s" % database)
            server.sql("CREATE " + statement % database)
    server.sql("CREATE DATABASE `we ird-1`")
    server.sql("CREATE TABLE `we ird-1`.`t 1` (i INT PRIMARY KEY)")
    server.sql("USE `we ird-1`")
    server.sql("CREATE TRIGGER tr BEFORE INSERT ON `t 1` FOR EACH ROW SET @sluice = 1")


def drop_accounts(server):
    def if_there(statement):
        try:
            server.sql(statement)
        except ServerError:
            pass
    for user in (ACCOUNT, "priv_other", ""):
        if_there("DROP USER '%s'@'%%'" % user)
    for role in ("priv_role", "priv_role2"):
        if_there("DROP ROLE " + role)
    if server.row.flavour == "mariadb":
        for pattern in ("axb", "a%"):
            if_there("REVOKE ALL PRIVILEGES ON `%s`.* FROM PUBLIC" % pattern)
    elif not server.row.npm:
        server.sql("SET GLOBAL partial_revokes = OFF")
        server.sql("SET GLOBAL activate_all_roles_on_login = OFF")


def make_account(server, statements, user=ACCOUNT, password=PASSWORD):
    drop_accounts(server)
    server.sql("CREATE USER '%s'@'%%' IDENTIFIED BY '%s'" % (user, password))
    for statement in statements:
        for short, name in (("U", "'%s'@'%%'" % user), ("R", "priv_role"), ("R2", "priv_role2")):
            statement = re.sub(r"\b%s(?=,|$| )" % short, name, statement)
        server.sql(statement)


def dump_works(server, link):
    """A dump that does not block, as mysqlbinlog asks for it."""
    link.sequence = 0
    link.send(b"\x12" + (4).to_bytes(4, "little") + b"\1\0" + bytes(4)
              + server.binlogs()[-1][0].encode())
    link.receive()


def attempts(server, task):
    """(what, function of a connection) of all that the task does with the account."""
    def ask(statement):
        return statement, lambda link: link.query(statement)

    def of(database, table):
        if table in ("*", "t"):
            yield ask("SELECT * FROM %s.t" % database)
            yield ask("SHOW CREATE TRIGGER %s.tr" % database)
        if table in ("*", "v"):
            yield ask("SHOW CREATE VIEW %s.v" % database)
        if table not in ("*", "t", "v"):
            yield ask("SELECT * FROM `%s`.`%s`" % (database, table))
            yield ask("SHOW CREATE TRIGGER `%s`.tr" % database)

    if task.get("mode", "online") == "online":
        yield "a dump", lambda link: dump_works(server, link)
        yield ask("SHOW BINARY LOG STATUS" if server.version.startswith("9.")
                  else "SHOW MASTER STATUS")
    if task.get("compare") == "full":
        yield ask("SET SESSION binlog_format = ROW")
    if task.get("scope") == "tables":
        for name in task["tables"].split(", "):
            database, _, table = name.partition(".")
            yield from of(database, table or "*")
    else:
        for database in DATABASES:
            yield from of(database, "*")
            yield ask("SHOW CREATE EVENT %s.ev" % database)


def refused(server, task, user=ACCOUNT, password=PASSWORD):
    """What of it the server refuses."""
    out = []
    link = None
    for what, attempt in attempts(server, task):
        if link is None:
            link = Connection(user=user, password=password, unix_socket=server.socket)
        try:
            attempt(link)
        except ServerError as err:
            # 1419 and the like would be a mistake of this test, no answer.
            assert err.errno in (1044, 1142, 1143, 1227, 1235, 1360), (what, err)
            out.append(what)
        if what == "a dump":
            link.sock.close()
            link = None
    if link is not None:
        link.close()
    return out


def judged(t, task, user=ACCOUNT, password=PASSWORD):
    result = run(t, keys_of(t.server, user=user, password=password), None,
                 dict({"mode": "online"}, **task))
    check = result.by_code[-411]
    for answer in check["evidence"]:
        assert "IDENTIFIED" not in str(answer.get("rows")), answer
    return check


def statements_of(remedy):
    return re.findall(r"GRANT .*? ON .*? TO [`'][^`']*[`']@[`'][^`']*[`']", remedy)


def wrong_about(t, grants, task, verdict, text):
    """Sentences; none when all is right."""
    make_account(t.server, grants)
    check, no = judged(t, task), refused(t.server, task)
    words = check["why"] + " | " + check["remedy"]
    if check["verdict"] != verdict:
        yield "it is %s, not %s: %s" % (check["verdict"], verdict, words)
    if text not in words:
        yield "no '%s' in: %s" % (text, words)
    if verdict != "unknown" and (check["verdict"] == "pass") != (not no):
        yield "it is %s, but what is refused is %s: %s" % (check["verdict"], no, words)
    if check["verdict"] == "fail":
        # The remedy's own statements, and nothing else, turn it into a pass.
        for statement in statements_of(check["remedy"]):
            t.server.sql(statement)
        again, no = judged(t, task), refused(t.server, task)
        if again["verdict"] != "pass" or no:
            yield "after %s it is %s, and refused is %s: %s" % (
                check["remedy"], again["verdict"], no, again["why"])


@on_servers()
def test_verdicts_are_what_can_be_done(t):
    make_objects(t.server)
    t.later(lambda: drop_accounts(t.server))
    count, wrong = 0, []
    for where, grants, task, verdict, text in CASES:
        if where and not any(t.server.row.name.startswith(w) for w in where.split()):
            continue
        count += 1
        wrong += ["%s for %s: %s" % (grants, task, why)
                  for why in wrong_about(t, grants, task, verdict, text)]
    assert not wrong, "\n".join(wrong)
    assert count >= 40, count
    t.note("%d sets of grants" % count)


@on_servers()
def test_a_password_like_a_name(t):
    """Evidence never holds the password; an account or a database that is called like it is
    judged nevertheless, or said to be unknown."""
    make_objects(t.server)
    t.later(lambda: drop_accounts(t.server))
    word = "priv_other"
    make_account(t.server, [ALL], user=word, password=word)
    check = judged(t, {}, user=word, password=word)
    assert check["verdict"] == "pass", check
    assert word not in str([a.get("rows") for a in check["evidence"]]), check
    make_account(t.server, ["GRANT %s ON %s.* TO U" % (NAMED, d) for d in ("a_b", word)],
                 user=word, password=word)
    assert judged(t, tables("a_b"), user=word, password=word)["verdict"] == "pass"
    check = judged(t, tables(word), user=word, password=word)
    assert check["verdict"] == "unknown" and word in check["why"], check


@on_servers(["mysql-5.6", "mariadb-10.11"])
def test_an_anonymous_account(t):
    """Whoever comes is ''@'%'; the remedy names that account, not the one of the config."""
    make_objects(t.server)
    t.later(lambda: drop_accounts(t.server))
    make_account(t.server, [], user="")
    check = judged(t, tables("a_b.t"), user="nobody")
    assert check["verdict"] == "fail", check
    assert refused(t.server, tables("a_b.t"), user="nobody")
    for statement in statements_of(check["remedy"]):
        t.server.sql(statement)
    assert judged(t, tables("a_b.t"), user="nobody")["verdict"] == "pass"
    assert not refused(t.server, tables("a_b.t"), user="nobody")


# Without one privilege: what becomes of which checks, and the errno that the server gives. A check
# that only lost something nice to know warns; what the server hides without a word has no errno.
HIDDEN = {-411: "fail", -266: "unknown", -405: "unknown", -420: "unknown", -421: "unknown",
          "primary-keys": "unknown", "cascades": "unknown", "definers": "unknown", -255: "warn"}
WITHOUT = {
    "SELECT": (HIDDEN, 1142),
    "SHOW VIEW": ({-411: "fail"}, None),
    "TRIGGER": ({-411: "fail", "triggers": "unknown", "definers": "unknown"}, None),
    "EVENT": ({-411: "fail", "definers": "unknown"}, None),
    "REPLICATION SLAVE": ({-411: "fail", "on-the-wire": "unknown", -255: "warn", -264: "warn"},
                          1227),
    "REPLICATION CLIENT": ({-411: "fail", "on-the-wire": "unknown", -255: "fail",
                            "binlog-filter": "unknown", "big-files": "unknown",
                            2001041: "unknown"}, 1227),
}
MARIADB = {
    "REPLICATION SLAVE": ({-411: "fail", "on-the-wire": "unknown", -255: "warn"}, 1227),
    "BINLOG MONITOR": ({-411: "fail", "on-the-wire": "unknown", -255: "fail",
                        "binlog-filter": "unknown", "big-files": "unknown"}, 1227),
    "SLAVE MONITOR": ({-255: "warn", 2001041: "unknown"}, 1227),
    "REPLICATION MASTER ADMIN": ({-255: "warn", -264: "warn"}, 1227),
}


@on_servers()
def test_one_privilege_at_a_time(t):
    """With all that the precheck asks for nothing is unknown; without one privilege the checks that
    rest on it change, and no other."""
    make_objects(t.server)
    t.later(lambda: drop_accounts(t.server))
    without = dict(WITHOUT)
    if t.server.row.flavour == "mariadb":
        del without["REPLICATION CLIENT"]
        without.update(MARIADB)

    def with_but(privilege=None):
        make_account(t.server, ["GRANT %s ON *.* TO U" % ", ".join(
            p for p in without if p != privilege)])
        return run(t, keys_of(t.server, user=ACCOUNT), None, {"mode": "online"})

    whole = with_but().verdicts()
    assert whole[-411] == whole[-255] == "pass", whole
    assert not {code for code, verdict in whole.items() if verdict in ("unknown", "fail")}, whole
    for privilege, (changes, errno) in without.items():
        result = with_but(privilege)
        now = result.verdicts()
        changed = {code: now[code] for code in now if now[code] != whole[code]}
        assert changed == changes, "without %s: %s, not %s" % (privilege, changed, changes)
        given = {e["error"]["errno"] for code in changes
                 for e in result.by_code[code]["evidence"] if "error" in e}
        assert given == ({errno} if errno else set()), (privilege, given)
        assert privilege in result.by_code[-411 if -411 in changes else -255]["remedy"], privilege
