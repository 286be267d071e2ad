# SPDX-License-Identifier: Apache-2.0
"""The checks of databases, tables and programs: each made to pass and to fail, by real servers where
they can be had, and the remedies tried."""
import os
import re

from fake_server import FakeServer
from harness import on_servers, without_server
from mysql_client import ServerError
from servers import PASSWORD, USER
from stand_ins import Toku, tokudb, well
from test_precheck import fresh, keys_of, nowhere, pair, run, set_global


def keys(server, user=USER):
    return keys_of(server, user)


def tables(names, mode="online"):
    return {"mode": mode, "scope": "tables", "tables": names}


def make(server, *statements):
    server.sql("SET NAMES utf8mb4")
    server.sql("SET SESSION sql_mode = ''")
    for statement in statements:
        server.sql(statement)


def drop_later(t, server, *databases):
    for name in databases:
        t.later(lambda name=name: server.sql("DROP DATABASE IF EXISTS `%s`" % name))


def statement(check, begin):
    """The statement of a check's remedy that begins so."""
    return re.search(re.escape(begin) + r"[^;]*", check["remedy"]).group(0)


def engines_of(server):
    """Those of the rule that this server has."""
    if server.row.flavour == "mariadb":
        for name in ("archive", "blackhole"):
            if not server.sql("SELECT 1 FROM information_schema.ENGINES WHERE ENGINE = '%s'" % name):
                try:
                    server.sql("INSTALL SONAME 'ha_%s'" % name)
                except ServerError:
                    pass    # not in every package
    had = {r[0].upper() for r in server.sql("SELECT ENGINE FROM information_schema.ENGINES")}
    assert {"MEMORY", "CSV", "MRG_MYISAM"} <= had, had
    return [e for e in ("MEMORY", "CSV", "ARCHIVE", "BLACKHOLE") if e in had]


@on_servers()
def test_engines(t):
    source, target = pair(t)
    make(source, "CREATE DATABASE a", "CREATE TABLE a.t (i INT PRIMARY KEY, v VARCHAR(9))",
         "CREATE TABLE a.m (i INT, v VARCHAR(9)) ENGINE = MyISAM")
    result = run(t, keys(source), keys(target))
    result.expect(-266, "pass")
    result.expect(-405, "pass")
    for engine in engines_of(source):
        make(source, "CREATE TABLE a.`x``%s` (i INT NOT NULL) ENGINE = %s" % (engine, engine))
        result = run(t, keys(source))
        check = result.expect(-266, "fail", "1 %s table, which every target refuses" % engine,
                              "`a`.`x``%s`" % engine)
        assert result.by_code[-405]["verdict"] == ("pass" if engine == "ARCHIVE" else "fail")
        source.sql(statement(check, "ALTER TABLE"))
        result = run(t, keys(source))
        result.expect(-266, "pass")
        result.expect(-405, "pass")
    make(source, "CREATE TABLE a.g (i INT, v VARCHAR(9)) ENGINE = MRG_MyISAM UNION = (a.m)")
    run(t, keys(source)).expect(-266, "warn", "a target of 5.7 or later refuses: `a`.`g`")
    old = source.version.startswith("5.6")
    check = run(t, keys(source), keys(target)).expect(-266, "pass" if old else "fail")
    if not old:
        assert "this target refuses (as a 5.7): `a`.`g`" in check["why"], check
    # Only what the task covers.
    run(t, keys(source), keys(target), tables("a.t, a.m")).expect(-266, "pass", "tables: 2")


