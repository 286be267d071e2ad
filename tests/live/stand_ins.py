# SPDX-License-Identifier: Apache-2.0
"""What a stand-in answers: as recorded from a real server (recorded/*.json, by record_answers.py),
or, for versions that cannot be had, as the nearest recording with the documented differences."""
import functools
import json
import os
import re
import time

import binlog_bytes

RECORDED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "recorded")

# Every question of app/precheck/questions.c that is a statement, and how to tell it from the others;
# the first that fits.
QUESTIONS = [(name, re.compile(pattern)) for name, pattern in (
    ("version", r"SELECT VERSION\(\)$"),
    ("session", r"SET SESSION "),
    ("variables", r"SHOW GLOBAL VARIABLES "),
    ("status", r"SHOW GLOBAL STATUS "),
    ("clock", r"SELECT UNIX_TIMESTAMP\(\)"),
    ("grants", r"SHOW GRANTS"),
    ("replicas", r"SHOW (SLAVE HOSTS|REPLICAS)$"),
    ("binlog-status", r"SHOW (MASTER|BINLOG|BINARY LOG) STATUS$"),
    ("binlog-files", r"SHOW BINARY LOGS$"),
    ("replica-status", r"SHOW (SLAVE|REPLICA|ALL SLAVES) STATUS$"),
    ("tokudb-keys", r"SHOW CREATE TABLE "),
    ("databases", r"SELECT .* FROM information_schema\.SCHEMATA\b"),
    ("tables", r"SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE FROM"),
    ("tokudb-tables", r"SELECT .* FROM information_schema\.TABLES WHERE ENGINE = 'TokuDB'"),
    ("no-primary-key", r"SELECT s AS TABLE_SCHEMA\b"),
    ("table-kinds", r"SELECT ENGINE\b"),
    ("columns", r"SELECT .* FROM information_schema\.COLUMNS\b"),
    ("foreign-keys", r"SELECT .* FROM information_schema\.KEY_COLUMN_USAGE\b"),
    ("cascades", r"SELECT .* FROM information_schema\.REFERENTIAL_CONSTRAINTS\b"),
    ("definers", r"SELECT DEFINER\b"),
    ("triggers", r"SELECT .* FROM information_schema\.TRIGGERS\b"),
    ("events", r"SELECT .* FROM information_schema\.EVENTS\b"),
    ("accounts", r"SELECT .* FROM mysql\.user\b"),
    ("disks", r"SELECT .* FROM information_schema\.DISKS\b"),
)]
NAMES = [name for name, _ in QUESTIONS]


def question_of(sql):
    """The name of the question that SQL asks; None: it is none of them."""
    return next((name for name, pattern in QUESTIONS if pattern.match(sql)), None)


def overridden(answers, sql, otherwise):
    """ANSWERS by question or by part of the statement; a function is asked for its answer."""
    name = question_of(sql)
    for key, answer in answers.items():
        if key == name or (key not in NAMES and key in sql):
            return answer(sql) if callable(answer) else answer
    return otherwise(sql)


def now_for(columns, row):
    """The clock's answer of this moment in the place of that of another."""
    return [str(int(time.time())) if name == "unix_time" else value
            for name, value in zip(columns, row)]


# ---- recorded ----

@functools.lru_cache(maxsize=None)
def load(name):
    with open(os.path.join(RECORDED, name + ".json"), encoding="utf-8") as text:
        return json.load(text)


def as_answer(entry):
    if "error" in entry:
        return tuple(entry["error"])
    return (entry["columns"], entry["rows"]) if "columns" in entry else None


