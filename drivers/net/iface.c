/* SPDX-License-Identifier: Apache-2.0 */
/* The network interface through ioctls and sysfs. */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if_arp.h>
#include <net/route.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "drivers/net/net.h"

static bool sys_number(const char *name, const char *what, long *out)
{
    char path[128];
    char text[32] = "";
    snprintf(path, sizeof path, "/sys/class/net/%s/%s", name, what);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    return n > 0 && sscanf(text, "%ld", out) == 1;
}

static int control(void)
{
    return socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

static void name_request(struct ifreq *r, const char *name)
{
    memset(r, 0, sizeof *r);
    snprintf(r->ifr_name, sizeof r->ifr_name, "%s", name);
}

static void put_inet(struct sockaddr *to, uint32_t address)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(address)};
    memcpy(to, &in, sizeof in);
}

int net_up(const char *name, struct errmsg *why)
{
    struct ifreq r;
    int rc = 0;
    int fd = control();
    if (fd < 0) {
        return fail_errno(why, ERR_IO, "no socket for %s", name);
    }
    name_request(&r, name);
    if (ioctl(fd, SIOCGIFFLAGS, &r) == 0) {
        r.ifr_flags |= IFF_UP;
        if (ioctl(fd, SIOCSIFFLAGS, &r) != 0) {
            rc = fail_errno(why, ERR_IO, "%s cannot be brought up", name);
        }
    } else {
        rc = fail_errno(why, ERR_IO, "%s cannot be asked for its state", name);
    }
    close(fd);
    return rc;
}

int net_loopback_up(struct errmsg *why)
{
    return net_up("lo", why);
}

int net_first(char name[IFNAMSIZ], struct errmsg *why)
{
    name[0] = '\0';
    DIR *dir = opendir("/sys/class/net");
    for (struct dirent *e = dir != NULL ? readdir(dir) : NULL; e != NULL; e = readdir(dir)) {
        long type = 0;
        /* The order of a folder is chance: the first by name. */
        if (e->d_name[0] != '.' && strlen(e->d_name) < IFNAMSIZ &&
            sys_number(e->d_name, "type", &type) && type == ARPHRD_ETHER &&
            (name[0] == '\0' || strcmp(e->d_name, name) < 0)) {
            snprintf(name, IFNAMSIZ, "%s", e->d_name);
        }
    }
    if (dir != NULL) {
        closedir(dir);
    }
    return name[0] != '\0' ? 0 : fail(why, ERR_NOT_FOUND, "this box has no network interface");
}

bool net_has_link(const char *name)
{
    long carrier = 0;
    return sys_number(name, "carrier", &carrier) && carrier == 1;
}

int net_mac(const char *name, uint8_t mac[6], struct errmsg *why)
{
    struct ifreq r;
    int fd = control();
    name_request(&r, name);
    bool good = fd >= 0 && ioctl(fd, SIOCGIFHWADDR, &r) == 0;
    int saved = errno;
    if (fd >= 0) {
        close(fd);
    }
    if (!good) {
        errno = saved;
        return fail_errno(why, ERR_IO, "%s does not tell its hardware address", name);
    }
    memcpy(mac, r.ifr_hwaddr.sa_data, 6);
    return 0;
}

static int set_route(int fd, const char *name, uint32_t gateway, struct errmsg *why)
{
    struct rtentry route;
    char device[IFNAMSIZ];
    char text[16];
    memset(&route, 0, sizeof route);
    snprintf(device, sizeof device, "%s", name);
    put_inet(&route.rt_dst, 0);
    put_inet(&route.rt_genmask, 0);
    put_inet(&route.rt_gateway, gateway);
    route.rt_flags = RTF_UP | RTF_GATEWAY;
    route.rt_dev = device;
    if (ioctl(fd, SIOCADDRT, &route) != 0 && errno != EEXIST) {
        net_address_text(gateway, text);
        return fail_errno(why, ERR_IO, "%s: no route through the gateway %s", name, text);
    }
    return 0;
}

int net_configure(const char *name, uint32_t address, uint8_t prefix, uint32_t gateway,
                  struct errmsg *why)
{
    struct ifreq r;
    char text[16];
    int rc = 0;
    int fd = control();
    if (fd < 0) {
        return fail_errno(why, ERR_IO, "no socket for %s", name);
    }
    /* Setting an address takes the routes of the old one away. */
    name_request(&r, name);
    put_inet(&r.ifr_addr, address);
    if (ioctl(fd, SIOCSIFADDR, &r) != 0 && address != 0) {
        net_address_text(address, text);
        rc = fail_errno(why, ERR_IO, "%s does not take the address %s", name, text);
    }
    if (rc == 0 && address != 0) {
        uint32_t mask = prefix == 0 ? 0 : ~(uint32_t)0 << (32 - prefix);
        put_inet(&r.ifr_netmask, mask);
        if (ioctl(fd, SIOCSIFNETMASK, &r) != 0) {
            rc = fail_errno(why, ERR_IO, "%s does not take the prefix length %u", name, prefix);
        }
        put_inet(&r.ifr_broadaddr, address | ~mask);
        if (rc == 0 && ioctl(fd, SIOCSIFBRDADDR, &r) != 0) {
            rc = fail_errno(why, ERR_IO, "%s does not take its broadcast address", name);
        }
    }
    if (rc == 0 && address != 0 && gateway != 0) {
        rc = set_route(fd, name, gateway, why);
    }
    close(fd);
    return rc;
}

void net_address_text(uint32_t address, char buf[16])
{
    snprintf(buf, 16, "%u.%u.%u.%u", (unsigned)(address >> 24), (unsigned)(address >> 16 & 255),
             (unsigned)(address >> 8 & 255), (unsigned)(address & 255));
}

void net_report(net_say say, const char *text)
{
    char line[640];
    struct errmsg ignored;
    snprintf(line, sizeof line, "%s\n", text);
    (void)net_write_file(NET_STATUS_FILE, line, &ignored); /* the console has it anyway */
    snprintf(line, sizeof line, "network: %s", text);
    say(line);
}

void net_status(char *buf, size_t size)
{
    int fd = open(NET_STATUS_FILE, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, buf, size - 1) : 0;
    if (fd >= 0) {
        close(fd);
    }
    buf[n > 0 ? n : 0] = '\0';
    buf[strcspn(buf, "\n")] = '\0';
}

int net_write_file(const char *path, const char *text, struct errmsg *why)
{
    char fresh[128];
    snprintf(fresh, sizeof fresh, "%s.new", path);
    int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    bool good = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    if (fd >= 0) {
        close(fd);
    }
    if (!good || rename(fresh, path) != 0) {
        return fail_errno(why, ERR_IO, "%s cannot be written", path);
    }
    return 0;
}

int net_resolver(const uint32_t first[NET_DNS_MAX], const uint32_t second[NET_DNS_MAX],
                 struct errmsg *why)
{
    char text[256] = "";
    size_t at = 0, count = 0;
    for (size_t i = 0; i < 2 * NET_DNS_MAX && count < NET_DNS_MAX; i++) {
        uint32_t address = i < NET_DNS_MAX ? first[i] : second[i - NET_DNS_MAX];
        char one[16];
        if (address != 0) {
            net_address_text(address, one);
            at += (size_t)snprintf(text + at, sizeof text - at, "nameserver %s\n", one);
            count++;
        }
    }
    snprintf(text + at, sizeof text - at, "options timeout:2 attempts:2\n");
    return net_write_file("/etc/resolv.conf", text, why);
}