@on_servers()
def test_fixed_rows(t):
    source = t.server
    make(source, "CREATE DATABASE a",
         "CREATE TABLE a.f (i INT, v VARCHAR(9)) ENGINE = MyISAM ROW_FORMAT = FIXED",
         "CREATE TABLE a.d (i INT, v VARCHAR(9)) ENGINE = MyISAM")
    check = run(t, keys(source)).expect(-405, "fail", "1 MyISAM table with fixed rows: `a`.`f`")
    source.sql(statement(check, "ALTER TABLE"))
    run(t, keys(source)).expect(-405, "pass")
    make(source, "CREATE TABLE a.own (i INT) ENGINE = MyISAM")
    run(t, keys(source)).expect(-405, "fail", "`a`.`own`", "by themselves")
    make(source, "DROP TABLE a.own")
    if source.row.npm:      # newer ones refuse it
        make(source, "CREATE TABLE a.i (i INT, v VARCHAR(9)) ENGINE = InnoDB ROW_FORMAT = FIXED")
        check = run(t, keys(source)).expect(-405, "fail", "1 InnoDB table with fixed rows: `a`.`i`")
        source.sql(statement(check, "ALTER TABLE"))
    if source.row.flavour == "mariadb":
        make(source, "CREATE TABLE a.s (i INT, v VARCHAR(9)) ENGINE = MyISAM ROW_FORMAT = FIXED "
             "WITH SYSTEM VERSIONING")
        run(t, keys(source)).expect(-405, "fail", "`a`.`s`")
        make(source, "DROP TABLE a.s", "CREATE SEQUENCE a.q")     # its row format says Fixed
    run(t, keys(source)).expect(-405, "pass")


@on_servers(["mysql-5.6", "mariadb-10.11"])
def test_broken_table(t):
    """The server tells no engine of it: nothing passes, and it is named."""
    source = t.server
    make(source, "CREATE DATABASE a", "CREATE TABLE a.t (i INT PRIMARY KEY)",
         "CREATE TABLE a.`bro``ken` (i INT, v VARCHAR(9)) ENGINE = MyISAM", "FLUSH TABLES")
    folder = os.path.join(source.datadir, "a")
    name = next(n for n in os.listdir(folder) if n.startswith("bro") and n.endswith(".frm"))
    with open(os.path.join(folder, name), "r+b") as frm:
        whole = frm.read()
        frm.seek(0)
        frm.truncate(64)

    def mend():
        with open(os.path.join(folder, name), "wb") as frm:
            frm.write(whole)
    t.later(mend)
    result = run(t, keys(source))
    for code in (-266, -405):
        result.expect(code, "unknown", "could not open 1 table: `a`.`bro``ken`",
                      "CHECK TABLE `a`.`bro``ken`;")
    make(source, "CREATE TABLE a.c (i INT NOT NULL) ENGINE = CSV")
    result = run(t, keys(source))
    for code in (-266, -405):
        result.expect(code, "fail", "`a`.`c`")
    run(t, keys(source), None, tables("a.t")).expect(-266, "pass")


# Whatever a name holds, it is compared letter by letter and never part of a statement. The config
# takes no backticks and no patterns; such tables go with their database.
ODD = ["it's", "back\\slash", "x') OR (1=1", "under_score", "表♥", "Ärger", 'do"uble', "a b",
       "x\\' OR 1=1 #", "end\\"]
MORE = ["b``q", "per%cent", "new\nline", "underXscore"]


