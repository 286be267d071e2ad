/* SPDX-License-Identifier: Apache-2.0 */
/* What the box itself can be asked: memory, running time, addresses. */
#include "app/shell/system.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <inttypes.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

bool system_memory(uint64_t *resident, uint64_t *peak)
{
    char line[128];
    unsigned found = 0;
    FILE *f = fopen("/proc/self/status", "re");
    if (f == NULL) {
        return false;
    }
    while (fgets(line, sizeof line, f) != NULL) {
        uint64_t kib;
        if (sscanf(line, "VmHWM: %" SCNu64, &kib) == 1) {
            *peak = kib * 1024;
            found |= 1;
        } else if (sscanf(line, "VmRSS: %" SCNu64, &kib) == 1) {
            *resident = kib * 1024;
            found |= 2;
        }
    }
    fclose(f);
    return found == 3;
}

/* Field 22 of /proc/self/stat: ticks between the kernel's start and ours. */
static uint64_t started_ticks(void)
{
    char buf[1024];
    uint64_t ticks = 0;
    FILE *f = fopen("/proc/self/stat", "re");
    if (f == NULL) {
        return 0;
    }
    size_t n = fread(buf, 1, sizeof buf - 1, f);
    fclose(f);
    buf[n] = '\0';
    const char *p = strrchr(buf, ')'); /* the program's name may contain anything */
    for (int field = 2; p != NULL && field < 22; field++) {
        p = strchr(p + 1, ' ');
    }
    if (p == NULL || sscanf(p, "%" SCNu64, &ticks) != 1) {
        return 0;
    }
    return ticks;
}

uint64_t system_up_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    uint64_t start = started_ticks() / (uint64_t)sysconf(_SC_CLK_TCK);
    return (uint64_t)now.tv_sec > start ? (uint64_t)now.tv_sec - start : 0;
}

void system_addresses(char *buf, size_t size)
{
    struct ifaddrs *all = NULL;
    size_t at = 0;
    buf[0] = '\0';
    if (getifaddrs(&all) == 0) {
        for (const struct ifaddrs *i = all; i != NULL; i = i->ifa_next) {
            char text[INET_ADDRSTRLEN];
            struct sockaddr_in in;
            if (i->ifa_addr == NULL || i->ifa_addr->sa_family != AF_INET ||
                (i->ifa_flags & IFF_LOOPBACK) != 0) {
                continue;
            }
            memcpy(&in, i->ifa_addr, sizeof in);
            inet_ntop(AF_INET, &in.sin_addr, text, sizeof text);
            if (at + strlen(text) + 3 < size) {
                at += (size_t)snprintf(buf + at, size - at, "%s%s", at > 0 ? ", " : "", text);
            }
        }
        freeifaddrs(all);
    }
    if (at == 0) {
        snprintf(buf, size, "none");
    }
}
