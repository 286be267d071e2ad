/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The socket below Connector/C: its "pvio_socket" plugin, written anew.
 *
 * Ours, because three things must hold for every byte, whatever the library above does:
 *   - a wait ends at one deadline, and soon after the caller said cancel;
 *   - where the target demands TLS nothing leaves in clear but the one packet that asks for it;
 *   - what answers is looked at before it is believed to be a MySQL server.
 */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "drivers/tls/db_internal.h"

#include <errmsg.h>
#include <mysql/client_plugin.h>

#include "base/reader.h"

static bool cancelled(const struct db *db)
{
    return db->cancel != NULL && atomic_load_explicit(db->cancel, memory_order_relaxed);
}

static int ended(struct db *db, enum db_io how, int error)
{
    db->io = how;
    db->io_errno = error;
    errno = error;
    return -1;
}

/* Until when may this call wait? -1: for ever. */
static int64_t deadline_of(const struct db *db, const MARIADB_PVIO *pvio,
                           enum enum_pvio_timeout type)
{
    if (db->opening) {
        return db->deadline_ms;
    }
    if (db->statement_ms > 0) {
        return db->statement_ms;
    }
    return pvio->timeout[type] > 0 ? now_monotonic_ms() + pvio->timeout[type] : -1;
}

/* 0 when the socket is ready, else -1 with db->io set. */
static int wait_ready(struct db *db, short events, int64_t deadline)
{
    for (;;) {
        if (cancelled(db)) {
            return ended(db, IO_CANCELLED, ECANCELED);
        }
        int64_t left = deadline < 0 ? INT_MAX : deadline - now_monotonic_ms();
        if (left <= 0) {
            return ended(db, IO_TIMEOUT, ETIMEDOUT);
        }
        if (db->cancel != NULL && left > DB_SLICE_MS) {
            left = DB_SLICE_MS;
        }
        struct pollfd p = {.fd = db->fd, .events = events};
        int n = poll(&p, 1, left > INT_MAX ? INT_MAX : (int)left);
        if (n > 0) {
            return 0;
        }
        if (n < 0 && errno != EINTR) {
            return ended(db, IO_FAILED, errno);
        }
    }
}

/* Keep the first bytes of the server; false as soon as they cannot be a MySQL server's. */
static bool first_bytes_fit(struct db *db, const uint8_t *bytes, size_t len)
{
    size_t room = sizeof(db->first) - db->first_len;
    size_t take = len < room ? len : room;
    if (take == 0) {
        return true;
    }
    memcpy(db->first + db->first_len, bytes, take);
    db->first_len += take;
    struct greeting g;
    greeting_read(&g, db->first, db->first_len);
    return g.kind != GREETING_OTHER;
}

static ssize_t sock_read(MARIADB_PVIO *pvio, uchar *buffer, size_t length)
{
    struct db *db = db_of(pvio->mysql);
    int64_t deadline = -2;

    db->io = IO_FINE;
    for (;;) {
        if (cancelled(db)) {
            return ended(db, IO_CANCELLED, ECANCELED);
        }
        ssize_t n = recv(db->fd, buffer, length, MSG_DONTWAIT);
        if (n > 0) {
            if (db->opening && pvio->ctls == NULL &&
                !first_bytes_fit(db, buffer, (size_t)n)) {
                return ended(db, IO_NOT_MYSQL, EPROTO);
            }
            if (db->budget != 0) {
                db->budget = n < db->budget ? db->budget - n : -1;
                if (db->budget < 0) {
                    return ended(db, IO_FAILED, EMSGSIZE);
                }
            }
            return n;
        }
        if (n == 0) {
            db->io = IO_CLOSED;
            errno = 0;
            return 0;
        }
        if (errno == EINTR) {
            continue;
        }
        if (errno != EAGAIN && errno != EWOULDBLOCK) {
            return ended(db, IO_FAILED, errno);
        }
        if (deadline == -2) {
            deadline = deadline_of(db, pvio, PVIO_READ_TIMEOUT);
        }
        if (wait_ready(db, POLLIN, deadline) != 0) {
            return -1;
        }
    }
}

/*
 * The packet that asks for TLS: the first 32 bytes of a handshake response with CLIENT_SSL set
 * and nothing behind them (MySQL protocol, "SSLRequest"). It holds flags, no name and no secret.
 */
