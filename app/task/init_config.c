/* SPDX-License-Identifier: Apache-2.0 */
/* Which config rules: a medium with news is taken in once, else what was committed. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/task/init_internal.h"
#include "config/bundle.h"
#include "config/load.h"
#include "config/record.h"
#include "drivers/flash/part_find.h"

#define MEDIUM_DIR "/mnt"
#define SHOWN 12 /* mistakes that the console lists; the shell has them all */

static void say_mistakes(const struct config_mistakes *m)
{
    for (size_t i = 0; i < m->count && i < SHOWN; i++) {
        const struct config_mistake *one = &m->list[i];
        char line[16] = "";
        if (one->line > 0) {
            snprintf(line, sizeof line, "%u: ", one->line);
        }
        init_say("  " BUNDLE_INI ":%s%s%s%s", one->line > 0 ? line : " ", one->key,
                 one->key[0] != '\0' ? ": " : "", one->text);
    }
    if (m->count > SHOWN) {
        init_say("  and %zu more; `sluice config check " BUNDLE_INI "` on a PC lists all",
                 m->count - SHOWN);
    }
}

/* Files on the medium lie beside sluice.ini. */
static int read_on_medium(void *folder, const char *name, char **text, struct errmsg *why)
{
    if (!config_bundle_name_ok(name)) {
        return fail(why, ERR_INVALID, "%.64s is no plain file name; the file must lie beside "
                                      BUNDLE_INI, name);
    }
    return config_read_beside(folder, name, text, why);
}

static int mount_medium(const char *drive, struct errmsg *why)
{
    char part[64];
    unsigned long flags = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC;
    mkdir(MEDIUM_DIR, 0755);
    if (mount(drive, MEDIUM_DIR, "vfat", flags, NULL) == 0) {
        return 0;
    }
    int saved = errno;
    if (part_first(drive, part, sizeof part) == 0) {
        if (mount(part, MEDIUM_DIR, "vfat", flags, NULL) == 0) {
            return 0;
        }
        saved = errno;
    }
    errno = saved;
    return fail_errno(why, ERR_IO, "the config medium %s cannot be read (it must be FAT)", drive);
}

/* The medium's text and, when it is right, its bundle. 0 with mistakes->count == 0: *b is filled.
 * 0 with mistakes: *text only. ERR_NOT_FOUND: no medium. */
static int read_medium(char **text, size_t *len, struct config_bundle *b,
                       struct config_mistakes *mistakes, struct errmsg *why)
{
    char drive[64];
    char folder[] = MEDIUM_DIR;
    struct config c;
    if (drive_find(DRIVE_CONF, drive, sizeof drive, why) != 0) {
        return ERR_NOT_FOUND;
    }
    int rc = mount_medium(drive, why);
    if (rc != 0) {
        return rc;
    }
    rc = config_read_file(MEDIUM_DIR "/" BUNDLE_INI, BUNDLE_INI, CONFIG_TEXT_MAX, text, len, why);
    if (rc != 0) {
        errmsg_prefix(why, "the config medium %s", drive);
        rc = rc == ERR_NOT_FOUND ? ERR_IO : rc; /* there is a medium, but not ours */
    } else {
        int parsed = config_parse(*text, *len, read_on_medium, folder, &c, mistakes);
        if (parsed == 0) {
            rc = config_bundle_make(*text, *len, &c, b, why);
        } else if (parsed != ERR_INVALID) {
            rc = fail(why, parsed, "no memory for the config");
        }
        config_free(&c);
    }
    if (umount2(MEDIUM_DIR, MNT_DETACH) != 0) {
        init_say("config: the medium cannot be released: %s", strerror(errno));
    }
    return rc;
}

static void write_run(const char *name, const void *bytes, size_t len)
{
    char path[sizeof INIT_CONFIG_DIR + BUNDLE_NAME_MAX + 2];
    snprintf(path, sizeof path, INIT_CONFIG_DIR "/%s", name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, bytes, len) != (ssize_t)len) {
        init_say("config: %s cannot be written: %s", path, strerror(errno));
    }
    if (fd >= 0) {
        close(fd);
    }
}

