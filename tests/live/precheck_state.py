# SPDX-License-Identifier: Apache-2.0
"""The account that the precheck's tests use, and a small scripted state of a server on which every
question of the precheck has something to find."""
from mysql_client import ServerError
from servers import PASSWORD

ACCOUNT = "precheck"
SERVER_ID = 55      # of a server in the scripted state; else it follows from the port


def privileges(row):
    """What the precheck and the relay need, and nothing else."""
    needed = "SELECT, SHOW VIEW, TRIGGER, EVENT, REPLICATION SLAVE, REPLICATION CLIENT"
    if row.flavour == "mariadb":    # SHOW SLAVE HOSTS, and SHOW ALL SLAVES STATUS
        needed += ", REPLICATION MASTER ADMIN, SLAVE MONITOR"
    return needed


def make_account(server, user=ACCOUNT, what=None):
    what = what or privileges(server.row)
    if server.row.npm:
        server.sql("GRANT %s ON *.* TO '%s'@'%%' IDENTIFIED BY '%s'" % (what, user, PASSWORD))
        return
    if not server.sql("SELECT 1 FROM mysql.user WHERE user = '%s'" % user):
        server.sql("CREATE USER '%s'@'%%' IDENTIFIED BY '%s'" % (user, PASSWORD))
    server.sql("GRANT %s ON *.* TO '%s'@'%%'" % (what, user))


# One of a kind each: what one check or another looks for. An engine that a server was built without
# is left out there.
STATE = """
CREATE DATABASE shop
CREATE DATABASE stock
CREATE DATABASE `leer 空`
CREATE TABLE shop.customer (id INT PRIMARY KEY, name VARCHAR(40)) ENGINE=InnoDB
CREATE TABLE stock.article (id INT PRIMARY KEY, name VARCHAR(40)) ENGINE=InnoDB
CREATE TABLE shop.orders (id INT PRIMARY KEY, customer INT, CONSTRAINT orders_customer FOREIGN KEY \
(customer) REFERENCES shop.customer (id) ON DELETE CASCADE) ENGINE=InnoDB
CREATE TABLE shop.line (id INT PRIMARY KEY, article INT, CONSTRAINT line_article FOREIGN KEY \
(article) REFERENCES stock.article (id)) ENGINE=InnoDB
CREATE TABLE shop.Visit (seen INT) ENGINE=InnoDB
CREATE TABLE shop.`we``ird 表` (id INT PRIMARY KEY) ENGINE=InnoDB
CREATE TABLE shop.hot (id INT PRIMARY KEY) ENGINE=MEMORY
CREATE TABLE shop.note (id INT NOT NULL) ENGINE=CSV
CREATE TABLE shop.attic (id INT) ENGINE=ARCHIVE
CREATE TABLE shop.hole (id INT) ENGINE=BLACKHOLE
CREATE TABLE shop.fixed (id INT PRIMARY KEY, name CHAR(9)) ENGINE=MyISAM ROW_FORMAT=FIXED
CREATE TABLE shop.part (id INT PRIMARY KEY, name VARCHAR(9)) ENGINE=MyISAM
CREATE TABLE shop.parts (id INT PRIMARY KEY, name VARCHAR(9)) ENGINE=MRG_MYISAM UNION=(shop.part)
CREATE VIEW shop.customers AS SELECT id FROM shop.customer
CREATE DEFINER = 'gone'@'%' PROCEDURE shop.report() SELECT 1
CREATE TRIGGER shop.stamp BEFORE INSERT ON shop.Visit FOR EACH ROW SET NEW.seen = 1
CREATE EVENT stock.tidy ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01' DO DO 1
CREATE EVENT stock.asleep ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01' DISABLE DO DO 1
""".strip().splitlines()
NO_SUCH_ENGINE = 1286

# What the stretch of binlog holds that stand-ins send: rows, as any source writes them.
CHANGES = ("INSERT INTO shop.customer VALUES (1, 'Ann')",
           "UPDATE shop.customer SET name = 'Bea' WHERE id = 1")

# The task with scope = tables: whole databases, tables, and such as are not there.
TABLES = "stock, shop.orders, shop.line, shop.Visit, shop.customers, shop.missing, absent"


def set_up(server):
    """Brings a server that was just started into the scripted state. Its binlog begins anew and
    holds the changes alone."""
    server.sql("DROP DATABASE w")
    server.sql("SET GLOBAL server_id = %d" % SERVER_ID)
    make_account(server)
    make_account(server, "everything", "ALL PRIVILEGES")
    server.sql("CREATE USER 'reader'@'10.%'")
    for user, host in server.sql("SELECT user, host FROM mysql.user WHERE user = 'root' AND "
                                 "host <> 'localhost'"):
        server.sql("DROP USER '%s'@'%s'" % (user, host))    # one is of the machine's name
    if server.row.flavour == "mariadb":
        for plugin in ("ha_archive", "ha_blackhole"):
            server.sql("INSTALL SONAME '%s'" % plugin)
    for statement in STATE:
        try:
            server.sql(statement)
        except ServerError as err:
            if err.errno != NO_SUCH_ENGINE:
                raise
    server.sql("RESET BINARY LOGS AND GTIDS" if server.version.startswith("9.")
               else "RESET MASTER")
    for statement in CHANGES:
        server.sql(statement)