class Recorded:
    """A real server of the table in servers.py as it was recorded. UNKNOWN: what it was asked and
    has no answer to."""

    def __init__(self, name):
        self.recording = load(name)
        self.version = self.recording["greeting"]
        self.table = {entry["sql"]: entry for entry in self.recording["answers"]}
        self.unknown = []

    def __call__(self, sql):
        entry = self.table.get(sql)
        if entry is None:
            if sql.startswith("SET "):
                return None
            self.unknown.append(sql)
            return 1064, "42000", "not recorded (run tests/live/record_answers.py): " + sql
        answer = as_answer(entry)
        if entry["question"] == "clock" and "error" not in entry:
            return answer[0], [now_for(answer[0], row) for row in answer[1]]
        return answer

    def events(self, name, _flags):
        binlog = self.recording["binlog"]
        if name != binlog["file"]:
            return no_such_file(name)
        return [bytes.fromhex(e) for e in binlog["events"]]


def no_such_file(_name):
    return 1236, "HY000", "Could not find first log file name in binary log index file"


def recorded_answer(recording, question):
    """(columns, rows) of the first answer to it that is none of an error."""
    return next(as_answer(e) for e in recording["answers"]
                if e["question"] == question and "columns" in e)


# ---- documented ----

# What differs from the recording next to a version, for the server variables and dynamic privileges
# that the precheck looks at. Each row holds for its version and, where no later row says otherwise,
# for newer ones up to the recording's own. Sources: the reference manual of each series, "Server
# System Variable Reference" with "What Is New" (added, removed, defaults changed), "Privileges
# Provided by MySQL"; MariaDB's Knowledge Base pages of each variable.
MYSQL_ADDED = {      # variable: first version, value there when the recording next to it has none
    "binlog_row_image": ((5, 6, 2), "FULL"),
    "binlog_checksum": ((5, 6, 2), "CRC32"),
    "server_uuid": ((5, 6, 0), None),
    "gtid_mode": ((5, 6, 5), "OFF"),
    "enforce_gtid_consistency": ((5, 6, 9), "OFF"),
    "super_read_only": ((5, 7, 8), "OFF"),
    "binlog_expire_logs_seconds": ((8, 0, 1), "2592000"),
    "activate_all_roles_on_login": ((8, 0, 2), "OFF"),
    "binlog_row_value_options": ((8, 0, 3), ""),
    "binlog_encryption": ((8, 0, 14), "OFF"),
    "partial_revokes": ((8, 0, 16), "OFF"),
    "binlog_transaction_compression": ((8, 0, 20), "OFF"),
    "log_replica_updates": ((8, 0, 26), "ON"),
    "binlog_expire_logs_auto_purge": ((8, 0, 29), "ON"),
}
MYSQL_REMOVED = {    # variable: first version without it, value before that
    "expire_logs_days": ((8, 4, 0), "7"),
}
MARIADB_ADDED = {
    "binlog_checksum": ((5, 3, 0), "CRC32"),
    "gtid_domain_id": ((10, 0, 2), "0"),
    "binlog_row_image": ((10, 1, 6), "FULL"),
    "encrypt_binlog": ((10, 1, 7), "OFF"),
    "log_bin_compress": ((10, 2, 3), "OFF"),
    "rpl_semi_sync_master_enabled": ((10, 3, 3), "OFF"),    # built in; a plugin before
    "rpl_semi_sync_slave_enabled": ((10, 3, 3), "OFF"),
    "binlog_expire_logs_seconds": ((10, 6, 1), "604800"),
    "max_binlog_total_size": ((11, 4, 0), "0"),
    "binlog_space_limit": ((11, 4, 0), "0"),
}
# 8.0 and later list the dynamic privileges; these are younger than 8.0 and 8.4.
DYNAMIC_SINCE = {"ALLOW_NONEXISTENT_DEFINER": (8, 2), "SET_ANY_DEFINER": (8, 2),
                 "TRANSACTION_GTID_TAG": (8, 3), "FLUSH_PRIVILEGES": (8, 4),
                 "OPTIMIZE_LOCAL_TABLE": (8, 4), "CREATE_SPATIAL_REFERENCE_SYSTEM": (9, 2),
                 "MANAGE_DATA_MASKING_POLICY": (9, 5)}