static void hand_over(const struct config_bundle *b)
{
    char name[BUNDLE_NAME_MAX + 1];
    const uint8_t *content = NULL;
    size_t len = 0;
    for (size_t i = 0; config_bundle_at(b, i, name, &content, &len) == 0; i++) {
        write_run(name, content, len);
    }
}

/* Looks at the committed config; *flash stays open for a commit, NULL when there is no place. */
static int read_committed(struct flash **flash, struct config_record *record, struct errmsg *why)
{
    char path[64];
    *flash = NULL;
    memset(record, 0, sizeof *record);
    int rc = part_find("cfg", path, sizeof path, why);
    if (rc == 0) {
        rc = flash_open(path, false, flash, why);
    }
    return rc != 0 ? rc : config_record_read(*flash, record, why);
}

/* Takes in a right medium when it has news; returns whether it rules now. */
static bool take_in(struct flash *flash, const struct config_record *record, int committed,
                    const struct config_bundle *b)
{
    uint8_t digest[BUNDLE_DIGEST];
    struct errmsg why;
    config_bundle_digest(b, digest);
    if (committed == 0 && memcmp(digest, record->medium, sizeof digest) == 0) {
        init_say("config: the medium was taken in before, the committed config rules");
        return false;
    }
    if (flash == NULL) {
        init_say("config: taken from the medium, but it cannot be kept: leave the medium in");
        return true;
    }
    if (config_record_write(flash, b, digest, &why) != 0) {
        init_say("config: %s", why.text);
        return committed != 0;
    }
    init_say("config: taken in from the medium and committed; the medium may be removed");
    return true;
}

static void say_none(void)
{
    init_say("config: this box has none yet. On a PC write " BUNDLE_INI
             " (at least [source] host,");
    init_say("  user, password), check it with `sluice config check " BUNDLE_INI
             "`, put it on a FAT");
    init_say("  medium with the label SLUICE, plug it in and `reboot`");
}

void init_config(struct config *out)
{
    static struct config_mistakes mistakes;
    struct config_bundle medium = {0};
    struct config_record record;
    struct flash *flash = NULL;
    struct errmsg why, why_none = {""};
    char *text = NULL;
    size_t len = 0;

    int committed = read_committed(&flash, &record, &why_none);
    if (committed != 0 && committed != ERR_NOT_FOUND) {
        init_say("config: %s", why_none.text);
    }
    mistakes.count = 0;
    int rc = read_medium(&text, &len, &medium, &mistakes, &why);
    if (rc != 0 && rc != ERR_NOT_FOUND) {
        init_say("config: %s%s", why.text,
                 committed == 0 ? "; the committed config rules" : "");
    }
    bool ruling = false;
    if (rc == 0 && mistakes.count > 0) {
        init_say("config: the medium has %zu mistake%s; %s", mistakes.count,
                 mistakes.count == 1 ? "" : "s",
                 committed == 0 ? "nothing is changed, the committed config rules"
                                : "nothing starts until they are mended:");
        say_mistakes(&mistakes);
    } else if (rc == 0) {
        ruling = take_in(flash, &record, committed, &medium);
    }

    if (ruling) {
        hand_over(&medium);
        config_bundle_parse(&medium, out, &mistakes);
    } else if (committed == 0) {
        hand_over(&record.bundle);
        config_bundle_parse(&record.bundle, out, &mistakes);
    } else if (rc == 0) {
        /* Wrong, and nothing else: the worker lists the mistakes in the shell. */
        write_run(BUNDLE_INI, text, len);
        config_parse(text, len, NULL, NULL, out, &mistakes);
    } else {
        static const char none[] = "# This box has no config yet.\n";
        say_none();
        write_run(BUNDLE_INI, none, sizeof none - 1);
        config_parse(none, sizeof none - 1, NULL, NULL, out, &mistakes);
    }
    config_bundle_free(&medium);
    config_bundle_free(&record.bundle);
    flash_close(flash);
    if (text != NULL) {
        memset(text, 0, len);
        free(text);
    }
}
