/* SPDX-License-Identifier: Apache-2.0 */
/* The life of the process that keeps the clock: asks time servers, sets the clock. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "drivers/clock/clock.h"
#include "drivers/net/net.h"
#include "drivers/net/sntp_packet.h"

#define PORT "123"
#define ANSWER_MS 3000
#define FIRST_WAIT_S 2
#define WAIT_MAX_S 64
#define NOBODY_S 3 /* until we look again whether DHCP has named a server */
#define EVERY_S 3600
#define TELL_US 1000000 /* corrections from here on are said */

static int64_t clock_us(clockid_t which)
{
    struct timespec ts;
    clock_gettime(which, &ts);
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static int connect_to(const char *server, struct errmsg *why)
{
    struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_DGRAM};
    struct addrinfo *list = NULL;
    int rc = getaddrinfo(server, PORT, &hints, &list);
    if (rc != 0) {
        return fail(why, ERR_NET, "%s: %s", server, gai_strerror(rc));
    }
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || connect(fd, list->ai_addr, list->ai_addrlen) != 0) {
        rc = fail_errno(why, ERR_NET, "%s", server);
        if (fd >= 0) {
            close(fd);
        }
        fd = -1;
    }
    freeaddrinfo(list);
    return fd >= 0 ? fd : rc;
}

/* One question: how much our clock must be moved, in microseconds. */
static int ask(const char *server, int64_t not_before_s, int64_t *offset_us, struct errmsg *why)
{
    uint8_t packet[SNTP_SIZE];
    uint8_t answer[256];
    uint64_t nonce = 0;
    int64_t server_us = 0, busy_us = 0;
    int rc = ERR_TIMEOUT;
    int fd = connect_to(server, why);
    if (fd < 0) {
        return fd;
    }
    if (getrandom(&nonce, sizeof nonce, GRND_NONBLOCK) != (ssize_t)sizeof nonce) {
        nonce = (uint64_t)clock_us(CLOCK_MONOTONIC) << 20 | 1;
    }
    sntp_make(nonce, packet);
    int64_t sent = clock_us(CLOCK_MONOTONIC);
    if (send(fd, packet, sizeof packet, 0) != (ssize_t)sizeof packet) {
        rc = fail_errno(why, ERR_NET, "%s", server);
        goto out;
    }
    for (;;) {
        int64_t waited_ms = (clock_us(CLOCK_MONOTONIC) - sent) / 1000;
        struct pollfd p = {.fd = fd, .events = POLLIN};
        if (waited_ms >= ANSWER_MS || poll(&p, 1, (int)(ANSWER_MS - waited_ms)) == 0) {
            rc = fail(why, ERR_TIMEOUT, "%s does not answer", server);
            break;
        }
        ssize_t n = recv(fd, answer, sizeof answer, 0);
        int64_t got = clock_us(CLOCK_MONOTONIC);
        int64_t now = clock_us(CLOCK_REALTIME);
        if (n < 0 && errno != EAGAIN && errno != EINTR) {
            rc = fail_errno(why, ERR_NET, "%s", server);
            break;
        }
        if (n < 0) {
            continue;
        }
        rc = sntp_parse(answer, (size_t)n, nonce, not_before_s, &server_us, &busy_us, why);
        if (rc == 0) {
            int64_t travel = got - sent - busy_us;
            *offset_us = server_us + (travel > 0 ? travel / 2 : 0) - now;
        } else {
            errmsg_prefix(why, "%s", server);
        }
        break;
    }
out:
    close(fd);
    return rc;
}

/* The next of a comma-separated list into one; NULL after the last. */
static const char *next_server(const char *list, char *one, size_t size)
{
    size_t len = strcspn(list, ",");
    if (len == 0) {
        return NULL;
    }
    snprintf(one, size, "%.*s", (int)len, list);
    return list[len] == ',' ? list + len + 1 : list + len;
}

static void servers_from_dhcp(char *buf, size_t size)
{
    int fd = open(NET_NTP_FILE, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, buf, size - 1) : 0;
    if (fd >= 0) {
        close(fd);
    }
    buf[n > 0 ? n : 0] = '\0';
}

/* Asks one after the other until the clock is set. ERR_NOT_FOUND when there is nobody to ask. */
static int set_clock(const char *servers, int64_t not_before_s, net_say say, struct errmsg *why)
{
    char list[512], one[256], text[256];
    int rc = ERR_NOT_FOUND;
    if (servers[0] != '\0') {
        snprintf(list, sizeof list, "%s", servers);
    } else {
        servers_from_dhcp(list, sizeof list);
    }
    for (const char *rest = list; rc != 0 && (rest = next_server(rest, one, sizeof one)) != NULL;) {
        int64_t offset = 0;
        enum clock_source before = clock_source();
        rc = ask(one, not_before_s, &offset, why);
        if (rc != 0) {
            continue;
        }
        rc = clock_set_from_ntp(offset, why);
        bool much = offset > TELL_US || offset < -TELL_US;
        if (rc == 0 && (before != CLOCK_NTP || much)) {
            time_t now = time(NULL);
            struct tm tm;
            gmtime_r(&now, &tm);
            size_t n = strftime(text, sizeof text, "clock: %Y-%m-%d %H:%M:%S UTC, from ", &tm);
            snprintf(text + n, sizeof text - n, "%s", one);
            say(text);
        }
    }
    return rc;
}

void sntp_run(const char *servers, int64_t not_before_s, net_say say)
{
    unsigned wait = FIRST_WAIT_S;
    bool told = false;
    for (;;) {
        struct errmsg why = {""};
        int rc = set_clock(servers, not_before_s, say, &why);
        if (rc == 0) {
            wait = FIRST_WAIT_S;
            told = false;
            sleep(EVERY_S);
            continue;
        }
        if (rc == ERR_NOT_FOUND) {
            sleep(NOBODY_S);
            continue;
        }
        /* Told once, when it is clear that this is not only the network coming up. */
        if (!told && wait > 8) {
            char text[600];
            snprintf(text, sizeof text, "clock: no time server answers (%s); still asking",
                     why.text);
            say(text);
            told = true;
        }
        sleep(wait);
        wait = wait * 2 < WAIT_MAX_S ? wait * 2 : WAIT_MAX_S;
    }
}