# Columns of SHOW statements, where they differ from the recording's.
REPLICAS_55 = ["Server_id", "Host", "Port", "Master_id"]
REPLICAS_51 = ["Server_id", "Host", "Port", "Rpl_recovery_rank", "Master_id"]
REPLICAS_56 = REPLICAS_55 + ["Slave_UUID"]
STATUS_55 = ["File", "Position", "Binlog_Do_DB", "Binlog_Ignore_DB"]

# How a well server is set, whatever its version's defaults are. 5.1 has no utf8mb4 (5.5.3).
WELL = {"log_bin": "ON", "binlog_format": "ROW", "server_id": "55", "event_scheduler": "OFF",
        "innodb_stats_on_metadata": "OFF", "character_set_server": "utf8mb4",
        "collation_server": "utf8mb4_general_ci", "lower_case_table_names": "0",
        "sql_mode": "NO_ENGINE_SUBSTITUTION", "time_zone": "SYSTEM", "system_time_zone": "UTC",
        "read_only": "OFF", "max_allowed_packet": "67108864", "max_connections": "151",
        "datadir": "/var/lib/mysql/",
        "auto_increment_increment": "1", "auto_increment_offset": "1"}
WELL_51 = {"character_set_server": "utf8", "collation_server": "utf8_general_ci"}
WELL_STATUS = {"Threads_connected": "3", "Max_used_connections": "9", "Uptime": "864000"}
BINLOG, BINLOG_BEFORE = "binlog.000002", "binlog.000001"
PASSWORD_HASH = "*65190403A7C90153795544A7B6EFB2561241785D"

# Alibaba Cloud's own build of 5.7 has variables of its own, all with this prefix; the names are
# those that its users' SHOW VARIABLES show.
ALIYUN = {"rds_indexstat": "OFF", "rds_tablestat": "OFF", "rds_reset_all_filter": "0"}


def number_of(version):
    """(5, 7, 44) of "5.7.44-log"."""
    found = re.match(r"(?:5\.5\.5-(?=\d))?(\d+)\.(\d+)(?:\.(\d+))?", version)
    return tuple(int(x or 0) for x in found.groups()) if found else (0, 0, 0)


def nearest(mariadb, number):
    """The recording that a version is derived from."""
    if not mariadb:
        return "mysql-5.6" if number < (8, 0) else "mysql-9.7"
    return ("mariadb-10.5" if number < (10, 6) else "mariadb-10.11" if number < (11, 0)
            else "mariadb-11.8")


def variables_of(version, mariadb, number, recording):
    values = dict(recorded_answer(recording, "variables")[1])
    added = MARIADB_ADDED if mariadb else MYSQL_ADDED
    for name, (since, value) in added.items():
        if number < since:
            values.pop(name, None)
        else:
            values.setdefault(name, value)
    for name, (until, value) in () if mariadb else MYSQL_REMOVED.items():
        if number < until:
            values.setdefault(name, value)
    values.update(WELL)
    if number < (5, 5, 3):
        values.update(WELL_51)
    values.update(version=version, version_comment="stand-in")
    if values.get("binlog_checksum"):
        values["binlog_checksum"] = "CRC32"
    if "gtid_mode" in values:
        values["gtid_mode"] = values["enforce_gtid_consistency"] = "OFF"
    if "expire_logs_days" in values:
        values["expire_logs_days"] = "7"
    return values


