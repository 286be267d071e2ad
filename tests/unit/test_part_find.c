/* SPDX-License-Identifier: Apache-2.0 */
/* Drives by serial and partitions by name, in a sysfs made for the test. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Before cmocka, which has a macro named fail. */
#include "drivers/flash/part_find.h"

#include <cmocka.h>

static char sys[] = "/tmp/sluice-sys-XXXXXX";

static void put(const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", sys, name);
    for (char *slash = path + strlen(sys) + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
        *slash = '\0';
        mkdir(path, 0700);
        *slash = '/';
    }
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static int set_up(void **state)
{
    (void)state;
    if (mkdtemp(sys) == NULL) {
        return -1;
    }
    put("block/vda/serial", "sluice-data");
    put("block/vda/vda1/uevent", "MAJOR=254\nDEVNAME=vda1\nPARTN=1\nPARTNAME=cfg\n");
    put("block/vda/vda1/partition", "1\n");
    put("block/vda/vda2/uevent", "MAJOR=254\nDEVNAME=vda2\nPARTN=2\nPARTNAME=store\n");
    put("block/vdb/serial", "sluice-conf\n");
    /* A disk of somebody else's with a partition of that name. */
    put("block/sda/serial", "WD-1234");
    put("block/sda/sda1/uevent", "DEVNAME=sda1\nPARTNAME=private\n");
    put("block/loop0/size", "0\n");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -r %s", sys);
    return system(command);
}

static void drives_and_partitions_are_found(void **state)
{
    (void)state;
    char path[64];
    struct errmsg why;
    assert_int_equal(drive_find_in(sys, "sluice-data", path, sizeof path, &why), 0);
    assert_string_equal(path, "/dev/vda");
    assert_int_equal(drive_find_in(sys, "sluice-conf", path, sizeof path, &why), 0);
    assert_string_equal(path, "/dev/vdb");
    assert_int_equal(part_find_in(sys, "cfg", path, sizeof path, &why), 0);
    assert_string_equal(path, "/dev/vda1");
    assert_int_equal(part_find_in(sys, "store", path, sizeof path, &why), 0);
    assert_string_equal(path, "/dev/vda2");
    assert_int_equal(part_find_in(sys, "store", path, 5, &why), ERR_NOMEM);
}

static void nothing_else_is_taken(void **state)
{
    (void)state;
    char path[64];
    struct errmsg why;
    assert_int_equal(drive_find_in(sys, "sluice", path, sizeof path, &why), ERR_NOT_FOUND);
    assert_int_equal(part_find_in(sys, "private", path, sizeof path, &why), ERR_NOT_FOUND);
    assert_int_equal(part_find_in(sys, "stor", path, sizeof path, &why), ERR_NOT_FOUND);
    assert_non_null(strstr(why.text, "/dev/vda has no partition"));
    assert_int_equal(part_find_in("/nowhere", "store", path, sizeof path, &why), ERR_NOT_FOUND);
    assert_non_null(strstr(why.text, "[store] device"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(drives_and_partitions_are_found),
        cmocka_unit_test(nothing_else_is_taken),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