@on_servers()
def test_odd_names(t):
    source, target = pair(t)
    make(source, "CREATE DATABASE `o'd`", *["CREATE TABLE `o'd`.`%s` (i INT)" % name
                                            for name in ODD + MORE])
    names = ", ".join("o'd." + n for n in ODD)
    result = run(t, keys(source), keys(target), tables(names))
    result.expect(2001037, "pass", "whole databases: 0, tables: %d" % len(ODD))
    result.expect(-269, "pass", "single tables: %d" % len(ODD))
    count = result.expect("primary-keys", "warn", "without primary key: `o'd`.")["why"]
    assert count.endswith("and %d more" % (len(ODD) - 3)), count
    result = run(t, keys(source), keys(target), tables("o'd"))
    result.expect(2001037, "pass", "whole databases: 1, tables: 0")
    result.expect("primary-keys", "warn", "and %d more" % (len(ODD + MORE) - 3))
    # The target has them, too.
    drop_later(t, target, "o'd")
    make(target, "CREATE DATABASE `o'd`", *["CREATE TABLE `o'd`.`%s` (i INT)" % name
                                            for name in ODD + MORE])
    check = run(t, keys(source), keys(target), tables(names)).expect(-269, "fail",
                                                                     "and %d more" % (len(ODD) - 3))
    target.sql(statement(check, "DROP TABLE"))
    run(t, keys(source), keys(target), tables(names)).expect(-269, "fail",
                                                             "and %d more" % (len(ODD) - 4))
    check = run(t, keys(source), keys(target), tables("o'd")).expect(-268, "fail", "`o'd`")
    target.sql(statement(check, "DROP DATABASE"))
    run(t, keys(source), keys(target), tables("o'd")).expect(-268, "pass")
    # What looks like one of them is none of them.
    near = ["its", "back\\\\slash", "under__core", "表", "Arger", "ärger", "gone\U0001d11e", "x",
            "a  b", "END\\"]
    check = run(t, keys(source), None, tables(", ".join("o'd." + n for n in near))).expect(
        2001037, "fail", "not on the source: `o'd`.`its`", "and %d more" % (len(near) - 3))
    assert check["compared"][0]["holds"] is False, check
    for name in ("ärger", "END\\"):
        run(t, keys(source), None, tables("o'd." + name)).expect(2001037, "fail", "in another case")


@on_servers()
def test_names_of_the_task(t):
    source, target = pair(t)
    make(source, "CREATE DATABASE shop", "CREATE TABLE shop.T (i INT PRIMARY KEY)",
         "CREATE VIEW shop.v AS SELECT 1 AS one")
    run(t, keys(source), None, tables("shop")).expect(2001037, "pass", "databases: 1")
    result = run(t, keys(source), keys(target), tables("shop.T, shop.v"))
    result.expect(2001037, "pass", "tables: 2")
    result.expect(-269, "pass")
    result.expect(-268, "skip")
    result = run(t, keys(source), keys(target), tables("Shop"))
    result.expect(2001037, "fail", "`Shop` (the source has `shop`, in another case)", "write shop")
    result.expect(-268, "pass")
    result.expect(-269, "skip")
    run(t, keys(source), None, tables("shop.t")).expect(
        2001037, "fail", "`shop`.`t` (the source has `shop`.`T`, in another case)", "write shop.T")
    run(t, keys(source), None, tables("shop.T, mall.T, mall")).expect(
        2001037, "fail", "`mall`.`T` (there is no such database), `mall`")
    drop_later(t, target, "shop")
    make(target, "CREATE DATABASE shop", "CREATE VIEW shop.v AS SELECT 1 AS one")
    result = run(t, keys(source), keys(target), tables("shop.T, shop.v"))
    check = result.expect(-269, "fail", "on the target already: `shop`.`v`")
    target.sql(statement(check, "DROP VIEW"))
    run(t, keys(source), keys(target), tables("shop.T, shop.v")).expect(-269, "pass")
    run(t, keys(source), keys(target), tables("shop")).expect(-268, "fail", "already: `shop`")


