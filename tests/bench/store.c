/* SPDX-License-Identifier: Apache-2.0 */
/* What the store costs per byte, apart from the network: appending to a file with and without the
 * segments' digest, and verifying. CPU seconds count; the disk's speed is shown beside them.
 *
 *   bench_store [MEGABYTES [FILE]]      default 512 MB, into a file that is removed */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "app/store/store.h"
#include "base/now.h"

#define MB 1000000.0

static void must(int err, const struct errmsg *why)
{
    if (err != OK) {
        fprintf(stderr, "bench_store: %s\n", why->text);
        exit(1);
    }
}

static double cpu_s(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void show(const char *what, uint64_t bytes, int64_t begun_ms, double cpu)
{
    double seconds = (double)(now_monotonic_ms() - begun_ms) / 1000.0;
    printf("  %-34s %6.0f MB/s  %6.2f CPU s/GB\n", what, (double)bytes / MB / seconds,
           (cpu_s() - cpu) / ((double)bytes / 1e9));
}

static void append(const char *path, uint64_t bytes, bool no_digest, bool verify)
{
    static uint8_t piece[64 * 1024];
    struct flash *flash = NULL;
    struct store *store = NULL;
    struct errmsg why;
    struct store_options opt = {.no_digest = no_digest};

    must(flash_open(path, false, &flash, &why), &why);
    must(store_format(flash, &opt, &why), &why);
    must(store_open(flash, &opt, &store, NULL, &why), &why);
    must(store_begin_file(store, "bench", "binlog.000001", 0, &why), &why);
    double cpu = cpu_s();
    int64_t begun = now_monotonic_ms();
    for (uint64_t done = 0; done < bytes; done += sizeof piece) {
        memset(piece, (int)(done >> 16), 256);
        must(store_append(store, piece, sizeof piece, &why), &why);
        store_commit(store, 0);
        if (done % (4 << 20) == 0) {
            must(store_flush(store, &why), &why);
        }
    }
    must(store_flush(store, &why), &why);
    show(no_digest ? "append and flush, no digest" : "append and flush, BLAKE3 digest", bytes,
         begun, cpu);
    if (verify) {
        struct store_verify_result result;
        cpu = cpu_s();
        begun = now_monotonic_ms();
        must(store_verify(store, NULL, NULL, NULL, &result, &why), &why);
        show("verify", bytes, begun, cpu);
    }
    store_close(store);
    flash_close(flash);
}

int main(int argc, char **argv)
{
    uint64_t bytes = (argc > 1 ? strtoull(argv[1], NULL, 10) : 512) * 1000000u;
    char name[64] = "/tmp/sluice-bench-XXXXXX";
    const char *path = argc > 2 ? argv[2] : name;
    int fd = argc > 2 ? open(path, O_RDWR | O_CREAT | O_EXCL, 0600) : mkstemp(name);
    if (fd < 0 || ftruncate(fd, (off_t)(bytes + bytes / 8 + (64 << 20))) != 0) {
        perror(path);
        return 1;
    }
    close(fd);
    printf("store, %.0f MB into %s\n", (double)bytes / MB, argc > 2 ? path : "/tmp");
    append(path, bytes, true, false);
    append(path, bytes, false, true);
    unlink(path);
    return 0;
}