class Well:
    """A server of VERSION that is well: everything on as a migration wants it, no data but what
    OBJECTS names ("database" or "database.table")."""

    def __init__(self, version, answers=None, objects=(), **changed):
        self.version = version
        self.answers = dict(answers or {})
        self.mariadb = "MariaDB" in version
        self.number = number_of(version)
        self.objects = list(objects)
        self.recording = load(nearest(self.mariadb, self.number))
        self.variables = variables_of(version, self.mariadb, self.number, self.recording)
        self.variables.update(changed)
        if changed.get("gtid_mode") == "ON" and "enforce_gtid_consistency" not in changed:
            self.variables["enforce_gtid_consistency"] = "ON"
        if self.variables.get("server_uuid") and "server_uuid" not in changed:
            self.variables["server_uuid"] = "00000000-0000-4000-8000-%012d" % int(
                "0" + re.sub(r"\D", "", self.variables.get("server_id") or ""))

    def __call__(self, sql):
        return overridden(self.answers, sql, self.otherwise)

    def otherwise(self, sql):
        if "@@global.binlog_checksum" in sql and "binlog_checksum" not in self.variables:
            return 1193, "HY000", "Unknown system variable 'binlog_checksum'"
        if sql.startswith("SET "):
            return None
        name = question_of(sql)
        method = getattr(self, "answer_" + (name or "nothing").replace("-", "_"), None)
        if method is not None:
            return method(sql)
        if name is None:
            return 1064, "42000", "not known here: " + sql
        columns = self.columns_of(name)
        if columns is None:
            return 1109, "42S02", "Unknown table in information_schema"
        return columns, []

    def columns_of(self, question):
        """As recorded, for the questions whose columns are the statement's."""
        try:
            return recorded_answer(self.recording, question)[0]
        except StopIteration:
            return ["TABLE_SCHEMA", "TABLE_NAME", "COLUMN_NAME", "DATA_TYPE",
                    "GENERATION_EXPRESSION"] if question == "columns" else None

    def answer_version(self, _sql):
        return ["VERSION()"], [[self.version]]

    def answer_variables(self, _sql):
        return ["Variable_name", "Value"], [[n, v] for n, v in sorted(self.variables.items())
                                            if v is not None]

    def answer_status(self, _sql):
        return ["Variable_name", "Value"], [[n, v] for n, v in WELL_STATUS.items()]

    def answer_clock(self, _sql):
        columns, rows = recorded_answer(self.recording, "clock")
        return columns, [now_for(columns, row) for row in rows]

    def answer_grants(self, _sql):
        return ["Grants for everything@%"], self.everything()

    def everything(self):
        """ALL PRIVILEGES as this version writes them: with the password before MySQL 5.7.6 and on
        MariaDB, one by one from MySQL 8.0 on, with backticks there and from MariaDB 10.4 on."""
        plain = "GRANT ALL PRIVILEGES ON *.* TO 'everything'@'%'"
        password = " IDENTIFIED BY PASSWORD '%s'" % PASSWORD_HASH
        if self.mariadb:
            return [[(plain if self.number < (10, 4) else plain.replace("'", "`")) + password]]
        if self.number < (8, 0):
            return [[plain + password if self.number < (5, 7, 6) else plain]]
        static, dynamic = (row[0] for row in self.recording["everything"]["rows"])
        names, where = dynamic[len("GRANT "):].split(" ON ", 1)
        names = [n for n in names.split(",") if self.number >= DYNAMIC_SINCE.get(n, (0,))]
        if self.number < (8, 2):
            names.append("SET_USER_ID")
        return [[static], ["GRANT %s ON %s" % (",".join(sorted(names)), where)]]

    def answer_replicas(self, _sql):
        if self.mariadb or self.number >= (8, 0, 22):
            return self.columns_of("replicas"), []
        return (REPLICAS_51 if self.number < (5, 5) else REPLICAS_55 if self.number < (5, 6)
                else REPLICAS_56), []

    def position(self):
        return 4 + sum(map(len, self.events(BINLOG, 0)))

    def answer_binlog_status(self, _sql):
        columns = self.columns_of("binlog-status")
        if not self.mariadb and self.number < (5, 6, 5):
            columns = STATUS_55
        row = [BINLOG, str(self.position())] + [""] * (len(columns) - 2)
        return columns, [row] if self.variables.get("log_bin") == "ON" else []

    def answer_binlog_files(self, _sql):
        if self.variables.get("log_bin") != "ON":
            return 1381, "HY000", "You are not using binary logging"
        columns = ["Log_name", "File_size"]
        more = ["Encrypted"] if not self.mariadb and self.number >= (8, 0, 14) else []
        return columns + more, [[name, str(self.position())] + ["No"] * len(more)
                                for name in (BINLOG_BEFORE, BINLOG)]

    def answer_replica_status(self, _sql):
        columns = self.columns_of("replica-status")
        if not self.mariadb and self.number < (5, 6):
            last = "Master_Server_Id" if self.number >= (5, 5) else "Last_SQL_Error"
            columns = columns[:columns.index(last) + 1]
        return columns, []

    def answer_databases(self, sql):
        names = sorted({o.split(".")[0] for o in self.objects})
        return ["SCHEMA_NAME"], [[n] for n in names if "NOT IN" in sql or "'%s'" % n in sql]

    def answer_tables(self, sql):
        tables = [o.split(".") for o in self.objects if "." in o]
        return ["TABLE_SCHEMA", "TABLE_NAME", "TABLE_TYPE"], [
            [d, n, "BASE TABLE"] for d, n in tables if "'%s'" % n in sql]

    def answer_accounts(self, _sql):
        return ["User", "Host"], [["everything", "%"], ["root", "localhost"]]

    def events(self, name, _flags):
        if name not in (BINLOG, BINLOG_BEFORE):
            return no_such_file(name)
        series = (0, 0) if self.mariadb else self.number[:2]
        return binlog_bytes.as_version(
            [bytes.fromhex(e) for e in self.recording["binlog"]["events"]], self.version, series,
            self.variables)