@on_servers(["mysql-5.6", "mariadb-10.11"])
def test_names_in_any_case(t):
    """With lower_case_table_names = 1, on the source or the target, case makes no difference."""
    low = fresh(t, "--lower-case-table-names=1")
    make(low, "CREATE DATABASE Shop", "CREATE TABLE Shop.`ÄB` (i INT)",
         "CREATE TABLE Shop.Parent (i INT PRIMARY KEY) ENGINE = InnoDB",
         "CREATE TABLE Shop.Child (i INT PRIMARY KEY, FOREIGN KEY (i) REFERENCES Shop.Parent (i)) "
         "ENGINE = InnoDB", "CREATE TABLE Shop.`AB` (i INT PRIMARY KEY)")
    result = run(t, keys(low), None, tables("SHOP"))
    result.expect(2001037, "pass", "in another case: `SHOP` as `shop`")
    result.expect("primary-keys", "warn", "`shop`.`äb`")
    result = run(t, keys(low), None, tables("SHOP.äB, shop.CHILD"))
    result.expect(2001037, "pass", "databases: 0, tables: 2")
    result.expect("primary-keys", "warn", "without primary key: `shop`.`äb`")
    result.expect(-265, "fail", "`shop`.`child` refers to `shop`.`parent`")
    run(t, keys(low), None, tables("SHOP.CHILD, shop.PARENT")).expect(-265, "pass")
    # An accent is another letter all the same.
    run(t, keys(low), None, tables("Shop.aB")).expect("primary-keys", "pass")
    make(t.server, "CREATE DATABASE SHOP", "CREATE TABLE SHOP.`Äb` (i INT)")
    result = run(t, keys(t.server), keys(low), tables("SHOP"))
    result.expect(2001037, "pass")
    result.expect(-268, "fail", "already: `shop` (lower_case_table_names")
    run(t, keys(t.server), keys(low), tables("SHOP.Äb")).expect(-269, "fail",
                                                               "already: `shop`.`äb` (lower")
    result = run(t, keys(low), keys(t.server), tables("shop"))
    result.expect(-268, "fail", "already: `SHOP`")
    # The server knows the cases of more letters than the program does.
    make(low, "CREATE DATABASE `Žýÿ`", "CREATE TABLE `Žýÿ`.`Ệά` (i INT PRIMARY KEY)",
         "CREATE TABLE `Žýÿ`.t (i INT PRIMARY KEY)", "CREATE DATABASE `ÿệ`")
    result = run(t, keys(low), None, tables("ŽÝŸ, Ÿệ, SHOP.parent"))
    result.expect(2001037, "pass", "in another case: `ŽÝŸ`, `Ÿệ`")
    result = run(t, keys(low), None, tables("žýŸ.ỆΆ, ŽÝŸ.T"))
    result.expect(2001037, "pass", "tables: 2", "`žýŸ`.`ỆΆ`")
    result = run(t, keys(low), None, tables("ŽÝŸ, ŸỄ"))
    result.expect(2001037, "unknown", "which cannot be told: `ŽÝŸ`, `ŸỄ`")
    run(t, keys(low), None, tables("shop, ŸỄ")).expect(2001037, "fail", "`ŸỄ`")
    make(t.server, "CREATE DATABASE `ŽÝŸ`", "CREATE TABLE `ŽÝŸ`.`ỆΆ` (i INT PRIMARY KEY)")
    run(t, keys(t.server), keys(low), tables("ŽÝŸ")).expect(-268, "fail", "already: `žýÿ` (lower")
    result = run(t, keys(t.server), keys(low), tables("ŽÝŸ.ỆΆ, SHOP"))
    result.expect(-269, "fail", "already: `žýÿ`.`ệά` (lower")
    # The database of a single table may be there.
    check = result.expect(-268, "fail", "already: `shop` (lower")
    assert "žýÿ" not in check["why"], check


@on_servers()
def test_foreign_keys(t):
    source = t.server
    make(source, "CREATE DATABASE a", "CREATE DATABASE b",
         "CREATE TABLE b.p (x INT, y INT, PRIMARY KEY (x, y)) ENGINE = InnoDB",
         "CREATE TABLE a.p (x INT PRIMARY KEY) ENGINE = InnoDB",
         "CREATE TABLE a.c (x INT PRIMARY KEY, y INT, FOREIGN KEY (x, y) REFERENCES b.p (x, y), "
         "FOREIGN KEY (y) REFERENCES a.p (x)) ENGINE = InnoDB")
    check = run(t, keys(source), None, tables("a.c")).expect(
        -265, "fail", "`a`.`c` refers to `a`.`p`, `a`.`c` refers to `b`.`p`")
    more = check["remedy"].split("add to task.tables: ")[1]
    assert more == "a.p, b.p", check
    run(t, keys(source), None, tables("a.c, " + more)).expect(-265, "pass")
    run(t, keys(source), None, tables("a")).expect(-265, "fail", "`a`.`c` refers to `b`.`p`")
    run(t, keys(source), None, tables("a, b")).expect(-265, "pass")
    result = run(t, keys(source), None, tables("a.p"))
    result.expect(-265, "pass")
    result.expect("cascades", "pass")
    # A change through a cascade is in no binlog.
    for rule in ("ON DELETE CASCADE", "ON UPDATE CASCADE", "ON DELETE SET NULL"):
        make(source, "CREATE TABLE a.k (x INT PRIMARY KEY, y INT, CONSTRAINT `k``1` FOREIGN KEY (y) "
             "REFERENCES a.p (x) %s) ENGINE = InnoDB" % rule)
        check = run(t, keys(source), None, tables("a, b")).expect("cascades", "warn", "`a`.`k`")
        source.sql(statement(check, "ALTER TABLE"))
        run(t, keys(source)).expect("cascades", "pass")
        make(source, "DROP TABLE a.k")