static bool is_tls_request(const uint8_t *bytes, size_t len)
{
    struct reader r = rd_from(bytes, len);
    uint32_t payload = rd_u24(&r);
    uint8_t seq = rd_u8(&r);
    uint32_t flags = rd_u32(&r);
    return rd_ok(&r) && payload == 32 && seq == 1 && (flags & CLIENT_SSL) != 0 && len == 36;
}

/* Where TLS is demanded: may these bytes leave now? */
static bool may_leave(struct db *db, const MARIADB_PVIO *pvio, const uint8_t *bytes, size_t len)
{
    if (!db_must_tls(db) || pvio->ctls != NULL) {
        return true; /* inside the TLS layer only TLS records pass here */
    }
    if (db->asked_for_tls || !is_tls_request(bytes, len)) {
        return false;
    }
    db->asked_for_tls = true;
    return true;
}

static ssize_t sock_write(MARIADB_PVIO *pvio, const uchar *buffer, size_t length)
{
    struct db *db = db_of(pvio->mysql);
    int64_t deadline = -2;

    db->io = IO_FINE;
    if (!may_leave(db, pvio, buffer, length)) {
        return ended(db, IO_REFUSED, EPERM);
    }
    for (;;) {
        if (cancelled(db)) {
            return ended(db, IO_CANCELLED, ECANCELED);
        }
        ssize_t n = send(db->fd, buffer, length, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n >= 0) {
            return n;
        }
        if (errno == EINTR) {
            continue;
        }
        if (errno != EAGAIN && errno != EWOULDBLOCK) {
            return ended(db, IO_FAILED, errno);
        }
        if (deadline == -2) {
            deadline = deadline_of(db, pvio, PVIO_WRITE_TIMEOUT);
        }
        if (wait_ready(db, POLLOUT, deadline) != 0) {
            return -1;
        }
    }
}

/* Connect to one address until `deadline`. 0, or -1 with db->io set. */
static int connect_one(struct db *db, const struct addrinfo *a, int64_t deadline)
{
    int error = 0;
    socklen_t size = sizeof(error);

    db->fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, a->ai_protocol);
    if (db->fd < 0) {
        return ended(db, IO_FAILED, errno);
    }
    if (connect(db->fd, a->ai_addr, a->ai_addrlen) != 0) {
        if (errno != EINPROGRESS && errno != EINTR) {
            ended(db, IO_FAILED, errno);
            goto fail;
        }
        if (wait_ready(db, POLLOUT, deadline) != 0) {
            goto fail;
        }
        if (getsockopt(db->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) {
            error = errno;
        }
        if (error != 0) {
            ended(db, IO_FAILED, error);
            goto fail;
        }
    }
    db->io = IO_FINE;
    return 0;
fail:
    close(db->fd);
    db->fd = -1;
    return -1;
}

static int not_resolved(struct db *db, int gai)
{
    if (gai == EAI_AGAIN || gai == EAI_FAIL) {
        return db_verdict(db, ERR_NET, CR_UNKNOWN_HOST,
                          "cannot look up host \"%s\": the name server does not answer; check "
                          "[network] dns, or give host as an address",
                          db->host);
    }
    return db_verdict(db, ERR_NET, CR_UNKNOWN_HOST,
                      "unknown host \"%s\" (%s); check host, and [network] dns", db->host,
                      gai_strerror(gai));
}

static my_bool sock_connect(MARIADB_PVIO *pvio, MA_PVIO_CINFO *cinfo)
{
    struct db *db = db_of(cinfo->mysql);
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_protocol = IPPROTO_TCP};
    struct addrinfo *all = NULL;
    char port[8];
    int left = 0, rc = -1;

    pvio->mysql = cinfo->mysql;
    snprintf(port, sizeof(port), "%u", (unsigned)db->port);
    int gai = getaddrinfo(db->host, port, &hints, &all);
    if (gai != 0 || all == NULL) {
        not_resolved(db, gai);
        return 1;
    }
    for (struct addrinfo *a = all; a != NULL; a = a->ai_next) {
        left++;
    }
    for (struct addrinfo *a = all; a != NULL && rc != 0; a = a->ai_next, left--) {
        /* Each address gets its share, so that a dead first one does not eat all the time. */
        int64_t now = now_monotonic_ms();
        rc = connect_one(db, a, now + (db->deadline_ms - now) / left);
        if (db->io == IO_CANCELLED) {
            break;
        }
    }
    freeaddrinfo(all);
    db->connected = rc == 0;
    if (rc != 0) {
        my_set_error(cinfo->mysql, CR_CONN_HOST_ERROR, SQLSTATE_UNKNOWN, ER(CR_CONN_HOST_ERROR),
                     db->host, db->io_errno);
        return 1;
    }
    return 0;
}

