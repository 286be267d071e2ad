/* SPDX-License-Identifier: Apache-2.0 */
/* The certificate of the HTTPS door: made once, kept beside the local socket. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/shell/door_http.h"
#include "app/shell/doors.h"
#include "base/log.h"

#define ADDRESSES_MAX 8
/* A certificate without end: there is nobody who could renew it, and the clock may be wrong. */
#define VALID_FROM "20200101000000"
#define VALID_TO "20991231235959"

static size_t own_addresses(uint32_t *list, size_t max)
{
    struct ifaddrs *all = NULL;
    size_t n = 0;
    list[n++] = INADDR_LOOPBACK;
    if (getifaddrs(&all) != 0) {
        return n;
    }
    for (const struct ifaddrs *i = all; i != NULL && n < max; i = i->ifa_next) {
        struct sockaddr_in in;
        if (i->ifa_addr != NULL && i->ifa_addr->sa_family == AF_INET &&
            (i->ifa_flags & IFF_LOOPBACK) == 0) {
            memcpy(&in, i->ifa_addr, sizeof in);
            list[n++] = ntohl(in.sin_addr.s_addr);
        }
    }
    freeifaddrs(all);
    return n;
}

/* The certificate of the run before, so that a fingerprint once compared stays good: beside the
 * local socket, ours alone. On a box that folder lives until the next boot. */
static bool load(const char *path, struct http_certificate *cert)
{
    char pem[4096];
    struct stat st;
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    ssize_t n = -1;
    if (fstat(fd, &st) == 0 && st.st_uid == geteuid() && (st.st_mode & 077) == 0) {
        n = read(fd, pem, sizeof pem - 1);
    }
    close(fd);
    if (n <= 0) {
        return false;
    }
    pem[n] = '\0';
    bool good = http_certificate_load(pem, cert, NULL) == 0;
    explicit_bzero(pem, sizeof pem);
    return good;
}

static void keep(const char *path, const struct http_certificate *cert)
{
    unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    size_t len = strlen(cert->pem);
    if (fd < 0 || write(fd, cert->pem, len) != (ssize_t)len) {
        log_warn("http", "%s cannot be written: the next start makes a new certificate", path);
        unlink(path);
    }
    if (fd >= 0) {
        close(fd);
    }
}

int door_certificate(const char *name, struct http_certificate *cert, struct errmsg *why)
{
    char path[160] = "";
    uint32_t addresses[ADDRESSES_MAX];
    if (*door_socket_path() != '\0') {
        snprintf(path, sizeof path, "%s.pem", door_socket_path());
    }
    if (*path != '\0' && load(path, cert)) {
        return 0;
    }
    int err = http_certificate_make(name, addresses, own_addresses(addresses, ADDRESSES_MAX),
                                    VALID_FROM, VALID_TO, cert, why);
    if (err == 0 && *path != '\0') {
        keep(path, cert);
    }
    return err;
}