@on_servers()
def test_what_cascades_log(t):
    """What a cascade changes is in the binlog exactly where the check says so: from MySQL 9.6 on the
    server itself follows the keys, unless it is told to leave that to InnoDB."""
    def judged(server, words):
        make(server, "CREATE DATABASE a", "CREATE TABLE a.p (x INT PRIMARY KEY) ENGINE = InnoDB",
             "CREATE TABLE a.k (x INT PRIMARY KEY, FOREIGN KEY (x) REFERENCES a.p (x) ON DELETE "
             "CASCADE) ENGINE = InnoDB", "INSERT INTO a.p VALUES (1)", "INSERT INTO a.k VALUES (1)",
             "FLUSH LOGS", "DELETE FROM a.p")
        run(t, keys(server)).expect("cascades", "warn", words)
        name = server.binlogs()[-1][0]
        deletes = [e for e in server.sql("SHOW BINLOG EVENTS IN '%s'" % name)
                   if e[2].lower().startswith("delete_rows")]
        assert len(deletes) == (1 if "not in" in words else 2), deletes
    new = t.server.row.name == "mysql-9.7"
    judged(t.server, "are in the binlog as rows of their own" if new else "are not in the binlog")
    if new:
        judged(fresh(t, "--innodb-native-foreign-keys=ON"), "are not in the binlog")


@on_servers()
def test_primary_keys(t):
    source = t.server
    make(source, "CREATE DATABASE a", "CREATE TABLE a.t (i INT PRIMARY KEY)",
         "CREATE VIEW a.v AS SELECT * FROM a.t")
    run(t, keys(source)).expect("primary-keys", "pass")
    # T and t are two tables.
    make(source, "CREATE TABLE a.T (i INT)")
    check = run(t, keys(source)).expect("primary-keys", "warn", "without primary key: `a`.`T`")
    source.sql(statement(check, "ALTER TABLE").replace("…", "i"))
    run(t, keys(source)).expect("primary-keys", "pass")
    run(t, keys(source), None, {"mode": "schema"}).expect("primary-keys", "skip")
    for i in range(102):
        source.sql("CREATE TABLE a.many%d (i INT) ENGINE = MyISAM" % i)
    result = run(t, keys(source))
    result.expect("primary-keys", "warn", "and more (over 100 in all)")
    result.expect(-405, "fail", "102 MyISAM tables with fixed rows", "and 99 more")