def well(version, answers=None, objects=(), **changed):
    """What a server of VERSION that is well answers; CHANGED: its variables, None takes one away;
    ANSWERS and OBJECTS: see FakeServer and Well."""
    return Well(version, answers, objects, **changed)


def aliyun(version="5.7.32-log", **changed):
    """Alibaba Cloud's RDS on 5.7."""
    return well(version, **{**ALIYUN, **changed})


class Toku:
    """One TokuDB table: names, ROW_FORMAT and CREATE_OPTIONS of information_schema, and a line of
    SHOW CREATE TABLE for a key (None: no other key than the primary)."""

    def __init__(self, database, table, row_format, options="", key=None):
        self.database, self.table, self.key = database, table, key
        self.row_format, self.options = row_format, options

    def create(self):
        key = ",\n  " + self.key if self.key else ""
        return ("CREATE TABLE `%s` (\n  `id` int(11) NOT NULL,\n  `a` int(11) DEFAULT NULL,\n"
                "  PRIMARY KEY (`id`)%s\n) ENGINE=TokuDB DEFAULT CHARSET=utf8mb4 %s" % (
                    self.table, key, self.options)).rstrip()


def tokudb(version, tables, **changed):
    """A server with TokuDB tables: Percona Server up to 5.7 shows the compression as ROW_FORMAT
    (tokudb_zlib, …; Percona's manual, "TokuDB Compression"), MariaDB as the table's option
    (COMPRESSION=TOKUDB_ZLIB; Knowledge Base, "TokuDB Differences")."""
    def create(sql):
        for table in tables:
            if "`%s`.`%s`" % (table.database, table.table) in sql:
                return ["Table", "Create Table"], [[table.table, table.create()]]
        return 1146, "42S02", "no such table: " + sql
    kinds = [["TokuDB", t.row_format, "0", t.options, "1", "32768",
              "`%s`.`%s`" % (t.database, t.table)] for t in tables]
    answers = {
        "table-kinds": (["ENGINE", "ROW_FORMAT", "fixed", "options", "tables", "bytes", "names"],
                        kinds),
        "tokudb-tables": (["TABLE_SCHEMA", "TABLE_NAME"], [[t.database, t.table] for t in tables]),
        "tokudb-keys": create}
    answers.update(changed.pop("answers", None) or {})
    return well(version, answers, **changed)