static my_bool sock_close(MARIADB_PVIO *pvio)
{
    if (pvio->mysql != NULL) {
        struct db *db = db_of(pvio->mysql);
        if (db->fd >= 0) {
            close(db->fd);
            db->fd = -1;
        }
    }
    return 0;
}

static my_bool sock_set_timeout(MARIADB_PVIO *pvio, enum enum_pvio_timeout type, int seconds)
{
    pvio->timeout[type] = seconds > 0 ? (seconds < INT_MAX / 1000 ? seconds * 1000 : INT_MAX) : -1;
    return 0;
}

static int sock_get_timeout(MARIADB_PVIO *pvio, enum enum_pvio_timeout type)
{
    return pvio->timeout[type] / 1000;
}

static int sock_wait(MARIADB_PVIO *pvio, my_bool is_read, int timeout_ms)
{
    struct db *db = db_of(pvio->mysql);
    int64_t deadline = timeout_ms > 0 ? now_monotonic_ms() + timeout_ms : -1;
    return wait_ready(db, is_read ? POLLIN : POLLOUT, deadline) == 0 ? 1 : -1;
}

/* The socket is non-blocking and waits by poll: for the library it always blocks. */
static int sock_blocking(MARIADB_PVIO *pvio, my_bool value, my_bool *old_value)
{
    if (old_value != NULL) {
        *old_value = 1;
    }
    return 0;
}

static my_bool sock_is_blocking(MARIADB_PVIO *pvio)
{
    return 1;
}

static int sock_fast_send(MARIADB_PVIO *pvio)
{
    int on = 1;
    return setsockopt(db_of(pvio->mysql)->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

/* A peer that vanished without a word (power cut, firewall that forgot us) is noticed after
 * about a minute and a half, even on a link where silence is normal. */
static int sock_keepalive(MARIADB_PVIO *pvio)
{
    int fd = db_of(pvio->mysql)->fd;
    int on = 1, idle = 45, interval = 15, count = 3;

    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle));
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof(interval));
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof(count));
    return setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
}

static my_bool sock_handle(MARIADB_PVIO *pvio, void *handle)
{
    *(my_socket *)handle = db_of(pvio->mysql)->fd;
    return 0;
}

static my_bool sock_is_alive(MARIADB_PVIO *pvio)
{
    struct pollfd p = {.fd = db_of(pvio->mysql)->fd, .events = POLLIN | POLLPRI};
    char byte;

    return poll(&p, 1, 0) == 0 ||
           ((p.revents & POLLIN) != 0 && recv(p.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0);
}

static my_bool sock_has_data(MARIADB_PVIO *pvio, ssize_t *data_len)
{
    struct pollfd p = {.fd = db_of(pvio->mysql)->fd, .events = POLLIN};
    *data_len = poll(&p, 1, 0) > 0 ? 1 : 0;
    return 0;
}

static int sock_shutdown(MARIADB_PVIO *pvio)
{
    return shutdown(db_of(pvio->mysql)->fd, SHUT_RDWR);
}

static struct st_ma_pvio_methods methods = {
    .set_timeout = sock_set_timeout,
    .get_timeout = sock_get_timeout,
    .read = sock_read,
    .write = sock_write,
    .wait_io_or_timeout = sock_wait,
    .blocking = sock_blocking,
    .connect = sock_connect,
    .close = sock_close,
    .fast_send = sock_fast_send,
    .keepalive = sock_keepalive,
    .get_handle = sock_handle,
    .is_blocking = sock_is_blocking,
    .is_alive = sock_is_alive,
    .has_data = sock_has_data,
    .shutdown = sock_shutdown,
};

MARIADB_PVIO_PLUGIN pvio_socket_client_plugin = {
    .type = MARIADB_CLIENT_PVIO_PLUGIN,
    .interface_version = MARIADB_CLIENT_PVIO_PLUGIN_INTERFACE_VERSION,
    .name = "pvio_socket",
    .author = "Sluice",
    .desc = "sockets with one deadline, a cancel flag and no way around TLS",
    .version = {1, 0, 0},
    .license = "Apache-2.0",
    .methods = &methods,
};