@on_servers()
def test_triggers_and_events(t):
    source = t.server
    set_global(t, source, "event_scheduler", "OFF")
    make(source, "CREATE DATABASE a", "CREATE TABLE a.t (i INT PRIMARY KEY)",
         "CREATE TABLE a.u (i INT PRIMARY KEY)")
    result = run(t, keys(source), None, tables("a"))
    result.expect("triggers", "pass")
    result.expect(-418, "pass", "event_scheduler is OFF")
    make(source, "CREATE TRIGGER a.`t``r` BEFORE INSERT ON a.t FOR EACH ROW SET @x = 1",
         "CREATE EVENT a.`e``v` ON SCHEDULE EVERY 1 YEAR STARTS '2037-01-01' DO SELECT 1",
         "CREATE EVENT a.off ON SCHEDULE EVERY 1 YEAR STARTS '2037-01-01' DISABLE DO SELECT 1")
    result = run(t, keys(source), None, tables("a.t"))
    check = result.expect("triggers", "warn", "1 trigger", "`a`.`t`r`")
    result.expect(-418, "pass")
    source.sql(statement(check, "SHOW CREATE TRIGGER"))
    run(t, keys(source), None, tables("a.u")).expect("triggers", "pass")
    run(t, keys(source)).expect("triggers", "warn")
    source.sql("SET GLOBAL event_scheduler = ON")
    result = run(t, keys(source), None, tables("a"))
    check = result.expect(-418, "fail", "event_scheduler is ON; enabled events: `a`.`e`v`")
    assert "off" not in check["why"], check
    run(t, keys(source)).expect(-418, "skip")
    run(t, keys(source), None, tables("a", mode="schema")).expect(-418, "skip")
    source.sql(statement(check, "SET GLOBAL"))
    run(t, keys(source), None, tables("a")).expect(-418, "pass")


@on_servers()
def test_definers(t):
    source, target = pair(t)

    def drop_users():
        for user, host in target.sql("SELECT user, host FROM mysql.user WHERE user IN "
                                     "('App', 'app', 'it''s')"):
            target.sql("DROP USER '%s'@'%s'" % (user.replace("'", "''"), host))
    t.later(drop_users)
    make(source, "CREATE DATABASE a", "CREATE TABLE a.t (i INT PRIMARY KEY)",
         "CREATE VIEW a.own AS SELECT 1 AS one")
    run(t, keys(source), keys(target)).expect("definers", "pass", "definers: 1")
    kinds = {
        "view": "CREATE DEFINER = 'app'@'10.%' VIEW a.x AS SELECT 1 AS one",
        "routine": "CREATE DEFINER = 'app'@'10.%' PROCEDURE a.x() SELECT 1",
        "trigger": "CREATE DEFINER = 'app'@'10.%' TRIGGER a.x BEFORE INSERT ON a.t FOR EACH ROW "
                   "SET @x = 1",
        "event": "CREATE DEFINER = 'app'@'10.%' EVENT a.x ON SCHEDULE EVERY 1 YEAR DISABLE "
                 "DO SELECT 1"}
    for kind, create in kinds.items():
        make(source, create)
        check = run(t, keys(source), keys(target)).expect(
            "definers", "warn", "on the target: 'app'@'10.%%' (%s `a`.`x`)" % kind)
        make(source, "DROP %s a.x" % ("PROCEDURE" if kind == "routine" else kind.upper()))
    make(source, *kinds.values())
    run(t, keys(source), keys(target), tables("a.t")).expect("definers", "warn", "(trigger `a`.`x`)")
    run(t, keys(source)).expect("definers", "warn", "on the source: 'app'@'10.%' (4 objects")
    make(source, "CREATE DEFINER = 'App'@'10.%' VIEW a.y AS SELECT 1 AS one",
         "CREATE DEFINER = 'it''s'@'%' VIEW a.z AS SELECT 1 AS one")
    # App and app are two accounts, and the remedy makes what is missing.
    for _ in range(3):
        check = run(t, keys(source), keys(target)).expect("definers", "warn")
        target.sql(statement(check, "CREATE USER").replace("…", PASSWORD).split(" and ")[0])
    run(t, keys(source), keys(target)).expect("definers", "pass", "definers: 4")


@on_servers(["mariadb-10.11", "mariadb-11.8", "mariadb-10.5"])
def test_a_role_as_definer(t):
    source = t.server
    t.later(lambda: source.sql("DROP ROLE IF EXISTS boss"))
    make(source, "CREATE DATABASE a", "CREATE ROLE boss", "GRANT SELECT ON *.* TO boss",
         "CREATE DEFINER = boss PROCEDURE a.p() SELECT 1",
         "CREATE DEFINER = boss VIEW a.v AS SELECT 1 AS one")
    run(t, keys(source)).expect("definers", "pass")
    make(source, "DROP ROLE boss")
    check = run(t, keys(source)).expect("definers", "warn", "'boss'")
    source.sql(statement(check, "CREATE ROLE").split(" and ")[0])
    run(t, keys(source)).expect("definers", "pass")


@on_servers()
def test_an_account_that_sees_little(t):
    """What is hidden from it is unknown, never a pass and never missing; what it sees is judged."""
    source, target = pair(t)
    make(source, "CREATE DATABASE a", "CREATE DATABASE b", "CREATE TABLE a.t (i INT PRIMARY KEY)",
         "CREATE TABLE b.m (i INT) ENGINE = MEMORY", "CREATE TABLE a.n (i INT)")
    drop_later(t, target, "b")
    make(target, "CREATE DATABASE b", "CREATE TABLE b.m (i INT)")
    for server in (source, target):
        if server.row.npm:
            server.sql("GRANT USAGE ON *.* TO 'blind'@'%%' IDENTIFIED BY '%s'" % PASSWORD)
        else:
            server.sql("CREATE USER 'blind'@'%%' IDENTIFIED BY '%s'" % PASSWORD)
        t.later(lambda server=server: server.sql("DROP USER 'blind'@'%'"))
        server.sql("GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO 'blind'@'%'")
    source.sql("GRANT SELECT ON a.* TO 'blind'@'%'")
    result = run(t, keys(source, "blind"))
    for code in (-266, -405, -420, -421, "cascades", "triggers", "definers"):
        result.expect(code, "unknown", "GRANT")
    result.expect("primary-keys", "unknown", "or with a hidden one: `a`.`", "`n`")
    blind = keys(source, "blind"), keys(target, "blind")
    result = run(t, *blind, tables("a.t, b.m, b"))
    result.expect(2001037, "unknown", "missing, or hidden from the account: `b`.`m`", "`b`", "GRANT")
    for code in (-268, -269, -265, -266, -405, "triggers", "definers"):
        result.expect(code, "unknown", "GRANT")
    # Nothing of the hidden database is needed: all is seen that counts. What foreign keys do MariaDB
    # tells only to those who may do more than SELECT, in all of the database.
    if source.row.flavour == "mariadb":
        source.sql("GRANT SHOW VIEW, TRIGGER ON a.t TO 'blind'@'%'")
        check = run(t, *blind, tables("a.t")).expect("cascades", "unknown")
        source.sql(statement(check, "GRANT"))
    result = run(t, *blind, tables("a.t"))
    for code in (2001037, -265, -266, -405, "primary-keys", "cascades"):
        result.expect(code, "pass")
    result = run(t, keys(source, "blind"), None, tables("a.x"))
    result.expect(2001037, "fail", "not on the source: `a`.`x`")


# ---- what cannot be had ----

@without_server()
def test_column_types(t):
    columns = ["TABLE_SCHEMA", "TABLE_NAME", "COLUMN_NAME", "DATA_TYPE", "GENERATION_EXPRESSION"]
    bad = {"columns": (columns, [["a", "t", "j", "json", ""], ["a", "t", "g", "int", "(`x` + 1)"]])}
    for version, answers, verdict in (("5.7.44-log", {}, "pass"), ("5.7.44-log", bad, "fail"),
                                      ("5.6.51", bad, "skip"), ("8.0.40", bad, "skip"),
                                      ("10.3.39-MariaDB", bad, "skip")):
        fake = FakeServer(well(version, answers))
        t.later(fake.close)
        result = run(t, nowhere(fake.port))
        result.expect(2001040, verdict)
        if verdict == "fail":
            result.expect(2001040, "fail", "`a`.`t`.`j` (json), `a`.`t`.`g` (generated)")


@on_servers(["mysql-9.7"])
def test_columns_of_57(t):
    """What 5.7 is asked, asked of the server next to it that has those columns."""
    fake = FakeServer(well("5.7.44-log"))
    t.later(fake.close)
    run(t, nowhere(fake.port), None, tables("a"))
    asked = next(q for q in fake.asked if "information_schema.COLUMNS" in q)
    make(t.server, "CREATE DATABASE a", "CREATE DATABASE b",
         "CREATE TABLE a.t (i INT PRIMARY KEY, j JSON, g INT AS (i + 1), s INT AS (i) STORED, "
         "d DATETIME DEFAULT CURRENT_TIMESTAMP)", "CREATE TABLE b.t (j JSON)")
    assert sorted(r[2] for r in t.server.sql(asked)) == ["g", "j", "s"]


@without_server()
def test_tokudb(t):
    percona, mariadb = "5.7.44-48-log", "10.3.39-MariaDB"
    good = [Toku("a", "t", "tokudb_zlib"), Toku("a", "u", "tokudb_default", key="KEY `k` (`a`)"),
            Toku("a", "clustering", "tokudb_zlib", key="KEY `CLUSTERING` (`a`)")]

    def judged(version, more):
        fake = FakeServer(tokudb(version, good + more))
        t.later(fake.close)
        result = run(t, nowhere(fake.port))
        creates = [q for q in fake.asked if q.startswith("SHOW CREATE TABLE")]
        assert len(creates) == len(good + more), fake.asked
        return result, creates
    result, creates = judged(percona, [])
    result.expect(-420, "pass")
    result.expect(-421, "pass", "TokuDB tables: 3")
    assert creates[0] == "SHOW CREATE TABLE `a`.`t`", creates
    words = ("quicklz", "lzma", "snappy", "uncompressed", "fast", "small")
    result, _ = judged(percona, [Toku("a", w, "tokudb_" + w) for w in words])
    why = result.expect(-420, "fail", "ALTER TABLE `a`.`quicklz` ROW_FORMAT = TOKUDB_ZLIB;")["why"]
    for word in words:
        assert "1 TokuDB table with compression" in why and "`a`.`%s`" % word in why, why
    result.expect(-421, "pass")
    result, _ = judged(mariadb, [Toku("a", "x", "Dynamic", "`COMPRESSION`='TOKUDB_LZMA'")])
    result.expect(-420, "fail", "lzma", "COMPRESSION = TOKUDB_ZLIB")
    result, _ = judged(mariadb, [Toku("a", "x", "Dynamic", "`COMPRESSION`=TOKUDB_ZLIB")])
    result.expect(-420, "pass")
    for version, key in ((percona, "CLUSTERING KEY `k` (`a`)"),
                         (percona, "UNIQUE CLUSTERING KEY `k` (`a`)"),
                         (mariadb, "KEY `k` (`a`) `CLUSTERING`=YES")):
        result, creates = judged(version, [Toku("a", "it's", "tokudb_zlib", key=key)])
        result.expect(-420, "pass")
        result.expect(-421, "fail", "`a`.`it's` (%s)" % key, "ALTER TABLE `a`.`it's` DROP KEY")
        assert creates[3] == "SHOW CREATE TABLE `a`.`it's`", creates
    for answer, word in (((1142, "42000", "SHOW denied " + PASSWORD), "1142"),
                         ((["Table", "Create Table"], [["t", "x" * 2000000]]), "SHOW CREATE TABLE")):
        fake = FakeServer(tokudb(percona, good, answers={"tokudb-keys": answer}))
        t.later(fake.close)
        result = run(t, nowhere(fake.port))
        result.expect(-421, "unknown", word)
        result.expect(-420, "pass")
        assert len([q for q in fake.asked if q.startswith("SHOW CREATE TABLE")]) == 1
    fake = FakeServer(well(percona))
    t.later(fake.close)
    result = run(t, nowhere(fake.port))
    for code in (-420, -421):
        result.expect(code, "skip", "no TokuDB tables")
    assert not any(q.startswith("SHOW CREATE TABLE") for q in fake.asked)
